//! Attends to a connection's notices: what they speak of is asked for, and applied as every sync applies it.

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use model::{Connection, ConnectionState, DeliveryState, Kind, NoticeState, Operation};
use providers::Collection;
use store::{Job, NewJob, Tx, WaitingNotice, Write};

use super::Fate;
use crate::{
    Engine, Error, Result,
    jobs::{self, Verdict},
    measure::{self, Delivered},
    sync::{Looked, Trial, Trouble},
};

const AT_ONCE: i64 = 200;

/// What is not consented to, or not granted, is left alone.
const NOT_CONSENTED: &str = "not consented to";
const NOT_COLLECTED: &str = "not collected here";

const STILL_THERE: &str = "told to be deleted, and still there";
/// How long a deletion is waited for that does not show yet.
const LAGS: [SignedDuration; 2] = [SignedDuration::from_mins(1), SignedDuration::from_mins(10)];

/// A thing that notices speak of: several may, and it is asked for once.
struct Thing {
    collection: String,
    object_id: String,
    notices: Vec<WaitingNotice>,
}

impl Thing {
    /// Until when a thing may be answered that was deleted: a provider's answers may be older than what it tells.
    fn still_there_until(&self, now: Timestamp) -> Option<Timestamp> {
        let last = self.notices.last().filter(|last| last.operation == Operation::Delete)?;
        let lag = LAGS.get(usize::try_from(last.tries).ok()?)?;
        now.checked_add(*lag).ok()
    }
}

/// One visit to a connection's notices.
struct Visit<'a> {
    engine: &'a Engine,
    connection: Connection,
    kinds: BTreeSet<Kind>,
    may_refresh: bool,
}

impl Engine {
    /// Attends to a connection's waiting notices.
    pub(crate) async fn attend(&self, job: &Job) -> Verdict {
        match self.visit(job).await {
            // Who must connect again is attended to then; who has disconnected has no notices any more.
            Err(Error::NotConnected | Error::NeedsConsent(_) | Error::NotFound(_)) => Ok(Vec::new()).into(),
            visited => visited.into(),
        }
    }

    async fn visit(&self, job: &Job) -> Result<Vec<NewJob>> {
        let (Some(user), Some(id)) = (job.user_id, job.connection_id) else { return Ok(Vec::new()) };
        let mut tx = self.db.read().await?;
        let connection = tx.connection(user, id).await?;
        let kinds = tx.find_consent(user, id).await?.map(|consent| consent.kinds).unwrap_or_default();
        drop(tx);
        if connection.state != ConnectionState::Active {
            return Ok(Vec::new());
        }
        let mut visit = Visit { engine: self, connection, kinds, may_refresh: true };
        let not_before = visit.all().await?;
        let next = self.db.read().await?.next_notice(user, id).await?;
        let at = next.map(|next| not_before.map_or(next, |not_before| next.max(not_before)));
        Ok(at.into_iter().map(|at| jobs::attend(user, id, at)).collect())
    }
}

impl Visit<'_> {
    /// Attends to all that is due. Says before when nobody need come again, where the provider is in trouble.
    async fn all(&mut self) -> Result<Option<Timestamp>> {
        let (user, id) = (self.connection.user_id, self.connection.id);
        loop {
            let now = self.engine.clock.now();
            let waiting = self.engine.db.read().await?.waiting_notices(user, id, now, AT_ONCE).await?;
            if waiting.is_empty() {
                return Ok(None);
            }
            let mut things = things(waiting);
            while let Some(thing) = things.pop_front() {
                let Err(trouble) = self.look(&thing).await else { continue };
                let not_before = self.bear(thing, &mut things, trouble).await?;
                if not_before.is_some() {
                    return Ok(not_before);
                }
            }
        }
    }

    async fn look(&mut self, thing: &Thing) -> Trial<()> {
        let manifest = self.engine.provider(&self.connection.provider)?.manifest();
        let collection = match manifest.collection(&thing.collection) {
            Some(collection) if self.kinds.contains(&collection.kind) => collection.clone(),
            Some(_) => return Ok(self.ignore(thing, NOT_CONSENTED).await?),
            None => return Ok(self.ignore(thing, NOT_COLLECTED).await?),
        };
        if !self.connection.grants(&collection.scope) {
            return Err(Trouble::MissingScope(collection.scope));
        }
        if !collection.documents {
            return Ok(self.sync_instead(&collection, thing).await?);
        }
        let (engine, connection) = (self.engine, &self.connection);
        let looked =
            engine.look_up(connection, &collection, collection.kind, &thing.object_id, &mut self.may_refresh).await?;
        let brought = match looked {
            Looked::Told(brought) => brought,
            Looked::Refused(why) => return Err(Trouble::Collection { why, passing: false }),
        };
        let is_there = brought.page.is_some();
        let mut tx = engine.begin_on(connection).await?;
        engine.write_down(&mut tx, connection, &collection, brought).await?;
        if let Some(at) = thing.still_there_until(engine.clock.now()).filter(|_| is_there) {
            tx.put_off_notices(connection.user_id, &thing.notices, STILL_THERE, at).await?;
            return Ok(tx.commit().await?);
        }
        self.settle(&mut tx, &thing.notices, NoticeState::Applied, None).await?;
        tx.commit().await?;
        self.note_lag(thing);
        Ok(())
    }

    /// What cannot be asked for by itself comes with its days.
    async fn sync_instead(&self, collection: &Collection, thing: &Thing) -> Result<()> {
        let now = self.engine.clock.now();
        let oldest = thing.notices.iter().map(|notice| notice.received_at).min().unwrap_or(now);
        let days = 2 + u32::try_from(now.duration_since(oldest).as_hours() / 24).unwrap_or(0);
        let mut tx = self.engine.begin_on(&self.connection).await?;
        tx.enqueue(now, jobs::noticed_sync(&self.connection, &collection.id, days, now)).await?;
        self.settle(&mut tx, &thing.notices, NoticeState::Applied, Some("comes with the sync of its days")).await?;
        Ok(tx.commit().await?)
    }

    async fn ignore(&self, thing: &Thing, why: &str) -> Result<()> {
        let mut tx = self.engine.begin_on(&self.connection).await?;
        self.settle(&mut tx, &thing.notices, NoticeState::Ignored, Some(why)).await?;
        Ok(tx.commit().await?)
    }

    async fn settle(
        &self,
        tx: &mut Tx<Write>,
        notices: &[WaitingNotice],
        state: NoticeState,
        why: Option<&str>,
    ) -> Result<()> {
        let now = self.engine.clock.now();
        let deliveries = tx.settle_notices(self.connection.user_id, notices, state, why, now).await?;
        for _ in deliveries.iter().filter(|state| **state == DeliveryState::Dead) {
            measure::delivery(&self.connection.provider, Delivered::Dead);
        }
        Ok(())
    }

    fn note_lag(&self, thing: &Thing) {
        let now = self.engine.clock.now();
        for notice in &thing.notices {
            measure::webhook_lag(&self.connection.provider, now.duration_since(notice.received_at));
        }
    }

    /// Puts off, or gives up, what a trouble affects. Says until when, where it affects everything.
    async fn bear(
        &mut self,
        thing: Thing,
        others: &mut VecDeque<Thing>,
        trouble: Trouble,
    ) -> Result<Option<Timestamp>> {
        match trouble {
            Trouble::MissingScope(scope) => {
                self.lacks(&thing, &scope).await?;
                Ok(None)
            }
            Trouble::Collection { why, passing: false } => {
                self.put_off(&thing.notices, &why, false, None).await?;
                Ok(None)
            }
            Trouble::Collection { why, passing: true } => {
                let notices = together(thing, others, |thing, other| thing.collection == other.collection);
                self.put_off(&notices, &why, true, None).await?;
                Ok(None)
            }
            Trouble::Connection(Error::Unavailable { message, retry_at }) => {
                let notices = together(thing, others, |_, _| true);
                self.put_off(&notices, &message, true, retry_at).await
            }
            Trouble::Connection(
                error @ (Error::NotConnected
                | Error::NeedsConsent(_)
                | Error::NotFound(_)
                | Error::Store(store::Error::Database(_))),
            ) => Err(error),
            Trouble::Connection(error) => {
                self.put_off(&thing.notices, &error.to_string(), false, None).await?;
                Ok(None)
            }
        }
    }

    async fn lacks(&self, thing: &Thing, scope: &str) -> Result<()> {
        let (user, id, now) = (self.connection.user_id, self.connection.id, self.engine.clock.now());
        let mut tx = self.engine.begin_on(&self.connection).await?;
        tx.note_collection(user, id, &thing.collection, now, Some("not granted"), Some(scope)).await?;
        let why = format!("the scope {scope} was not granted");
        self.settle(&mut tx, &thing.notices, NoticeState::Ignored, Some(&why)).await?;
        Ok(tx.commit().await?)
    }

    /// Says until when.
    async fn put_off(
        &self,
        notices: &[WaitingNotice],
        why: &str,
        passing: bool,
        until: Option<Timestamp>,
    ) -> Result<Option<Timestamp>> {
        let (mut given_up, mut again, mut latest) = (Vec::new(), Vec::new(), until);
        for notice in notices {
            match self.engine.fate(notice.tries, notice.received_at, passing) {
                Fate::GivenUp => given_up.push(notice.clone()),
                Fate::Again(at) => {
                    again.push(notice.clone());
                    latest = until.or(latest.max(Some(at)));
                }
            }
        }
        let at = latest.unwrap_or(self.engine.clock.now());
        tracing::info!(connection.id = %self.connection.id, why, again = again.len(), given_up = given_up.len(), "notices are put off");
        let mut tx = self.engine.begin_on(&self.connection).await?;
        tx.put_off_notices(self.connection.user_id, &again, why, at).await?;
        self.settle(&mut tx, &given_up, NoticeState::Dead, Some(why)).await?;
        tx.commit().await?;
        Ok(Some(at))
    }
}

/// Notices by the things that they speak of, in the order in which those were first spoken of.
fn things(waiting: Vec<WaitingNotice>) -> VecDeque<Thing> {
    let mut things: VecDeque<Thing> = VecDeque::new();
    for notice in waiting {
        let same = |it: &&mut Thing| it.collection == notice.collection && it.object_id == notice.object_id;
        match things.iter_mut().find(same) {
            Some(thing) => thing.notices.push(notice),
            None => things.push_back(Thing {
                collection: notice.collection.clone(),
                object_id: notice.object_id.clone(),
                notices: vec![notice],
            }),
        }
    }
    things
}

/// The notices of a thing and, taken out, of those others that share its fate.
fn together(thing: Thing, others: &mut VecDeque<Thing>, shares: impl Fn(&Thing, &Thing) -> bool) -> Vec<WaitingNotice> {
    let (sharing, rest): (VecDeque<_>, VecDeque<_>) = others.drain(..).partition(|other| shares(&thing, other));
    *others = rest;
    thing.notices.into_iter().chain(sharing.into_iter().flat_map(|other| other.notices)).collect()
}
