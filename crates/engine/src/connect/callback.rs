//! The way back from the provider: the code becomes a sealed credential.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use model::{Account, Action, Actor, Connection, ConnectionId, ConnectionState, Secret, TokenSet};
use providers::Manifest;
use store::{Attempt, NewConnection, Principal, Tx, Write, hash_secret};
use url::Url;

use crate::{Engine, Error, Result, error::StateProblem, jobs, listen};

/// How long an app may wait before it redeems a connect link's code.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// What came back from the provider, and with whom.
#[derive(Clone, Debug)]
pub struct Callback {
    pub provider: String,
    /// Whoever the browser or the app that came back proves to be; one of them must have begun.
    pub principals: Vec<(Principal, Actor)>,
    pub state: Option<Secret>,
    pub code: Option<Secret>,
    /// What the provider says was granted, when it says so here.
    pub scope: Option<String>,
    pub error: Option<String>,
}

/// How a round trip ended.
#[derive(Clone, Debug)]
pub enum Finished {
    /// The connection is active, and its backfill is queued.
    Connected { connection: ConnectionId },
    /// Another account is connected: the person must choose.
    NeedsChoice { connection: ConnectionId },
    /// A connect link was followed to its end: its app must redeem the code in this address.
    Return { url: Url },
    /// The person, or the provider, said no.
    Denied { link_return: Option<Url> },
}

/// An authorisation that was exchanged and identified, and is not stored yet.
struct Authorised {
    attempt: Attempt,
    account: Account,
    tokens: TokenSet,
    granted: Option<BTreeSet<String>>,
}

impl Engine {
    /// Ends an OAuth round trip. Only whoever began it can, once, within its time.
    pub async fn finish(&self, callback: Callback) -> Result<Finished> {
        let (attempt, actor) = self.use_attempt(&callback).await?;
        if callback.error.is_some() {
            return self.denied(&actor, &attempt, callback.error.as_deref()).await;
        }
        let code = callback.code.as_ref().ok_or(Error::State(StateProblem::Empty))?;
        let configured = self.provider(&attempt.provider)?;
        let tokens = configured.application.exchange(&self.http, code, attempt.verifier.as_ref()).await?;
        let account = match self.identify(&attempt.provider, tokens.access.clone()).await {
            Ok(account) => account,
            Err(error) => {
                self.give_up(&attempt, None, tokens.access).await?;
                return Err(error);
            }
        };
        let manifest = configured.manifest();
        let said = callback.scope.as_deref().map(|scope| scope.split_whitespace().map(str::to_owned).collect());
        let granted = tokens.scopes.clone().or(said).map(|scopes| plain_scopes(manifest, scopes));
        let authorised = Authorised { attempt, account, tokens, granted };
        match self.store_authorised(&actor, &authorised).await {
            // Whether a failed commit took place is not known: then nothing is revoked.
            Err(error) if !matches!(error, Error::Store(_)) => {
                let Authorised { attempt, account, tokens, .. } = authorised;
                self.give_up(&attempt, Some(&account), tokens.access).await?;
                Err(error)
            }
            other => other,
        }
    }

    /// Asks whose account a grant is of.
    pub(crate) async fn identify(&self, provider: &str, access: Secret) -> Result<Account> {
        let api = self.api(provider, access)?;
        Ok(api.provider.clone().identify(&api).await?)
    }

    /// Ends a grant that came to nothing, unless a connection in use may stand on it.
    async fn give_up(&self, attempt: &Attempt, account: Option<&Account>, access: Secret) -> Result<()> {
        let mut tx = self.db.read().await?;
        let in_use = match account {
            Some(account) => tx.is_account_used(&attempt.provider, &account.id, None).await?,
            None => tx.find_connection(attempt.user_id, &attempt.provider).await?.is_some(),
        };
        drop(tx);
        if !in_use {
            self.revoke(&attempt.provider, access).await;
        }
        Ok(())
    }

    async fn use_attempt(&self, callback: &Callback) -> Result<(Attempt, Actor)> {
        let state = callback.state.as_ref().ok_or(Error::State(StateProblem::Unknown))?;
        let hash = hash_secret(state);
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let attempt = tx.find_attempt(&hash).await?.ok_or(Error::State(StateProblem::Unknown))?;
        let actor = returning(&attempt, callback).ok_or(Error::State(StateProblem::Foreign))?;
        if let Some(problem) = problem(&attempt, callback, now) {
            return Err(Error::State(problem));
        }
        if !tx.use_attempt(&hash, now).await? {
            return Err(Error::State(StateProblem::Used));
        }
        tx.commit().await?;
        Ok((attempt, actor))
    }

    async fn denied(&self, actor: &Actor, attempt: &Attempt, error: Option<&str>) -> Result<Finished> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let name = &self.provider(&attempt.provider)?.manifest().name;
        tx.append_audit(attempt.user_id, now, actor, Action::ConnectDenied, Some(name)).await?;
        let link_return = match attempt.link_id {
            Some(id) => Some(return_url(&tx.link(id).await?.return_url, &[("error", told(error))])?),
            None => None,
        };
        tx.commit().await?;
        Ok(Finished::Denied { link_return })
    }

    async fn store_authorised(&self, actor: &Actor, authorised: &Authorised) -> Result<Finished> {
        let attempt = &authorised.attempt;
        let name = &self.provider(&attempt.provider)?.manifest().name;
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.lock_log(attempt.user_id).await?;
        let present = tx.find_connection(attempt.user_id, &attempt.provider).await?;
        let finished = match (attempt.link_id, present) {
            (Some(link), _) => {
                let id = self.add_pending(&mut tx, authorised, now).await?;
                let code = self.random.secret();
                let until = now.saturating_add(CODE_LIFE).unwrap_or(Timestamp::MAX);
                tx.fulfil_link(attempt.user_id, link, id, &hash_secret(&code), until).await?;
                Finished::Return { url: return_url(&tx.link(link).await?.return_url, &[("code", code.expose())])? }
            }
            (None, Some(present)) if present.account.id != authorised.account.id => {
                let connection = self.add_pending(&mut tx, authorised, now).await?;
                Finished::NeedsChoice { connection }
            }
            (None, Some(present)) => {
                self.renew(&mut tx, &present, authorised, now).await?;
                audit_connected(&mut tx, &present, name, actor, now).await?;
                Finished::Connected { connection: present.id }
            }
            (None, None) => {
                let id = self.add_or_revive(&mut tx, authorised, now).await?;
                let connection = tx.connection(attempt.user_id, id).await?;
                activate(&mut tx, &connection, now).await?;
                audit_connected(&mut tx, &connection, name, actor, now).await?;
                Finished::Connected { connection: id }
            }
        };
        tx.commit().await?;
        self.wake.notify_one();
        Ok(finished)
    }

    async fn add_pending(&self, tx: &mut Tx<Write>, authorised: &Authorised, now: Timestamp) -> Result<ConnectionId> {
        let attempt = &authorised.attempt;
        let new = NewConnection {
            user_id: attempt.user_id,
            provider: attempt.provider.clone(),
            account: authorised.account.clone(),
            scopes_asked: attempt.scopes.clone(),
            scopes_granted: authorised.granted.clone(),
        };
        let id = tx.add_connection(now, new).await?;
        keep_grant(tx, id, authorised, now).await?;
        Ok(id)
    }

    /// Goes on with an earlier connection to the same account whose data was kept, or begins a new one.
    async fn add_or_revive(&self, tx: &mut Tx<Write>, authorised: &Authorised, now: Timestamp) -> Result<ConnectionId> {
        let attempt = &authorised.attempt;
        let earlier = tx.find_removed_connection(attempt.user_id, &attempt.provider, &authorised.account.id).await?;
        let Some(earlier) = earlier else { return self.add_pending(tx, authorised, now).await };
        tx.set_scopes(attempt.user_id, earlier.id, &attempt.scopes, authorised.granted.as_ref()).await?;
        keep_grant(tx, earlier.id, authorised, now).await?;
        Ok(earlier.id)
    }

    /// The same account once more: newer tokens, newer consent.
    async fn renew(
        &self,
        tx: &mut Tx<Write>,
        present: &Connection,
        authorised: &Authorised,
        now: Timestamp,
    ) -> Result<()> {
        let attempt = &authorised.attempt;
        tx.set_scopes(attempt.user_id, present.id, &attempt.scopes, authorised.granted.as_ref()).await?;
        keep_grant(tx, present.id, authorised, now).await?;
        activate(tx, present, now).await
    }
}

/// What the app behind a link hears: a provider's trouble is not the person's no (RFC 6749, section 4.1.2.1).
fn told(error: Option<&str>) -> &'static str {
    match error {
        Some("access_denied") | None => "access_denied",
        Some("temporarily_unavailable") => "temporarily_unavailable",
        Some(_) => "server_error",
    }
}

/// Who began the round trip, when they are who came back.
fn returning(attempt: &Attempt, callback: &Callback) -> Option<Actor> {
    let began = callback.principals.iter().find(|(principal, _)| principal.to_string() == attempt.principal);
    began.map(|(_, actor)| actor.clone())
}

fn problem(attempt: &Attempt, callback: &Callback, now: Timestamp) -> Option<StateProblem> {
    if attempt.used_at.is_some() {
        Some(StateProblem::Used)
    } else if attempt.expires_at <= now {
        Some(StateProblem::Expired)
    } else if attempt.provider != callback.provider {
        Some(StateProblem::Unknown)
    } else {
        None
    }
}

async fn keep_grant(tx: &mut Tx<Write>, id: ConnectionId, authorised: &Authorised, now: Timestamp) -> Result<()> {
    let attempt = &authorised.attempt;
    tx.keep_credential(attempt.user_id, id, &authorised.tokens, now).await?;
    tx.give_consent(
        attempt.user_id,
        id,
        &attempt.provider,
        &attempt.kinds,
        &attempt.purpose,
        &attempt.consent_version,
        attempt.created_at,
    )
    .await?;
    Ok(())
}

/// Makes a connection active, unless it is, and queues what its new grant calls for, in the same transaction.
pub(super) async fn activate(tx: &mut Tx<Write>, connection: &Connection, now: Timestamp) -> Result<()> {
    if connection.state != ConnectionState::Active {
        tx.move_connection(connection, ConnectionState::Active, None, now).await?;
        tx.note_sync(connection.user_id, connection.id, None, None).await?;
    }
    listen::on_connected(tx, connection, now).await?;
    tx.enqueue(now, jobs::backfill(connection, now)).await?;
    if let Some(credential) = tx.find_credential(connection.user_id, connection.id, now).await? {
        tx.enqueue(now, jobs::refresh(connection, credential.refresh_at)).await?;
    }
    // What was told of meanwhile has waited.
    if tx.next_notice(connection.user_id, connection.id).await?.is_some() {
        tx.enqueue(now, jobs::attend(connection.user_id, connection.id, now)).await?;
    }
    Ok(())
}

pub(super) async fn audit_connected(
    tx: &mut Tx<Write>,
    connection: &Connection,
    name: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    tx.append_audit(connection.user_id, now, actor, Action::Connected, Some(name)).await?;
    Ok(())
}

/// Takes off the prefix that some applications' scopes carry.
pub(crate) fn plain_scopes(manifest: &Manifest, scopes: BTreeSet<String>) -> BTreeSet<String> {
    let prefix = manifest.oauth.scope_prefix.as_deref().unwrap_or_default();
    scopes.into_iter().map(|scope| scope.strip_prefix(prefix).map(str::to_owned).unwrap_or(scope)).collect()
}

fn return_url(base: &str, query: &[(&str, &str)]) -> Result<Url> {
    let mut url = Url::parse(base).map_err(|_| Error::invalid("return_url", "is not an address"))?;
    url.query_pairs_mut().extend_pairs(query);
    Ok(url)
}
