//! Whether this process can do its work.

use jiff::{SignedDuration, Timestamp};
use model::ListeningState;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::{Engine, Result, listen::Listening};

/// Work that waits longer than this is not being done.
const LONGEST_LAG: SignedDuration = SignedDuration::from_mins(5);
/// Syncs come every four hours: two that fail are bad luck, more are trouble.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(12);
/// Where the provider tells us of changes, they come once a day.
const LONGEST_WHEN_TOLD: SignedDuration = SignedDuration::from_hours(36);

/// Anybody may ask, as often as they like, and looking costs.
const FRESH: SignedDuration = SignedDuration::from_secs(2);

/// How well this process was, and when.
#[derive(Default)]
pub(crate) struct KnownReadiness(Mutex<Option<(Timestamp, Readiness)>>);

/// Whether this process can do its work, and what it looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    pub ready: bool,
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    pub name: String,
    pub ok: bool,
    /// Whether the process is unready when this is not well.
    pub required: bool,
    pub detail: String,
}

impl Check {
    fn of(name: &str, looked: Result<String>) -> Self {
        let ok = looked.is_ok();
        let detail = looked.unwrap_or_else(|error| error.to_string());
        Self { name: name.to_owned(), ok, required: true, detail }
    }

    fn not_looked_at(name: &str) -> Self {
        Self { name: name.to_owned(), ok: false, required: true, detail: "not looked at".to_owned() }
    }
}

impl Engine {
    /// Whether this process has what it needs, as it was at most two seconds ago.
    pub async fn readiness(&self) -> Readiness {
        // Held while looking: those who ask meanwhile get the same answer.
        let mut known = self.known_readiness.0.lock().await;
        if let Some((at, readiness)) = &*known
            && self.clock.now().duration_since(*at).abs() < FRESH
        {
            return readiness.clone();
        }
        let readiness = self.look_at_everything().await;
        *known = Some((self.clock.now(), readiness.clone()));
        readiness
    }

    async fn look_at_everything(&self) -> Readiness {
        let database = Check::of("database", self.check_database().await);
        if !database.ok {
            // Each of the others would wait for the database in its turn.
            let others = ["migrations", "keys", "worker"].map(Check::not_looked_at);
            return Readiness { ready: false, checks: [database].into_iter().chain(others).collect() };
        }
        let mut checks = vec![
            database,
            Check::of("migrations", self.check_migrations().await),
            Check::of("keys", self.check_keys().await),
            Check::of("worker", self.check_worker().await),
        ];
        if !self.db.is_embedded() {
            checks.push(self.check_durability().await);
        }
        for id in self.providers.keys() {
            checks.push(self.check_provider(id).await);
            checks.extend(self.check_webhooks(id).await);
        }
        Readiness { ready: checks.iter().all(|check| check.ok || !check.required), checks }
    }

    async fn check_database(&self) -> Result<String> {
        self.db.read().await?.users(None, 1).await?;
        // Where nobody writes, nobody else would find out that there is room again.
        if self.db.is_full() && self.db.probe().await.is_err() {
            return Err(unready("what is written does not last: the disk is full or fails".to_owned()));
        }
        Ok(if self.db.is_embedded() { "embedded SQLite answers" } else { "PostgreSQL answers" }.to_owned())
    }

    /// Whoever runs the server may have decided so: it is shown.
    async fn check_durability(&self) -> Check {
        let looked = match self.db.undurable().await {
            Ok(None) => Ok("a commit outlives the machine".to_owned()),
            Ok(Some(setting)) => Err(unready(format!("{setting} is off in PostgreSQL: what was answered may be lost"))),
            Err(error) => Err(error.into()),
        };
        Check { required: false, ..Check::of("durability", looked) }
    }

    async fn check_migrations(&self) -> Result<String> {
        match self.db.pending_migrations().await? {
            0 => Ok("up to date".to_owned()),
            pending => Err(unready(format!("{pending} to be run: afferent migrate"))),
        }
    }

    async fn check_keys(&self) -> Result<String> {
        self.db.read().await?.check_keys().await?;
        Ok("every key that seals is here".to_owned())
    }

    async fn check_worker(&self) -> Result<String> {
        let now = self.clock.now();
        let Some(due) = self.db.read().await?.oldest_due(now).await? else { return Ok("nothing waits".to_owned()) };
        let lag = now.duration_since(due);
        if lag > LONGEST_LAG {
            return Err(unready(format!("work has waited for {} s", lag.as_secs())));
        }
        Ok(format!("lag {} s", lag.as_secs()))
    }

    /// A provider in trouble is shown, but does not take this process out of service.
    async fn check_provider(&self, id: &str) -> Check {
        let looked = async {
            let mut tx = self.db.read().await?;
            let is_used = tx.has_active_connection(id).await?;
            let told = tx.listening(id).await?.is_some_and(|it| it.state == ListeningState::Active);
            let longest = if told { LONGEST_WHEN_TOLD } else { LONGEST_SILENCE };
            Ok::<_, crate::Error>((is_used, tx.last_success(id).await?, longest))
        };
        let name = format!("provider:{id}");
        let (ok, detail) = match looked.await {
            Ok((false, ..)) => (true, "nobody is connected".to_owned()),
            Ok((_, None, _)) => (true, "not synced yet".to_owned()),
            Ok((_, Some(last), longest)) => {
                (self.clock.now().duration_since(last) <= longest, format!("last success {last}"))
            }
            Err(error) => (false, error.to_string()),
        };
        Check { name, ok, required: false, detail }
    }

    /// Where a provider does not tell us of changes we ask it, so that this is shown and no more.
    async fn check_webhooks(&self, id: &str) -> Option<Check> {
        let name = format!("webhooks:{id}");
        let (ok, detail) = match self.listening(id).await {
            Ok(Listening { state: ListeningState::Unsupported, .. }) => return None,
            Ok(listening) => (listening.is_well(), listening.in_words()),
            Err(error) => (false, error.to_string()),
        };
        Some(Check { name, ok, required: false, detail })
    }
}

fn unready(message: String) -> crate::Error {
    crate::Error::Unavailable { message, retry_at: None }
}
