//! From a host and port to a TCP connection, in a wait that can be stopped.
//!
//! Neither name resolution nor a TCP connect can be interrupted, so both run
//! in threads that the wait abandons; they end by themselves and drop what
//! they find. Several addresses are tried as in RFC 8305: the next one starts
//! when the one before has failed or is slow, and the first to answer wins.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::endpoint::Endpoint;
use super::settings::Settings;
use super::watch::Watch;
use crate::error::{Error, Result, quote};

/// How long an address may take before the next one is tried too.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// The most addresses of one name that are tried.
const ADDRESSES: usize = 8;

/// Connects to the endpoint; the stream blocks and has no delay.
///
/// # Errors
/// Unknown host, refused or unreachable port, timeout, deadline, cancelled.
pub(super) fn dial(endpoint: &Endpoint, settings: &Settings) -> Result<TcpStream> {
    let addresses = resolve(endpoint, settings)?;
    connect(&addresses, &endpoint.peer(), settings)
}

/// The addresses of the endpoint's host.
///
/// # Errors
/// Unknown host, timeout, deadline, cancelled.
pub(super) fn resolve(endpoint: &Endpoint, settings: &Settings) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = endpoint.host().parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, endpoint.port())]);
    }
    let peer = endpoint.peer();
    let mut watch = Watch::start(settings, &peer, "name resolution");
    watch.check()?;
    let (found, answer) = channel();
    let (host, port) = (endpoint.host().to_owned(), endpoint.port());
    spawn("imap-resolve", move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        // Nobody listens any more where the wait was abandoned.
        let _ = found.send(addresses.map(|all| all.take(ADDRESSES).collect::<Vec<_>>()));
    })?;
    let unknown = |why: &str| {
        Error::network(format!(
            "cannot find host '{}': {why}",
            quote(endpoint.host())
        ))
    };
    match wait(&answer, &mut watch, None)? {
        Some(Ok(addresses)) if addresses.is_empty() => Err(unknown("it has no address")),
        Some(Ok(addresses)) => Ok(addresses),
        Some(Err(error)) => Err(unknown(&reason(&error))),
        None => Err(unknown("the resolver gave up")),
    }
}

/// Connects to the first of the addresses to answer; the stream blocks and has
/// no delay.
///
/// # Errors
/// Refused or unreachable port, timeout, deadline, cancelled.
pub(super) fn connect(
    addresses: &[SocketAddr],
    peer: &str,
    settings: &Settings,
) -> Result<TcpStream> {
    let mut watch = Watch::start(settings, peer, "connect");
    watch.check()?;
    let (sender, answers) = channel();
    let mut waiting = addresses.iter();
    let mut pending = 0;
    let mut failure = None;
    loop {
        if let Some(address) = waiting.next() {
            attempt(*address, watch.remaining(), sender.clone())?;
            pending += 1;
        }
        let patience = (waiting.len() > 0).then(|| Instant::now() + NEXT_ADDRESS);
        match wait(&answers, &mut watch, patience)? {
            Some(Ok(stream)) => {
                // Only a matter of speed: a command is always sent whole.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Some(Err(error)) => {
                pending -= 1;
                failure.get_or_insert(error);
            }
            None => {}
        }
        if pending == 0 && waiting.len() == 0 {
            let why = failure
                .as_ref()
                .map_or_else(|| "no address".to_owned(), reason);
            return Err(Error::network(format!("cannot connect to {peer}: {why}")));
        }
    }
}

fn attempt(
    address: SocketAddr,
    allowed: Duration,
    answer: Sender<io::Result<TcpStream>>,
) -> Result<()> {
    // The system's own limit would be minutes, zero is not allowed.
    let allowed = allowed.max(Duration::from_millis(1));
    spawn("imap-connect", move || {
        // Nobody listens any more where the wait was abandoned or another address won.
        let _ = answer.send(TcpStream::connect_timeout(&address, allowed));
    })
}

/// Waits for an answer in slices; `None` when `patience` ran out first or
/// whoever was to answer is gone.
fn wait<T>(
    answer: &Receiver<T>,
    watch: &mut Watch<'_>,
    patience: Option<Instant>,
) -> Result<Option<T>> {
    loop {
        match answer.recv_timeout(watch.slice()) {
            Ok(found) => return Ok(Some(found)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => watch.check()?,
        }
        if patience.is_some_and(|until| Instant::now() >= until) {
            return Ok(None);
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started
        .map(drop)
        .map_err(|e| Error::network(format!("cannot start a thread: {}", reason(&e))))
}

/// What an I/O error says, as a message puts it: without the library's prefix
/// and the error number, in lower case.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text
        .strip_prefix("failed to lookup address information: ")
        .unwrap_or(&text);
    let text = text.split(" (os error ").next().unwrap_or(text);
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    quote(&first.into_iter().chain(chars).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn local(port: u16) -> Endpoint {
        Endpoint::parse(&format!("imap+insecure://127.0.0.1:{port}")).expect("a server")
    }

    #[test]
    fn a_listening_port_is_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let stream = dial(&local(port), &Settings::default()).expect("a connection");
        assert_eq!(stream.peer_addr().expect("the peer").port(), port);
    }

    #[test]
    fn a_refused_port_is_said_to_be_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        let error = dial(&local(port), &Settings::default()).expect_err("nobody listens");
        let sentence = format!("imap: cannot connect to 127.0.0.1:{port}: connection refused");
        assert_eq!(error.to_string(), sentence);
    }

    #[test]
    fn a_name_with_two_addresses_falls_back_to_the_one_that_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let open = listener.local_addr().expect("its address");
        let closed = SocketAddr::new(IpAddr::from([127, 0, 0, 2]), open.port());
        let stream = connect(&[closed, open], "h:1", &Settings::default()).expect("the second");
        assert_eq!(stream.peer_addr().expect("the peer"), open);
    }

    #[test]
    fn a_resolver_that_never_answers_is_abandoned() {
        struct Stopped;
        impl super::super::settings::Cancel for Stopped {
            fn is_cancelled(&self) -> bool {
                true
            }
        }
        let (_answers, answer) = channel::<()>();
        let timeout = Duration::from_millis(150);
        let impatient = Settings {
            timeout,
            ..Settings::default()
        };
        let mut watch = Watch::start(&impatient, "h:1", "name resolution");
        let error = wait(&answer, &mut watch, None).expect_err("silence");
        assert_eq!(
            error.to_string(),
            "imap: h:1 did not answer within 0.15 s (name resolution)"
        );
        let cancel = std::sync::Arc::new(Stopped);
        let stopped = Settings {
            cancel,
            ..Settings::default()
        };
        let mut watch = Watch::start(&stopped, "h:1", "name resolution");
        assert!(
            wait(&answer, &mut watch, None)
                .expect_err("stopped")
                .is_cancelled()
        );
    }

    #[test]
    fn the_systems_words_are_kept_without_their_wrapping() {
        let error = io::Error::other(
            "failed to lookup address information: Name or service not known (os error 7)",
        );
        assert_eq!(reason(&error), "name or service not known");
    }
}
