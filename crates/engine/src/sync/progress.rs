//! How far a sync is, as its job remembers it.

use std::collections::{BTreeMap, BTreeSet};

use model::Window;
use serde::{Deserialize, Serialize};

use super::outcome::Failure;

/// How far a sync is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Collections that are done, for good or ill.
    pub done: BTreeSet<String>,
    /// Those of them for which the provider wants a scope that it did not grant.
    pub refused: BTreeSet<String>,
    pub total: usize,
    pub collection: Option<String>,
    /// Days of the present collection that are done, and all of them.
    pub days_done: u32,
    pub days_total: u32,
    pub counts: BTreeMap<String, usize>,
    pub errors: Vec<Failure>,
    /// Where to go on within the present collection.
    pub(super) place: Option<Place>,
}

/// Where to go on within a collection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) piece: Window,
    /// The generation of the first page of the piece: what is older was not seen in it.
    pub(super) generation: i64,
    pub(super) next: Option<String>,
    /// Whether every page of the piece is stored.
    pub(super) fetched: bool,
}
