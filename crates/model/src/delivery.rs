//! A webhook as received, and what it says has changed.

use crate::words::words;

words! {
    /// Where a delivery stands.
    pub enum DeliveryState as "state of a delivery" {
        /// Durable, and not opened yet.
        Received = "received",
        /// Opened; not all that it speaks of has been fetched.
        Waiting = "waiting",
        /// All that it speaks of has been fetched, or found to be nothing of ours.
        Applied = "applied",
        /// It speaks of an account that nobody here has connected.
        Unmatched = "unmatched",
        /// It could not be understood, or what it speaks of could not be fetched.
        Dead = "dead",
    }
}

words! {
    /// Where a notice stands.
    pub enum NoticeState as "state of a notice" {
        Waiting = "waiting",
        Applied = "applied",
        /// It speaks of what the person has not consented to, or of what is not collected here.
        Ignored = "ignored",
        Dead = "dead",
    }
}

words! {
    /// What a notice says has happened to a thing at its provider.
    pub enum Operation as "operation" {
        Create = "create",
        Update = "update",
        Delete = "delete",
    }
}
