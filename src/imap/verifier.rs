//! Which certificates are believed.
//!
//! The roots are the system's, those of webpki-roots (for systems without
//! any), and the `ca_file`. A certificate of the `ca_file` is also believed
//! when the server shows that very certificate: so `ca_file` works for the
//! self-signed ones that `openssl req -x509` makes, which call themselves a
//! CA and which webpki therefore refuses as a server's.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use super::reason::reason;
use super::trust::{PinOf, Pins, Trust, Verification};
use crate::error::{Error, Result, quote};

/// Read once a process: it takes some 10 ms.
static ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
});

/// The verifier for connections that trust the system and what `trust` adds.
///
/// # Errors
/// [`crate::error::Kind::Config`] where `ca_file` cannot be read or holds no certificate.
pub(super) fn verifier(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let ca_file = trust.ca_file.as_deref();
    let own = ca_file.map_or(Ok(Vec::new()), |path| read_certificates("ca_file", path))?;
    let roots = if own.is_empty() {
        Arc::clone(&ROOTS)
    } else {
        let mut roots = RootCertStore::clone(&ROOTS);
        roots.add_parsable_certificates(own.iter().cloned());
        Arc::new(roots)
    };
    let webpki = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|e| Error::config(format!("cannot use the trusted certificates: {e}")))?;
    Ok(Arc::new(Verifier {
        webpki,
        own,
        pins: trust.pins.clone(),
        verification: trust.verification,
    }))
}

/// The certificates of a PEM file, at least one; `role` is the option's name.
///
/// # Errors
/// [`crate::error::Kind::Config`] where it cannot be read or holds none.
pub(super) fn read_certificates(role: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(role, path, &error))?;
    if certificates.is_empty() {
        let name = quote(&path.to_string_lossy());
        return Err(Error::config(format!(
            "cannot use {role} '{name}': no certificate in it"
        )));
    }
    Ok(certificates)
}

/// A PEM file that cannot be read, in words; nothing of its content.
pub(super) fn unreadable(role: &str, path: &Path, error: &pem::Error) -> Error {
    let why = match error {
        pem::Error::Io(error) => reason(error),
        pem::Error::NoItemsFound => "nothing of the kind in it".to_owned(),
        _ => "it is no PEM file".to_owned(),
    };
    let name = quote(&path.to_string_lossy());
    Error::config(format!("cannot read {role} '{name}': {why}"))
}

#[derive(Debug)]
struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    /// Those of the `ca_file`.
    own: Vec<CertificateDer<'static>>,
    pins: Option<Pins>,
    verification: Verification,
}

impl Verifier {
    /// Whether the certificate is valid, whatever its key.
    fn certificate(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if self.verification == Verification::Off {
            return Ok(ServerCertVerified::assertion());
        }
        let verdict = self.webpki.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verdict {
            // webpki looks at the dates before it looks at this, so a certificate
            // of our own has passed them; only its name is still to be checked.
            Err(error) if is_ca_as_server(&error) && self.own.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }
}

/// The verdict on a certificate whose key `tls_pin` does not name.
#[derive(Debug)]
pub(super) struct WrongKey(String);

impl fmt::Display for WrongKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its public key is {}, not that of tls_pin", self.0)
    }
}

impl std::error::Error for WrongKey {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.certificate(end_entity, intermediates, server_name, ocsp_response, now)?;
        if let Some(pins) = &self.pins {
            let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
            if !pins.contain(&key) {
                let wrong = Arc::new(WrongKey(PinOf(&key).to_string()));
                return Err(CertificateError::Other(OtherError(wrong)).into());
            }
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// True for webpki's verdict on a certificate that calls itself a CA and is
/// shown by a server; rustls passes it on only as text.
pub(super) fn is_ca_as_server(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::Other(other))
            if other.0.to_string() == "CaUsedAsEndEntity"
    )
}
