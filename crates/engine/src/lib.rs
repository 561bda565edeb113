//! The verbs: connect, sync, apply, tell, and the worker that runs jobs.

mod apply;
mod audit;
mod bootstrap;
mod budget;
mod connect;
pub mod context;
mod credentials;
mod error;
mod events;
mod export;
mod health;
mod idempotency;
mod jobs;
mod keep;
mod listen;
mod measure;
mod receive;
mod rederive;
mod setup;
mod sharing;
mod status;
mod stream;
mod sync;
mod tell;
mod timeline;
mod worker;

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use model::{Clock, Random, Sharing, UserId};
use outbound::{Budget, Client};
use store::{Db, Gather, NewDelivery};
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    connect::{
        Begin, Begun, Callback, Confirm, Disclosure, Disconnected, Finished, LinkRequest, NewLink, OpenedLink,
        Redeemed, Revocation,
    },
    error::{Error, LinkProblem, StateProblem},
    export::{NewWebhook, ReplayFrom, Tested, Webhook, WebhookAttempt, WebhookChange},
    health::{Check, Readiness},
    idempotency::Once,
    keep::{RecordRetention, Rules},
    listen::{Hearing, Listening},
    measure::{OpenStream, Seen, Via},
    rederive::{Difference, Rederived},
    setup::{Configured, Setup},
    status::{CollectionStatus, Status},
    stream::{Ended, Event, Filter, Follow, Glimpse, Said, Watch, Watched},
    sync::{Asked, Failure, JobReport, Outcome, Progress, SyncRequest},
    tell::Told,
    timeline::{Changed, Happening, Sort, Synced, TimelineQuery, What},
};
pub use providers::{Door, Received};
pub use store::{
    AuditQuery, ChangeFilter, Delivery, DeliveryCount, DeliveryQuery, Heard, ListedNotice, Principal, RecordQuery,
    Sizes, Subscription, TableSize,
};

/// What engine functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// All verbs, and what they need. Clones share it.
#[derive(Clone)]
pub struct Engine(Arc<House>);

/// What the verbs need.
pub struct House {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) http: Client,
    /// The way out to addresses that people and apps name, and the places of those who take it.
    pub(crate) sink_http: Client,
    pub(crate) sink_places: export::Places,
    pub(crate) budget: Arc<dyn Budget>,
    pub(crate) providers: BTreeMap<String, Configured>,
    pub(crate) return_origins: Vec<String>,
    pub(crate) public_url: url::Url,
    /// How often everything is asked for, where the settings say so: then no provider is asked to tell of anything.
    pub(crate) polling: Option<jiff::SignedDuration>,
    pub(crate) rules: Rules,
    pub(crate) known_sizes: keep::KnownSizes,
    pub(crate) known_readiness: health::KnownReadiness,
    /// This process's name in leases.
    pub(crate) process: String,
    /// Work that must end although nobody waits for it any more.
    pub(crate) tasks: TaskTracker,
    pub(crate) flights: credentials::Flights,
    pub(crate) recent_reads: audit::RecentReads,
    pub(crate) reads: Gather<audit::Reading, ()>,
    /// What people share, of those who are asked for at the same time.
    pub(crate) switches: Gather<UserId, Sharing>,
    /// Who reads along, and who watches.
    pub(crate) hub: stream::Hub,
    pub(crate) gallery: stream::Gallery,
    /// Ends the streams.
    pub(crate) closing: CancellationToken,
    /// Ends the jobs that are given back.
    pub(crate) handed_back: CancellationToken,
    /// Deliveries on their way into the database, many in one commit.
    pub(crate) arrivals: Gather<NewDelivery, ()>,
    /// Wakes who opens deliveries: one was kept.
    pub(crate) arrived: Notify,
    /// Places for syncs that somebody waits for.
    pub(crate) asked: Arc<Semaphore>,
    /// Wakes the worker: something was enqueued.
    pub(crate) wake: Notify,
}

impl Deref for Engine {
    type Target = House;

    fn deref(&self) -> &House {
        &self.0
    }
}

impl Engine {
    /// The clock that everything goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The randomness that everything goes by.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// The providers that are configured, by their ids.
    pub fn providers(&self) -> impl Iterator<Item = &Configured> {
        self.providers.values()
    }

    /// A provider that must be configured.
    pub fn provider(&self, id: &str) -> Result<&Configured> {
        self.providers.get(id).ok_or(Error::NotFound("provider"))
    }

    /// A new identifier.
    pub fn new_id<Id: From<uuid::Uuid>>(&self) -> Id {
        self.random.id(self.clock.now())
    }

    /// The origins at which people authorise us.
    pub fn authorize_origins(&self) -> Vec<String> {
        self.providers().map(|it| it.application.authorize_url.origin().ascii_serialization()).collect()
    }

    /// The database for those who only ask.
    pub fn reader(&self) -> store::Reader {
        self.db.reader()
    }

    /// Does some work in a task of its own, to its end even when nobody waits for it any more.
    pub fn run_to_end<F>(&self, work: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.tasks.spawn(work)
    }

    /// Waits for what was begun to end.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
