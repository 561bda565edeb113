//! A person whose accounts are connected.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use crate::{UserId, words::words};

/// A person.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    pub id: UserId,
    /// The name that an embedding app gave to this person.
    pub external_id: Option<String>,
    /// Absent for people who only ever come through an embedding app.
    pub email: Option<String>,
    pub role: Role,
    /// IANA name: what "today" means where a record does not say.
    pub zone: String,
    pub created_at: Timestamp,
}

impl User {
    /// The person's civil day at an instant.
    pub fn today(&self, now: Timestamp) -> Date {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        now.to_zoned(zone).date()
    }
}

words! {
    /// What a signed-in person may do beyond their own data.
    pub enum Role as "role" {
        /// Nothing more.
        Member = "member",
        /// Reads everyone's audit trail.
        Auditor = "auditor",
        /// Manages users and service tokens.
        Admin = "admin",
    }
}
