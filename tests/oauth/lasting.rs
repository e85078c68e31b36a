//! What becomes of a sign-in: renewed, ended, kept to itself.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::authorization::Check;
use crate::support::line::{Fault, Line};
use crate::support::mail::Mail;
use crate::support::process::{Finished, Running};
use crate::support::until::{PATIENCE, until};
use crate::world::{World, rows};

#[test]
fn a_token_is_renewed_before_its_end_and_when_it_is_refused() {
    let world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    let before = world.token();
    world.set_token("expires_at", json!(0));
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
    let after = world.token();
    assert_ne!(after["access_token"], before["access_token"]);
    assert_ne!(after["refresh_token"], before["refresh_token"]);
    world.set_token("access_token", json!("not a token"));
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
    assert_ne!(world.token()["access_token"], "not a token");
}

/// An ingest of 3,000 messages into a database of its own, over a line that lets
/// the first of them through.
struct Ingest<'a> {
    world: &'a World,
    database: PathBuf,
    line: Line,
}

impl<'a> Ingest<'a> {
    fn of(world: &'a World) -> Self {
        let user = world.dovecot.user("ada");
        user.append("INBOX", &Mail::many(3000));
        let ingest = Self {
            world,
            database: world.home.join("rssd.db"),
            // Their sizes, and some hundred of the messages.
            line: Line::start(world.dovecot.tls_port, Fault::Hold(400_000)),
        };
        ingest.sign_in();
        ingest
    }

    fn server(&self) -> String {
        format!("imaps://localhost:{}", self.line.port)
    }

    fn sign_in(&self) {
        self.world
            .sign_in_with("ada", &json!({"server": self.server()}));
    }

    fn start(&self) -> Running {
        let sql = format!(
            "SELECT imap_ingest('{}', 'ada', 'INBOX', '{{\"batch\": 100, \"timeout\": 300}}')
                ->> 'inserted' AS n;",
            self.server()
        );
        self.world.shell().database(&self.database).start(&sql)
    }

    /// The same, with this amid it, when some messages are committed, and a
    /// connection that is lost after that.
    fn with(&self, event: impl FnOnce()) -> Finished {
        let running = self.start();
        until(|| (self.count() > 0).then_some(()));
        self.line.holds(1);
        event();
        self.line.cut();
        running.finish(PATIENCE)
    }

    fn count(&self) -> u32 {
        let messages = "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message;";
        let mut sqlite3 = Command::new("sqlite3");
        let output = sqlite3.arg(&self.database).arg(messages).output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        text.trim().parse().unwrap_or(0)
    }
}

#[test]
fn a_token_that_ends_amid_an_ingest_is_renewed() {
    // Each is used only once: it ends too soon to be used again.
    let world = World::new(&[("TOKEN_SECONDS", "50")], Check::Introspection);
    let ingest = Ingest::of(&world);
    let first = world.token()["access_token"].clone();
    // What Google and Microsoft do to a session whose token has ended.
    let finished = ingest.with(|| world.dovecot.user("ada").kick());
    assert_eq!(finished.success(), "3000\n");
    assert_eq!(ingest.count(), 3000);
    assert_ne!(world.token()["access_token"], first);
    let log = fs::read_to_string(world.dovecot.log()).unwrap();
    assert_eq!(log.matches("method=OAUTHBEARER").count(), 2, "{log}");
}

#[test]
fn a_sign_in_that_is_revoked_amid_an_ingest_keeps_what_was_committed() {
    let world = World::new(&[("TOKEN_SECONDS", "50")], Check::Introspection);
    let ingest = Ingest::of(&world);
    let finished = ingest.with(|| {
        world.provider.test("revoke");
        world.dovecot.user("ada").kick();
    });
    let ended = format!(
        "imap: the sign-in of 'ada' by {} has ended: invalid_grant: grant request is invalid; \
         sign in again with imap_oauth_start and imap_oauth_finish (23)",
        world.provider.issuer()
    );
    assert!(finished.stderr.contains(&ended), "{finished:?}");
    let before = ingest.count();
    assert!((1..3000).contains(&before), "{before}");
    ingest.sign_in();
    let rest = ingest.start().finish(PATIENCE);
    assert_eq!(rest.success(), format!("{}\n", 3000 - before));
    assert_eq!(ingest.count(), 3000);
}

#[test]
fn two_processes_do_not_use_a_refresh_token_twice() {
    let world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    world.set_token("expires_at", json!(0));
    let running: Vec<_> = (0..4)
        .map(|_| world.shell().start(&world.count("ada")))
        .collect();
    for process in running {
        assert_eq!(process.finish(PATIENCE).success(), "0\n");
    }
    let requests = world.provider.test("requests");
    let refreshes = requests
        .lines()
        .filter(|line| line.contains("refresh_token"));
    assert_eq!(refreshes.count(), 1, "{requests}");
}

#[test]
fn an_ended_sign_in_says_so() {
    let world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    let reused = world.token()["refresh_token"].clone();
    world.set_token("expires_at", json!(0));
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
    let ended = format!(
        "imap: the sign-in of 'ada' by {} has ended: invalid_grant: grant request is invalid; \
         sign in again with imap_oauth_start and imap_oauth_finish (23)",
        world.provider.issuer()
    );
    world.set_token("expires_at", json!(0));
    world.set_token("refresh_token", reused);
    assert_eq!(world.shell().error(&world.count("ada")), ended);
    world.sign_in("ada");
    world.provider.test("revoke");
    world.set_token("expires_at", json!(0));
    assert_eq!(world.shell().error(&world.count("ada")), ended);
}

#[test]
fn a_provider_that_is_down_is_told() {
    let mut world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    world.set_token("expires_at", json!(0));
    world.provider.stop();
    assert_eq!(
        world.shell().error(&world.count("ada")),
        "imap: cannot ask 127.0.0.1: connection refused (14)"
    );
}

#[test]
fn a_stored_token_goes_to_its_own_server_and_user_only() {
    let world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    let shell = world.shell();
    let port = world.dovecot.tls_port;
    for (server, user) in [
        (format!("imaps://127.0.0.1:{port}"), "ada"),
        (format!("imap://localhost:{}", world.dovecot.port), "ada"),
        (format!("imap+insecure://localhost:{port}"), "ada"),
        (format!("imaps://localhost.evil.example:{port}"), "ada"),
        (world.dovecot.tls(), "bob"),
    ] {
        let error = shell.error(&format!(
            "SELECT count(*) FROM imap_messages('{server}', '{user}');"
        ));
        let known = format!("imap: no secret for '{user}' at {server}; ");
        assert!(error.starts_with(&known), "{error}");
    }
}

/// Answers every request by sending it on to this address.
fn redirecting(to: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = format!(
        "HTTP/1.1 307 go there\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

#[test]
fn a_redirect_gets_no_token() {
    let world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/token", elsewhere.local_addr().unwrap());
    let port = redirecting(&to);
    world.set_token("token_endpoint", json!(format!("http://127.0.0.1:{port}/")));
    world.set_token("expires_at", json!(0));
    let refused =
        "imap: cannot ask 127.0.0.1: it answers with a redirect, which is not followed (14)";
    assert_eq!(world.shell().error(&world.count("ada")), refused);
    let options = json!({
        "client_id": "c", "client_secret": "s", "server": "imaps://localhost",
        "token_endpoint": format!("http://127.0.0.1:{port}/"),
        "device_authorization_endpoint": format!("http://127.0.0.1:{port}/"),
    });
    let start = format!("SELECT imap_oauth_start('mine', 'ada', '{options}');");
    assert_eq!(world.shell().error(&start), refused);
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.accept().is_err(), "somebody came");
}

#[test]
fn no_token_is_beside_its_file() {
    let world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    let token = world.token();
    let secrets =
        ["access_token", "refresh_token"].map(|name| token[name].as_str().unwrap().to_owned());
    let kept = world.token_file();
    let folder = kept.parent().unwrap();
    let mode = fs::metadata(folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    for file in files_below(world.home.path())
        .into_iter()
        .filter(|path| *path != kept)
    {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{}", file.display());
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
