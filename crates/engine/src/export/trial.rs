//! Whether a webhook works: what came of it lately, and what comes of a message that is sent to see.

use model::{Audience, SinkId};
use sinks::{Event, What};
pub use store::SinkAttempt as WebhookAttempt;

use super::settle::attempt;
use crate::{Engine, Result};

/// What came of a message that was sent to see whether it arrives.
#[derive(Clone, Debug)]
pub struct Tested {
    pub message_id: String,
    pub taken: bool,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    pub error: Option<String>,
    pub millis: i64,
}

impl Engine {
    /// Sends a message that tells of nothing, and says what came back. Works on a webhook that is turned off, too.
    pub async fn test_webhook(&self, audience: Audience, id: SinkId) -> Result<Tested> {
        let sink = self.db.read().await?.sink(audience, id).await?;
        let what = What::Test { number: u128::from_le_bytes(self.random.bytes()) };
        let event = Event { sink: id, user: sink.user_id, external_id: None, what };
        let begun = self.clock.now();
        let written = self.write_event(&sink, &event, begun).await?;
        let attempt = attempt(sink.user_id, &written, begun, self.clock.now());
        let mut tx = self.db.write().await?;
        // It may have been deleted while the answer was awaited.
        tx.sink(audience, id).await?;
        tx.add_sink_attempt(id, &attempt).await?;
        tx.commit().await?;
        Ok(Tested {
            message_id: attempt.message_id,
            taken: attempt.error.is_none(),
            status: attempt.status,
            error: attempt.error,
            millis: attempt.millis,
        })
    }

    /// What came of a webhook's messages in the last days, the newest first.
    pub async fn webhook_attempts(&self, audience: Audience, id: SinkId, limit: i64) -> Result<Vec<WebhookAttempt>> {
        let mut tx = self.db.read().await?;
        tx.sink(audience, id).await?;
        Ok(tx.sink_attempts(id, limit).await?)
    }
}
