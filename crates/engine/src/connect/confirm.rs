//! Confirms a connection that waits: the person chose between two accounts, or an app redeemed its link.

use model::{Actor, Connection, ConnectionId, ConnectionState, Secret, TokenSet, UserId};
use store::{Tx, Write};

use super::{
    callback::{activate, audit_connected},
    disconnect::remove,
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

impl Engine {
    /// Confirms a connection that waits, and says which one is active now.
    pub async fn confirm(&self, confirm: Confirm) -> Result<ConnectionId> {
        let (user, now) = (confirm.user, self.clock.now());
        let mut tx = self.db.write().await?;
        tx.lock_log(user).await?;
        let pending = tx.connection(user, confirm.connection).await?;
        if pending.state != ConnectionState::Pending {
            return Err(Error::NotFound("connection that waits to be confirmed"));
        }
        let present = tx.find_connection(user, &pending.provider).await?;
        let mut replaced = None;
        let active = match present {
            Some(present) if present.account.id == pending.account.id => {
                self.merge(&mut tx, &pending, &present).await?;
                present
            }
            Some(present) => {
                let preserve = confirm.replace_preserving.ok_or(Error::AccountConflict)?;
                let shared = tx.is_account_shared(&present.provider, &present.account.id, present.id).await?;
                let credential = tx.find_credential(user, present.id, now).await?;
                replaced = credential.map(|credential| credential.access).filter(|_| !shared);
                remove(&mut tx, &present, preserve, now).await?;
                activate(&mut tx, &pending, now).await?;
                pending
            }
            None => {
                activate(&mut tx, &pending, now).await?;
                pending
            }
        };
        audit_connected(&mut tx, &active, &confirm.actor, now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        if let Some(access) = replaced {
            self.revoke(&active.provider, access).await;
        }
        Ok(active.id)
    }

    /// Drops a connection that waits, because the person chose to keep the other one or never came back.
    pub async fn abandon(&self, user: UserId, connection: ConnectionId) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let pending = tx.connection(user, connection).await?;
        if pending.state != ConnectionState::Pending {
            return Err(Error::NotFound("connection that waits to be confirmed"));
        }
        let shared = tx.is_account_shared(&pending.provider, &pending.account.id, pending.id).await?;
        let access: Option<Secret> = tx.find_credential(user, connection, now).await?.map(|credential| credential.access);
        remove(&mut tx, &pending, false, now).await?;
        tx.commit().await?;
        if let Some(access) = access.filter(|_| !shared) {
            self.revoke(&pending.provider, access).await;
        }
        Ok(())
    }

    /// The same account in two connections: the newer grant goes to the one that has the records.
    async fn merge(&self, tx: &mut Tx<Write>, pending: &Connection, present: &Connection) -> Result<()> {
        let (user, now) = (pending.user_id, self.clock.now());
        let newer = tx.find_credential(user, pending.id, now).await?.ok_or(Error::NotConnected)?;
        let left = newer.expires_at.duration_since(now).try_into().unwrap_or_default();
        let tokens = TokenSet { access: newer.access, refresh: newer.refresh, expires_in: left, scopes: None };
        tx.keep_credential(user, present.id, &tokens, now).await?;
        tx.set_scopes(user, present.id, &pending.scopes_asked, pending.scopes_granted.as_ref()).await?;
        if let Some(consent) = tx.find_consent(user, pending.id).await? {
            let (kinds, purpose) = (&consent.kinds, &consent.purpose);
            tx.give_consent(user, present.id, &present.provider, kinds, purpose, &consent.version, consent.given_at)
                .await?;
        }
        remove(tx, pending, false, now).await?;
        if present.state == ConnectionState::NeedsConsent {
            activate(tx, present, now).await?;
        }
        Ok(())
    }
}
