//! A connection to which the rows of a test belong.

use std::{collections::BTreeSet, time::Duration};

use model::{Account, ConnectionId, ConnectionState, Secret, TokenSet, UserId};
use store::{Db, NewConnection};

use crate::people::minute;

pub(crate) fn new_connection(user_id: UserId, account: &str) -> NewConnection {
    NewConnection {
        user_id,
        provider: "oura".into(),
        account: Account { id: account.into(), label: Some("ada@ring.example".into()) },
        scopes_asked: BTreeSet::from(["daily".to_owned(), "spo2".to_owned()]),
        scopes_granted: Some(BTreeSet::from(["daily".to_owned()])),
    }
}

pub(crate) fn tokens(text: &str) -> TokenSet {
    TokenSet {
        access: Secret::new(format!("access {text}")),
        refresh: Some(Secret::new(format!("refresh {text}"))),
        expires_in: Duration::from_mins(100),
        scopes: None,
    }
}

/// Adds a connection that is active.
pub(crate) async fn connect(db: &Db, user: UserId) -> anyhow::Result<ConnectionId> {
    let mut tx = db.write().await?;
    let id = tx.add_connection(minute(0), new_connection(user, "ring-1")).await?;
    let connection = tx.connection(user, id).await?;
    tx.move_connection(&connection, ConnectionState::Active, None, minute(0)).await?;
    tx.commit().await?;
    Ok(id)
}
