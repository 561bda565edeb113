//! Disconnecting: the grant is ended at the provider, the tokens are destroyed, and so is the data unless it is kept.

use jiff::Timestamp;
use model::{Action, Actor, Connection, ConnectionState, Secret, UserId};
use serde::Serialize;
use store::{Tx, Write};

use crate::{
    Engine, Error, Result,
    apply::{self, Origin},
    listen,
};

/// What disconnecting did.
#[derive(Clone, Debug, Serialize)]
pub struct Disconnected {
    pub revocation: Revocation,
    pub data_preserved: bool,
    /// How many records were erased.
    pub records_erased: usize,
}

/// Whether the grant was ended at the provider too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    Done,
    /// The provider did not take it; its own page ends the grant.
    Failed,
    /// Another connection uses the same account.
    AccountInUse,
    /// There was no token left to revoke.
    NothingToRevoke,
}

impl Engine {
    /// Disconnects a person from a provider.
    pub async fn disconnect(
        &self,
        actor: &Actor,
        user: UserId,
        provider: &str,
        preserve_data: bool,
    ) -> Result<Disconnected> {
        self.provider(provider)?;
        let connection = self.db.read().await?.find_connection(user, provider).await?.ok_or(Error::NotConnected)?;
        let revocation = self.revoke_unless_shared(&connection).await?;
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.lock_log(user).await?;
        let connection = tx.connection(user, connection.id).await?;
        let records_erased = remove(&mut tx, &connection, preserve_data, now).await?;
        let detail = format!("{}, {}", self.provider(provider)?.manifest().name, what_remains(preserve_data));
        tx.append_audit(user, now, actor, Action::Disconnected, Some(&detail)).await?;
        tx.commit().await?;
        if !preserve_data {
            self.db.truncate_log().await?;
        }
        Ok(Disconnected { revocation, data_preserved: preserve_data, records_erased })
    }

    async fn revoke_unless_shared(&self, connection: &Connection) -> Result<Revocation> {
        let Some((kept, shared)) = self.grant_of(connection).await? else { return Ok(Revocation::NothingToRevoke) };
        if shared {
            return Ok(Revocation::AccountInUse);
        }
        // An expired token cannot end its grant: a good one is worth a refresh.
        let access = match connection.state {
            ConnectionState::Active => self.access(connection).await.map_or(kept, |access| access.token),
            _ => kept,
        };
        let revoked = self.revoke(&connection.provider, access).await;
        Ok(if revoked { Revocation::Done } else { Revocation::Failed })
    }

    async fn grant_of(&self, connection: &Connection) -> Result<Option<(Secret, bool)>> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let shared = tx.is_account_used(&connection.provider, &connection.account.id, Some(connection.id)).await?;
        let credential = tx.find_credential(connection.user_id, connection.id, now).await?;
        Ok(credential.map(|credential| (credential.access, shared)))
    }
}

/// What becomes of the data, in words for the audit trail.
pub(super) fn what_remains(preserve_data: bool) -> &'static str {
    if preserve_data { "records kept" } else { "records and their key destroyed" }
}

/// Removes a connection, its tokens and its jobs; its records and their key as well, unless they are kept.
pub(super) async fn remove(
    tx: &mut Tx<Write>,
    connection: &Connection,
    preserve_data: bool,
    now: Timestamp,
) -> Result<usize> {
    let (user, id) = (connection.user_id, connection.id);
    tx.destroy_credential(user, id).await?;
    tx.drop_jobs(user, id).await?;
    tx.drop_notices(user, id, now).await?;
    tx.withdraw_consent(user, id, now).await?;
    tx.move_connection(connection, ConnectionState::Removed, None, now).await?;
    listen::on_removed(tx, connection, now).await?;
    if preserve_data {
        return Ok(0);
    }
    let erased = apply::erase(tx, Origin::new(connection, "", i64::MAX, now)).await?;
    tx.forget_collections(user, id).await?;
    tx.destroy_connection_key(user, id).await?;
    Ok(erased.removed)
}
