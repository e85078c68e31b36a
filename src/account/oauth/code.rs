//! The authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636): the
//! user's browser comes back to a listener on this machine.

use std::time::Instant;

use oauth2::url::Url;
use oauth2::{
    AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::client::{client, sender};
use super::device::scopes;
use super::http::Http;
use super::listener::{Listener, Page, Visitor};
use super::provider::Provider;
use super::tokens::{Asked, Tokens};
use crate::error::{Error, Result, quote};

/// A sign-in that waits for a browser.
pub(super) struct Code {
    listener: Listener,
    state: CsrfToken,
    verifier: String,
    until: Instant,
}

/// How the listener is reached, where that is not left to the provider.
#[derive(Default)]
pub(super) struct Way {
    pub(super) redirect: Option<Url>,
    pub(super) port: Option<u16>,
}

/// Begins to listen, and gives where the user's browser is to go, as JSON.
///
/// # Errors
/// A provider without this flow, and a redirect that cannot be listened at.
pub(super) fn start(
    provider: &Provider,
    user: &str,
    way: Way,
) -> Result<(Code, serde_json::Value)> {
    let name = quote(&provider.name);
    let Some(authorization) = &provider.authorization else {
        return Err(Error::usage(format!(
            "cannot sign in by '{name}': no authorization_endpoint; give it as an option"
        )));
    };
    let redirect = match way.redirect {
        Some(redirect) => redirect,
        None => {
            let text = format!(
                "http://{}:0{}",
                provider.redirect.host, provider.redirect.path
            );
            Url::parse(&text)
                .map_err(|e| Error::usage(format!("cannot sign in by '{name}': {e}")))?
        }
    };
    let listener = Listener::bind(redirect, way.port)?;
    let client = client(
        &provider.client_id,
        provider.client_secret.as_ref(),
        &provider.token,
    )
    .set_auth_uri(AuthUrl::from_url(authorization.clone()))
    .set_redirect_uri(RedirectUrl::from_url(listener.redirect().clone()));
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client
        .authorize_url(CsrfToken::new_random)
        .set_pkce_challenge(challenge)
        .add_scopes(scopes(&provider.scope))
        .add_extra_param("login_hint", user);
    for (name, value) in provider.lasting {
        request = request.add_extra_param(*name, *value);
    }
    let (url, state) = request.url();
    let told = json!({
        "authorization_url": url.as_str(),
        "redirect_uri": listener.redirect().as_str(),
        "expires_in": super::LONGEST.as_secs(),
        "message": format!("To sign in, open {url}"),
    });
    let code = Code {
        listener,
        state,
        verifier: verifier.into_secret(),
        until: Instant::now() + super::LONGEST,
    };
    Ok((code, told))
}

/// Waits for the browser, exchanges its code for tokens, and shows the outcome.
///
/// # Errors
/// Denial in the server's words, an exchange that fails; nobody came;
/// deadline, cancelled.
pub(super) fn finish(
    provider: &Provider,
    code: &Code,
    http: &Http<'_>,
    asked: Asked<'_>,
) -> Result<Tokens> {
    let (visitor, answer) = loop {
        let visitor = code.listener.wait(code.until, http.settings())?;
        match answer(
            &visitor.url,
            code.state.secret(),
            provider.issuer.as_deref(),
        ) {
            Some(answer) => break (visitor, answer),
            // Whoever made that up must not end the sign-in of another.
            None => visitor.show(&Page {
                title: "Not this sign-in",
                text: "This address does not belong to the sign-in that is waited for.",
                advice: "Close this page and use the link that imap_oauth_start gave.",
                is_good: false,
            }),
        }
    };
    let tokens = match answer {
        Answer::Code(text) => exchange(provider, code, text, http, asked),
        Answer::Refused(error, description) => Err(asked.refused(&error, description.as_deref())),
    };
    tell(visitor, provider, asked, &tokens);
    tokens
}

fn exchange(
    provider: &Provider,
    code: &Code,
    text: String,
    http: &Http<'_>,
    asked: Asked<'_>,
) -> Result<Tokens> {
    client(
        &provider.client_id,
        provider.client_secret.as_ref(),
        &provider.token,
    )
    .set_redirect_uri(RedirectUrl::from_url(code.listener.redirect().clone()))
    .exchange_code(AuthorizationCode::new(text))
    .set_pkce_verifier(PkceCodeVerifier::new(code.verifier.clone()))
    .request(&sender(http))
    .map(|response| Tokens::new(&response))
    .map_err(|error| asked.failed(error))
}

fn tell(visitor: Visitor, provider: &Provider, asked: Asked<'_>, tokens: &Result<Tokens>) {
    match tokens {
        Ok(_) => visitor.show(&Page {
            title: "Signed in",
            text: &format!(
                "{} may now read mail at {}.",
                asked.user,
                provider.server.host()
            ),
            advice: "You can close this page and go back to SQLite.",
            is_good: true,
        }),
        Err(error) => visitor.show(&Page {
            title: "Not signed in",
            text: &error.to_string(),
            advice: "You can close this page, and start again with imap_oauth_start.",
            is_good: false,
        }),
    }
}

/// What the redirect says.
enum Answer {
    Code(String),
    Refused(String, Option<String>),
}

/// The answer in `url`, if it is one to the request with this state, of this
/// issuer where it names one (RFC 9207).
fn answer(url: &Url, state: &str, issuer: Option<&str>) -> Option<Answer> {
    let value = |name: &str| {
        let mut pairs = url.query_pairs().filter(|(key, _)| key == name);
        pairs.next().map(|(_, value)| value.into_owned())
    };
    // By digests, so that the time it takes tells nothing of the state.
    let is_ours = Sha256::digest(value("state")?) == Sha256::digest(state);
    let is_its = match (issuer, value("iss")) {
        (Some(issuer), Some(told)) => issuer == told,
        _ => true,
    };
    if !is_ours || !is_its {
        return None;
    }
    match (value("error"), value("code")) {
        (Some(error), _) => Some(Answer::Refused(error, value("error_description"))),
        (None, code) => code.map(Answer::Code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> String {
        let url = Url::parse(&format!("http://127.0.0.1/callback?{query}")).unwrap();
        match answer(&url, "s1", Some("https://as.example")) {
            None => "none".to_owned(),
            Some(Answer::Code(code)) => code,
            Some(Answer::Refused(error, description)) => format!("{error} {description:?}"),
        }
    }

    #[test]
    fn only_an_answer_to_this_request_counts() {
        assert_eq!(read("state=s1&code=c%2F1"), "c/1");
        assert_eq!(read("code=c&state=s1&iss=https://as.example"), "c");
        assert_eq!(read("state=s1&error=access_denied"), "access_denied None");
        for query in [
            "",
            "code=c",
            "state=&code=c",
            "state=s2&code=c",
            "state=s2&state=s1&code=c",
            "state=s1&code=c&iss=https://evil.example",
            "state=s1",
        ] {
            assert_eq!(read(query), "none", "{query}");
        }
    }
}
