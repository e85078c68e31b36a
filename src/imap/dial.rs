//! From a host and port to a TCP connection, through a proxy where the
//! environment names one, in a wait that can be stopped.
//!
//! Neither name resolution nor a TCP connect can be interrupted, so both run
//! in threads that the wait abandons; they end by themselves and drop what
//! they find. Several addresses are tried as in RFC 8305: the next one starts
//! when the one before has failed or is slow, and the first to answer wins.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::endpoint::Endpoint;
use super::proxy::{Kind, Proxy};
use super::reason::reason;
use super::settings::Settings;
use super::transport::Transport;
use super::tunnel;
use super::watch::Watch;
use crate::error::{Error, Result, quote};

/// How long an address may take before the next one is tried too.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// The most addresses of one name that are tried.
const ADDRESSES: usize = 8;

/// Where a connection goes: to the server, or to a proxy that leads there.
pub(super) struct Route {
    /// Of whom the connection is made with.
    addresses: Vec<SocketAddr>,
    /// The proxy, and the server's address where the proxy is not to find it.
    proxy: Option<(Proxy, Option<SocketAddr>)>,
}

impl Route {
    /// What there is to say of it: the addresses, and whose they are.
    pub(super) fn detail(&self) -> String {
        let addresses = self
            .addresses
            .iter()
            .map(|address| address.ip().to_string());
        let addresses = addresses.collect::<Vec<_>>().join(", ");
        match &self.proxy {
            None => addresses,
            Some((proxy, _)) => format!("{} ({addresses})", proxy.peer()),
        }
    }
}

/// Connects to the endpoint, with TLS if it says so from the start.
///
/// # Errors
/// Everything between name resolution and the TLS handshake.
pub(super) fn open(endpoint: &Endpoint, settings: &Settings) -> Result<Transport> {
    dial(endpoint, settings)?.begin(endpoint, settings)
}

/// Connects to the endpoint.
///
/// # Errors
/// Unknown host, refused or unreachable port, timeout, deadline, cancelled.
fn dial(endpoint: &Endpoint, settings: &Settings) -> Result<Transport> {
    follow(&route(endpoint, settings)?, endpoint, settings)
}

/// The way to the endpoint, with every name resolved that is resolved here.
///
/// # Errors
/// Unknown host, a proxy that cannot be used, timeout, deadline, cancelled.
pub(super) fn route(endpoint: &Endpoint, settings: &Settings) -> Result<Route> {
    let own = || resolve(endpoint.host(), endpoint.port(), &endpoint.peer(), settings);
    let Some(proxy) = Proxy::of(endpoint, |name| std::env::var(name).ok())? else {
        let addresses = own()?;
        return Ok(Route {
            addresses,
            proxy: None,
        });
    };
    let address = match proxy.kind {
        Kind::Socks5 => own()?.first().copied(),
        Kind::Socks4 => own()?.into_iter().find(SocketAddr::is_ipv4),
        Kind::Http | Kind::Https | Kind::Socks4a | Kind::Socks5h => None,
    };
    Ok(Route {
        addresses: resolve(&proxy.host, proxy.port, &proxy.peer(), settings)?,
        proxy: Some((proxy, address)),
    })
}

/// Connects by a route to the endpoint.
///
/// # Errors
/// Refused or unreachable port, a proxy that refuses, timeout, deadline, cancelled.
pub(super) fn follow(route: &Route, endpoint: &Endpoint, settings: &Settings) -> Result<Transport> {
    let peer = match &route.proxy {
        None => endpoint.peer(),
        Some((proxy, _)) => proxy.peer(),
    };
    let line = Transport::over(connect(&route.addresses, &peer, settings)?, &peer)?;
    match &route.proxy {
        None => Ok(line),
        Some((proxy, address)) => tunnel::open(line, proxy, endpoint, *address, settings),
    }
}

fn resolve(host: &str, port: u16, peer: &str, settings: &Settings) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let mut watch = Watch::start(settings, peer, "name resolution");
    watch.check()?;
    let (found, answer) = channel();
    let name = host.to_owned();
    spawn("imap-resolve", move || {
        let addresses = (name.as_str(), port).to_socket_addrs();
        // Nobody listens any more where the wait was abandoned.
        let _ = found.send(addresses.map(|all| all.take(ADDRESSES).collect::<Vec<_>>()));
    })?;
    let unknown = |why: &str| Error::network(format!("cannot find host '{}': {why}", quote(host)));
    match watch.receive(&answer, None)? {
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
        match watch.receive(&answers, patience)? {
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

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started
        .map(drop)
        .map_err(|e| Error::network(format!("cannot start a thread: {}", reason(&e))))
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
        let peer = stream.socket().peer_addr().expect("the peer");
        assert_eq!(peer.port(), port);
    }

    #[test]
    fn a_refused_port_is_said_to_be_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        let error = dial(&local(port), &Settings::default())
            .err()
            .expect("nobody listens");
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
        let error = watch.receive(&answer, None).expect_err("silence");
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
            watch
                .receive(&answer, None)
                .expect_err("stopped")
                .is_cancelled()
        );
    }
}
