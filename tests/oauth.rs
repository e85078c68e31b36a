//! OAuth 2 against real parts: an OpenID provider, a Dovecot that takes its
//! tokens, browsers, and the stock shell.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::authorization::{Authorization, Check, browse, browse_in_chromium};
use support::dovecot::Dovecot;
use support::library::library_for_sql;
use support::mail::Mail;
use support::scratch::Scratch;
use support::shell::Shell;

/// A provider, a mail server that takes its tokens, and a user's home.
struct World {
    provider: Authorization,
    dovecot: Dovecot,
    home: Scratch,
    _configuration: Scratch,
}

impl World {
    fn new(variables: &[(&str, &str)], check: Check) -> Self {
        let provider = Authorization::start(variables);
        let (dovecot, configuration) = provider.dovecot(check);
        Self {
            provider,
            dovecot,
            home: Scratch::new("home"),
            _configuration: configuration,
        }
    }

    fn shell(&self) -> Shell {
        Shell::new()
            .env("XDG_STATE_HOME", self.home.path().to_str().unwrap())
            .env("SSL_CERT_FILE", self.dovecot.ca_file().to_str().unwrap())
    }

    /// The call that starts a sign-in of `user`, with more options.
    fn start(&self, user: &str, more: &Value) -> String {
        let mut options = json!({
            "client_id": "sqlite-imap",
            "scope": "openid offline_access imap",
            "server": self.dovecot.tls(),
        });
        let more = more.as_object().unwrap().clone();
        options.as_object_mut().unwrap().extend(more);
        let issuer = self.provider.issuer();
        format!("imap_oauth_start('{issuer}', '{user}', '{options}')")
    }

    fn finish(&self, user: &str) -> String {
        format!("imap_oauth_finish('{}', '{user}')", self.provider.issuer())
    }

    /// Signs in by the device flow, in one process that ends.
    fn sign_in(&self, user: &str) {
        let mut session = Interactive::begin(self);
        let told = session.ask(&self.start(user, &json!({})));
        browse(told["verification_uri_complete"].as_str().unwrap());
        let told = session.ask(&self.finish(user));
        assert_eq!(told["user"], user);
    }

    fn token_file(&self) -> PathBuf {
        let folder = fs::read_dir(self.home.join("sqlite-imap")).unwrap();
        let mut files = folder.map(|entry| entry.unwrap().path());
        files
            .find(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .expect("a token file")
    }

    fn token(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.token_file()).unwrap()).unwrap()
    }

    /// Changes what is stored, as time or an accident would.
    fn set_token(&self, field: &str, value: Value) {
        let mut token = self.token();
        token[field] = value;
        fs::write(self.token_file(), token.to_string()).unwrap();
    }

    fn count(&self, user: &str) -> String {
        let server = self.dovecot.tls();
        format!("SELECT count(*) AS n FROM imap_messages('{server}', '{user}');")
    }
}

/// A shell that is asked one thing after the other, while the user does
/// something else in between.
struct Interactive {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Interactive {
    fn begin(world: &World) -> Self {
        let mut process = Command::new("sqlite3")
            .args(["-batch", "-bail", ":memory:"])
            .env("XDG_STATE_HOME", world.home.path())
            .env("SSL_CERT_FILE", world.dovecot.ca_file())
            .env("HOME", world.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        writeln!(input, ".load '{}'", library_for_sql()).unwrap();
        Self {
            process,
            input,
            output,
        }
    }

    /// Asks without waiting for the answer.
    fn say(&mut self, expression: &str) {
        writeln!(self.input, "SELECT {expression};").unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn ask(&mut self, expression: &str) -> Value {
        self.say(expression);
        self.hear()
    }
}

impl Drop for Interactive {
    fn drop(&mut self) {
        let _ = self.input.write_all(b".quit\n");
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn rows(n: i64) -> Vec<Value> {
    vec![json!({ "n": n })]
}

#[test]
fn a_device_code_signs_in_for_good() {
    let world = World::new(&[], Check::Introspection);
    world.dovecot.user("ada").append("INBOX", &Mail::many(3));
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({})));
    let code = told["user_code"].as_str().unwrap();
    let place = told["verification_uri"].as_str().unwrap();
    assert_eq!(told["expires_in"], 600);
    let message = format!("To sign in, open {place} and enter the code {code}");
    assert_eq!(told["message"], message);
    session.say(&world.finish("ada"));
    let page = browse(told["verification_uri_complete"].as_str().unwrap());
    assert!(page.contains("Sign-in Success"), "{page}");
    let told = session.hear();
    assert_eq!(told["user"], "ada");
    assert_eq!(told["server"], world.dovecot.tls());
    assert!(told["expires_at"].as_str().unwrap().ends_with('Z'));
    let server = world.dovecot.tls();
    let count = format!("(SELECT count(*) FROM imap_messages('{server}', 'ada'))");
    assert_eq!(session.ask(&count), 3);
    drop(session);
    // Another process needs nothing but the file.
    assert_eq!(world.shell().rows(&world.count("ada")), rows(3));
    let mode = fs::metadata(world.token_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn tokens_that_a_server_checks_by_itself_are_taken_too() {
    let world = World::new(&[("JWT", "1")], Check::Signature);
    world.sign_in("ada");
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
}

#[test]
fn a_browser_comes_back_with_a_code() {
    let world = World::new(&[], Check::Introspection);
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({"flow": "auth-code"})));
    session.say(&world.finish("ada"));
    let page = browse_in_chromium(
        told["authorization_url"].as_str().unwrap(),
        &world.home.join("chromium"),
    );
    assert!(page.contains("<h1>Signed in</h1>"), "{page}");
    let said = "ada may now read mail at localhost. You can close this page and go back to SQLite.";
    assert!(page.contains(said), "{page}");
    assert_eq!(session.hear()["user"], "ada");
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
}

#[test]
fn a_redirect_with_another_state_ends_nothing() {
    let world = World::new(&[], Check::Introspection);
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({"flow": "auth-code"})));
    let redirect = told["redirect_uri"].as_str().unwrap();
    session.say(&world.finish("ada"));
    let page = browse(&format!("{redirect}?state=guessed&code=stolen"));
    assert!(page.contains("Not this sign-in"), "{page}");
    assert!(browse(&redirect.replace("callback", "favicon.ico")).contains("Nothing here"));
    let page = browse(told["authorization_url"].as_str().unwrap());
    assert!(page.contains("<h1>Signed in</h1>"), "{page}");
    assert_eq!(session.hear()["user"], "ada");
}

#[test]
fn a_client_with_a_secret_listens_where_it_is_registered() {
    let world = World::new(&[], Check::Introspection);
    let port = free_port();
    let mut session = Interactive::begin(&world);
    let client = json!({
        "flow": "auth-code",
        "client_id": "confidential",
        "client_secret": "client-secret-x7",
        "redirect_uri": format!("http://127.0.0.1:{port}/redirect"),
    });
    let told = session.ask(&world.start("ada", &client));
    assert_eq!(told["redirect_uri"], client["redirect_uri"]);
    session.say(&world.finish("ada"));
    browse(told["authorization_url"].as_str().unwrap());
    assert_eq!(session.hear()["user"], "ada");
    world.set_token("expires_at", json!(0));
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn denial_expiry_and_haste_are_told() {
    let world = World::new(&[("CODE_SECONDS", "12")], Check::Introspection);
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("hasty", &json!({})));
    browse(told["verification_uri_complete"].as_str().unwrap());
    world.provider.test("slow_down");
    let started = Instant::now();
    assert_eq!(session.ask(&world.finish("hasty"))["user"], "hasty");
    // Five seconds, and five more for haste (RFC 8628 section 3.5).
    assert!(started.elapsed() >= Duration::from_secs(9));
    let provider = world.provider.issuer();
    let sql = format!(
        "SELECT {};\nSELECT {};",
        world.start("late", &json!({})),
        world.finish("late")
    );
    assert_eq!(
        world.shell().error(&sql),
        format!(
            "imap: the sign-in of 'late' by {provider} came too late: expired_token: \
             This device code has expired.; start again with imap_oauth_start (23)"
        )
    );
    world.provider.test("deny");
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({"flow": "auth-code"})));
    session.say(&world.finish("ada"));
    let page = browse(told["authorization_url"].as_str().unwrap());
    assert!(page.contains("<h1>Not signed in</h1>"), "{page}");
    let sentence =
        format!("imap: sign-in refused for 'ada' by {provider}: access_denied: the user said no");
    assert!(page.contains(&sentence), "{page}");
}

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

#[test]
fn a_token_that_ends_amid_an_ingest_is_renewed() {
    // Each is used only once: it ends sooner than it would be used again.
    let world = World::new(&[("TOKEN_SECONDS", "2")], Check::Introspection);
    let user = world.dovecot.user("ada");
    user.append("INBOX", &Mail::many(3000));
    world.sign_in("ada");
    let database = world.home.join("rssd.db");
    let ingest = format!(
        "SELECT imap_ingest('{}', 'ada', 'INBOX', '{{\"batch\": 100}}') ->> 'inserted' AS n;",
        world.dovecot.tls()
    );
    let running = world.shell().database(&database).start(&ingest);
    let messages = "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message;";
    let until = Instant::now() + Duration::from_secs(30);
    let count = || {
        let output = Command::new("sqlite3")
            .arg(&database)
            .arg(messages)
            .output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        text.trim().parse().unwrap_or(0)
    };
    while count() == 0 {
        assert!(Instant::now() < until, "nothing is ingested");
        std::thread::sleep(Duration::from_millis(20));
    }
    let first = world.token()["access_token"].clone();
    // What Google and Microsoft do to a session whose token has ended.
    user.kick();
    let finished = running.finish(Duration::from_secs(60));
    assert_eq!(finished.success(), "3000\n");
    assert_eq!(count(), 3000);
    assert_ne!(world.token()["access_token"], first);
    let log = fs::read_to_string(world.dovecot.log()).unwrap();
    assert_eq!(log.matches("method=OAUTHBEARER").count(), 2, "{log}");
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
        assert_eq!(process.finish(Duration::from_secs(30)).success(), "0\n");
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
    let world = World::new(&[], Check::Introspection);
    world.sign_in("ada");
    world.set_token("expires_at", json!(0));
    let World {
        provider,
        dovecot,
        home,
        _configuration,
    } = world;
    drop(provider);
    let shell = Shell::new()
        .env("XDG_STATE_HOME", home.path().to_str().unwrap())
        .env("SSL_CERT_FILE", dovecot.ca_file().to_str().unwrap());
    let sql = format!(
        "SELECT count(*) FROM imap_messages('{}', 'ada');",
        dovecot.tls()
    );
    assert_eq!(
        shell.error(&sql),
        "imap: cannot ask 127.0.0.1: connection refused (14)"
    );
}

#[test]
fn nothing_started_is_nothing_to_finish() {
    let finish = |sql: &str| Shell::new().error(sql);
    assert_eq!(
        finish("SELECT imap_oauth_finish('google', 'ada');"),
        "imap: no sign-in of 'ada' by 'google' was started on this connection; \
         call imap_oauth_start('google', 'ada') first"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('google');"),
        "imap: imap_oauth_start needs a user; call imap_oauth_start(provider, user, options)"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('google', 'ada');"),
        "imap: cannot sign in by google: no client_id; give one as an option or set GOOGLE_CLIENT_ID"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('gogle', 'ada');"),
        "imap: unknown provider 'gogle' (known: microsoft-365, google); \
         give another by its issuer's URL or its endpoints"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('http://as.example', 'ada');"),
        "imap: cannot use provider 'http://as.example': http is for this machine only; use https"
    );
}

#[test]
fn the_known_providers_are_asked_for_what_opens_their_mail() {
    let url = |provider: &str| {
        let sql = format!(
            "SELECT imap_oauth_start('{provider}', 'ada@example.org', \
             '{{\"flow\": \"auth-code\", \"client_id\": \"c1\"}}') AS told;"
        );
        let rows = Shell::new().rows(&sql);
        let told: Value = serde_json::from_str(rows[0]["told"].as_str().unwrap()).unwrap();
        told["authorization_url"].as_str().unwrap().to_owned()
    };
    let microsoft = url("microsoft");
    for part in [
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?",
        "client_id=c1",
        "code_challenge_method=S256",
        "login_hint=ada%40example.org",
        "scope=https%3A%2F%2Foutlook.office.com%2FIMAP.AccessAsUser.All+offline_access",
        "redirect_uri=http%3A%2F%2Flocalhost%3A",
    ] {
        assert!(microsoft.contains(part), "{part}: {microsoft}");
    }
    let google = url("google");
    for part in [
        "https://accounts.google.com/o/oauth2/v2/auth?",
        "scope=https%3A%2F%2Fmail.google.com%2F",
        "access_type=offline",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A",
    ] {
        assert!(google.contains(part), "{part}: {google}");
    }
}

#[test]
fn no_sql_sends_a_secret_to_another_provider() {
    let with_secret = || {
        Shell::new()
            .env("MICROSOFT_365_CLIENT_ID", "c1")
            .env("MICROSOFT_365_CLIENT_SECRET", "hunter2")
    };
    let start = |options: Value| {
        with_secret().error(&format!(
            "SELECT imap_oauth_start('microsoft-365', 'ada', '{options}');"
        ))
    };
    assert_eq!(
        start(json!({"token_endpoint": "https://evil.example/token"})),
        "imap: cannot sign in by microsoft-365: its endpoints are known; leave them out"
    );
    assert_eq!(
        start(json!({"server": "imaps://evil.example"})),
        "imap: cannot sign in by microsoft-365: \
         its tokens are for imaps://outlook.office365.com:993 only"
    );
    assert_eq!(
        start(json!({"tenant": "evil.example/"})),
        "imap: cannot sign in by microsoft-365: tenant must be a domain or an id"
    );
    assert_eq!(
        start(json!({"redirect_uri": "https://evil.example/", "flow": "auth-code"})),
        "imap: cannot use redirect_uri 'https://evil.example/': it must be http on this machine, \
         such as http://127.0.0.1:8000/redirect"
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
