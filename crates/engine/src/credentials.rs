//! Access tokens that are good now. One refresh per rotation, whatever the number of callers and processes.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, Connection, ConnectionId, ConnectionState, Credential, Reason, Secret, TokenSet, UserId};
use providers::{Api, oauth};
use store::{Claim, Swap, Tx, Write};
use tracing::Instrument;

use crate::{Engine, Error, Result, jobs, measure};

/// Longer than the HTTP client waits for an answer, so that nobody else begins while an answer can still come.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// How often to look whether another process is done.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The new tokens exist only in our memory: storing them is worth trying for long.
const STORE_TRIES: u32 = 20;

/// An access token, and which rotation it is of.
pub(crate) struct Access {
    pub(crate) token: Secret,
    pub(crate) rotation: i64,
}

/// What became of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refreshed {
    /// There is a newer rotation.
    Done,
    /// The person must connect again.
    NeedsConsent(Reason),
    /// The connection was removed meanwhile.
    Removed,
    /// Nothing is proven: try again later.
    Later(String),
}

/// The refreshes under way in this process: whoever comes later waits for the same one.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Route, Flight>>);

/// A connection, and the rotation to be replaced.
type Route = (ConnectionId, i64);
type Flight = Shared<BoxFuture<'static, Refreshed>>;

impl Flights {
    fn open(&self) -> MutexGuard<'_, HashMap<Route, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clears a flight away when its task ends, however it ends and whether or not anybody still waits.
struct Landing(Engine, Route);

impl Drop for Landing {
    fn drop(&mut self) {
        self.0.flights.open().remove(&self.1);
    }
}

impl Engine {
    /// The provider's API, authorised for a connection.
    pub(crate) fn api(&self, provider: &str, token: Secret) -> Result<Api> {
        Ok(Api { access: Some(token), ..self.application_api(provider)? })
    }

    /// The provider's API, for what our application asks in its own name.
    pub(crate) fn application_api(&self, provider: &str) -> Result<Api> {
        let configured = self.provider(provider)?;
        Ok(Api {
            provider: configured.provider.clone(),
            application: configured.application.clone(),
            http: self.http.clone(),
            budget: self.budget.clone(),
            clock: self.clock.clone(),
            access: None,
        })
    }

    /// An access token that is good now, refreshed first when its end is near.
    pub(crate) async fn access(&self, connection: &Connection) -> Result<Access> {
        let credential = self.credential(connection).await?;
        let now = self.clock.now();
        let good = credential.expires_at > now;
        if credential.serves(now) {
            return Ok(Access { token: credential.access, rotation: credential.rotation });
        }
        match self.refresh(connection, credential.rotation).await {
            Refreshed::Done => {
                let credential = self.credential(connection).await?;
                Ok(Access { token: credential.access, rotation: credential.rotation })
            }
            Refreshed::Later(_) if good => Ok(Access { token: credential.access, rotation: credential.rotation }),
            Refreshed::Later(message) => Err(Error::Unavailable { message, retry_at: None }),
            Refreshed::NeedsConsent(reason) => Err(Error::NeedsConsent(reason)),
            Refreshed::Removed => Err(Error::NotConnected),
        }
    }

    async fn credential(&self, connection: &Connection) -> Result<Credential> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        tx.find_credential(connection.user_id, connection.id, now).await?.ok_or(Error::NotConnected)
    }

    /// Replaces a rotation by a newer one. A caller that goes away cancels nothing.
    pub(crate) async fn refresh(&self, connection: &Connection, rotation: i64) -> Refreshed {
        let route = (connection.id, rotation);
        let flight =
            self.flights.open().entry(route).or_insert_with(|| self.take_off(connection.clone(), rotation)).clone();
        flight.await
    }

    fn take_off(&self, connection: Connection, rotation: i64) -> Flight {
        let engine = self.clone();
        let flight = async move {
            let _landing = Landing(engine.clone(), (connection.id, rotation));
            engine.refresh_once(&connection, rotation).await
        };
        let task = self.tasks.spawn(flight.in_current_span());
        task.map(|ended| ended.unwrap_or_else(|_| Refreshed::Later("the refresh broke off".into()))).boxed().shared()
    }

    #[tracing::instrument(name = "refresh", skip_all, fields(provider = connection.provider, connection.id = %connection.id))]
    async fn refresh_once(&self, connection: &Connection, rotation: i64) -> Refreshed {
        let refreshed = match self.try_refresh(connection, rotation).await {
            Ok(outcome) => outcome,
            Err(Error::NotConnected | Error::NotFound(_)) => Refreshed::Removed,
            Err(error) => Refreshed::Later(error.to_string()),
        };
        measure::refresh(&connection.provider, &refreshed);
        refreshed
    }

    async fn try_refresh(&self, connection: &Connection, rotation: i64) -> Result<Refreshed> {
        let credential = match self.claim(connection, rotation).await? {
            Ok(credential) => credential,
            Err(done) => return Ok(done),
        };
        let Some(refresh) = &credential.refresh else {
            return self.needs_consent(connection, &credential).await;
        };
        let application = self.provider(&connection.provider)?.application.clone();
        match application.refresh(&self.http, refresh).await {
            Ok(tokens) => self.keep(connection, rotation, tokens).await,
            Err(oauth::Error::InvalidGrant) => self.needs_consent(connection, &credential).await,
            Err(error) => {
                let unknown = credential.outcome_unknown || matches!(error, oauth::Error::OutcomeUnknown(_));
                self.release(connection, !unknown).await?;
                tracing::warn!(connection.id = %connection.id, %error, "a refresh brought nothing");
                Ok(Refreshed::Later(error.to_string()))
            }
        }
    }

    /// Waits until the refresh is ours to do, or until somebody else's has come to something.
    async fn claim(
        &self,
        connection: &Connection,
        rotation: i64,
    ) -> Result<std::result::Result<Credential, Refreshed>> {
        let (user, id) = (connection.user_id, connection.id);
        loop {
            let now = self.clock.now();
            let lease_until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
            let mut tx = self.db.write().await?;
            tx.lock_credential(user, id).await?;
            let credential = tx.find_credential(user, id, now).await?.ok_or(Error::NotConnected)?;
            let found = tx.connection(user, id).await?;
            if found.state == ConnectionState::NeedsConsent {
                // Another has just asked with this very token, and was refused.
                return Ok(Err(Refreshed::NeedsConsent(found.reason.unwrap_or(Reason::Refused))));
            }
            match tx.claim_refresh(user, id, rotation, &self.process, now, lease_until).await? {
                Claim::Taken => {
                    tx.commit().await?;
                    return Ok(Ok(credential));
                }
                Claim::Rotated => return Ok(Err(Refreshed::Done)),
                Claim::Held(_) => drop(tx),
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn keep(&self, connection: &Connection, rotation: i64, tokens: TokenSet) -> Result<Refreshed> {
        let mut tries = 0;
        let swap = loop {
            tries += 1;
            match self.swap(connection, rotation, &tokens).await {
                Err(error) if tries < STORE_TRIES => {
                    tracing::error!(connection.id = %connection.id, %error, "refreshed tokens could not be stored yet");
                    tokio::time::sleep(LOOK_AGAIN * tries).await;
                }
                other => break other?,
            }
        };
        match swap {
            Swap::Stored | Swap::Overtaken => Ok(Refreshed::Done),
            Swap::Removed => {
                if !self.is_account_used(connection).await? {
                    self.revoke(&connection.provider, tokens.access).await;
                }
                Ok(Refreshed::Removed)
            }
        }
    }

    /// Whether revoking a grant of an account would cut off a connection that is in use.
    async fn is_account_used(&self, connection: &Connection) -> Result<bool> {
        let mut tx = self.db.read().await?;
        Ok(tx.is_account_used(&connection.provider, &connection.account.id, Some(connection.id)).await?)
    }

    async fn swap(&self, connection: &Connection, rotation: i64, tokens: &TokenSet) -> Result<Swap> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let swap = tx.swap_credential(connection.user_id, connection.id, rotation, tokens, now).await?;
        if swap == Swap::Stored {
            let refresh_at = Credential::refresh_at(now, tokens.expires_in);
            tx.enqueue(now, jobs::refresh(connection, refresh_at)).await?;
        }
        tx.commit().await?;
        Ok(swap)
    }

    async fn needs_consent(&self, connection: &Connection, credential: &Credential) -> Result<Refreshed> {
        let reason = if credential.outcome_unknown { Reason::OutcomeLost } else { Reason::Refused };
        let (user, id) = (connection.user_id, connection.id);
        let name = &self.provider(&connection.provider)?.manifest().name;
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.lock_credential(user, id).await?;
        let newest = tx.find_credential(user, id, now).await?.ok_or(Error::NotConnected)?;
        if newest.rotation != credential.rotation {
            return Ok(Refreshed::Done);
        }
        tx.release_refresh(user, id, &self.process, true).await?;
        mark_needs_consent(&mut tx, user, id, name, reason, now).await?;
        tx.commit().await?;
        tracing::warn!(connection.id = %id, %reason, "the person must connect again");
        Ok(Refreshed::NeedsConsent(reason))
    }

    async fn release(&self, connection: &Connection, outcome_known: bool) -> Result<()> {
        let mut tx = self.db.write().await?;
        tx.release_refresh(connection.user_id, connection.id, &self.process, outcome_known).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a grant at the provider, as well as that can be done.
    pub(crate) async fn revoke(&self, provider: &str, access: Secret) -> bool {
        let revoked = async {
            let api = self.api(provider, access)?;
            Ok::<_, Error>(api.provider.clone().revoke(&api).await?)
        };
        match revoked.await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(provider, %error, "a grant could not be revoked");
                false
            }
        }
    }
}

async fn mark_needs_consent(
    tx: &mut Tx<Write>,
    user: UserId,
    id: ConnectionId,
    name: &str,
    reason: Reason,
    now: Timestamp,
) -> Result<()> {
    let connection = tx.connection(user, id).await?;
    if connection.state == ConnectionState::Active {
        tx.move_connection(&connection, ConnectionState::NeedsConsent, Some(reason), now).await?;
        tx.append_audit(user, now, &Actor::System, Action::NeedsConsent, Some(name)).await?;
    }
    Ok(())
}
