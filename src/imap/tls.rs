//! The TLS client configuration, and TLS failures in words.
//!
//! rustls with the ring provider, passed explicitly: a process-wide provider
//! is the host's business, not ours. TLS 1.2 and 1.3.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, PeerIncompatible,
};

use super::endpoint::{Endpoint, Security};
use super::trust::{ClientCertificate, Trust};
use super::verifier::{WrongKey, is_ca_as_server, read_certificates, unreadable, verifier};
use crate::error::{Error, Kind, Result, quote, quote_bytes};

/// The configuration where nothing is said of TLS, kept so that later connections of
/// the process can resume sessions.
static SYSTEM: Mutex<Option<Arc<ClientConfig>>> = Mutex::new(None);

/// Whom TLS is begun with.
pub(super) struct Party {
    /// Whose name the certificate has to have.
    pub(super) host: String,
    /// As messages name it.
    pub(super) peer: String,
    /// What to do where it answers in plain text; empty where that is no surprise.
    pub(super) without: String,
}

impl Party {
    /// The server itself.
    pub(super) fn server(endpoint: &Endpoint) -> Self {
        let peer = endpoint.peer();
        let without = match endpoint.security() {
            Security::Tls => format!("use imap://{peer} for STARTTLS if this is an IMAP server"),
            Security::StartTls | Security::Plain => String::new(),
        };
        Self {
            host: endpoint.host().to_owned(),
            peer,
            without,
        }
    }
}

/// A TLS client, before its handshake.
///
/// # Errors
/// [`Kind::Config`] where a file of the trust cannot be used.
pub(super) fn client(party: &Party, trust: &Trust) -> Result<ClientConnection> {
    let name = match party.host.parse::<IpAddr>() {
        Ok(address) => ServerName::IpAddress(address.into()),
        Err(_) => ServerName::try_from(party.host.clone()).map_err(|e| {
            let host = quote(&party.host);
            Error::usage(format!("cannot use host '{host}' with TLS: {e}"))
        })?,
    };
    let config = if *trust == Trust::default() {
        let mut system = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
        match &*system {
            Some(config) => Arc::clone(config),
            None => Arc::clone(system.insert(Arc::new(config(trust)?))),
        }
    } else {
        Arc::new(config(trust)?)
    };
    ClientConnection::new(config, name).map_err(|e| failure(party, &e, &[]))
}

fn config(trust: &Trust) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(trust, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::config(format!("cannot set up TLS: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(shown) = &trust.client_certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let ClientCertificate {
        cert_file,
        key_file,
    } = shown;
    let chain = read_certificates("cert_file", cert_file)?;
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| unreadable("key_file", key_file, &error))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        let file = |path: &std::path::Path| quote(&path.to_string_lossy());
        Error::config(format!(
            "cannot use key_file '{}' with cert_file '{}': {}",
            file(key_file),
            file(cert_file),
            quote(&error.to_string())
        ))
    })
}

/// What rustls says of a connection that broke, in words.
pub(super) fn reason(error: &rustls::Error) -> String {
    match error {
        // TLS 1.2 has no alert of its own for it.
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "it wants a client certificate; give cert_file and key_file in the accounts file"
                .to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "it speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        error => quote(&error.to_string()),
    }
}

/// A failed handshake in words; `heard` is what the server had sent so far.
pub(super) fn failure(party: &Party, error: &rustls::Error, heard: &[u8]) -> Error {
    let Party {
        host,
        peer,
        without,
    } = party;
    if let rustls::Error::InvalidMessage(_) = error
        && !without.is_empty()
        && heard.first().is_some_and(u8::is_ascii_graphic)
    {
        let line = heard
            .split(|&b| b == b'\r' || b == b'\n')
            .next()
            .unwrap_or_default();
        return Error::network(format!(
            "TLS with {peer} failed: it answered in plain text '{}'; {without}",
            quote_bytes(line)
        ));
    }
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return Error::network(format!("TLS with {peer} failed: {}", reason(error)));
    };
    let why = match certificate {
        CertificateError::Expired => "its certificate has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("its certificate expired on {}", date(*not_after))
        }
        CertificateError::NotValidYet => "its certificate is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is not valid before {}", date(*not_before))
        }
        CertificateError::NotValidForName => {
            format!("its certificate is for another host than '{host}'")
        }
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "its certificate is for {}, not for '{host}'",
            names(presented)
        ),
        // An issuer that only has the name of a trusted one is unknown too.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => UNTRUSTED.to_owned(),
        _ if is_ca_as_server(error) => UNTRUSTED.to_owned(),
        CertificateError::Other(other) if other.0.is::<WrongKey>() => other.0.to_string(),
        other => format!(
            "its certificate is not valid ({})",
            quote(&other.to_string())
        ),
    };
    Kind::Network(format!("cannot trust {peer}: {why}")).into()
}

const UNTRUSTED: &str = "its certificate is self-signed or from an unknown issuer; \
                         give the issuer's certificate as option ca_file";

/// `2021-01-01`, in UTC.
fn date(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(
            || "a date out of range".to_owned(),
            |at| at.strftime("%Y-%m-%d").to_string(),
        )
}

/// The names a certificate is for, of which webpki gives the debug form:
/// `DnsName("other.example")`, `IpAddress(127.0.0.1)`.
fn names(presented: &[String]) -> String {
    let name = |text: &String| {
        let inner = text.split_once('(').map_or(text.as_str(), |(_, rest)| rest);
        format!("'{}'", quote(inner.trim_end_matches(')').trim_matches('"')))
    };
    match presented {
        [] => "no host".to_owned(),
        [one] => name(one),
        [one, another] => format!("{} and {}", name(one), name(another)),
        [one, rest @ ..] => format!("{} and {} others", name(one), rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_certificate_read_as_names() {
        let presented = [
            "DnsName(\"other.example\")".to_owned(),
            "IpAddress(127.0.0.1)".to_owned(),
        ];
        assert_eq!(names(&presented[..1]), "'other.example'");
        assert_eq!(names(&presented), "'other.example' and '127.0.0.1'");
        assert_eq!(names(&[]), "no host");
    }

    #[test]
    fn dates_are_utc_days() {
        let day = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_609_459_200));
        assert_eq!(date(day), "2021-01-01");
    }

    #[test]
    fn a_plain_text_answer_advises_starttls() {
        let endpoint = Endpoint::parse("mail.example.org:143").expect("a server");
        let error = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(
            failure(&Party::server(&endpoint), &error, b"* OK ready\r\n").to_string(),
            "imap: TLS with mail.example.org:143 failed: it answered in plain text '* OK ready'; \
             use imap://mail.example.org:143 for STARTTLS if this is an IMAP server"
        );
    }
}
