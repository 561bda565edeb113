//! What providers send by themselves: accepted once it is durable, opened into notices, each of them attended to by
//! asking for what it speaks of; and replayed where that came to nothing.

mod accept;
mod attend;
mod open;
mod replay;
mod unbundle;
mod watch;

use jiff::{SignedDuration, Timestamp};
use store::{Answers, Db, Gather, NewDelivery};

use crate::{Engine, Result, jobs::verdict};

/// What fails for a reason of its own is given up after so many tries.
const TRIES: i64 = 5;
/// Trouble that may pass is waited out for so long. Whatever it was, the next sync brings it.
pub(crate) const PATIENCE: SignedDuration = SignedDuration::from_hours(48);

/// Deliveries that come together are kept in one commit.
pub(crate) fn gathered(db: Db) -> Gather<NewDelivery, ()> {
    Gather::new(move |deliveries| -> Answers<()> {
        let db = db.clone();
        Box::pin(async move { db.keep_deliveries(deliveries).await })
    })
}

/// What is to become of something that failed once more.
enum Fate {
    Again(Timestamp),
    GivenUp,
}

impl Engine {
    /// Whether to try again what has failed so many times before, and when.
    fn fate(&self, tries_before: i64, since: Timestamp, passing: bool) -> Fate {
        let now = self.clock.now();
        let tried = tries_before + 1 >= TRIES;
        // What is replayed may be old, and is tried a few times again.
        match tried && (!passing || now.duration_since(since) > PATIENCE) {
            true => Fate::GivenUp,
            false => Fate::Again(verdict::backoff(now, tries_before + 1, self.random.fraction())),
        }
    }
}

/// How a provider tells of changes by itself.
fn webhooks<'a>(engine: &'a Engine, provider: &str) -> Result<&'a providers::Webhooks> {
    engine.provider(provider)?.manifest().webhooks.as_ref().ok_or(crate::Error::NotFound("webhook"))
}
