//! Connect links: an app sends its user here, and proves with a one-time code that the same user came back.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, ConnectionId, LinkId, Role, Secret, TokenId, User, UserId};
use store::{Link, NewUser, Principal, hash_secret};
use url::Url;

use super::{begin::Begin, confirm::Confirm};
use crate::{Engine, Error, Result, error::LinkProblem};

/// A link is for one sitting.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// A link that an app wants.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    pub token: TokenId,
    pub app_name: String,
    pub external_user_id: String,
    /// None: all that are configured.
    pub providers: Vec<String>,
    pub return_url: String,
}

/// A link that was made.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub url: Url,
    pub user_id: UserId,
    pub expires_at: Timestamp,
}

/// A link that a browser has opened.
#[derive(Clone, Debug)]
pub struct OpenedLink {
    pub id: LinkId,
    pub user_id: UserId,
    pub app_name: String,
    pub return_url: Url,
    pub providers: BTreeSet<String>,
    pub expires_at: Timestamp,
}

/// What an app gets for its code.
#[derive(Clone, Debug)]
pub struct Redeemed {
    pub user: User,
    pub connection: ConnectionId,
    pub provider: String,
}

impl Engine {
    /// Makes a link for an app's user, who becomes one of ours when they are not yet.
    pub async fn make_link(&self, request: LinkRequest) -> Result<NewLink> {
        let return_url = self.allowed_return(&request.return_url)?;
        let providers = self.wanted_providers(&request.providers)?;
        if request.external_user_id.is_empty() || request.external_user_id.len() > 200 {
            return Err(Error::invalid("external_user_id", "has 1 to 200 characters"));
        }
        let now = self.clock.now();
        let expires_at = now.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
        let secret = self.random.secret();
        let mut tx = self.db.write().await?;
        let user = match tx.find_user_by_external_id(&request.external_user_id).await? {
            Some(user) => user,
            None => tx.add_user(now, app_user(&request.external_user_id)).await?,
        };
        let actor = Actor::Token(request.token);
        tx.add_link(
            now,
            store::NewLink {
                user_id: user.id,
                token_id: request.token,
                app_name: request.app_name.clone(),
                providers,
                return_url: return_url.to_string(),
                secret_hash: hash_secret(&secret),
                expires_at,
            },
        )
        .await?;
        tx.append_audit(user.id, now, &actor, Action::LinkCreated, Some(&request.app_name)).await?;
        tx.commit().await?;
        let url = self.public_url.join(&format!("/link/{}", secret.expose()));
        let url = url.map_err(|_| Error::invalid("public_url", "leads nowhere"))?;
        Ok(NewLink { url, user_id: user.id, expires_at })
    }

    fn allowed_return(&self, text: &str) -> Result<Url> {
        let url = Url::parse(text).map_err(|_| Error::invalid("return_url", "is not an address"))?;
        let allowed = self.return_origins.iter().any(|origin| allows(origin, &url)) && url.fragment().is_none();
        if allowed { Ok(url) } else { Err(Error::invalid("return_url", "is not on an allowed origin")) }
    }

    fn wanted_providers(&self, wanted: &[String]) -> Result<BTreeSet<String>> {
        if wanted.is_empty() {
            return Ok(self.providers.keys().cloned().collect());
        }
        match wanted.iter().find(|id| !self.providers.contains_key(*id)) {
            Some(unknown) => Err(Error::invalid("providers", format!("{unknown} is not configured"))),
            None => Ok(wanted.iter().cloned().collect()),
        }
    }

    /// What a link is for, without using it.
    pub async fn look_at_link(&self, secret: &Secret) -> Result<OpenedLink> {
        let link = self.db.read().await?.find_link(&hash_secret(secret)).await?;
        let link = link.ok_or(Error::Link(LinkProblem::Unknown))?;
        self.check(&link)?;
        if link.opened_at.is_some() { Err(Error::Link(LinkProblem::Used)) } else { opened(link) }
    }

    /// Opens a link in one browser: the cookie is its only way on.
    pub async fn open_link(&self, secret: &Secret) -> Result<(OpenedLink, Secret)> {
        let now = self.clock.now();
        let cookie = self.random.secret();
        let mut tx = self.db.write().await?;
        let link = tx.find_link(&hash_secret(secret)).await?.ok_or(Error::Link(LinkProblem::Unknown))?;
        self.check(&link)?;
        if !tx.open_link(link.user_id, link.id, &hash_secret(&cookie), now).await? {
            return Err(Error::Link(LinkProblem::Used));
        }
        tx.commit().await?;
        Ok((opened(link)?, cookie))
    }

    /// The link that a browser's cookie belongs to.
    pub async fn find_opened_link(&self, cookie: &Secret) -> Result<Option<OpenedLink>> {
        let Some(link) = self.db.read().await?.find_link_by_cookie(&hash_secret(cookie)).await? else {
            return Ok(None);
        };
        if self.check(&link).is_err() { Ok(None) } else { opened(link).map(Some) }
    }

    /// Confirms what came of a link. Only the app that made the link can, once.
    pub async fn redeem_link(
        &self,
        token: TokenId,
        code: &Secret,
        replace_preserving: Option<bool>,
    ) -> Result<Redeemed> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let link = tx.find_link_by_code(&hash_secret(code)).await?.filter(|link| link.token_id == token);
        let link = link.ok_or(Error::Link(LinkProblem::Unknown))?;
        self.check(&link)?;
        let connection = link.connection_id.ok_or(Error::Link(LinkProblem::Unknown))?;
        if !tx.redeem_link(link.user_id, link.id, now).await? {
            return Err(Error::Link(LinkProblem::Used));
        }
        let actor = Actor::Token(token);
        tx.append_audit(link.user_id, now, &actor, Action::LinkRedeemed, Some(&link.app_name)).await?;
        let confirm = Confirm { user: link.user_id, actor, connection, replace_preserving };
        let confirmed = self.confirm_in(&mut tx, &confirm).await?;
        let user = tx.user(link.user_id).await?;
        tx.commit().await?;
        let provider = confirmed.connection.provider.clone();
        let connection = self.after_confirming(confirmed).await;
        Ok(Redeemed { user, connection, provider })
    }

    /// Whether a round trip may begin from a link: the browser that opened it, for its person and its providers.
    pub(super) async fn check_link(&self, begin: &Begin) -> Result<()> {
        let Some(id) = begin.link else { return Ok(()) };
        let unknown = || Error::Link(LinkProblem::Unknown);
        let Principal::Link(cookie_hash) = &begin.principal else { return Err(unknown()) };
        let link = self.db.read().await?.find_link_by_cookie(cookie_hash).await?.ok_or_else(unknown)?;
        if link.id != id || link.user_id != begin.user || !link.providers.contains(&begin.provider) {
            return Err(unknown());
        }
        self.check(&link)
    }

    fn check(&self, link: &Link) -> Result<()> {
        if link.redeemed_at.is_some() {
            Err(Error::Link(LinkProblem::Used))
        } else if link.expires_at <= self.clock.now() {
            Err(Error::Link(LinkProblem::Expired))
        } else {
            Ok(())
        }
    }
}

/// An origin, or with `:*` for its port an origin at any port.
fn allows(origin: &str, url: &Url) -> bool {
    match origin.strip_suffix(":*") {
        Some(portless) => format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()) == portless,
        None => url.origin().ascii_serialization() == origin,
    }
}

fn opened(link: Link) -> Result<OpenedLink> {
    Ok(OpenedLink {
        id: link.id,
        user_id: link.user_id,
        app_name: link.app_name,
        return_url: Url::parse(&link.return_url).map_err(|_| Error::invalid("return_url", "is not an address"))?,
        providers: link.providers,
        expires_at: link.expires_at,
    })
}

fn app_user(external_id: &str) -> NewUser {
    NewUser {
        external_id: Some(external_id.to_owned()),
        email: None,
        password_hash: None,
        role: Role::Member,
        zone: "UTC".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_address_is_on_an_allowed_origin_and_nowhere_near() {
        let on = |origin, url| allows(origin, &Url::parse(url).unwrap());
        assert!(on("https://app.example", "https://app.example/back?x=1"));
        assert!(!on("https://app.example", "https://app.example.evil.example/back"));
        assert!(!on("https://app.example", "http://app.example/back"));
        assert!(!on("https://app.example", "https://app.example:444/back"));
        assert!(on("http://127.0.0.1:*", "http://127.0.0.1:4321/back"));
        assert!(!on("http://127.0.0.1:*", "http://127.0.0.1.evil.example/back"));
    }
}
