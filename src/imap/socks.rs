//! SOCKS, as clients of a proxy speak it: version 4 with its extension 4a (two
//! pages of no standards body), and version 5 (RFC 1928, RFC 1929).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use zeroize::Zeroizing;

use super::endpoint::Endpoint;
use super::proxy::{Kind, Proxy};
use super::talk::Talk;
use crate::error::Result;

/// Asks by SOCKS4 for `address`, or by SOCKS4a for the server's name. The user
/// is told, a password is not: this version has none.
///
/// # Errors
/// The proxy's refusal in words, a server that has only IPv6, and those of the
/// connection.
pub(super) fn version4(
    talk: &mut Talk<'_>,
    proxy: &Proxy,
    endpoint: &Endpoint,
    address: Option<SocketAddr>,
) -> Result<()> {
    let literal = address
        .map(|address| address.ip())
        .or(endpoint.host().parse().ok());
    let name = match literal {
        None if proxy.kind == Kind::Socks4a => Some(endpoint.host()),
        _ => None,
    };
    let address = match literal {
        Some(IpAddr::V4(address)) => address,
        // What the extension has in place of an address.
        None if name.is_some() => Ipv4Addr::new(0, 0, 0, 1),
        _ => return Err(talk.failed("SOCKS4 knows no IPv6, and the server has no other address")),
    };
    let user = proxy.login.as_ref().map_or("", |(user, _)| user);
    if user.contains('\0') {
        return Err(talk.failed("SOCKS4 takes no user with a NUL"));
    }
    let mut request = vec![4, 1];
    request.extend(endpoint.port().to_be_bytes());
    request.extend(address.octets());
    for text in [Some(user), name].into_iter().flatten() {
        request.extend(text.as_bytes());
        request.push(0);
    }
    talk.say(&request)?;
    match talk.hear::<8>()? {
        [0, 90, ..] => Ok(()),
        [0, 91, ..] => Err(talk.failed("it refuses or has failed")),
        [0, 92 | 93, ..] => Err(talk.failed("it does not believe the user")),
        _ => Err(talk.failed("it is no SOCKS4 proxy")),
    }
}

/// The methods of RFC 1928 section 3 that are offered.
const NO_LOGIN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;

/// Asks by SOCKS5, for `address` or for the server's name.
///
/// # Errors
/// The proxy's refusal in words, and those of the connection.
pub(super) fn version5(
    talk: &mut Talk<'_>,
    proxy: &Proxy,
    endpoint: &Endpoint,
    address: Option<SocketAddr>,
) -> Result<()> {
    match &proxy.login {
        None => talk.say(&[5, 1, NO_LOGIN])?,
        Some(_) => talk.say(&[5, 2, NO_LOGIN, USER_AND_PASSWORD])?,
    }
    match (talk.hear()?, &proxy.login) {
        ([5, NO_LOGIN], _) => {}
        ([5, USER_AND_PASSWORD], Some((user, password))) => {
            let mut request = Zeroizing::new(vec![1]);
            for text in [user.as_str(), password.declassify()] {
                let length = u8::try_from(text.len())
                    .map_err(|_| talk.failed("user or password is too long for SOCKS5"))?;
                request.push(length);
                request.extend(text.as_bytes());
            }
            talk.say(&request)?;
            if talk.hear::<2>()?[1] != 0 {
                return Err(talk.failed("it refuses the user or password"));
            }
        }
        ([5, _], _) => return Err(talk.failed("it wants another sign-in")),
        _ => return Err(talk.failed("it is no SOCKS5 proxy")),
    }
    let mut request = vec![5, 1, 0];
    match address
        .map(|address| address.ip())
        .or(endpoint.host().parse().ok())
    {
        Some(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Some(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        None => {
            // An endpoint's host has 253 bytes at most.
            request.extend([3, u8::try_from(endpoint.host().len()).unwrap_or(u8::MAX)]);
            request.extend(endpoint.host().as_bytes());
        }
    }
    request.extend(endpoint.port().to_be_bytes());
    talk.say(&request)?;
    let [version, reply, _, kind] = talk.hear()?;
    if version != 5 || reply != 0 {
        return Err(talk.failed(refusal(reply)));
    }
    // The address the proxy connects from; of no use, but in the way.
    let length = match kind {
        1 => 4,
        4 => 16,
        _ => usize::from(talk.hear::<1>()?[0]),
    };
    for _ in 0..length + 2 {
        talk.hear::<1>()?;
    }
    Ok(())
}

/// RFC 1928 section 6.
fn refusal(reply: u8) -> &'static str {
    match reply {
        2 => "its rules do not allow it",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "it took too long",
        _ => "it failed",
    }
}
