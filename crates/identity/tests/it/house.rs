//! An empty house with a stopped clock, and somebody to live in it.

use std::time::Duration;

use identity::{Identity, NewAccount};
use jiff::{Timestamp, civil::date, tz::TimeZone};
use model::{Action, Actor, AuditEntry, Clock, Random, Role, Secret, User, UserId};
use store::AuditQuery;
use testkit::{Engine, TestDb};

pub(crate) const EMAIL: &str = "ada@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);

pub(crate) struct House {
    pub(crate) test: TestDb,
    pub(crate) clock: Clock,
    pub(crate) identity: Identity,
}

impl House {
    pub(crate) async fn new(engine: Engine) -> anyhow::Result<Self> {
        let test = TestDb::new(engine).await?;
        let clock = Clock::stopped_at(date(2026, 1, 26).at(8, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp());
        let identity = Identity::new(test.db.clone(), clock.clone(), Random::system());
        Ok(Self { test, clock, identity })
    }

    /// The same database in another process.
    pub(crate) async fn next_door(&self) -> anyhow::Result<Identity> {
        Ok(Identity::new(self.test.again().await?, self.clock.clone(), Random::system()))
    }

    pub(crate) async fn ada(&self) -> anyhow::Result<User> {
        Ok(self.identity.add_user(&Actor::System, account(Some(EMAIL), Role::Member)).await?)
    }

    pub(crate) async fn admin(&self) -> anyhow::Result<User> {
        Ok(self.identity.add_user(&Actor::System, account(Some("root@example.org"), Role::Admin)).await?)
    }

    pub(crate) async fn sign_in(&self, password: &str) -> identity::Result<identity::SignedIn> {
        self.identity.sign_in(EMAIL, &Secret::new(password)).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A person's trail, the oldest entry first.
    pub(crate) async fn trail(&self, user: UserId) -> anyhow::Result<Vec<AuditEntry>> {
        let wanted = AuditQuery { limit: 1000, ..AuditQuery::default() };
        let mut entries = self.test.db.read().await?.audit(user, &wanted).await?;
        entries.reverse();
        Ok(entries)
    }

    pub(crate) async fn count(&self, user: UserId, action: Action) -> anyhow::Result<usize> {
        Ok(self.trail(user).await?.iter().filter(|entry| entry.action == action).count())
    }
}

pub(crate) fn account(email: Option<&str>, role: Role) -> NewAccount {
    NewAccount {
        external_id: None,
        email: email.map(str::to_owned),
        password: email.map(|_| Secret::new(PASSWORD)),
        role,
        zone: "Europe/Berlin".to_owned(),
    }
}
