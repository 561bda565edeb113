//! How often a connection's collections are asked in their turn: seldom what is told, often what is not.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use providers::Collection;

/// What is told is asked for all the same, once in a while: a notice may have been lost.
const TOLD: SignedDuration = SignedDuration::from_hours(24);

/// How often a connection's collections are asked in their turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace {
    /// How often everything is asked, where the settings say so.
    pub(crate) polling: Option<SignedDuration>,
    /// The collections that the provider tells of by itself.
    pub(crate) told: BTreeSet<String>,
    /// Whether nothing has been told for so long that they are asked for as often as the others.
    pub(crate) is_quiet: bool,
    /// Since when it does.
    pub(crate) since: Option<Timestamp>,
    /// When the connection is to be looked at even if nothing is due.
    pub(crate) look_at: Option<Timestamp>,
}

impl Pace {
    /// How often a collection is asked.
    pub(crate) fn every(&self, collection: &Collection) -> SignedDuration {
        let usual = SignedDuration::from_hours(i64::from(collection.every_hours));
        match self.polling {
            Some(every) => every,
            None if !self.is_quiet && self.told.contains(&collection.id) => usual.max(TOLD),
            None => usual,
        }
    }
}
