//! What every door has at hand.

use std::{ops::Deref, sync::Arc};

use engine::Engine;
use identity::Identity;
use store::Reader;
use url::Url;

use crate::{limit::Limits, metrics, stream::Places};

/// What every door has at hand. Clones share it.
#[derive(Clone)]
pub struct State(Arc<Hall>);

/// What the doors need.
pub struct Hall {
    pub engine: Engine,
    pub identity: Identity,
    pub reader: Reader,
    pub settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) places: Places,
}

/// How the doors behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach this server.
    pub public_url: Url,
    /// Origins whose scripts may call the API.
    pub cors_origins: Vec<String>,
    /// Whether a proxy in front of us says who the client is.
    pub trust_proxy: bool,
    /// Requests a minute from one address to each of the guarded doors.
    pub requests_per_minute: u32,
    /// Streams that one reader may have open about one person.
    pub streams_per_reader: usize,
}

impl Settings {
    /// Whether cookies can be kept to encrypted connections.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

impl State {
    /// Puts the doors' needs together.
    pub fn new(engine: Engine, identity: Identity, settings: Settings) -> Self {
        let reader = engine.reader();
        let limits = Limits::new(settings.requests_per_minute);
        let places = Places::new(settings.streams_per_reader);
        let state = Self(Arc::new(Hall { engine, identity, reader, settings, limits, places }));
        metrics::begin(&state);
        state
    }
}

impl Deref for State {
    type Target = Hall;

    fn deref(&self) -> &Hall {
        &self.0
    }
}
