//! Which proxy leads to a server, if any: `ALL_PROXY` and `NO_PROXY` as curl
//! understands them.
//!
//! Pure: the environment comes in as a function. `tunnel` goes through the
//! proxy that is found here.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::endpoint::{Endpoint, Security};
use crate::error::{Error, Result, quote};
use crate::secret::Secret;

/// How a proxy is asked for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// CONNECT (RFC 9110 section 9.3.6).
    Http,
    /// CONNECT, said in TLS.
    Https,
    /// SOCKS4, the name resolved here.
    Socks4,
    /// SOCKS4a, the name resolved by the proxy.
    Socks4a,
    /// SOCKS5 (RFC 1928), the name resolved here.
    Socks5,
    /// SOCKS5, the name resolved by the proxy.
    Socks5h,
}

impl Kind {
    fn of(scheme: &str) -> Option<Self> {
        Some(match scheme.to_ascii_lowercase().as_str() {
            "http" => Self::Http,
            "https" => Self::Https,
            "socks" | "socks4" => Self::Socks4,
            "socks4a" => Self::Socks4a,
            "socks5" => Self::Socks5,
            "socks5h" => Self::Socks5h,
            _ => return None,
        })
    }

    /// The port of a proxy that names none: curl's choice.
    fn port(self) -> u16 {
        if self == Self::Https { 443 } else { 1080 }
    }
}

/// A proxy.
pub(super) struct Proxy {
    pub(super) kind: Kind,
    pub(super) host: String,
    pub(super) port: u16,
    /// A user and a password, where the proxy wants them.
    pub(super) login: Option<(String, Secret)>,
}

impl Proxy {
    /// The proxy for `endpoint`: of `imaps_proxy`, `IMAPS_PROXY`, `all_proxy`
    /// and `ALL_PROXY` the first that is set, unless `no_proxy` or `NO_PROXY`
    /// names the host.
    ///
    /// # Errors
    /// A proxy that cannot be understood, named without its password.
    pub(super) fn of(
        endpoint: &Endpoint,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>> {
        let own = match endpoint.security() {
            Security::Tls => ["imaps_proxy", "IMAPS_PROXY"],
            Security::StartTls | Security::Plain => ["imap_proxy", "IMAP_PROXY"],
        };
        let set = |name: &'static str| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            Some((name, value))
        };
        let names = own.into_iter().chain(["all_proxy", "ALL_PROXY"]);
        let Some((name, text)) = names.into_iter().find_map(set) else {
            return Ok(None);
        };
        let exempt = ["no_proxy", "NO_PROXY"].into_iter().find_map(set);
        if exempt.is_some_and(|(_, list)| is_exempt(endpoint.host(), &list)) {
            return Ok(None);
        }
        Self::parse(&text)
            .map(Some)
            .map_err(|why| Error::config(format!("cannot use the proxy of {name}: {why}")))
    }

    fn parse(text: &str) -> std::result::Result<Self, String> {
        // Behind a colon it is a password that has one.
        let scheme = text.split_once("://");
        let (scheme, rest) = scheme
            .filter(|(scheme, _)| !scheme.contains([':', '@']))
            .unwrap_or(("http", text));
        let kind = Kind::of(scheme).ok_or_else(|| {
            let kinds = "http://, https://, socks4://, socks4a://, socks5:// or socks5h://";
            format!("unknown kind '{}'; use {kinds}", quote(scheme))
        })?;
        let (rest, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // Else the beginning of a password would be looked for as a host.
        if path.contains('@') {
            return Err(
                "its user or password has a '/', '?' or '#'; write it as %2F, %3F or %23"
                    .to_owned(),
            );
        }
        let (login, address) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((login, address)) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                let decode = |text| decoded(text).ok_or("its user or password is not UTF-8");
                (
                    Some((decode(user)?, Secret::new(decode(password)?))),
                    address,
                )
            }
        };
        let (host, port) = match address.strip_prefix('[') {
            Some(inside) => inside.split_once(']').ok_or("the bracket is not closed")?,
            None => address.split_at(address.find(':').unwrap_or(address.len())),
        };
        let port = match port.strip_prefix(':') {
            None => kind.port(),
            Some(port) => port.parse().map_err(|_| "bad port")?,
        };
        if host.is_empty() {
            return Err("no host".to_owned());
        }
        Ok(Self {
            kind,
            host: host.to_owned(),
            port,
            login,
        })
    }

    /// `host:port`, as messages name it.
    pub(super) fn peer(&self) -> String {
        match self.host.contains(':') {
            true => format!("proxy [{}]:{}", self.host, self.port),
            false => format!("proxy {}:{}", self.host, self.port),
        }
    }

    /// The value of Proxy-Authorization (RFC 7617).
    pub(super) fn authorization(&self) -> Option<Zeroizing<String>> {
        let (user, password) = self.login.as_ref()?;
        let both = Zeroizing::new(format!("{user}:{}", password.declassify()));
        Some(Zeroizing::new(format!(
            "Basic {}",
            STANDARD.encode(both.as_bytes())
        )))
    }
}

/// Undoes percent-encoding; a `%` that begins none stands for itself.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let byte = match after {
            [high, low, beyond @ ..] if *first == b'%' => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = digit(high)
                    .zip(digit(low))
                    .map(|(high, low)| high << 4 | low);
                rest = if byte.is_some() { beyond } else { after };
                byte.and_then(|byte| u8::try_from(byte).ok())
            }
            _ => None,
        };
        bytes.push(byte.unwrap_or(*first));
    }
    String::from_utf8(bytes).ok()
}

/// True where `list`, words between commas or blanks, names `host`: as itself,
/// as a domain it is in, as a network (`192.0.2.0/24`), or is `*`.
fn is_exempt(host: &str, list: &str) -> bool {
    if list == "*" {
        return true;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut words = list
        .split([',', ' ', '\t'])
        .map(|word| word.trim_matches(['[', ']']).to_ascii_lowercase());
    match host.parse::<IpAddr>() {
        Ok(address) => words.any(|word| is_in_network(address, &word)),
        Err(_) => words.any(|word| {
            let domain = word.strip_suffix('.').unwrap_or(&word);
            let domain = domain.strip_prefix('.').unwrap_or(domain);
            let before = host.strip_suffix(domain).filter(|_| !domain.is_empty());
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        }),
    }
}

/// A network of no bits is, to curl, the one address.
fn is_in_network(address: IpAddr, word: &str) -> bool {
    let (network, length) = word.split_once('/').unwrap_or((word, "0"));
    let number = |address| match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let Ok(network) = network.parse::<IpAddr>() else {
        return false;
    };
    let ((network, width), (address, own)) = (number(network), number(address));
    let length = match length.parse() {
        Ok(0) => width,
        length => length.unwrap_or(u32::MAX),
    };
    let differing = (network ^ address).leading_zeros().min(width);
    width == own && length <= width && differing >= length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn proxy(server: &str, variables: &[(&str, &str)]) -> String {
        let endpoint = Endpoint::parse(server).expect(server);
        let found = Proxy::of(&endpoint, |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        match found {
            Ok(None) => "none".to_owned(),
            Ok(Some(proxy)) => format!("{:?} {}", proxy.kind, proxy.peer()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_nearest_variable_counts_and_an_empty_one_does_not() {
        let all = ("ALL_PROXY", "socks5h://relay.example:9050");
        let server = "mail.example.org";
        assert_eq!(proxy(server, &[all]), "Socks5h proxy relay.example:9050");
        assert_eq!(
            proxy(server, &[all, ("all_proxy", "")]),
            "Socks5h proxy relay.example:9050"
        );
        let own = ("imaps_proxy", "http://u:p%40@[::1]:3128/");
        assert_eq!(proxy(server, &[all, own]), "Http proxy [::1]:3128");
        let cleartext = "imap://mail.example.org";
        assert_eq!(
            proxy(cleartext, &[all, own]),
            "Socks5h proxy relay.example:9050"
        );
        assert_eq!(
            proxy(server, &[("all_proxy", "relay")]),
            "Http proxy relay:1080"
        );
        assert_eq!(proxy(server, &[]), "none");
    }

    #[test]
    fn hosts_domains_and_networks_are_exempt() {
        let is_direct = |server: &str, list: &str| {
            proxy(server, &[("ALL_PROXY", "relay"), ("NO_PROXY", list)]) == "none"
        };
        assert!(is_direct("mail.example.org", "localhost, .example.org"));
        assert!(is_direct("mail.example.org", "*"));
        assert!(is_direct("mail.example.org", "EXAMPLE.org"));
        assert!(!is_direct("mail.example.org", "ample.org,*.example.org"));
        assert!(is_direct("192.0.2.7", "192.0.2.0/24") && is_direct("192.0.2.7", "192.0.2.7"));
        assert!(!is_direct("192.0.3.7", "192.0.2.0/24,192.0.3.0/33,::/0"));
        assert!(is_direct("::1", "[::1]") && is_direct("2001:db8::5", "2001:db8::/32"));
    }

    #[test]
    fn what_curl_reaches_directly_is_reached_directly() {
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/no_proxy.json"))
                .expect("the table");
        for case in cases.as_array().expect("cases") {
            let text = |name: &str| case[name].as_str().expect("a text");
            let variables = [("ALL_PROXY", "relay"), ("NO_PROXY", text("no_proxy"))];
            let is_direct = proxy(text("host"), &variables) == "none";
            assert_eq!(Some(is_direct), case["direct"].as_bool(), "{case}");
        }
    }

    #[test]
    fn every_kind_has_curls_port() {
        for (text, expected) in [
            ("relay", "Http proxy relay:1080"),
            ("HTTPS://relay", "Https proxy relay:443"),
            ("socks://relay", "Socks4 proxy relay:1080"),
            ("socks4://relay:1", "Socks4 proxy relay:1"),
            ("socks4a://relay", "Socks4a proxy relay:1080"),
            ("socks5://relay", "Socks5 proxy relay:1080"),
            ("socks5h://relay", "Socks5h proxy relay:1080"),
        ] {
            assert_eq!(proxy("mail", &[("ALL_PROXY", text)]), expected);
        }
    }

    #[test]
    fn a_user_and_password_are_decoded_and_never_told() {
        let proxy_of = |text| Proxy::parse(text).expect("a proxy");
        let login = proxy_of("socks5://ad%61:p%3A%zz@relay")
            .login
            .expect("a login");
        assert_eq!((login.0.as_str(), login.1.declassify()), ("ada", "p:%zz"));
        let authorization = proxy_of("http://ada:pw@relay").authorization();
        assert_eq!(authorization.expect("given").as_str(), "Basic YWRhOnB3");
        let told = proxy("mail", &[("ALL_PROXY", "ftp://ada:hunter2@relay")]);
        assert_eq!(
            told,
            "imap: cannot use the proxy of ALL_PROXY: unknown kind 'ftp'; \
             use http://, https://, socks4://, socks4a://, socks5:// or socks5h://"
        );
        for (text, why) in [
            ("http://ada:hunter2@relay:x", "bad port"),
            ("http://ada:hunter2@", "no host"),
            ("http://ada:hunter2@[::1", "the bracket is not closed"),
            ("http://ada:%ff@relay", "its user or password is not UTF-8"),
            (
                "http://ada:12/hunter2@relay",
                "its user or password has a '/', '?' or '#'; write it as %2F, %3F or %23",
            ),
            (
                "hunter2/x@relay",
                "its user or password has a '/', '?' or '#'; write it as %2F, %3F or %23",
            ),
            (
                "ada:hunter2://x@relay",
                "its user or password has a '/', '?' or '#'; write it as %2F, %3F or %23",
            ),
        ] {
            assert_eq!(Proxy::parse(text).err().as_deref(), Some(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_proxy_is_understood_or_refused_without_its_password(
            before in "[\\PC]{0,12}", after in any::<String>(),
        ) {
            let text = format!("{before}:hunter2-zQ9@{after}");
            let said = proxy("mail.example.org", &[("ALL_PROXY", &text)]);
            prop_assert!(!said.contains("hunter2-zQ9"), "{}", said);
        }
    }
}
