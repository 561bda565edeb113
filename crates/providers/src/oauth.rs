//! OAuth 2.0 as a client, driven by data: the manifest says what a provider wants.
//!
//! Written here rather than taken from a library because the difference between "refused", "not available" and
//! "outcome unknown" decides whether a person stays connected.

use std::{collections::BTreeSet, time::Duration};

use aws_lc_rs::hmac;
use model::{Secret, TokenSet};
use outbound::{Client, Request};
use serde::Deserialize;
use url::Url;

use crate::{ClientAuthentication, Manifest};

/// What a verification token is derived for.
const VERIFICATION: &[u8] = b"webhook verification";

/// Our application as registered at a provider, with its endpoints as configured.
#[derive(Clone, Debug)]
pub struct Application {
    pub client_id: String,
    pub client_secret: Secret,
    pub redirect_uri: Url,
    pub authorize_url: Url,
    pub token_url: Url,
    pub revoke_url: Option<Url>,
    pub api_url: Url,
    pub client_authentication: ClientAuthentication,
    pub access_token_seconds: u64,
    /// What deliveries are signed with, where it is not the client secret.
    pub webhook_secret: Option<Secret>,
    /// What the provider proves itself with when it makes sure of our address, where it was chosen by hand.
    pub webhook_verification_token: Option<Secret>,
    /// How old a signed delivery may be, where it is not as the manifest says.
    pub webhook_oldest_hours: Option<u32>,
}

/// Why the token endpoint gave no tokens.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The code or the refresh token is not valid: the only proof of a dead grant.
    #[error("the provider answered invalid_grant")]
    InvalidGrant,
    /// The provider answered and gave nothing, for another reason than the grant.
    #[error("the token endpoint answered {status} ({code})")]
    Refused { status: u16, code: String },
    /// Nothing was sent, or the provider says that it did nothing.
    #[error("the token endpoint is not available: {0}")]
    Unavailable(String),
    /// The request may have been carried out, but its answer is lost.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(String),
}

impl Application {
    /// The application of a manifest, with the provider's own endpoints.
    pub fn new(manifest: &Manifest, client_id: String, client_secret: Secret, redirect_uri: Url) -> Self {
        Self {
            client_id,
            client_secret,
            redirect_uri,
            authorize_url: manifest.oauth.authorize_url.clone(),
            token_url: manifest.oauth.token_url.clone(),
            revoke_url: manifest.oauth.revoke_url.clone(),
            api_url: manifest.api_url.clone(),
            client_authentication: manifest.oauth.client_authentication,
            access_token_seconds: manifest.oauth.access_token_seconds,
            webhook_secret: None,
            webhook_verification_token: None,
            webhook_oldest_hours: None,
        }
    }

    /// What deliveries are signed with.
    pub fn webhook_secret(&self) -> &Secret {
        self.webhook_secret.as_ref().unwrap_or(&self.client_secret)
    }

    /// What the provider proves itself with when it makes sure of our address: the same in every process.
    pub fn verification_token(&self) -> Secret {
        self.webhook_verification_token.clone().unwrap_or_else(|| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, self.client_secret.expose().as_bytes());
            let derived = hmac::sign(&key, VERIFICATION);
            Secret::new(derived.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        })
    }

    /// Where to send the person. A challenge is the S256 of a PKCE verifier.
    pub fn authorize(&self, state: &Secret, scopes: &BTreeSet<String>, challenge: Option<&str>) -> Url {
        let mut url = self.authorize_url.clone();
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", self.redirect_uri.as_str())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", state.expose());
        if let Some(challenge) = challenge {
            query.append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
        }
        drop(query);
        url
    }

    /// Trades a code for tokens.
    pub async fn exchange(&self, http: &Client, code: &Secret, verifier: Option<&Secret>) -> Result<TokenSet, Error> {
        let mut form = vec![
            ("grant_type", Secret::new("authorization_code")),
            ("code", code.clone()),
            ("redirect_uri", Secret::new(self.redirect_uri.as_str())),
        ];
        form.extend(verifier.map(|verifier| ("code_verifier", verifier.clone())));
        self.ask(http, form).await
    }

    /// Trades a refresh token for new tokens.
    pub async fn refresh(&self, http: &Client, refresh: &Secret) -> Result<TokenSet, Error> {
        self.ask(http, vec![("grant_type", Secret::new("refresh_token")), ("refresh_token", refresh.clone())]).await
    }

    async fn ask(&self, http: &Client, mut form: Vec<(&'static str, Secret)>) -> Result<TokenSet, Error> {
        let mut request = Request::post(self.token_url.clone());
        match self.client_authentication {
            ClientAuthentication::Basic => request.basic = Some((self.client_id.clone(), self.client_secret.clone())),
            ClientAuthentication::Body => {
                form.push(("client_id", Secret::new(self.client_id.as_str())));
                form.push(("client_secret", self.client_secret.clone()));
            }
        }
        request.form = Some(form);
        request.headers.push(("accept", "application/json".into()));
        let answer = http.send(request).await.map_err(|error| match error {
            outbound::Error::Interrupted(_) | outbound::Error::TooLarge(_) => Error::OutcomeUnknown(error.to_string()),
            other => Error::Unavailable(other.to_string()),
        })?;
        self.read(answer.status, &answer.body)
    }

    pub(crate) fn read(&self, status: u16, body: &[u8]) -> Result<TokenSet, Error> {
        match status {
            200..300 => self.tokens(body),
            // RFC 6749, section 5.2: errors are 400, or 401 for the client's own authentication.
            400..500 => Err(refusal(status, body)),
            // A gateway that ran out of time does not know what was done behind it.
            504 => Err(Error::OutcomeUnknown(format!("status {status}"))),
            _ => Err(Error::Unavailable(format!("status {status}"))),
        }
    }

    fn tokens(&self, body: &[u8]) -> Result<TokenSet, Error> {
        let wire: WireTokens =
            serde_json::from_slice(body).map_err(|_| Error::OutcomeUnknown("the answer holds no tokens".into()))?;
        Ok(TokenSet {
            access: wire.access_token,
            refresh: wire.refresh_token,
            expires_in: Duration::from_secs(wire.expires_in.unwrap_or(self.access_token_seconds)),
            scopes: wire.scope.map(|scope| scope.split_whitespace().map(str::to_owned).collect()),
        })
    }
}

fn refusal(status: u16, body: &[u8]) -> Error {
    let code =
        serde_json::from_slice::<WireError>(body).map_or_else(|_| String::from("no error code"), |wire| wire.error);
    let code = if is_code(&code) { code } else { String::from("an odd error code") };
    match (status, code.as_str()) {
        (_, "invalid_grant") => Error::InvalidGrant,
        (408 | 425 | 429, _) => Error::Unavailable(format!("status {status}")),
        _ => Error::Refused { status, code },
    }
}

/// RFC 6749, section 5.2: printable ASCII. It is logged, so it is short as well.
fn is_code(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

#[derive(Deserialize)]
struct WireTokens {
    access_token: Secret,
    refresh_token: Option<Secret>,
    expires_in: Option<u64>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct WireError {
    error: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        let url = |text| Url::parse(text).unwrap();
        Application {
            client_id: "app".into(),
            client_secret: Secret::new("s"),
            redirect_uri: url("https://us.example/callback"),
            authorize_url: url("https://provider.example/authorize"),
            token_url: url("https://provider.example/token"),
            revoke_url: None,
            api_url: url("https://provider.example"),
            client_authentication: ClientAuthentication::Body,
            access_token_seconds: 3600,
            webhook_secret: None,
            webhook_verification_token: None,
            webhook_oldest_hours: None,
        }
    }

    #[test]
    fn what_webhooks_need_is_derived_unless_it_is_set() {
        let derived = application();
        assert_eq!(derived.webhook_secret(), &Secret::new("s"));
        assert_eq!(
            derived.verification_token().expose(),
            "db9731fe71726a53aeb979e19edb3dddd2330d0e81defcd10239fdf516f52024",
        );
        let set = Application {
            webhook_secret: Some(Secret::new("w")),
            webhook_verification_token: Some(Secret::new("v")),
            ..application()
        };
        assert_eq!(set.webhook_secret(), &Secret::new("w"));
        assert_eq!(set.verification_token(), Secret::new("v"));
    }

    #[test]
    fn only_invalid_grant_proves_that_the_grant_is_dead() {
        let read = |status, body: &str| application().read(status, body.as_bytes()).unwrap_err();
        assert!(matches!(read(400, r#"{"error":"invalid_grant"}"#), Error::InvalidGrant));
        assert!(matches!(read(400, r#"{"error":"invalid_request"}"#), Error::Refused { status: 400, .. }));
        assert!(matches!(read(401, "Unauthorized"), Error::Refused { status: 401, .. }));
        assert!(matches!(read(429, "slow down"), Error::Unavailable(_)));
        assert!(matches!(read(503, "<html>"), Error::Unavailable(_)));
        assert!(matches!(read(504, "<html>"), Error::OutcomeUnknown(_)));
        assert!(matches!(read(200, "<html>"), Error::OutcomeUnknown(_)));
    }

    #[test]
    fn the_manifest_decides_how_long_tokens_live_when_the_provider_does_not() {
        let tokens = application().read(200, br#"{"access_token":"a","token_type":"bearer"}"#).unwrap();
        assert_eq!(tokens.expires_in, Duration::from_secs(3600));
        assert!(tokens.refresh.is_none() && tokens.scopes.is_none());
    }

    #[test]
    fn the_authorize_address_carries_what_the_provider_wants() {
        let scopes = ["daily", "heartrate"].map(str::to_owned).into();
        let url = application().authorize(&Secret::new("xyz"), &scopes, Some("abc"));
        assert_eq!(
            url.query(),
            Some(
                "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fus.example%2Fcallback\
                 &scope=daily+heartrate&state=xyz&code_challenge=abc&code_challenge_method=S256"
            )
        );
    }
}
