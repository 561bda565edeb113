//! Sends what is due, and again what was not taken; lets the people's devices reach the cloud by themselves.

use std::sync::Arc;

use futures::future::select_all;
use jiff::{SignedDuration, Timestamp};
use model::Clock;
use tokio::{
    runtime::Handle,
    task::{AbortHandle, JoinSet},
};

use crate::{
    outbox::{Delivery, Hand, Next, State},
    reach::Reach,
    stand_in::Manners,
    stats::Webhooks,
    watch::Room,
};

/// How many are under way at once.
const AT_ONCE: usize = 8;

/// The task that sends; ends when dropped.
pub(crate) struct Sender(AbortHandle);

impl Sender {
    /// Begins to send, where there is a runtime to do it.
    pub(crate) fn begin(rooms: &[Room], reach: &Reach, clock: &Clock) -> Option<Self> {
        let round = Round { rooms: rooms.into(), reach: reach.clone(), clock: clock.clone() };
        Some(Self(Handle::try_current().ok()?.spawn(round.go()).abort_handle()))
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Round {
    rooms: Arc<[Room]>,
    reach: Reach,
    clock: Clock,
}

impl Round {
    async fn go(self) {
        let mut under_way = JoinSet::new();
        while !self.rooms.is_empty() {
            let now = self.clock.now();
            let by_themselves: Vec<_> = self.rooms.iter().filter_map(|room| room.stand_in.pass(now)).collect();
            while under_way.len() < AT_ONCE
                && let Some((room, delivery)) = self.take(now)
            {
                under_way.spawn(send(room, delivery, self.reach.clone(), self.clock.clone()));
            }
            let full = under_way.len() == AT_ONCE;
            let due = self.rooms.iter().filter_map(|room| room.stand_in.outbox().next_due()).filter(|_| !full);
            let next = by_themselves.into_iter().chain(due).min().unwrap_or(Timestamp::MAX);
            let more = select_all(self.rooms.iter().map(|room| Box::pin(room.stand_in.outbox().more())));
            tokio::select! {
                () = self.clock.sleep_until(next) => {}
                _ = more => {}
                Some(_) = under_way.join_next() => {}
            }
        }
    }

    fn take(&self, now: Timestamp) -> Option<(Room, Delivery)> {
        self.rooms.iter().find_map(|room| Some((room.clone(), room.stand_in.outbox().take(now)?)))
    }
}

/// Tries once, and notes what follows from it.
async fn send(room: Room, mut delivery: Delivery, reach: Reach, clock: Clock) {
    if delivery.signed.is_empty() {
        let forged = delivery.envelope.hand == Hand::Forged;
        delivery.signed = room.stand_in.sign(&delivery.envelope.body, delivery.signed_at(clock.now()), forged);
    }
    let (manners, body) = (room.stand_in.manners(), delivery.envelope.body.clone());
    let status = reach.post(&delivery.envelope.url, &delivery.signed, body, manners.deadline).await.ok();
    let now = clock.now();
    let next = follows(manners, &delivery, status, now);
    room.faults.count(|stats| count(&mut stats.webhooks, &delivery, next));
    room.stand_in.outbox().note(&delivery, now, status, next);
    if next == Next::Settled(State::Cancelled) && delivery.envelope.hand == Hand::Own {
        room.stand_in.unsubscribed(&delivery.envelope.subscription_id);
    }
}

fn follows(manners: &Manners, delivery: &Delivery, status: Option<u16>, now: Timestamp) -> Next {
    if status.is_some_and(manners.takes) {
        return Next::Settled(State::Delivered);
    }
    if status.is_some() && status == manners.ends {
        return Next::Settled(State::Cancelled);
    }
    let retries = usize::try_from(delivery.tries).unwrap_or(usize::MAX) - 1;
    match manners.retries.get(retries) {
        Some(wait) if delivery.envelope.hand == Hand::Own => Next::Again(now + SignedDuration::from_secs(*wait)),
        _ => Next::Settled(State::GivenUp),
    }
}

fn count(counts: &mut Webhooks, delivery: &Delivery, next: Next) {
    counts.sent += 1;
    counts.retried += u64::from(delivery.tries > 1);
    counts.forged += u64::from(delivery.envelope.hand != Hand::Own);
    match next {
        Next::Settled(State::Delivered) => counts.delivered += 1,
        _ => counts.refused += 1,
    }
    counts.given_up += u64::from(next == Next::Settled(State::GivenUp));
}
