//! Makes providers tell us of changes by themselves, notices when they do not, and asks them meanwhile.

mod address;
mod carry;
mod manage;
mod pace;
mod plan;
mod reconcile;
mod silence;
mod told;

use jiff::Timestamp;
use model::{Connection, ConnectionState, ListeningState};
use store::{Tx, Write};

pub use self::told::{Hearing, Listening};
pub(crate) use self::{pace::Pace, silence::GRACE};
use crate::{Engine, Result, jobs};

impl Engine {
    /// Notes where this server is, and compares what each provider has with what we want.
    pub(crate) async fn begin_listening(&self) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.note_public_url(self.public_url.as_str(), now).await?;
        for provider in self.providers.keys() {
            tx.enqueue(now, jobs::reconcile(provider, now)).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Somebody connects: whoever is the first makes us listen.
pub(crate) async fn on_connected(tx: &mut Tx<Write>, connection: &Connection, now: Timestamp) -> Result<()> {
    let (provider, idle) = (&connection.provider, |known: store::Listening| known.state == ListeningState::Idle);
    if connection.state != ConnectionState::Active {
        tx.forget_silence(connection.user_id, connection.id).await?;
    }
    if tx.listening(provider).await?.is_none_or(idle) {
        tx.enqueue(now, jobs::reconcile(provider, now)).await?;
    }
    Ok(())
}

/// Somebody has gone: when nobody is left, nothing is to be told to us.
pub(crate) async fn on_removed(tx: &mut Tx<Write>, connection: &Connection, now: Timestamp) -> Result<()> {
    let was_in_use = connection.state != ConnectionState::Pending;
    if was_in_use && !tx.is_anybody_connected(&connection.provider).await? {
        tx.enqueue(now, jobs::reconcile(&connection.provider, now)).await?;
    }
    Ok(())
}
