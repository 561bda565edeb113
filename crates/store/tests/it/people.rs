//! Somebody to whom the rows of a test belong, and instants to bind.

use jiff::{SignedDuration, Timestamp};
use model::{Role, User};
use store::{Db, NewUser};

/// An instant, some minutes after the tests begin.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    let start = Timestamp::from_second(1_769_414_400).unwrap_or_default();
    start.checked_add(SignedDuration::from_mins(minutes)).unwrap_or_default()
}

/// Adds somebody by e-mail address, with a password hash that nobody verifies.
pub(crate) async fn add(db: &Db, email: &str) -> anyhow::Result<User> {
    let mut tx = db.write().await?;
    let user = tx.add_user(minute(0), new_user(email)).await?;
    tx.commit().await?;
    Ok(user)
}

pub(crate) fn new_user(email: &str) -> NewUser {
    NewUser {
        external_id: None,
        email: Some(email.to_owned()),
        password_hash: Some("hash".to_owned()),
        role: Role::Member,
        zone: "UTC".to_owned(),
    }
}
