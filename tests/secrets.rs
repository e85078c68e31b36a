//! Promise 6 of this project: no password and no token is anywhere but where
//! it was put. Every way to give one is used, to success and to failure, and
//! all that is left behind is searched.
//!
//! No structure that holds one can be printed for debugging either: `Secret`
//! has no `Debug`, so that nothing that contains it can derive one.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use support::authorization::{Authorization, Check, browse};
use support::keyring::Keyring;
use support::mail::Mail;
use support::proxy::Proxy;
use support::scratch::Scratch;
use support::shell::Shell;
use support::until::{PATIENCE, until};

/// What was left behind, by where it was found.
#[derive(Default)]
struct Remains(Vec<(String, Vec<u8>)>);

impl Remains {
    /// Runs statements one by one, whatever they come to, on one connection.
    fn of(&mut self, shell: Shell, sql: &str) -> Shell {
        let finished = shell.run(&format!(".bail off\n{sql}"));
        let errors = finished.stderr.into_bytes();
        self.0.push((format!("stdout of {sql}"), finished.stdout));
        self.0.push((format!("stderr of {sql}"), errors));
        shell
    }

    fn files(&mut self, folder: &Path, known: &[PathBuf]) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.files(&path, known);
            } else if !known.contains(&path) {
                self.0
                    .push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }

    #[track_caller]
    fn hold_none_of(&self, secrets: &[String]) {
        assert!(self.0.len() > 10);
        for (place, text) in &self.0 {
            let text = String::from_utf8_lossy(text);
            for secret in secrets {
                for form in forms(secret) {
                    assert!(
                        !text.contains(&form),
                        "'{form}' of '{secret}' is in {place}:\n{text}"
                    );
                }
            }
        }
    }
}

/// As it is, in quotes, in a URL, and wherever it begins inside of base64.
fn forms(secret: &str) -> Vec<String> {
    let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let mut forms = vec![secret.to_owned(), quoted, secret.replace('@', "%40")];
    for shift in 0..3 {
        let encoded = STANDARD.encode([&vec![b'x'; shift][..], secret.as_bytes()].concat());
        // Neighbours share the first and the last characters.
        forms.push(encoded.trim_end_matches('=')[4..encoded.len() - 4].to_owned());
    }
    forms
}

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn no_secret_is_anywhere_but_where_it_was_put() {
    let provider = Authorization::start(&[]);
    let dovecot = provider.dovecot(Check::Introspection);
    let proxy = Proxy::start();
    let home = Scratch::new("secrets");
    let (tls, ca) = (dovecot.tls(), dovecot.ca_file().display().to_string());
    for user in [
        "leak-file",
        "leak-env",
        "leak-netrc",
        "leak-login",
        "leak-token",
        "leak-ring",
    ] {
        dovecot.user(user).append("INBOX", &Mail::many(2));
    }
    let database = home.join("rssd.db");
    let at_home = || {
        Shell::new()
            .env("HOME", home.path().to_str().unwrap())
            .env("XDG_STATE_HOME", home.path().to_str().unwrap())
            .env(
                "IMAP_ACCOUNTS",
                home.join("accounts.toml").to_str().unwrap(),
            )
            .env("SSL_CERT_FILE", &*ca)
            .database(&database)
    };
    let (accounts, netrc) = (home.join("accounts.toml"), home.join(".netrc"));
    private(
        &accounts,
        &format!(
            "[file]\nserver = '{tls}'\nuser = 'leak-file'\npassword = 'pw-leak-file'\n\
             [wrong]\nserver = '{tls}'\nuser = 'leak-file2'\npassword = 'hunter2-in-the-file'\n\
             [command]\nserver = '{tls}'\nuser = 'x'\npassword_command = 'echo hunter2-by-command'\n"
        ),
    );
    let port = dovecot.tls_port;
    private(
        &netrc,
        &format!("machine localhost port {port} login leak-netrc password pw-leak-netrc\n"),
    );
    let mut remains = Remains::default();
    let both = |account: &str| {
        format!(
            "SELECT count(*) FROM imap_messages({account});\nSELECT imap_ingest({account});\n\
             SELECT * FROM imap_check({account});\nSELECT * FROM imap_log;\n"
        )
    };
    for account in [
        "'file'",
        "'wrong'",
        "'command'",
        &format!("'{tls}', 'leak-netrc'"),
    ] {
        remains.of(at_home(), &both(account));
    }
    for (user, password) in [
        ("leak-login", "pw-leak-login"),
        ("leak-login", "hunter2-at-login"),
    ] {
        let account = format!("'{tls}', '{user}'");
        let login = format!("SELECT imap_login({account}, '{password}');\n");
        remains.of(at_home(), &(login + &both(&account)));
    }
    for password in ["pw-leak-env", "hunter2-of-the-environment"] {
        for relay in ["relay:p%3Aw%40@", "relay:hunter2-of-the-proxy@"] {
            let shell = at_home()
                .env("IMAP_SERVER", &*tls)
                .env("IMAP_USER", "leak-env")
                .env("IMAP_PASSWORD", password)
                .env(
                    "ALL_PROXY",
                    format!("http://{relay}127.0.0.1:{}", proxy.port),
                );
            remains.of(shell, &both(""));
        }
    }
    let mut secrets: Vec<String> = [
        "pw-leak-file",
        "pw-leak-netrc",
        "pw-leak-login",
        "pw-leak-env",
        "hunter2-in-the-file",
        "hunter2-by-command",
        "hunter2-at-login",
        "hunter2-of-the-environment",
        "hunter2-of-the-proxy",
        "client-secret-x7",
    ]
    .map(str::to_owned)
    .to_vec();
    let kept = tokens(&provider, &mut remains, &at_home, &tls, &home);
    let value: serde_json::Value = serde_json::from_slice(&fs::read(&kept).unwrap()).unwrap();
    for name in ["access_token", "refresh_token"] {
        secrets.push(value[name].as_str().unwrap().to_owned());
    }
    secrets.extend(keyring(&provider, &mut remains, &at_home, &tls, &home));
    remains.files(home.path(), &[accounts, netrc, kept]);
    remains.hold_none_of(&secrets);
}

/// Signs in with a client that has a secret, uses the token and a broken one,
/// and gives the file they are in.
fn tokens(
    provider: &Authorization,
    remains: &mut Remains,
    at_home: &dyn Fn() -> Shell,
    tls: &str,
    home: &Scratch,
) -> PathBuf {
    let issuer = provider.issuer();
    let options = json!({
        "flow": "auth-code",
        "client_id": "confidential",
        "client_secret": "client-secret-x7",
        "scope": "openid offline_access imap",
        "server": tls,
    });
    let start = format!("imap_oauth_start('{issuer}', 'leak-token', '{options}')");
    let rest = format!(
        "SELECT imap_oauth_finish('{issuer}', 'leak-token');\n\
         SELECT imap_ingest('{tls}', 'leak-token');"
    );
    sign_in(remains, at_home(), home, &start, &rest);
    let files = fs::read_dir(home.join("sqlite-imap")).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    let kept = files
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .unwrap();
    // A provider that repeats all it is sent.
    let whole = fs::read(&kept).unwrap();
    let echo = echo();
    let mut value: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    value["token_endpoint"] = json!(format!("http://127.0.0.1:{echo}/"));
    value["expires_at"] = json!(0);
    fs::write(&kept, value.to_string()).unwrap();
    let sql = format!("SELECT count(*) FROM imap_messages('{tls}', 'leak-token');");
    let told = at_home().error(&sql);
    assert!(told.contains("refresh_token=***"), "{told}");
    remains.0.push(("the echo".into(), told.into_bytes()));
    fs::write(&kept, whole).unwrap();
    kept
}

/// Starts a sign-in, plays the browser, and runs the rest.
fn sign_in(remains: &mut Remains, shell: Shell, home: &Scratch, start: &str, rest: &str) {
    let told = home.join("told");
    let running = shell.start(&format!(
        "SELECT writefile('{}', {start} ->> 'authorization_url');\n{rest}",
        told.display()
    ));
    let read = |path| fs::read_to_string(path).ok();
    let url = until(|| read(&told).filter(|url| !url.is_empty()));
    browse(&url);
    let finished = running.finish(PATIENCE);
    let (stdout, stderr) = (finished.text().to_owned(), finished.stderr);
    assert!(stdout.contains("leak-"), "{stderr}");
    let stdout = ("stdout of the sign-in".into(), stdout.into_bytes());
    let stderr = ("stderr of the sign-in".into(), stderr.into_bytes());
    remains.0.extend([stdout, stderr]);
    fs::remove_file(&told).unwrap();
}

/// Signs in with an account whose tokens go into a keyring, uses them, has them
/// renewed and refused, and gives what the keyring has at each step. What its
/// tool is called with is written down.
fn keyring(
    provider: &Authorization,
    remains: &mut Remains,
    at_home: &dyn Fn() -> Shell,
    tls: &str,
    home: &Scratch,
) -> Vec<String> {
    let keyring = Keyring::start();
    let (tools, accounts) = (home.join("tools"), home.join("ring.toml"));
    fs::create_dir(&tools).unwrap();
    let tool = tools.join("secret-tool");
    let log = home.join("called-with");
    let script = format!(
        "#!/bin/sh\nprintf '%s ' \"$@\" >>'{0}'\nenv >>'{0}'\nPATH=${{PATH#*:}} exec secret-tool \"$@\"\n",
        log.display()
    );
    fs::write(&tool, script).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    private(
        &accounts,
        &format!(
            "[ring]\nserver = '{tls}'\nuser = 'leak-ring'\nkeyring = true\n[ring.oauth]\n\
             provider = '{}'\nclient_id = 'confidential'\nclient_secret = 'client-secret-x7'\n\
             scope = 'openid offline_access imap'\n",
            provider.issuer()
        ),
    );
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let (name, address) = keyring.environment();
    let shell = || {
        let shell = at_home().env("IMAP_ACCOUNTS", accounts.to_str().unwrap());
        shell.env("PATH", &*path).env(name, &*address)
    };
    let start = r#"imap_oauth_start('ring', NULL, '{"flow": "auth-code"}')"#;
    let rest = "SELECT imap_oauth_finish('ring'); SELECT imap_ingest('ring');";
    sign_in(remains, shell(), home, start, rest);
    let items = keyring.items();
    let kept = items
        .lines()
        .find_map(|line| line.strip_prefix("secret = "));
    let kept: serde_json::Value = serde_json::from_str(kept.unwrap()).unwrap();
    let use_it = "SELECT * FROM imap_check('ring'); SELECT imap_ingest('ring'); \
                  SELECT * FROM imap_log;";
    remains.of(shell(), use_it);
    keyring.lock();
    remains.of(shell(), use_it);
    remains
        .0
        .push(("calls of the tool".into(), fs::read(&log).unwrap()));
    assert!(String::from_utf8_lossy(&fs::read(&log).unwrap()).contains("leak-ring"));
    fs::remove_file(&accounts).unwrap();
    let secret = |name: &str| kept[name].as_str().unwrap().to_owned();
    vec![secret("access_token"), secret("refresh_token")]
}

/// A token endpoint that puts the request into its error.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 16 << 10];
            let mut length = stream.read(&mut buffer).unwrap();
            if buffer[..length].ends_with(b"\r\n\r\n") {
                length += stream.read(&mut buffer[length..]).unwrap();
            }
            let heard = String::from_utf8_lossy(&buffer[..length]);
            let form = heard.rsplit("\r\n").next().unwrap();
            let body = json!({"error": "invalid_request", "error_description": form}).to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    port
}
