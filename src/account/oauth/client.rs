//! The `oauth2` crate's client for a provider, and the requests all flows share.

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenResponse,
};
use oauth2::url::Url;
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    RefreshToken, StandardRevocableToken, TokenUrl,
};

use super::http::Http;
use super::tokens::{Asked, Tokens};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// A client that knows where tokens come from.
pub(super) type Client = oauth2::Client<
    BasicErrorResponse,
    BasicTokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// A client of this id, with its secret if it has one.
pub(super) fn client(client_id: &str, client_secret: Option<&Secret>, token: &Url) -> Client {
    let client = oauth2::basic::BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_token_uri(TokenUrl::from_url(token.clone()));
    match client_secret {
        None => client,
        Some(secret) => client
            .set_client_secret(ClientSecret::new(secret.declassify().to_owned()))
            .set_auth_type(AuthType::BasicAuth),
    }
}

/// What the crate sends its requests by.
pub(super) fn sender(
    http: &Http<'_>,
) -> impl Fn(HttpRequest) -> std::result::Result<HttpResponse, Error> {
    move |request| http.send(request)
}

/// Exchanges a refresh token for new tokens (RFC 6749 section 6).
///
/// # Errors
/// The server's refusal, an unreadable answer, or no answer.
pub(super) fn refresh(
    client: &Client,
    token: &Secret,
    http: &Http<'_>,
    asked: Asked<'_>,
) -> Result<Tokens> {
    let token = RefreshToken::new(token.declassify().to_owned());
    let response = client.exchange_refresh_token(&token).request(&sender(http));
    response
        .map(|response| Tokens::new(&response))
        .map_err(|error| asked.failed(error))
}
