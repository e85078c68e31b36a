//! A sign-in one step at a time, for whoever wants to know which one fails.

use super::dial::{self, Route};
use super::dialogue::REFUSED_PASSWORD;
use super::endpoint::{Endpoint, Security};
use super::exchange::Exchange;
use super::greeting;
use super::login::Login;
use super::mailbox::Mailbox;
use super::session::Session;
use super::settings::Settings;
use super::transport::Transport;
use super::wire::Wire;
use crate::error::{Result, one_line, quote};

/// Bytes of a list of capabilities that are shown.
const CAPABILITIES: usize = 2_000;

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The host's name becomes addresses.
    Resolve,
    /// One of them answers.
    Connect,
    /// The connection is encrypted, from the start or by STARTTLS.
    Tls,
    /// The user signs in.
    Login,
    /// The server says what it can do.
    Capability,
    /// INBOX can be examined.
    Folder,
}

impl Step {
    /// The step as people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Capability => "capability",
            Self::Folder => "folder",
        }
    }

    /// What a person can do where it fails and nothing better is known.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Resolve => "check the server's name, and that this machine has a network",
            Self::Connect => {
                "check the port (993 for imaps://, 143 for imap://), \
                 and whether a firewall or a proxy stands between"
            }
            Self::Tls => {
                "check the server's name and port; \
                 a certificate that is wrong its administrator has to put right"
            }
            Self::Login => REFUSED_PASSWORD,
            Self::Capability | Self::Folder => {
                "check that the user has a mailbox there; the server's log can say more"
            }
        }
    }
}

/// How far it has come.
enum State {
    Start,
    Resolved(Route),
    Connected(Transport),
    Ready(Box<Exchange>),
    SignedIn(Box<Session>),
    Told(Box<Session>),
    Over,
}

/// A sign-in under way.
pub struct Check {
    endpoint: Endpoint,
    /// The user, where it is known before the login.
    user: String,
    settings: Settings,
    state: State,
}

impl Check {
    /// A check that has not begun.
    pub fn new(endpoint: Endpoint, user: &str, settings: Settings) -> Self {
        Self {
            endpoint,
            user: user.to_owned(),
            settings,
            state: State::Start,
        }
    }

    /// The step that [`Check::take`] takes next; `None` at the end, and after
    /// one that failed.
    pub fn step(&self) -> Option<Step> {
        match self.state {
            State::Start => Some(Step::Resolve),
            State::Resolved(_) => Some(Step::Connect),
            State::Connected(_) => Some(Step::Tls),
            State::Ready(_) => Some(Step::Login),
            State::SignedIn(_) => Some(Step::Capability),
            State::Told(_) => Some(Step::Folder),
            State::Over => None,
        }
    }

    /// Takes the next step; what was found, in a few words. `login` is asked
    /// for once, when it is needed.
    ///
    /// # Errors
    /// Why it failed, as every use of the server would say, or why there is no
    /// login.
    pub fn take(&mut self, login: impl FnOnce() -> Result<Login>) -> Result<String> {
        let (endpoint, settings) = (&self.endpoint, &self.settings);
        let (state, detail) = match std::mem::replace(&mut self.state, State::Over) {
            State::Start => {
                let route = dial::route(endpoint, settings)?;
                let detail = route.detail();
                (State::Resolved(route), detail)
            }
            State::Resolved(route) => {
                let line = dial::follow(&route, endpoint, settings)?;
                let peer = line.socket().peer_addr();
                let detail = peer.map_or_else(|_| endpoint.peer(), |address| address.to_string());
                (State::Connected(line), detail)
            }
            State::Connected(line) => {
                let transport = line.begin(endpoint, settings)?;
                let wire = Wire::over(transport, endpoint, settings);
                let exchange = greeting::receive(wire, &self.user, settings)?;
                let encryption = exchange.wire.encryption();
                let detail = match (endpoint.security(), encryption) {
                    (Security::StartTls, Some(version)) => format!("{version} by STARTTLS"),
                    (Security::Tls, Some(version)) => version,
                    // That of a proxy ends at the proxy.
                    _ => "no encryption, as imap+insecure:// says".to_owned(),
                };
                (State::Ready(Box::new(exchange)), detail)
            }
            State::Ready(exchange) => {
                let login = login()?.at_hand(settings)?;
                let session = Session::sign_in(*exchange, &login)?;
                let detail = format!("signed in as '{}'", quote(&login.user));
                (State::SignedIn(Box::new(session)), detail)
            }
            State::SignedIn(session) => {
                let names: Vec<_> = session.capabilities().iter().collect();
                let detail = one_line(&names.join(" "), CAPABILITIES);
                (State::Told(session), detail)
            }
            State::Told(mut session) => {
                let examined = session.examine(&Mailbox::from_name("INBOX")?)?;
                session.logout();
                let detail = format!("INBOX can be read, messages: {}", examined.exists);
                (State::Over, detail)
            }
            State::Over => (State::Over, String::new()),
        };
        self.state = state;
        Ok(detail)
    }
}
