//! What a token says, sealed so that nobody else can say it.
//!
//! Tokens carry what they are good for, so a sandbox that was stopped and started again still knows them.

use aws_lc_rs::{digest, hmac};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Secret;
use serde::{Deserialize, Serialize};

use crate::ClientApp;

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Use {
    Access,
    Refresh,
}

/// What a token says. Times are epoch milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) kind: Use,
    pub(super) grant: String,
    pub(super) account_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) granted_at: i64,
    pub(super) issued_at: i64,
    /// How often the grant had been refreshed.
    pub(super) generation: u64,
}

/// Seals claims into tokens and reads them back.
pub(super) struct Sealer(hmac::Key);

impl Sealer {
    /// The same seed and application make the same key.
    pub(super) fn new(seed: u64, client: Option<&ClientApp>) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"tokens of the sandbox");
        hash.update(&seed.to_le_bytes());
        if let Some(client) = client {
            hash.update(client.client_id.as_bytes());
            hash.update(&[0]);
            hash.update(client.client_secret.expose().as_bytes());
        }
        Self(hmac::Key::new(hmac::HMAC_SHA256, hash.finish().as_ref()))
    }

    pub(super) fn seal(&self, claims: &Claims) -> Secret {
        let said = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
        let seal = URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, said.as_bytes()));
        Secret::new(format!("{said}.{seal}"))
    }

    pub(super) fn open(&self, token: &str, kind: Use) -> Option<Claims> {
        let (said, seal) = token.split_once('.')?;
        hmac::verify(&self.0, said.as_bytes(), &URL_SAFE_NO_PAD.decode(seal).ok()?).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()?;
        (claims.kind == kind).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_one_use_and_one_sandbox() {
        let claims = Claims {
            kind: Use::Access,
            grant: "grant".to_owned(),
            account_id: "account".to_owned(),
            scopes: vec!["daily".to_owned()],
            granted_at: 1,
            issued_at: 2,
            generation: 3,
        };
        let sealer = Sealer::new(1, None);
        let token = sealer.seal(&claims);
        assert_eq!(sealer.open(token.expose(), Use::Access), Some(claims));
        assert_eq!(sealer.open(token.expose(), Use::Refresh), None);
        assert_eq!(Sealer::new(2, None).open(token.expose(), Use::Access), None);
    }
}
