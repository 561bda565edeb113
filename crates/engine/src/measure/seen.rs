//! What is only known by looking, as a scrape does.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use metrics::{
    Unit::{Bytes, Count, Seconds},
    describe_gauge, gauge,
};
use model::DeliveryState;
use store::{Backlog, Queue, Sizes};

use super::process;
use crate::{Check, Engine, Result, jobs};

/// What a look around has found. What could not be looked at is missing.
pub struct Seen {
    at: Timestamp,
    engine: &'static str,
    checks: Vec<Check>,
    queues: Vec<Queue>,
    backlogs: Vec<Backlog>,
    budgets: Vec<Budget>,
    /// Since when the sink that is in trouble for longest has taken nothing.
    failing_since: Vec<Timestamp>,
    sizes: Vec<Arc<Sizes>>,
}

/// What is left of a provider's budget of requests.
struct Budget {
    provider: String,
    left: i64,
    paused: SignedDuration,
}

impl Engine {
    /// Looks around. However much is stored and scheduled, this costs little.
    pub async fn look_around(&self) -> Seen {
        Seen {
            at: self.clock.now(),
            engine: if self.db.is_embedded() { "sqlite" } else { "postgresql" },
            checks: self.readiness().await.checks,
            queues: found(self.queues().await),
            backlogs: found(self.backlogs().await),
            budgets: found(self.budgets().await),
            failing_since: found(self.failing_since().await),
            sizes: found(self.sizes().await.map(|sizes| vec![sizes])),
        }
    }

    /// Of every type of job, so that none vanishes when nothing waits.
    async fn queues(&self) -> Result<Vec<Queue>> {
        let mut queues = self.db.read().await?.queues(self.clock.now()).await?;
        for job_type in jobs::ALL {
            if queues.iter().all(|queue| queue.job_type != job_type) {
                queues.push(Queue { job_type: job_type.to_owned(), due: 0, oldest: None, running: 0 });
            }
        }
        Ok(queues)
    }

    /// Of every state at every provider, so that none vanishes when it is empty.
    async fn backlogs(&self) -> Result<Vec<Backlog>> {
        let found = self.db.read().await?.backlogs().await?;
        let states = [DeliveryState::Received, DeliveryState::Waiting, DeliveryState::Unmatched, DeliveryState::Dead];
        let all = self.providers.keys().flat_map(|provider| states.map(|state| (provider.clone(), state)));
        let backlog = |(provider, state)| {
            let same = found.iter().find(|it| it.provider == provider && it.state == state);
            Backlog { provider, state, deliveries: same.map_or(0, |it| it.deliveries) }
        };
        Ok(all.map(backlog).collect())
    }

    async fn failing_since(&self) -> Result<Vec<Timestamp>> {
        Ok(self.db.read().await?.sinks_failing_since().await?.into_iter().collect())
    }

    async fn budgets(&self) -> Result<Vec<Budget>> {
        let now = self.clock.now();
        let mut tx = self.db.read().await?;
        let mut budgets = Vec::new();
        for (id, configured) in &self.providers {
            let limits = &configured.manifest().limits;
            let window = i64::from(limits.per_seconds) * 1000;
            let (left, until) = tx.budget_left(id, limits.requests.into(), window, now).await?;
            let paused = until.map(|until| until.duration_since(now)).unwrap_or_default();
            budgets.push(Budget { provider: id.clone(), left, paused });
        }
        Ok(budgets)
    }
}

/// Who scrapes while the database is away is told what is known without it.
fn found<T>(looked: Result<Vec<T>>) -> Vec<T> {
    looked.unwrap_or_else(|error| {
        tracing::warn!(%error, "a gauge could not be read");
        Vec::new()
    })
}

impl Seen {
    /// Sets every gauge, in whichever recorder is at hand.
    pub fn show(&self) {
        self.show_process();
        self.show_checks();
        self.show_queues();
        self.show_backlogs();
        self.show_budgets();
        self.show_sinks();
        self.show_sizes();
    }

    fn show_process(&self) {
        describe_gauge!("afferent_build_info", "Always 1; the labels say what runs.");
        describe_gauge!("process_resident_memory_bytes", Bytes, "Memory that this process holds.");
        describe_gauge!("process_open_fds", Count, "Files and connections that this process holds open.");
        gauge!("afferent_build_info", "version" => env!("CARGO_PKG_VERSION"), "database" => self.engine).set(1.0);
        if let Some(bytes) = process::resident_bytes() {
            gauge!("process_resident_memory_bytes").set(number(bytes));
        }
        if let Some(files) = process::open_files() {
            gauge!("process_open_fds").set(number(files as u64));
        }
    }

    fn show_checks(&self) {
        const CHECK: &str = "afferent_check";
        describe_gauge!(CHECK, "What /ready looks at: 1 where it is well.");
        for check in &self.checks {
            let required = if check.required { "true" } else { "false" };
            let labels = [("check", check.name.clone()), ("required", required.to_owned())];
            gauge!(CHECK, &labels).set(if check.ok { 1.0 } else { 0.0 });
        }
    }

    fn show_queues(&self) {
        const DUE: &str = "afferent_jobs_due";
        const OLDEST: &str = "afferent_jobs_oldest_due_seconds";
        const RUNNING: &str = "afferent_jobs_running";
        describe_gauge!(DUE, Count, "Jobs that wait although they are due.");
        describe_gauge!(OLDEST, Seconds, "For how long the oldest due job of each type has waited.");
        describe_gauge!(RUNNING, Count, "Jobs that are being done, in all processes.");
        for queue in &self.queues {
            let waited = queue.oldest.map(|oldest| self.at.duration_since(oldest)).unwrap_or_default();
            gauge!(DUE, "type" => queue.job_type.clone()).set(number(queue.due.unsigned_abs()));
            gauge!(OLDEST, "type" => queue.job_type.clone()).set(waited.as_secs_f64().max(0.0));
            gauge!(RUNNING, "type" => queue.job_type.clone()).set(number(queue.running.unsigned_abs()));
        }
    }

    fn show_backlogs(&self) {
        const BACKLOG: &str = "afferent_webhook_deliveries";
        describe_gauge!(BACKLOG, Count, "Deliveries that wait, match nobody, or were given up.");
        for backlog in &self.backlogs {
            let labels = [("provider", backlog.provider.clone()), ("state", backlog.state.to_string())];
            gauge!(BACKLOG, &labels).set(number(backlog.deliveries.unsigned_abs()));
        }
    }

    fn show_sinks(&self) {
        const FAILING: &str = "afferent_sinks_failing_seconds";
        describe_gauge!(
            FAILING,
            Seconds,
            "For how long the sink that fails for longest has taken nothing; 0: none fails."
        );
        let failing = self.failing_since.iter().map(|since| self.at.duration_since(*since)).max();
        gauge!(FAILING).set(failing.unwrap_or_default().as_secs_f64());
    }

    fn show_sizes(&self) {
        const DATABASE: &str = "afferent_database_bytes";
        const FREE: &str = "afferent_database_free_bytes";
        const ROWS: &str = "afferent_table_rows";
        const TABLE: &str = "afferent_table_bytes";
        describe_gauge!(DATABASE, Bytes, "How big the database is.");
        describe_gauge!(FREE, Bytes, "How much of it holds nothing, where the engine knows.");
        describe_gauge!(ROWS, Count, "Rows of each table; of big ones as the engine estimates.");
        describe_gauge!(TABLE, Bytes, "How big each table is with its indexes, where the engine knows.");
        for sizes in &self.sizes {
            gauge!(DATABASE).set(number(sizes.bytes.unsigned_abs()));
            if let Some(free) = sizes.free_bytes {
                gauge!(FREE).set(number(free.unsigned_abs()));
            }
            for table in &sizes.tables {
                gauge!(ROWS, "table" => table.name.clone()).set(number(table.rows.unsigned_abs()));
                if let Some(bytes) = table.bytes {
                    gauge!(TABLE, "table" => table.name.clone()).set(number(bytes.unsigned_abs()));
                }
            }
        }
    }

    fn show_budgets(&self) {
        const LEFT: &str = "afferent_provider_budget_left";
        const PAUSED: &str = "afferent_provider_paused_seconds";
        describe_gauge!(LEFT, Count, "Requests that nobody has taken yet in the provider's present window.");
        describe_gauge!(PAUSED, Seconds, "For how long the provider asks to be left alone.");
        for budget in &self.budgets {
            gauge!(LEFT, "provider" => budget.provider.clone()).set(number(budget.left.max(0).unsigned_abs()));
            gauge!(PAUSED, "provider" => budget.provider.clone()).set(budget.paused.as_secs_f64());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}
