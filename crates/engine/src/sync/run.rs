//! Runs a sync: collection by collection, piece by piece, page by page. After each page its place is kept.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};
use model::{Connection, ConnectionState, Kind, User, Window};
use providers::{Ask, Collection, Dates, Mapped, Page};
use serde::{Deserialize, Serialize};
use store::Job;

use super::{
    fetch::Trouble,
    outcome::{Failure, Outcome, Synced},
    plan::Plan,
};
use crate::{
    Engine, Error, Result,
    apply::{self, Origin},
    jobs::{self, Verdict},
    worker,
};

/// The interval between scheduled syncs.
const EVERY: SignedDuration = SignedDuration::from_hours(4);
/// After so many tries what is missing waits for the next sync in its turn.
const TRIES: i64 = 4;
/// A window that lacks more than this is more likely a mistake of ours than a person's tidying up.
const MOST_REMOVALS: usize = 50;

/// How far a sync is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Collections that are done, for good or ill.
    pub done: BTreeSet<String>,
    pub total: usize,
    pub collection: Option<String>,
    /// Days of the present collection that are done, and all of them.
    pub days_done: u32,
    pub days_total: u32,
    pub counts: BTreeMap<String, usize>,
    pub errors: Vec<Failure>,
    /// Where to go on within the present collection.
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    piece: Window,
    /// The generation of the first page of the piece: what is older was not seen in it.
    generation: i64,
    next: Option<String>,
}

struct Run<'a> {
    engine: &'a Engine,
    job: &'a Job,
    connection: Connection,
    user: User,
    plan: Plan,
    progress: Progress,
    may_refresh: bool,
    /// Some collection failed for a reason that may pass.
    passing: bool,
}

impl Engine {
    /// Runs a sync job to its verdict.
    pub(crate) async fn run_sync(&self, job: &Job) -> Verdict {
        match Run::prepare(self, job).await {
            Ok(Some(run)) => run.complete().await.unwrap_or_else(Verdict::from),
            Ok(None) => Verdict::Fail("the connection is not active".into()),
            Err(error) => error.into(),
        }
    }
}

impl<'a> Run<'a> {
    async fn prepare(engine: &'a Engine, job: &'a Job) -> Result<Option<Self>> {
        let (Some(user), Some(id)) = (job.user_id, job.connection_id) else { return Ok(None) };
        let mut tx = engine.db.read().await?;
        let connection = tx.connection(user, id).await?;
        if connection.state != ConnectionState::Active {
            return Ok(None);
        }
        let plan = Plan::parse(&job.payload).map_err(|error| Error::invalid("plan", error.to_string()))?;
        let progress = job.progress.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let mut progress: Progress = progress.unwrap_or_default();
        progress.errors.clear();
        let user = tx.user(user).await?;
        Ok(Some(Self { engine, job, connection, user, plan, progress, may_refresh: true, passing: false }))
    }

    async fn complete(mut self) -> Result<Verdict> {
        let wanted = self.wanted().await?;
        self.progress.total = wanted.len();
        for (collection, window) in wanted {
            if self.progress.done.contains(&collection.id) {
                continue;
            }
            if let Err(trouble) = self.collection(&collection, window).await {
                self.note_trouble(&collection, trouble).await?;
            }
        }
        self.finish().await
    }

    /// The collections to ask, with their windows: consented to, granted, and due.
    async fn wanted(&self) -> Result<Vec<(Collection, Window)>> {
        let kinds = self.consented_kinds().await?;
        let states = self.engine.db.read().await?.collection_states(self.user.id, self.connection.id).await?;
        let now = self.engine.clock.now();
        let manifest = self.engine.provider(&self.connection.provider)?.manifest();
        let mut wanted = Vec::new();
        for collection in &manifest.collections {
            let named = self.plan.collection.as_ref().is_none_or(|name| *name == collection.id);
            if !named || !kinds.contains(&collection.kind) {
                continue;
            }
            if !self.connection.grants(&collection.scope) {
                self.note(&collection.id, Some("not granted"), Some(&collection.scope)).await?;
                continue;
            }
            let state = states.iter().find(|state| state.collection == collection.id);
            let last_success = state.and_then(|state| state.last_success_at);
            let window = self.plan.window_of(collection, &self.user, last_success, now);
            wanted.extend(window.map(|window| (collection.clone(), window)));
        }
        Ok(wanted)
    }

    async fn consented_kinds(&self) -> Result<BTreeSet<Kind>> {
        let consent = self.engine.db.read().await?.find_consent(self.user.id, self.connection.id).await?;
        Ok(consent.map(|consent| consent.kinds).unwrap_or_default())
    }

    async fn collection(&mut self, collection: &Collection, window: Window) -> std::result::Result<(), Trouble> {
        let mut seen = HashSet::new();
        let pieces = if collection.dates == Dates::None { vec![window] } else { window.pieces(collection.days_per_request) };
        let place = self.progress.place.take().filter(|_| self.progress.collection.as_ref() == Some(&collection.id));
        self.progress.collection = Some(collection.id.clone());
        self.progress.days_total = window.days();
        let resumed = place.as_ref().and_then(|place| pieces.iter().position(|piece| *piece == place.piece));
        self.progress.days_done = pieces.iter().take(resumed.unwrap_or(0)).map(Window::days).sum();
        let mut place = place.filter(|_| resumed.is_some());
        for piece in pieces.iter().skip(resumed.unwrap_or(0)) {
            self.piece(collection, *piece, place.take(), &mut seen).await?;
            self.progress.days_done += piece.days();
        }
        self.progress.done.insert(collection.id.clone());
        self.progress.place = None;
        self.note(&collection.id, None, None).await?;
        Ok(())
    }

    async fn piece(
        &mut self,
        collection: &Collection,
        piece: Window,
        place: Option<Place>,
        seen: &mut HashSet<String>,
    ) -> std::result::Result<(), Trouble> {
        let (mut first, mut next) = place.map_or((None, None), |place| (Some(place.generation), place.next));
        loop {
            let generation = self.next_generation().await?;
            let first = *first.get_or_insert(generation);
            let ask = Ask { collection, window: piece, next: next.as_deref() };
            let page = self.engine.fetch_page(&self.connection, &ask, &mut self.may_refresh).await?;
            let mapped = self.engine.provider(&self.connection.provider)?.provider.map(&collection.id, &page.body)?;
            self.count(collection, &mapped, piece, seen);
            next.clone_from(&page.next);
            self.progress.place = Some(Place { piece, generation: first, next: next.clone() });
            self.store(collection, generation, &page, mapped).await?;
            if next.is_none() {
                return self.end_piece(collection, piece, first).await;
            }
        }
    }

    async fn next_generation(&self) -> Result<i64> {
        let mut tx = self.engine.db.write().await?;
        let generation = tx.next_generation(self.user.id, self.connection.id).await?;
        tx.commit().await?;
        Ok(generation)
    }

    fn count(&mut self, collection: &Collection, mapped: &Mapped, piece: Window, seen: &mut HashSet<String>) {
        for skipped in &mapped.skipped {
            tracing::warn!(collection = collection.id, index = skipped.index, why = skipped.why, "an item was skipped");
        }
        let open_ended = piece.to >= self.user.today(self.engine.clock.now());
        let within = |record: &&model::Record| {
            record.day.is_none_or(|day| piece.contains(day) || (open_ended && day >= piece.from))
        };
        let new = mapped.records.iter().filter(within).filter(|record| seen.insert(record.provider_id.clone())).count();
        *self.progress.counts.entry(collection.id.clone()).or_default() += new;
    }

    /// The raw page, its records and our place are stored together.
    async fn store(&self, collection: &Collection, generation: i64, page: &Page, mapped: Mapped) -> Result<()> {
        let (user, id, now) = (self.user.id, self.connection.id, self.engine.clock.now());
        let mut tx = self.engine.db.write().await?;
        tx.lock_log(user).await?;
        if tx.connection(user, id).await?.state != ConnectionState::Active {
            return Err(Error::NotConnected);
        }
        tx.keep_page(user, id, &collection.id, generation, now, &page.body).await?;
        let origin = Origin::new(&self.connection, &collection.id, generation, now);
        apply::apply(&mut tx, origin, mapped.records, &mapped.gone).await?;
        let lease_until = now.saturating_add(worker::LEASE).unwrap_or(now);
        let progress = serde_json::to_string(&self.progress).unwrap_or_default();
        tx.hold_job(self.job.id, &self.engine.process, lease_until, Some(&progress)).await?;
        Ok(tx.commit().await?)
    }

    /// A piece is complete: what it did not bring may be gone, and its days are covered.
    async fn end_piece(
        &mut self,
        collection: &Collection,
        piece: Window,
        first_generation: i64,
    ) -> std::result::Result<(), Trouble> {
        self.progress.place = None;
        if collection.dates == Dates::None {
            return Ok(());
        }
        let (user, id) = (self.user.id, self.connection.id);
        let mut tx = self.engine.db.read().await?;
        let unseen = tx.unseen(user, id, &collection.id, piece, first_generation).await?;
        drop(tx);
        let mut gone = Vec::new();
        if collection.documents {
            for (kind, provider_id) in unseen.into_iter().take(MOST_REMOVALS) {
                if self.engine.is_gone(&self.connection, collection, &provider_id).await? {
                    gone.push((kind, provider_id));
                }
            }
        }
        let generation = self.next_generation().await?;
        let now = self.engine.clock.now();
        let mut tx = self.engine.db.write().await?;
        let origin = Origin::new(&self.connection, &collection.id, generation, now);
        apply::apply(&mut tx, origin, Vec::new(), &gone).await?;
        tx.cover(id, &collection.id, piece).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn note_trouble(&mut self, collection: &Collection, trouble: Trouble) -> Result<()> {
        match trouble {
            Trouble::Connection(error) => Err(error),
            Trouble::MissingScope(scope) => {
                self.progress.done.insert(collection.id.clone());
                self.note(&collection.id, Some("not granted"), Some(&scope)).await
            }
            Trouble::Collection { why, passing } => {
                self.passing |= passing;
                self.note(&collection.id, Some(&why), None).await?;
                self.progress.errors.push(Failure { collection: collection.id.clone(), error: why });
                Ok(())
            }
        }
    }

    async fn note(&self, collection: &str, error: Option<&str>, missing_scope: Option<&str>) -> Result<()> {
        let now = self.engine.clock.now();
        let mut tx = self.engine.db.write().await?;
        tx.note_collection(self.user.id, self.connection.id, collection, now, error, missing_scope).await?;
        Ok(tx.commit().await?)
    }

    async fn finish(self) -> Result<Verdict> {
        let now = self.engine.clock.now();
        let errors = &self.progress.errors;
        let last_error = errors.first().map(|failure| format!("{}: {}", failure.collection, failure.error));
        let succeeded = !self.progress.done.is_empty() || self.progress.total == 0;
        let mut tx = self.engine.db.write().await?;
        tx.note_sync(self.user.id, self.connection.id, succeeded.then_some(now), last_error.as_deref()).await?;
        let lease_until = now.saturating_add(worker::LEASE).unwrap_or(now);
        let progress = serde_json::to_string(&self.progress).unwrap_or_default();
        tx.hold_job(self.job.id, &self.engine.process, lease_until, Some(&progress)).await?;
        tx.commit().await?;
        if self.plan.recurring && self.passing && self.job.attempts < TRIES {
            return Ok(Verdict::Retry { why: last_error.unwrap_or_default(), at: None });
        }
        let outcome = self.outcome(now);
        let next = self.plan.recurring.then(|| jobs::scheduled_sync(&self.connection, self.next_turn(now)));
        Ok(Verdict::Done { outcome: serde_json::to_string(&outcome).unwrap_or_default(), next: next.into_iter().collect() })
    }

    fn outcome(&self, now: Timestamp) -> Outcome {
        Outcome {
            success: self.progress.errors.is_empty(),
            synced: Synced { counts: self.progress.counts.clone(), errors: self.progress.errors.clone() },
            period: self.plan.window(&self.user, now).into(),
        }
    }

    /// Spread out, so that those who connected together do not all come back together.
    fn next_turn(&self, now: Timestamp) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "a few minutes")]
        let spread = SignedDuration::from_secs((self.engine.random.fraction() * 300.0) as i64);
        now.saturating_add(EVERY + spread).unwrap_or(Timestamp::MAX)
    }
}
