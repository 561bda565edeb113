//! Runs a sync: collection by collection. What fails does not keep the others from being asked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Connection, ConnectionState, Kind, User, Window};
use providers::Collection;
use store::{Job, Tx, Write};

use super::{
    fetch::Trouble,
    outcome::{Failure, Outcome, Synced},
    plan::Plan,
    progress::Progress,
    turn,
    watch::Watch,
};
use crate::{
    Engine, Error, Result,
    jobs::{self, Verdict},
    listen::{GRACE, Pace},
    worker,
};

/// After so many tries what is missing waits for the next sync in its turn.
const TRIES: i64 = 4;
/// With the first of its records that grows too old a raw page goes: one of few days takes little else with it.
const NARROW: u32 = 30;

pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine,
    job: &'a Job,
    pub(super) connection: Connection,
    pub(super) user: User,
    plan: Plan,
    /// How often what the connection is asked for is asked.
    pace: Pace,
    /// What the connection is asked for: consented to and granted.
    collections: Vec<Collection>,
    watch: Option<Watch>,
    pub(super) progress: Progress,
    pub(super) may_refresh: bool,
    /// Some collection failed for a reason that may pass.
    passing: bool,
}

impl Engine {
    /// Runs a sync job to its verdict.
    pub(crate) async fn run_sync(&self, job: &Job) -> Verdict {
        let run = match Run::prepare(self, job).await {
            Ok(Some(run)) => run,
            Ok(None) => return Verdict::Fail("the connection is not active".into()),
            Err(error) => return error.into(),
        };
        let (connection, recurring) = (run.connection.clone(), run.plan.recurring);
        match run.complete().await {
            Ok(verdict) => verdict,
            Err(error) => self.broken_off(&connection, recurring, error).await,
        }
    }

    /// A sync that broke off: the connection says why, and what recurs is not given up for good.
    async fn broken_off(&self, connection: &Connection, recurring: bool, error: Error) -> Verdict {
        let why = error.to_string();
        let noted = async {
            let mut tx = self.begin_on(connection).await?;
            tx.note_sync(connection.user_id, connection.id, None, Some(&why)).await?;
            Ok::<_, Error>(tx.commit().await?)
        };
        let active = noted.await.is_ok();
        match error.into() {
            Verdict::Fail(why) if recurring && active => {
                tracing::error!(connection.id = %connection.id, why, "a sync failed and waits for its next turn");
                let turn = turn::retry(self.polling, self.clock.now());
                Verdict::Done { outcome: why, next: vec![jobs::scheduled_sync(connection, self.spread(turn))] }
            }
            verdict => verdict,
        }
    }

    fn spread(&self, turn: Timestamp) -> Timestamp {
        turn::spread(turn, self.clock.now(), self.random.fraction())
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
        Ok(Some(Self {
            engine,
            job,
            connection,
            user,
            plan,
            pace: Pace::default(),
            collections: Vec::new(),
            watch: None,
            progress,
            may_refresh: true,
            passing: false,
        }))
    }

    async fn complete(mut self) -> Result<Verdict> {
        self.collections = self.grantable().await?;
        if self.plan.recurring {
            self.pace = self.engine.pace(&self.connection, &self.collections).await?;
        }
        let mut wanted = self.wanted().await?;
        self.say_what_is_missing(&wanted);
        wanted.retain(|(collection, _)| !self.progress.done.contains(&collection.id));
        self.progress.total = self.progress.done.len() + wanted.len();
        for (collection, window) in wanted {
            if let Err(trouble) = self.collection(&collection, window).await {
                self.note_trouble(&collection, trouble).await?;
            }
        }
        self.finish().await
    }

    /// The collections that may be asked: consented to and granted.
    async fn grantable(&self) -> Result<Vec<Collection>> {
        let kinds = self.consented_kinds().await?;
        let manifest = self.engine.provider(&self.connection.provider)?.manifest();
        let mut collections = Vec::new();
        for collection in &manifest.collections {
            let named = self.plan.collection.as_ref().is_none_or(|name| *name == collection.id);
            if !named || !kinds.contains(&collection.kind) {
                continue;
            }
            if self.connection.grants(&collection.scope) {
                collections.push(collection.clone());
            } else {
                self.note(&collection.id, Some("not granted"), Some(&collection.scope)).await?;
            }
        }
        Ok(collections)
    }

    /// Those of them that are due, with their windows.
    async fn wanted(&mut self) -> Result<Vec<(Collection, Window)>> {
        let now = self.engine.clock.now();
        let mut tx = self.engine.db.read().await?;
        let states = tx.collection_states(self.user.id, self.connection.id).await?;
        let keep_from = tx.retention(self.user.id).await?.keep_from;
        let position = tx.head(self.user.id).await?;
        drop(tx);
        let mut wanted = Vec::new();
        for collection in &self.collections {
            let state = states.iter().find(|state| state.collection == collection.id);
            let last_success = state.and_then(|state| state.last_success_at);
            let every = self.pace.every(collection);
            let window = self.plan.window_of(collection, every, &self.user, last_success, now);
            // What would not be kept is not asked for.
            let window = window.and_then(|window| keep_from.map_or(Some(window), |day| window.since(day)));
            let most = if keep_from.is_some() { NARROW } else { u32::MAX };
            let days_per_request = collection.days_per_request.min(most);
            wanted.extend(window.map(|window| (Collection { days_per_request, ..collection.clone() }, window)));
        }
        if self.plan.days.is_none() {
            self.watch = Watch::begin(&self.pace, &wanted, &states, position, now);
        }
        Ok(wanted)
    }

    /// Whoever asks for one collection by name is told when it cannot be asked for.
    fn say_what_is_missing(&mut self, wanted: &[(Collection, Window)]) {
        if let Some(named) = self.plan.collection.as_ref().filter(|_| wanted.is_empty()) {
            let error = "not consented to, or its scope was not granted".to_owned();
            self.progress.errors.push(Failure { collection: named.clone(), error });
        }
    }

    async fn consented_kinds(&self) -> Result<BTreeSet<Kind>> {
        let consent = self.engine.db.read().await?.find_consent(self.user.id, self.connection.id).await?;
        Ok(consent.map(|consent| consent.kinds).unwrap_or_default())
    }

    async fn note_trouble(&mut self, collection: &Collection, trouble: Trouble) -> Result<()> {
        match trouble {
            Trouble::Connection(error) => Err(error),
            Trouble::MissingScope(scope) => {
                self.progress.done.insert(collection.id.clone());
                self.progress.refused.insert(collection.id.clone());
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

    pub(super) async fn note(&self, collection: &str, error: Option<&str>, missing_scope: Option<&str>) -> Result<()> {
        let now = self.engine.clock.now();
        let mut tx = self.engine.begin_on(&self.connection).await?;
        tx.note_collection(self.user.id, self.connection.id, collection, now, error, missing_scope).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down how far the sync is, unless another process has taken it over.
    pub(super) async fn keep_progress(&self, tx: &mut Tx<Write>) -> Result<()> {
        let progress = serde_json::to_string(&self.progress).unwrap_or_default();
        let lease_until = worker::lease_from(self.engine.clock.now());
        if tx.hold_job(self.job.id, &self.engine.process, lease_until, Some(&progress)).await? {
            return Ok(());
        }
        Err(Error::Unavailable { message: "another process has taken this over".into(), retry_at: None })
    }

    async fn finish(mut self) -> Result<Verdict> {
        let now = self.engine.clock.now();
        let errors = &self.progress.errors;
        let last_error = errors.first().map(|failure| format!("{}: {}", failure.collection, failure.error));
        let answered = self.progress.done.len() > self.progress.refused.len() || self.progress.total == 0;
        let mut tx = self.engine.begin_on(&self.connection).await?;
        // One collection by itself says nothing of how fresh all the others are.
        if self.plan.collection.is_none() {
            tx.note_sync(self.user.id, self.connection.id, answered.then_some(now), last_error.as_deref()).await?;
        }
        if let Some(watch) = &self.watch
            && watch.end(&mut tx, &self.connection, now).await?
        {
            self.pace.look_at = now.checked_add(GRACE).ok();
        }
        let states = tx.collection_states(self.user.id, self.connection.id).await?;
        self.keep_progress(&mut tx).await?;
        tx.commit().await?;
        if self.plan.recurring && self.passing && self.job.tries < TRIES {
            return Ok(Verdict::Retry { why: last_error.unwrap_or_default(), at: None });
        }
        let outcome = serde_json::to_string(&self.outcome(now)).unwrap_or_default();
        let turn = || self.engine.spread(turn::next(&self.pace, &self.collections, &states, now));
        let next = self.plan.recurring.then(|| jobs::scheduled_sync(&self.connection, turn()));
        Ok(Verdict::Done { outcome, next: next.into_iter().collect() })
    }

    fn outcome(&self, now: Timestamp) -> Outcome {
        Outcome {
            success: self.progress.errors.is_empty(),
            synced: Synced { counts: self.progress.counts.clone(), errors: self.progress.errors.clone() },
            period: self.plan.window(&self.user, now).into(),
        }
    }
}
