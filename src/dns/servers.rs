//! The resolvers of this machine: `/etc/resolv.conf`.

use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use resolv_conf::{Config, ScopedIp};

use crate::error::{Error, Result, quote};

/// The port of the DNS.
pub const PORT: u16 = 53;

/// The most servers that are asked, as the system's own resolver has it.
const MAX_SERVERS: usize = 3;

const PATH: &str = "/etc/resolv.conf";

/// The servers that this machine's programs ask.
///
/// # Errors
/// `Config` where the file cannot be read or names none.
pub fn of_this_machine() -> Result<Vec<SocketAddr>> {
    let text = fs::read(PATH).map_err(|error| unknown(&format!("cannot read {PATH}: {error}")))?;
    let servers = named_in(&text);
    if servers.is_empty() {
        return Err(unknown(&format!("{PATH} names none")));
    }
    Ok(servers)
}

fn unknown(why: &str) -> Error {
    Error::config(format!(
        "no DNS server is known: {}; name one by the option dns",
        quote(why)
    ))
}

/// The servers that a file names; this machine itself where the file has no
/// such line (resolv.conf(5)).
fn named_in(text: &[u8]) -> Vec<SocketAddr> {
    // A line that it cannot read does not make the others useless.
    let (config, _) = Config::parse_with_errors(text);
    let named = config.get_nameservers_or_local();
    named.iter().filter_map(address).take(MAX_SERVERS).collect()
}

/// Where a server is; `None` where only the name of a network interface tells.
fn address(server: &ScopedIp) -> Option<SocketAddr> {
    match server {
        ScopedIp::V4(ip) => Some((*ip, PORT).into()),
        ScopedIp::V6(ip, None) => Some((*ip, PORT).into()),
        ScopedIp::V6(ip, Some(scope)) => {
            Some(SocketAddrV6::new(*ip, PORT, 0, scope.parse().ok()?).into())
        }
    }
}

/// The unspecified address of the same family, to send from.
pub(super) fn own_address(server: SocketAddr) -> SocketAddr {
    let ip = match server {
        SocketAddr::V4(_) => IpAddr::from([0, 0, 0, 0]),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(ip, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Vec<String> {
        let servers = named_in(text.as_bytes()).into_iter();
        servers.map(|server| server.to_string()).collect()
    }

    #[test]
    fn the_first_three_servers_of_the_file_are_asked() {
        let text = "# by hand\nsearch example.org\nnameserver 192.0.2.1\nnonsense\n\
            nameserver 2001:db8::1\nnameserver fe80::1%eth7\nnameserver fe80::1%2\n\
            nameserver 192.0.2.9\n";
        assert_eq!(
            listed(text),
            ["192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%2]:53"]
        );
    }

    #[test]
    fn a_file_without_servers_means_this_machine() {
        assert!(listed("search example.org\n").contains(&"127.0.0.1:53".to_owned()));
    }
}
