//! The device flow (RFC 8628): a code that the user types on another screen.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use oauth2::{
    DeviceAuthorizationUrl, DeviceCodeErrorResponseType, HttpRequest, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse,
};
use serde_json::json;

use super::client::{client, sender};
use super::http::Http;
use super::provider::Provider;
use super::tokens::{Asked, Tokens};
use crate::error::{Error, Result, quote};
use crate::imap::Settings;
use crate::imap::watch::{SLICE, Watch};

/// Requests in a row that may fail before the wait for the user ends.
const FAILURES: u32 = 3;

/// A sign-in that waits for its user.
pub(super) struct Device {
    response: StandardDeviceAuthorizationResponse,
    until: Instant,
}

/// Asks for a code, and gives what to tell the user, as JSON.
///
/// # Errors
/// A provider without this flow, its refusal, or no answer.
pub(super) fn start(
    provider: &Provider,
    http: &Http<'_>,
    asked: Asked<'_>,
) -> Result<(Device, serde_json::Value)> {
    let Some(url) = &provider.device else {
        return Err(Error::usage(format!(
            "cannot sign in by '{}': it has no device flow; use the option {{\"flow\": \"auth-code\"}}",
            quote(&provider.name)
        )));
    };
    let client = client(
        &provider.client_id,
        provider.client_secret.as_ref(),
        &provider.token,
    )
    .set_device_authorization_url(DeviceAuthorizationUrl::from_url(url.clone()));
    let response: StandardDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scopes(scopes(&provider.scope))
        .request(&sender(http))
        .map_err(|error| asked.failed(error))?;
    let code = response.user_code().secret();
    let place = response.verification_uri().as_str();
    let complete = response.verification_uri_complete().map(|url| url.secret());
    let told = json!({
        "user_code": code,
        "verification_uri": place,
        "verification_uri_complete": complete,
        "expires_in": response.expires_in().as_secs(),
        "message": format!("To sign in, open {place} and enter the code {code}"),
    });
    let until = Instant::now() + response.expires_in().min(super::LONGEST);
    Ok((Device { response, until }, told))
}

/// Waits until the user has decided.
///
/// # Errors
/// Denial and expiry, in the server's words; timeout, deadline, cancelled.
pub(super) fn finish(
    provider: &Provider,
    device: &Device,
    http: &Http<'_>,
    asked: Asked<'_>,
) -> Result<Tokens> {
    let client = client(
        &provider.client_id,
        provider.client_secret.as_ref(),
        &provider.token,
    );
    // The crate's loop ends by itself only when its time is up, so that is
    // what it is told when ours is to end.
    let is_over = Arc::new(AtomicBool::new(false));
    let stopped = RefCell::new(None);
    let stop = |error| {
        stopped.borrow_mut().get_or_insert(error);
        is_over.store(true, Ordering::Relaxed);
    };
    let failures = RefCell::new(0);
    let send = |request: HttpRequest| {
        let answer = http.send(request);
        let mut failures = failures.borrow_mut();
        *failures = if answer.is_ok() { 0 } else { *failures + 1 };
        answer.inspect_err(|error| {
            if *failures == FAILURES || error.is_cancelled() {
                stop(Error::network(plain(error)));
            }
        })
    };
    let clock = Arc::clone(&is_over);
    let response = client
        .exchange_device_access_token(&device.response)
        .set_time_fn(move || match clock.load(Ordering::Relaxed) {
            true => DateTime::<Utc>::MAX_UTC,
            false => Utc::now(),
        })
        .request(
            &send,
            |interval| {
                if let Err(error) = pause(interval, http.settings(), device.until) {
                    stop(error);
                }
            },
            Some(device.until.saturating_duration_since(Instant::now())),
        );
    if let Some(error) = stopped.into_inner() {
        return Err(error);
    }
    match response {
        Ok(response) => Ok(Tokens::new(&response)),
        Err(RequestTokenError::ServerResponse(told)) => {
            let code = match told.error() {
                DeviceCodeErrorResponseType::ExpiredToken => "expired_token".to_owned(),
                other => other.to_string(),
            };
            Err(asked.refused(&code, told.error_description().map(String::as_str)))
        }
        Err(error) => Err(asked.broken(error)),
    }
}

/// An error's sentence without its prefix, to make another of it.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    text.strip_prefix("imap: ").unwrap_or(&text).to_owned()
}

/// Waits between two questions, but not beyond `until`.
fn pause(interval: Duration, settings: &Settings, until: Instant) -> Result<()> {
    let mut watch = Watch::start(settings, "the user", "OAuth");
    let end = (Instant::now() + interval).min(until);
    while Instant::now() < end {
        thread::sleep(SLICE.min(end.saturating_duration_since(Instant::now())));
        // Whoever waits for a person waits for no server.
        watch.progress();
        watch.check()?;
    }
    Ok(())
}

/// The words of a scope.
pub(super) fn scopes(scope: &str) -> impl Iterator<Item = Scope> {
    scope
        .split_whitespace()
        .map(|word| Scope::new(word.to_owned()))
}
