//! Which certificates are believed.
//!
//! The roots are the system's, those of webpki-roots (for systems without
//! any), and the `ca_file`. A certificate of the `ca_file` is also believed
//! when the server shows that very certificate: so `ca_file` works for the
//! self-signed ones that `openssl req -x509` makes, which call themselves a
//! CA and which webpki therefore refuses as a server's.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::dial::reason;
use crate::error::{Error, Result, quote};

/// Read once a process: it takes some 10 ms.
static ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
});

/// The verifier for connections that trust the system and, if given, `ca_file`.
///
/// # Errors
/// [`crate::error::Kind::Config`] where `ca_file` cannot be read or holds no certificate.
pub(super) fn verifier(
    ca_file: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let pinned = ca_file.map_or(Ok(Vec::new()), read_ca_file)?;
    let roots = if pinned.is_empty() {
        Arc::clone(&ROOTS)
    } else {
        let mut roots = RootCertStore::clone(&ROOTS);
        roots.add_parsable_certificates(pinned.iter().cloned());
        Arc::new(roots)
    };
    let webpki = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|e| Error::config(format!("cannot use the trusted certificates: {e}")))?;
    Ok(Arc::new(Verifier { webpki, pinned }))
}

fn read_ca_file(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let name = quote(&path.to_string_lossy());
    let failed = |error: pem::Error| {
        let why = match &error {
            pem::Error::Io(error) => reason(error),
            other => quote(&other.to_string()),
        };
        Error::config(format!("cannot read ca_file '{name}': {why}"))
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(failed)?;
    if certificates.is_empty() {
        return Err(Error::config(format!(
            "cannot use ca_file '{name}': no certificate in it"
        )));
    }
    Ok(certificates)
}

#[derive(Debug)]
struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let verdict = self.webpki.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verdict {
            // webpki looks at the dates before it looks at this, so a pinned
            // certificate has passed them; only its name is still to be checked.
            Err(error) if is_ca_as_server(&error) && self.pinned.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
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
