//! Stand-ins for the providers, with a living person behind each: for the demo, for tests, for other people's tests.

mod control;
mod error;
mod faults;
mod guard;
mod html;
mod index;
mod outbox;
mod person;
mod reach;
mod registry;
mod sender;
mod stand_in;
mod stats;
mod watch;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{Router, middleware, routing::get};
use model::{Clock, Secret};

pub use self::{
    error::Error,
    faults::{Fault, FaultKind, Faults},
    stats::{Outcomes, Stats, TokenCalls, Webhooks},
};
use self::{reach::Reach, registry::*, sender::Sender, watch::Room};

/// What a sandbox is opened with.
pub struct Options {
    /// Shared with the server in the demo, so that turning it moves both.
    pub clock: Clock,
    /// The same seed lives the same life.
    pub seed: u64,
    /// How many days of life lie before the clock's now.
    pub days: u32,
    /// A folder of recorded answers, served instead of the first person's.
    pub replay: Option<PathBuf>,
    /// The application registered at each provider, by the provider's id.
    pub clients: BTreeMap<String, ClientApp>,
}

/// An application as registered at a provider.
#[derive(Clone)]
pub struct ClientApp {
    /// Its public name.
    pub client_id: String,
    /// What it proves itself with.
    pub client_secret: Secret,
    /// Where it may be called back, to the letter.
    pub redirect_uris: Vec<String>,
}

/// All stand-ins, ready to be served. Clones share them.
#[derive(Clone)]
pub struct Sandbox(Arc<House>);

struct House {
    clock: Clock,
    rooms: Vec<Room>,
    reach: Reach,
    /// Begins as soon as there is a runtime to do the sending.
    sender: OnceLock<Sender>,
}

impl Sandbox {
    /// Opens the sandbox; reads the recorded answers, if there are to be any.
    pub fn new(options: Options) -> Result<Self, Error> {
        let rooms = ALL.iter().map(|open| Room::open(*open, &options)).collect::<Result<_, _>>()?;
        let reach = Reach::new(options.clock.clone())?;
        let sandbox = Self(Arc::new(House { clock: options.clock, rooms, reach, sender: OnceLock::new() }));
        sandbox.begin();
        Ok(sandbox)
    }

    fn begin(&self) {
        let House { clock, rooms, reach, sender } = &*self.0;
        if sender.get().is_none()
            && let Some(begun) = Sender::begin(rooms, reach, clock)
        {
            // Whoever was quicker sends; dropping the other one ends it.
            let _ = sender.set(begun);
        }
    }

    /// Everything, the control routes included: for addresses that only this machine reaches.
    pub fn router(&self) -> Router {
        self.begin();
        self.public_router().nest("/_control", control::routes(self.clone()).layer(middleware::from_fn(guard::guard)))
    }

    /// What may be served at an address: the control routes only where the address is loopback.
    pub fn router_at(&self, address: SocketAddr) -> Router {
        if address.ip().is_loopback() { self.router() } else { self.public_router() }
    }

    /// Each provider at `/{id}` and, as on its real hosts, at the root.
    fn public_router(&self) -> Router {
        let index = Router::new().route("/", get(index::show)).with_state(self.clone());
        self.rooms().iter().fold(index, |router, room| {
            let layer = middleware::from_fn_with_state(room.clone(), watch::watch);
            let routes = Arc::clone(&room.stand_in).routes().layer(layer);
            router.nest(&format!("/{}", room.stand_in.id()), routes.clone()).merge(routes.reset_fallback())
        })
    }

    /// The account of the living person behind a provider.
    pub fn account_id(&self, provider: &str) -> Option<String> {
        self.room(provider)?.stand_in.people().first().map(|person| person.account_id.clone())
    }

    /// Lets something small happen to the people who have granted access, again and again: their devices tell of it at
    /// once.
    pub async fn live(&self, every: Duration) {
        for moment in 0.. {
            self.clock().sleep(every).await;
            self.rooms().iter().for_each(|room| room.stand_in.live(moment));
        }
    }

    /// A provider's troubles, settings and counts, for tests in the same process.
    pub fn faults(&self, provider: &str) -> Option<Faults> {
        self.room(provider).map(|room| room.faults.clone())
    }

    fn rooms(&self) -> &[Room] {
        &self.0.rooms
    }

    fn room(&self, provider: &str) -> Option<&Room> {
        self.rooms().iter().find(|room| room.stand_in.id() == provider)
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }
}
