//! Writes a person's log to a sink, one event after another. The cursor moves on only when an event was taken.

use jiff::Timestamp;
use model::{Action, Actor, SinkId, UserId};
use sinks::{Event, Outside, Written};
use store::{Job, Sink};

use super::{
    due, pace,
    turn::{Ahead, Next},
};
use crate::{Engine, Error, Result, jobs::Verdict, measure};

/// Then it is the next person's turn.
const STEPS_PER_RUN: usize = 50;

impl Engine {
    /// Writes what is due, and says what is to become of the job.
    pub(crate) async fn export(&self, job: &Job) -> Verdict {
        let (Some(user), Ok(sink)) = (job.user_id, job.payload.parse()) else {
            return Verdict::Fail("it does not say whose events are to be written where".to_owned());
        };
        let Some(_place) = self.sink_places.take(sink) else {
            let at = pace::elsewhere(self.clock.now(), self.random.fraction());
            return Verdict::Retry { why: "others are written to".to_owned(), at: Some(at) };
        };
        self.write_on(user, sink).await.unwrap_or_else(Verdict::from)
    }

    async fn write_on(&self, user: UserId, id: SinkId) -> Result<Verdict> {
        let mut ahead = Ahead::default();
        for _ in 0..STEPS_PER_RUN {
            let now = self.clock.now();
            let Some(turn) = self.turn(user, id, now).await? else { return Ok(done(Vec::new())) };
            if now < turn.sink.paused_until {
                let Sink { paused_until, failing_since, .. } = turn.sink;
                let at = pace::after_pause(now, paused_until, failing_since, self.random.fraction());
                return Ok(later("the receiver is left alone for a while", at));
            }
            match self.next(&turn, &mut ahead).await? {
                Next::Nothing => return Ok(done(Vec::new())),
                Next::Pass { to } => self.pass(user, id, turn.cursor.position, to).await?,
                Next::Tell { event, to } => {
                    self.note_told(&turn.sink, user).await?;
                    let written = self.write_event(&turn.sink, &event, now).await?;
                    measure::written(&turn.sink.sink_type, &event, &written, self.clock.now());
                    if let Some(again) = self.settle(&turn, to, &written, now).await? {
                        return Ok(later("the receiver did not take it", again));
                    }
                }
            }
        }
        Ok(done(vec![due::export(id, user, self.clock.now())]))
    }

    async fn pass(&self, user: UserId, id: SinkId, from: i64, to: i64) -> Result<()> {
        let mut tx = self.db.write().await?;
        tx.advance_sink(user, id, from, to).await?;
        Ok(tx.commit().await?)
    }

    /// That a program is told of a person is on record before it happens.
    async fn note_told(&self, sink: &Sink, user: UserId) -> Result<()> {
        match sink.token_id {
            Some(token) => self.note_read(&Actor::Token(token), user, Action::EventsRead).await,
            None => Ok(()),
        }
    }

    pub(super) async fn write_event(&self, sink: &Sink, event: &Event, now: Timestamp) -> Result<Written> {
        let kind = sinks::named(&sink.sink_type).ok_or(Error::NotFound("type of sink"))?;
        let outside = Outside { http: &self.sink_http, now };
        kind.write(&outside, &sink.settings, event).await.map_err(|error| Error::Refused(error.to_string()))
    }
}

fn done(next: Vec<store::NewJob>) -> Verdict {
    Verdict::Done { outcome: String::new(), next }
}

fn later(why: &str, at: Timestamp) -> Verdict {
    Verdict::Retry { why: why.to_owned(), at: Some(at) }
}
