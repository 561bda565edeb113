//! What an engine is made of.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use model::{Clock, Random};
use outbound::Client;
use providers::{Application, Manifest, Provider};
use store::Db;
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    Engine, House,
    audit::{self, RecentReads},
    budget::SharedBudget,
    credentials::Flights,
    export,
    health::KnownReadiness,
    keep::{KnownSizes, Rules},
    receive, sharing, stream,
};

/// Syncs that somebody waits for do not take the worker's places, but are not without bound either.
const ASKED_AT_ONCE: usize = 16;

/// A provider, and our application as registered there.
#[derive(Clone)]
pub struct Configured {
    pub provider: Arc<dyn Provider>,
    pub application: Arc<Application>,
}

impl Configured {
    /// What is known of the provider as data.
    pub fn manifest(&self) -> &Manifest {
        self.provider.manifest()
    }
}

/// What an engine is made of.
pub struct Setup {
    pub db: Db,
    pub clock: Clock,
    pub random: Random,
    pub http: Client,
    /// The way out to addresses that people and apps name.
    pub sink_http: Client,
    pub providers: Vec<Configured>,
    pub public_url: Url,
    /// How often everything is asked for, where no provider is to tell of anything by itself.
    pub polling: Option<SignedDuration>,
    /// Origins to which a connect link may lead back.
    pub return_origins: Vec<String>,
    /// How long things are kept.
    pub rules: Rules,
}

impl Engine {
    /// Puts an engine together.
    pub fn new(setup: Setup) -> Self {
        let process: uuid::Uuid = setup.random.id(setup.clock.now());
        let budget = SharedBudget::new(setup.db.clone(), setup.clock.clone());
        let by_id = |configured: Configured| (configured.manifest().id.clone(), configured);
        let reads = audit::gathered(setup.db.clone(), setup.clock.clone());
        let arrivals = receive::gathered(setup.db.clone());
        let switches = sharing::gathered(setup.db.clone());
        Self(Arc::new(House {
            db: setup.db,
            clock: setup.clock,
            random: setup.random,
            http: setup.http,
            sink_http: setup.sink_http,
            sink_places: export::Places::default(),
            budget: Arc::new(budget),
            providers: setup.providers.into_iter().map(by_id).collect::<BTreeMap<_, _>>(),
            return_origins: setup.return_origins,
            public_url: setup.public_url,
            polling: setup.polling,
            rules: setup.rules,
            known_sizes: KnownSizes::default(),
            known_readiness: KnownReadiness::default(),
            process: process.to_string(),
            tasks: TaskTracker::new(),
            flights: Flights::default(),
            recent_reads: RecentReads::default(),
            reads,
            switches,
            hub: stream::Hub::default(),
            gallery: stream::Gallery::default(),
            closing: CancellationToken::new(),
            handed_back: CancellationToken::new(),
            arrivals,
            arrived: Notify::new(),
            asked: Arc::new(Semaphore::new(ASKED_AT_ONCE)),
            wake: Notify::new(),
        }))
    }
}
