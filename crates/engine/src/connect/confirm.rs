//! Confirms a connection that waits: the person chose between two accounts, or an app redeemed its link.

use model::{Action, Actor, Connection, ConnectionId, ConnectionState, Secret, TokenSet, UserId};
use store::{Tx, Write};

use super::{
    callback::{activate, audit_connected},
    disconnect::{remove, what_remains},
};
use crate::{Engine, Error, Result};

/// Which connection to confirm, and what becomes of the one in its place.
#[derive(Clone, Debug)]
pub struct Confirm {
    pub user: UserId,
    pub actor: Actor,
    pub connection: ConnectionId,
    /// What to do with another account's connection: nothing said is a conflict; else whether its records are kept.
    pub replace_preserving: Option<bool>,
}

/// What confirming did.
pub(crate) struct Confirmed {
    pub(crate) connection: Connection,
    /// A grant that has no connection any more: to be revoked once the rest is committed.
    pub(crate) orphan: Option<Secret>,
}

impl Engine {
    /// Confirms a connection that waits, and says which one is active now.
    pub async fn confirm(&self, confirm: Confirm) -> Result<ConnectionId> {
        let mut tx = self.db.write().await?;
        // What came of a connect link is confirmed by its code alone, or a forwarded link could be.
        if tx.awaits_redeeming(confirm.user, confirm.connection).await? {
            return Err(Error::NotFound("connection that waits to be confirmed"));
        }
        let confirmed = self.confirm_in(&mut tx, &confirm).await?;
        tx.commit().await?;
        Ok(self.after_confirming(confirmed).await)
    }

    /// Confirms within a transaction that may do more.
    pub(crate) async fn confirm_in(&self, tx: &mut Tx<Write>, confirm: &Confirm) -> Result<Confirmed> {
        let (user, now) = (confirm.user, self.clock.now());
        tx.lock_log(user).await?;
        let pending = tx.connection(user, confirm.connection).await?;
        if pending.state != ConnectionState::Pending {
            return Err(Error::NotFound("connection that waits to be confirmed"));
        }
        let name = &self.provider(&pending.provider)?.manifest().name;
        let present = tx.find_connection(user, &pending.provider).await?;
        let other = present.as_ref().filter(|present| present.account.id != pending.account.id);
        let mut orphan = None;
        if let Some(other) = other {
            let preserve = confirm.replace_preserving.ok_or(Error::AccountConflict)?;
            let shared = tx.is_account_used(&other.provider, &other.account.id, Some(other.id)).await?;
            let credential = tx.find_credential(user, other.id, now).await?;
            orphan = credential.map(|credential| credential.access).filter(|_| !shared);
            remove(tx, other, preserve, now).await?;
            let detail = format!("{name}, {}", what_remains(preserve));
            tx.append_audit(user, now, &confirm.actor, Action::Disconnected, Some(&detail)).await?;
        }
        let same = match present.filter(|present| present.account.id == pending.account.id) {
            Some(present) => Some(present),
            None => tx.find_removed_connection(user, &pending.provider, &pending.account.id).await?,
        };
        let connection = match same {
            Some(same) => {
                self.merge(tx, &pending, &same).await?;
                same
            }
            None => {
                activate(tx, &pending, now).await?;
                pending
            }
        };
        audit_connected(tx, &connection, name, &confirm.actor, now).await?;
        Ok(Confirmed { connection, orphan })
    }

    /// What is left to do once a confirmation is committed.
    pub(crate) async fn after_confirming(&self, confirmed: Confirmed) -> ConnectionId {
        self.wake.notify_one();
        if let Err(error) = self.db.truncate_log().await {
            tracing::warn!(%error, "what was erased may linger in the database's log for a while");
        }
        if let Some(access) = confirmed.orphan {
            self.revoke(&confirmed.connection.provider, access).await;
        }
        confirmed.connection.id
    }

    /// Drops a connection that waits, because the person chose to keep the other one or never came back.
    pub async fn abandon(&self, user: UserId, connection: ConnectionId) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let pending = tx.connection(user, connection).await?;
        if pending.state != ConnectionState::Pending {
            return Err(Error::NotFound("connection that waits to be confirmed"));
        }
        let shared = tx.is_account_used(&pending.provider, &pending.account.id, Some(pending.id)).await?;
        let access: Option<Secret> =
            tx.find_credential(user, connection, now).await?.map(|credential| credential.access);
        remove(&mut tx, &pending, false, now).await?;
        tx.commit().await?;
        if let Some(access) = access.filter(|_| !shared) {
            self.revoke(&pending.provider, access).await;
        }
        Ok(())
    }

    /// The same account in two connections: the newer grant goes to the one that has the records.
    async fn merge(&self, tx: &mut Tx<Write>, pending: &Connection, kept: &Connection) -> Result<()> {
        let (user, now) = (pending.user_id, self.clock.now());
        let newer = tx.find_credential(user, pending.id, now).await?.ok_or(Error::NotConnected)?;
        let left = newer.expires_at.duration_since(now).try_into().unwrap_or_default();
        let tokens = TokenSet { access: newer.access, refresh: newer.refresh, expires_in: left, scopes: None };
        tx.keep_credential(user, kept.id, &tokens, now).await?;
        tx.set_scopes(user, kept.id, &pending.scopes_asked, pending.scopes_granted.as_ref()).await?;
        if let Some(consent) = tx.find_consent(user, pending.id).await? {
            let (kinds, purpose) = (&consent.kinds, &consent.purpose);
            tx.give_consent(user, kept.id, &kept.provider, kinds, purpose, &consent.version, consent.given_at).await?;
        }
        remove(tx, pending, false, now).await?;
        activate(tx, kept, now).await
    }
}
