//! What providers are asked to send us, and whether they do.

use crate::words::words;

words! {
    /// Where a subscription stands.
    pub enum SubscriptionState as "state of a subscription" {
        /// The provider has it, and it leads to us.
        Active = "active",
        /// What we asked for last was not done.
        Failed = "failed",
        /// Somebody else has it: told, not fought.
        Taken = "taken",
    }
}

words! {
    /// Whether a provider tells us of changes by itself.
    pub enum ListeningState as "state of listening" {
        /// It tells of nothing by itself.
        Unsupported = "unsupported",
        /// Nobody is connected: nothing is asked for.
        Idle = "idle",
        /// The settings say to ask instead.
        Polling = "polling",
        /// It could not reach us.
        Unreachable = "unreachable",
        /// It has all that we asked for.
        Active = "active",
        /// It has some of what we asked for.
        Partial = "partial",
        /// It has nothing of what we asked for.
        Failed = "failed",
    }
}
