//! Sends again what was sent before, under the ids that it had.

use jiff::Timestamp;
use model::{Action, Actor, Audience, SinkId, UserId};
use store::{Tx, Write};

use super::{Webhook, due, endpoints::show, keeper::describe};
use crate::{Engine, Error, Result};

/// From where on events are sent again.
#[derive(Clone, Copy, Debug)]
pub enum ReplayFrom {
    /// After a position in one person's log.
    After(i64),
    /// From an instant on, as far back as is kept.
    Since(Timestamp),
}

impl Engine {
    /// Moves a webhook back, for one person or, from an instant on, for everybody it is told of.
    pub async fn replay_webhook(
        &self,
        actor: &Actor,
        audience: Audience,
        id: SinkId,
        user: Option<UserId>,
        from: ReplayFrom,
    ) -> Result<Webhook> {
        let now = self.clock.now();
        let user = match audience {
            Audience::Person(own) => Some(own),
            Audience::Everybody => user,
        };
        let mut tx = self.db.write().await?;
        let sink = tx.sink(audience, id).await?;
        match (user, from) {
            (Some(user), from) => {
                rewind(&mut tx, user, id, from).await?;
                due::hasten_one(&mut tx, id, user, now).await?;
            }
            (None, ReplayFrom::Since(since)) => {
                tx.rewind_sink_of_everybody(id, since).await?;
                due::hasten(&mut tx, audience, id, now).await?;
            }
            (None, ReplayFrom::After(_)) => {
                return Err(Error::invalid("user_id", "says in whose log the position is"));
            }
        }
        let from = match from {
            ReplayFrom::After(position) => format!("position {position}"),
            ReplayFrom::Since(since) => since.to_string(),
        };
        let detail = format!("{}: sent again from {from} on", describe(&sink));
        tx.append_audit(sink.user_id, now, actor, Action::WebhookChanged, Some(&detail)).await?;
        let replayed = show(&mut tx, sink).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(replayed)
    }
}

async fn rewind(tx: &mut Tx<Write>, user: UserId, id: SinkId, from: ReplayFrom) -> Result<()> {
    let log = tx.log(user).await?;
    let to = match from {
        ReplayFrom::Since(since) => tx.older_up_to(user, since).await?,
        ReplayFrom::After(position) if (0..log.floor).contains(&position) => {
            return Err(Error::Expired { floor: log.floor, head: log.head });
        }
        ReplayFrom::After(position) => {
            let sent = tx.sink_cursor(user, id).await?.position;
            if !(0..=sent).contains(&position) {
                return Err(Error::invalid("after", format!("is a position up to {sent}, where it stands")));
            }
            position
        }
    };
    Ok(tx.rewind_sink(user, id, to.max(log.floor)).await?)
}
