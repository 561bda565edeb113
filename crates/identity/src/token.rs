//! API tokens: what apps and agents show to come in.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, Clock, Role, Scopes, Secret, Sharing, TokenId, User, UserId};
use store::{ApiToken, Db, Gather, NewToken, hash_secret};

use crate::{Error, Identity, Result, rules};

const USER_PREFIX: &str = "aff_u_";
const SERVICE_PREFIX: &str = "aff_s_";

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub owner: UserId,
    /// Whether it names the person it acts for, instead of being for its owner.
    pub service: bool,
    pub name: String,
    pub scopes: Scopes,
    /// What its holder may see, on top of what each person shares with everybody.
    pub sharing: Sharing,
    /// Absent: until it is revoked.
    pub expires_in: Option<Duration>,
}

impl Identity {
    /// Makes a token. Its text is told this once.
    pub async fn create_token(&self, actor: &Actor, new: TokenRequest) -> Result<(ApiToken, Secret)> {
        let now = self.clock.now();
        let (new, secret) = self.check_request(new, now)?;
        let mut tx = self.db.write().await?;
        let acting = rules::may_change_tokens(&mut tx, actor, new.user_id, now).await?;
        if new.service && tx.user(new.user_id).await?.role != Role::Admin {
            return Err(Error::Forbidden("only an administrator has service tokens"));
        }
        let new = match acting {
            Some(acting) => within(&acting, new)?,
            None => new,
        };
        let owner = new.user_id;
        let token = tx.add_token(now, new).await?;
        let detail = format!("{} with {}", describe(&token), token.scopes);
        tx.append_audit(owner, now, actor, Action::TokenCreated, Some(&detail)).await?;
        tx.commit().await?;
        Ok((token, secret))
    }

    /// The token of a text and whose it is, if it is neither revoked nor expired. Writes down that it was used.
    pub async fn find_token(&self, secret: &Secret) -> Result<Option<(ApiToken, User)>> {
        let Some((token, owner)) = self.check_token(secret).await? else { return Ok(None) };
        self.note_use(&token, self.clock.now()).await?;
        Ok(Some((token, owner)))
    }

    /// The same, asked again for somebody who has come in and stays: it is not written down.
    pub async fn check_token(&self, secret: &Secret) -> Result<Option<(ApiToken, User)>> {
        if !secret.expose().starts_with(USER_PREFIX) && !secret.expose().starts_with(SERVICE_PREFIX) {
            return Ok(None);
        }
        let found = self.tokens.call(hash_secret(secret)).await?;
        Ok(found.filter(|(token, owner)| !token.service || owner.role == Role::Admin))
    }

    /// The tokens of a person, the newest first.
    pub async fn tokens(&self, user: UserId) -> Result<Vec<ApiToken>> {
        Ok(self.db.read().await?.tokens(user).await?)
    }

    /// Revokes a token, from the next request on.
    pub async fn revoke_token(&self, actor: &Actor, owner: UserId, id: TokenId) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        rules::may_change_tokens(&mut tx, actor, owner, now).await?;
        let token = tx.token(owner, id).await?;
        tx.revoke_token(owner, id, now).await?;
        tx.append_audit(owner, now, actor, Action::TokenRevoked, Some(&describe(&token))).await?;
        Ok(tx.commit().await?)
    }

    /// Sets what the holder of a token may see. Yields the token as it is kept: a token that acts can only give what
    /// it sees itself.
    pub async fn set_token_sharing(
        &self,
        actor: &Actor,
        owner: UserId,
        id: TokenId,
        sharing: &Sharing,
    ) -> Result<ApiToken> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let acting = rules::may_change_tokens(&mut tx, actor, owner, now).await?;
        let sharing = acting.map_or_else(|| sharing.clone(), |acting| acting.sharing.stricter(sharing));
        let token = tx.token(owner, id).await?;
        tx.set_token_sharing(owner, id, &sharing).await?;
        let detail = format!("{} may see {}", describe(&token), describe_sharing(&sharing));
        tx.append_audit(owner, now, actor, Action::SharingChanged, Some(&detail)).await?;
        let kept = tx.token(owner, id).await?;
        tx.commit().await?;
        Ok(kept)
    }

    fn check_request(&self, new: TokenRequest, now: Timestamp) -> Result<(NewToken, Secret)> {
        let name = check_name(&new.name)?;
        check_scopes(&new.scopes, new.service)?;
        let expires_at = new.expires_in.map(|life| end_of(life, now)).transpose()?;
        let prefix = if new.service { SERVICE_PREFIX } else { USER_PREFIX };
        let secret = Secret::new(format!("{prefix}{}", self.random.secret().expose()));
        let TokenRequest { owner: user_id, service, scopes, sharing, .. } = new;
        let secret_hash = hash_secret(&secret);
        Ok((NewToken { user_id, service, name, secret_hash, scopes, sharing, expires_at }, secret))
    }

    /// Writes down that a token was used, once a minute in all processes together.
    async fn note_use(&self, token: &ApiToken, now: Timestamp) -> Result<()> {
        if self.recent.has(token.id.0, now) {
            return Ok(());
        }
        let actor = Actor::Token(token.id);
        let mut tx = self.db.write().await?;
        if tx.first_read(token.user_id, &actor, Action::TokenUsed, now).await? {
            tx.touch_token(token.user_id, token.id, now).await?;
            tx.append_audit(token.user_id, now, &actor, Action::TokenUsed, Some(&describe(token))).await?;
            tx.commit().await?;
        }
        self.recent.note(token.id.0, now);
        Ok(())
    }
}

/// Finds tokens that are asked for at the same time by one look.
pub(crate) fn gathered(db: Db, clock: Clock) -> Gather<String, Option<(ApiToken, User)>> {
    Gather::reading(move |hashes| {
        let (db, now) = (db.clone(), clock.now());
        Box::pin(async move { find(&db, &hashes, now).await })
    })
}

async fn find(db: &Db, hashes: &[String], now: Timestamp) -> store::Result<Vec<Option<(ApiToken, User)>>> {
    let mut tx = db.read().await?;
    let different: Vec<_> = hashes.iter().cloned().collect::<HashSet<_>>().into_iter().collect();
    let tokens: HashMap<_, _> = tx.find_tokens(&different, now).await?.into_iter().collect();
    let owners: Vec<_> = tokens.values().map(|token| token.user_id).collect::<HashSet<_>>().into_iter().collect();
    let owners: HashMap<_, _> = tx.people(&owners).await?.into_iter().map(|owner| (owner.id, owner)).collect();
    let found = |hash| {
        let token: &ApiToken = tokens.get(hash)?;
        Some((token.clone(), owners.get(&token.user_id)?.clone()))
    };
    Ok(hashes.iter().map(found).collect())
}

/// A token that makes another gives only what it has itself.
fn within(acting: &ApiToken, new: NewToken) -> Result<NewToken> {
    if (new.service && !acting.service) || !new.scopes.0.is_subset(&acting.scopes.0) {
        return Err(Error::Forbidden("a token cannot make one that may do more than itself"));
    }
    let expires_at = [acting.expires_at, new.expires_at].into_iter().flatten().min();
    Ok(NewToken { sharing: acting.sharing.stricter(&new.sharing), expires_at, ..new })
}

fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Error::invalid("the name needs 1 to 100 printable characters");
    }
    Ok(name.to_owned())
}

fn check_scopes(scopes: &Scopes, service: bool) -> Result<()> {
    if scopes.0.is_empty() {
        return Error::invalid("a token needs at least one scope");
    }
    match scopes.0.iter().find(|scope| scope.service_only() && !service) {
        Some(scope) => Error::invalid(format!("the scope {scope} is for service tokens only")),
        None => Ok(()),
    }
}

fn end_of(life: Duration, now: Timestamp) -> Result<Timestamp> {
    let end = SignedDuration::try_from(life).ok().and_then(|life| now.checked_add(life).ok());
    match end {
        Some(end) if end.as_millisecond() > now.as_millisecond() => Ok(end),
        Some(_) => Error::invalid("a token needs a life longer than nothing"),
        None => Error::invalid("the life of the token is longer than any calendar"),
    }
}

fn describe(token: &ApiToken) -> String {
    let kind = if token.service { "service token" } else { "token" };
    format!("{kind} “{}”", token.name)
}

fn describe_sharing(sharing: &Sharing) -> String {
    let topics: Vec<_> = sharing.topics.iter().map(|topic| topic.as_str()).collect();
    match sharing.everything && !topics.is_empty() {
        true => topics.join(", "),
        false => "nothing".to_owned(),
    }
}
