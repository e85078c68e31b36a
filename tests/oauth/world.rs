//! What the tests of OAuth 2 play in: a provider, a mail server, a user's home.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::authorization::{Authorization, Check, browse};
use crate::support::dovecot::Dovecot;
use crate::support::library::library_for_sql;
use crate::support::port::free_port;
use crate::support::scratch::Scratch;
use crate::support::shell::Shell;
use crate::support::until::until;

/// A provider, a mail server that takes its tokens, and a user's home.
pub struct World {
    pub provider: Authorization,
    pub dovecot: Dovecot,
    pub home: Scratch,
    /// What programs find in their environment besides.
    pub variables: Vec<(&'static str, String)>,
}

impl World {
    pub fn new(variables: &[(&str, &str)], check: Check) -> Self {
        let provider = Authorization::start(variables);
        let dovecot = provider.dovecot(check);
        Self {
            provider,
            dovecot,
            home: Scratch::new("home"),
            variables: Vec::new(),
        }
    }

    pub fn shell(&self) -> Shell {
        let shell = Shell::new()
            .env("XDG_STATE_HOME", self.home.path().to_str().unwrap())
            .env("SSL_CERT_FILE", self.dovecot.ca_file().to_str().unwrap());
        let set = |shell: Shell, (name, value): &(&str, String)| shell.env(name, value.as_str());
        self.variables.iter().fold(shell, set)
    }

    /// The call that starts a sign-in of `user`, with more options.
    pub fn start(&self, user: &str, more: &Value) -> String {
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

    pub fn finish(&self, user: &str) -> String {
        format!("imap_oauth_finish('{}', '{user}')", self.provider.issuer())
    }

    /// Signs in by the device flow, in one process that ends.
    pub fn sign_in(&self, user: &str) {
        self.sign_in_with(user, &json!({}));
    }

    /// The same with more options.
    pub fn sign_in_with(&self, user: &str, more: &Value) {
        let mut session = Interactive::begin(self);
        let told = session.ask(&self.start(user, more));
        browse(told["verification_uri_complete"].as_str().unwrap());
        let told = session.ask(&self.finish(user));
        assert_eq!(told["user"], user);
    }

    pub fn token_file(&self) -> PathBuf {
        let folder = fs::read_dir(self.home.join("sqlite-imap")).unwrap();
        let mut files = folder.map(|entry| entry.unwrap().path());
        files
            .find(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .expect("a token file")
    }

    pub fn token(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.token_file()).unwrap()).unwrap()
    }

    /// Changes what is stored, as time or an accident would.
    pub fn set_token(&self, field: &str, value: Value) {
        let mut token = self.token();
        token[field] = value;
        fs::write(self.token_file(), token.to_string()).unwrap();
    }

    pub fn count(&self, user: &str) -> String {
        let server = self.dovecot.tls();
        format!("SELECT count(*) AS n FROM imap_messages('{server}', '{user}');")
    }
}

/// A shell that is asked one thing after the other, while the user does
/// something else in between.
pub struct Interactive {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Interactive {
    pub fn begin(world: &World) -> Self {
        let mut process = Command::new("sqlite3")
            .args(["-batch", "-bail", ":memory:"])
            .env("XDG_STATE_HOME", world.home.path())
            .env("SSL_CERT_FILE", world.dovecot.ca_file())
            .env("HOME", world.home.path())
            .envs(world.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
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
    pub fn say(&mut self, expression: &str) {
        writeln!(self.input, "SELECT {expression};").unwrap();
    }

    pub fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{error}: {line}{}", self.complaint()))
    }

    /// What it ends with, where it ends with an error.
    pub fn complaint(&mut self) -> String {
        let mut complaint = String::new();
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut complaint).unwrap();
        complaint
    }

    pub fn ask(&mut self, expression: &str) -> Value {
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

pub fn rows(n: i64) -> Vec<Value> {
    vec![json!({ "n": n })]
}

/// TLS before the provider, with a certificate of the authority that has
/// Dovecot's; it ends with the value.
pub struct TlsFront {
    process: Child,
    pub port: u16,
}

impl TlsFront {
    pub fn start(world: &World) -> Self {
        let (port, folder) = (free_port(), world.dovecot.ca_file());
        let folder = folder.parent().unwrap().display();
        let issuer = world.provider.issuer();
        let text = format!(
            "foreground = yes\npid =\n[provider]\naccept = 127.0.0.1:{port}\n\
             connect = {}\ncert = {folder}/good.pem\nkey = {folder}/good.key\n",
            issuer.trim_start_matches("http://")
        );
        let path = world.home.join("stunnel.conf");
        fs::write(&path, text).unwrap();
        let mut stunnel = Command::new("stunnel");
        let process = stunnel.arg(path).stderr(Stdio::null()).spawn().unwrap();
        until(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Self { process, port }
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
