//! Begins an OAuth round trip.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, LinkId, Secret, UserId};
use store::{NewAttempt, Principal, hash_secret};
use url::Url;

use super::disclosure::{PURPOSE, VERSION, read_kinds};
use crate::{Engine, Error, Result};

/// Long enough to sign in at the provider, short enough to be of no use to a finder.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Who wants to connect what.
#[derive(Clone, Debug)]
pub struct Begin {
    pub user: UserId,
    pub actor: Actor,
    /// Who must come back.
    pub principal: Principal,
    pub provider: String,
    /// Kinds or topics that the person consents to; none: all that is offered.
    pub kinds: Vec<String>,
    pub link: Option<LinkId>,
}

/// Where to send the person, and until when they may come back.
#[derive(Clone, Debug)]
pub struct Begun {
    pub redirect_url: Url,
    pub expires_at: Timestamp,
}

impl Engine {
    /// Begins an OAuth round trip.
    pub async fn begin(&self, begin: Begin) -> Result<Begun> {
        let configured = self.provider(&begin.provider)?;
        let manifest = configured.manifest();
        let kinds = read_kinds(&begin.kinds, &manifest.kinds()).map_err(|why| Error::invalid("kinds", why))?;
        if kinds.is_empty() {
            return Err(Error::invalid("kinds", "consent to at least one kind"));
        }
        self.check_link(&begin).await?;
        let now = self.clock.now();
        let expires_at = now.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
        let state = self.random.secret();
        let verifier = manifest.oauth.pkce.then(|| self.random.secret());
        let scopes = manifest.scopes(&kinds);
        let challenge = verifier.as_ref().map(challenge);
        let redirect_url = configured.application.authorize(&state, &scopes, challenge.as_deref());
        let attempt = NewAttempt {
            state_hash: hash_secret(&state),
            user_id: begin.user,
            principal: begin.principal,
            provider: begin.provider,
            verifier,
            scopes,
            kinds,
            purpose: PURPOSE.to_owned(),
            consent_version: VERSION.to_owned(),
            link_id: begin.link,
            expires_at,
        };
        let mut tx = self.db.write().await?;
        tx.begin_attempt(now, attempt).await?;
        tx.append_audit(begin.user, now, &begin.actor, Action::ConnectBegun, Some(&manifest.name)).await?;
        tx.commit().await?;
        Ok(Begun { redirect_url, expires_at })
    }
}

/// RFC 7636, section 4.2: S256.
fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose().as_bytes()))
}
