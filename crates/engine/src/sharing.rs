//! What a person shares, and in which zone their days are counted.

use std::collections::{HashMap, HashSet};

use model::{Action, Actor, Sharing, User, UserId};
use store::{Db, Gather};

use crate::{Engine, Error, Result};

/// Reads the switches of people who are asked for at the same time by one look.
pub(crate) fn gathered(db: Db) -> Gather<UserId, Sharing> {
    Gather::reading(move |users: Vec<UserId>| {
        let db = db.clone();
        Box::pin(async move {
            let different: Vec<_> = users.iter().copied().collect::<HashSet<_>>().into_iter().collect();
            let switches: HashMap<_, _> = db.read().await?.sharings(&different).await?.into_iter().collect();
            Ok(users.iter().map(|user| switches.get(user).cloned().unwrap_or_default()).collect())
        })
    })
}

impl Engine {
    /// What a person shares with every reader.
    pub async fn sharing(&self, user: UserId) -> Result<Sharing> {
        Ok(self.switches.call(user).await?)
    }

    /// Sets what a person shares with every reader.
    pub async fn set_sharing(&self, actor: &Actor, user: UserId, sharing: &Sharing) -> Result<()> {
        let now = self.clock.now();
        let topics: Vec<_> = sharing.topics.iter().map(|topic| topic.as_str()).collect();
        let detail = if sharing.everything { topics.join(", ") } else { "nothing".to_owned() };
        let mut tx = self.db.write().await?;
        tx.set_sharing(user, sharing).await?;
        tx.append_audit(user, now, actor, Action::SharingChanged, Some(&detail)).await?;
        Ok(tx.commit().await?)
    }

    /// A person.
    pub async fn user(&self, user: UserId) -> Result<User> {
        Ok(self.db.read().await?.user(user).await?)
    }

    /// A person by our id, or by the name that an embedding app gave.
    pub async fn find_user(&self, text: &str) -> Result<Option<User>> {
        let mut tx = self.db.read().await?;
        if let Ok(id) = text.parse() {
            match tx.user(id).await {
                Err(store::Error::NotFound(_)) => {}
                found => return Ok(Some(found?)),
            }
        }
        Ok(tx.find_user_by_external_id(text).await?)
    }

    /// People in the order of their ids.
    pub async fn users(&self, after: Option<UserId>, limit: i64) -> Result<Vec<User>> {
        Ok(self.db.read().await?.users(after, limit).await?)
    }

    /// Sets the zone in which a person's days are counted.
    pub async fn set_zone(&self, actor: &Actor, user: UserId, zone: &str) -> Result<()> {
        if jiff::tz::TimeZone::get(zone).is_err() {
            return Err(Error::invalid("zone", "is no IANA time zone"));
        }
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.set_zone(user, zone).await?;
        tx.append_audit(user, now, actor, Action::SettingsChanged, Some(&format!("time zone {zone}"))).await?;
        Ok(tx.commit().await?)
    }
}
