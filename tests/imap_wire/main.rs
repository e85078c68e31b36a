//! The IMAP client against servers that behave in every way there is: each
//! test scripts one, on a loopback port of its own.

mod compress;
mod extensions;
mod fetch;
mod login;
mod mailboxes;
mod network;
mod pace;
mod pool;
mod refused;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod together;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use imap0::error::Error;
use imap0::imap::endpoint::Endpoint;
use imap0::imap::login::{Credential, Login, Occasion, Supplier};
use imap0::imap::session::Session;
use imap0::imap::settings::{Cancel, Settings};
use imap0::secret::Secret;

use support::scripted::{Script, Scripted};

/// What a session of `ada` begins with.
const SIGNED_IN: &str = r#"
    S: * OK [CAPABILITY IMAP4rev1] ready
    C: LOGIN "ada" "secret"
    S: $ OK [CAPABILITY IMAP4rev1 ESEARCH] welcome
"#;

/// What follows where INBOX is opened.
const EXAMINED: &str = r#"
    C: EXAMINE "INBOX"
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] valid
    S: * OK [UIDNEXT 10] next
    S: $ OK [READ-ONLY] done
"#;

fn endpoint(port: u16) -> Endpoint {
    Endpoint::parse(&format!("imap+insecure://127.0.0.1:{port}")).expect("a server")
}

fn ada() -> Login {
    login("ada", "secret")
}

fn login(user: &str, password: &str) -> Login {
    Login {
        user: user.into(),
        credential: Credential::Password(Secret::new(password.into())),
    }
}

/// Half a second without progress: for waits that end in vain, and no others.
fn impatient() -> Settings {
    Settings {
        timeout: Duration::from_millis(500),
        ..Settings::default()
    }
}

fn open(server: &Scripted) -> Result<Session, Error> {
    Session::open(&endpoint(server.port), &ada(), &Settings::default())
}

/// A session with INBOX open, and what the server does after that.
fn opened(script: Script) -> (Scripted, Session) {
    let server = Scripted::play([script]);
    let mut session = open(&server).expect("signed in");
    session.examine(&inbox()).expect("INBOX is there");
    (server, session)
}

fn inbox() -> imap0::imap::mailbox::Mailbox {
    imap0::imap::mailbox::Mailbox::from_name("INBOX").expect("a name")
}

/// The sentence, with the server's port written as PORT.
fn sentence(error: &Error, server: &Scripted) -> String {
    error.to_string().replace(&server.port.to_string(), "PORT")
}

/// Stops a statement when told to.
#[derive(Clone, Default)]
struct Stop(Arc<AtomicBool>);

impl Cancel for Stop {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stop {
    /// The script goes on to here, then stops the statement and says nothing
    /// more.
    fn at_the_end_of(&self, script: Script) -> Script {
        let stop = self.clone();
        script
            .act(move || stop.0.store(true, Ordering::Relaxed))
            .stall()
    }

    /// The settings of the statement.
    fn settings(&self) -> Settings {
        Settings {
            cancel: Arc::new(self.clone()),
            ..Settings::default()
        }
    }
}
