//! HTTP to authorization servers: ureq under the `oauth2` crate, whose own
//! adapter would hide what the server says of an error.
//!
//! A request runs in a thread that the wait can abandon. No redirect is
//! followed: what is sent holds secrets, and is for this server alone.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use oauth2::http::Request;
use oauth2::url::{Host, Url, form_urlencoded};
use oauth2::{HttpRequest, HttpResponse};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::{Error, Result, quote};
use crate::imap::Settings;
use crate::imap::veil::Veil;
use crate::imap::watch::Watch;

/// The largest answer that is read, in bytes.
const ANSWER: u64 = 1 << 20;

/// A client for one statement.
pub(super) struct Http<'a> {
    agent: Agent,
    settings: &'a Settings,
}

impl<'a> Http<'a> {
    /// A client with the settings' `ca_file` and limits.
    ///
    /// # Errors
    /// A `ca_file` that cannot be read.
    pub(super) fn new(settings: &'a Settings) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(roots(settings)?)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(settings.timeout))
            .user_agent(concat!("sqlite-imap/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Ok(Self {
            agent: Agent::new_with_config(config),
            settings,
        })
    }

    /// The settings of the statement.
    pub(super) fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// Sends a request and gives the whole answer, whatever its status; an
    /// error that repeats a secret of the request comes without it.
    ///
    /// # Errors
    /// No connection, a redirect, timeout, deadline, cancelled.
    pub(super) fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let peer = request.uri().host().unwrap_or_default().to_owned();
        let failed = |why: &str| Error::network(format!("cannot ask {peer}: {why}"));
        let veils = veils(&request);
        let (sender, answer) = channel();
        let agent = self.agent.clone();
        thread::Builder::new()
            .name("imap-oauth".to_owned())
            .spawn(move || {
                // Nobody listens any more where the wait was abandoned.
                let _ = sender.send(exchange(&agent, request));
            })
            .map_err(|_| failed("cannot start a thread"))?;
        let mut watch = Watch::start(self.settings, &peer, "OAuth");
        let answered = watch.receive(&answer, None)?;
        let response = answered
            .ok_or_else(|| failed("no answer"))?
            .map_err(|error| failed(&reason(&error)))?;
        if response.status().is_redirection() {
            return Err(failed("it answers with a redirect, which is not followed"));
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let covered = |body| {
            veils
                .iter()
                .fold(body, |body: Vec<u8>, veil| veil.cover(&body))
        };
        Ok(response.map(covered))
    }

    /// The JSON at `url`.
    ///
    /// # Errors
    /// As [`Http::send`], and an answer that is no JSON.
    pub(super) fn json(&self, url: &Url) -> Result<serde_json::Value> {
        let failed =
            |why: &str| Error::network(format!("cannot read {}: {why}", quote(url.as_str())));
        let request = Request::get(url.as_str())
            .body(Vec::new())
            .map_err(|error| failed(&error.to_string()))?;
        let response = self.send(request)?;
        if !response.status().is_success() {
            return Err(failed(&format!("HTTP {}", response.status().as_u16())));
        }
        serde_json::from_slice(response.body()).map_err(|_| failed("it is no JSON"))
    }
}

/// Veils over the secrets among the fields of a form.
fn veils(request: &HttpRequest) -> Vec<Veil> {
    let secret = [
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "refresh_token",
    ];
    form_urlencoded::parse(request.body())
        .filter(|(name, _)| secret.contains(&name.as_ref()))
        .map(|(_, value)| Veil::over(&value))
        .collect()
}

fn exchange(agent: &Agent, request: HttpRequest) -> std::result::Result<HttpResponse, ureq::Error> {
    let (head, mut body) = agent.run(request)?.into_parts();
    let body = body.with_config().limit(ANSWER).read_to_vec()?;
    Ok(HttpResponse::from_parts(head, body))
}

/// What ureq says, as a message puts it.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => crate::imap::reason(error),
        ureq::Error::HostNotFound => "unknown host".to_owned(),
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        other => quote(&other.to_string()),
    }
}

/// The system's roots, or those of webpki where it has none, and the `ca_file`.
fn roots(settings: &Settings) -> Result<RootCerts> {
    let system = rustls_native_certs::load_native_certs().certs;
    let mut roots: Vec<_> = system
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    if let Some(path) = &settings.trust.ca_file {
        let name = quote(&path.to_string_lossy());
        let failed = |why: &str| Error::config(format!("cannot read ca_file '{name}': {why}"));
        let text = std::fs::read(path).map_err(|e| failed(&quote(&e.kind().to_string())))?;
        roots.extend(parse_pem(&text).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        }));
    }
    Ok(match roots.is_empty() {
        true => RootCerts::WebPki,
        false => RootCerts::new_with_certs(&roots),
    })
}

/// Reads the URL of an endpoint: https, or http on this machine.
///
/// # Errors
/// Anything else; `role` is the option's name.
pub(super) fn endpoint(role: &str, text: &str) -> Result<Url> {
    let refused = |why: &str| {
        let text = quote(text);
        Error::usage(format!("cannot use {role} '{text}': {why}"))
    };
    // Whatever stands before an '@' may be a password: it is not repeated.
    if text.contains('@') {
        return Err(Error::usage(format!("cannot use {role}: it contains '@'")));
    }
    let url = Url::parse(text).map_err(|_| refused("it is no URL"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refused("http is for this machine only; use https")),
        _ => Err(refused("it is no https URL")),
    }
}

/// True for a URL of this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_by_https_or_stay_on_this_machine() {
        for text in [
            "https://as.example/token",
            "http://127.0.0.1:80/t",
            "http://[::1]/",
            "http://localhost",
        ] {
            endpoint("token_endpoint", text).expect(text);
        }
        for (text, why) in [
            (
                "http://as.example",
                "'http://as.example': http is for this machine only; use https",
            ),
            (
                "http://localhost.evil.example/",
                "'http://localhost.evil.example/': \
              http is for this machine only; use https",
            ),
            ("ftp://as.example", "'ftp://as.example': it is no https URL"),
            ("as.example", "'as.example': it is no URL"),
        ] {
            let error = endpoint("token_endpoint", text).expect_err(text);
            assert_eq!(
                error.to_string(),
                format!("imap: cannot use token_endpoint {why}")
            );
        }
        let error =
            endpoint("token_endpoint", "https://ada:hunter2@as.example").expect_err("userinfo");
        assert_eq!(
            error.to_string(),
            "imap: cannot use token_endpoint: it contains '@'"
        );
    }
}
