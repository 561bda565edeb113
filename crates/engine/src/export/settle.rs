//! What follows from how an event was taken, in one transaction: the cursor, the sink's health, the attempt.

use jiff::{SignedDuration, Timestamp};
use model::SinkReason;
use sinks::{Verdict, Written};
use store::{SinkAttempt, Tx, Write};

use super::{due, keeper::turn_off, pace, turn::Turn};
use crate::{Engine, Result};

/// After so long a trouble, whoever waits for their turn to be tried again need not wait any longer.
const LONG_TROUBLE: SignedDuration = SignedDuration::from_mins(10);

impl Engine {
    /// Keeps what became of an event. Yields when to try again, if it is to be tried again.
    pub(super) async fn settle(
        &self,
        turn: &Turn,
        to: i64,
        written: &Written,
        begun: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let (there, again) = match &written.verdict {
            Verdict::Taken => (taken(&mut tx, turn, to, now).await?, None),
            Verdict::Refused { why, not_before } => {
                let not_before = not_before.map(|at| pace::within_reason(now, at)).unwrap_or(now);
                let pause = pace::pause(now, turn.sink.failures + 1, self.random.fraction()).max(not_before);
                let there = refused(&mut tx, turn, why, pause, now).await?;
                let own = pace::again(now, turn.cursor.tries + 1, self.random.fraction());
                (there, Some(pace::after_others(own, pause)))
            }
            Verdict::Gone => {
                let there = tx.note_refused(turn.sink.id, turn.sink.failures, now, GONE, now).await?;
                turn_off(&mut tx, &turn.sink, SinkReason::Gone, now).await?;
                (there, None)
            }
        };
        // A sink that was deleted meanwhile has no rows any more.
        if there {
            tx.add_sink_attempt(turn.sink.id, &attempt(turn.user, written, begun, now)).await?;
            tx.commit().await?;
        }
        Ok(again.filter(|_| there))
    }
}

const GONE: &str = "the receiver answered that it is gone";

async fn taken(tx: &mut Tx<Write>, turn: &Turn, to: i64, now: Timestamp) -> Result<bool> {
    let sink = &turn.sink;
    if !tx.note_taken(sink.id, now).await? {
        return Ok(false);
    }
    tx.advance_sink(turn.user, sink.id, turn.cursor.position, to).await?;
    if sink.failing_since.is_some_and(|since| now.duration_since(since) > LONG_TROUBLE) {
        due::hasten(tx, sink.audience, sink.id, now).await?;
    }
    Ok(true)
}

async fn refused(tx: &mut Tx<Write>, turn: &Turn, why: &str, pause: Timestamp, now: Timestamp) -> Result<bool> {
    let sink = &turn.sink;
    if !tx.note_refused(sink.id, sink.failures, now, why, pause).await? {
        return Ok(false);
    }
    tx.count_sink_try(turn.user, sink.id, turn.cursor.position).await?;
    if sink.failing_since.is_some_and(|since| now.duration_since(since) >= pace::PATIENCE) {
        turn_off(tx, sink, SinkReason::Failing, now).await?;
    }
    Ok(true)
}

/// An attempt as it is put on record.
pub(super) fn attempt(user: model::UserId, written: &Written, begun: Timestamp, now: Timestamp) -> SinkAttempt {
    SinkAttempt {
        user_id: user,
        at: begun,
        message_id: written.message.clone(),
        status: written.status,
        error: match &written.verdict {
            Verdict::Taken => None,
            Verdict::Refused { why, .. } => Some(why.clone()),
            Verdict::Gone => Some(GONE.to_owned()),
        },
        millis: now.as_millisecond() - begun.as_millisecond(),
    }
}
