//! Requests that may be repeated without being carried out twice.

use model::UserId;
use store::{Remembered, digest};

use crate::{Engine, Error, Result};

/// One request that must have its effect once.
#[derive(Clone, Debug)]
pub struct Once {
    pub user: UserId,
    pub principal: String,
    pub key_hash: String,
    request_hash: String,
}

impl Once {
    /// A request by its key, who sent it and what it says.
    pub fn new(user: UserId, principal: String, key: &str, request: &[u8]) -> Self {
        Self { user, principal, key_hash: digest(key.as_bytes()), request_hash: digest(request) }
    }
}

impl Engine {
    /// The answer that a request was given before, or none when it is to be carried out now.
    pub async fn answered(&self, once: &Once) -> Result<Option<(u16, Vec<u8>)>> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let known = tx.remember(once.user, &once.principal, &once.key_hash, &once.request_hash, now).await?;
        tx.commit().await?;
        match known {
            Remembered::New => Ok(None),
            Remembered::Answered { status, body } => Ok(Some((status, body))),
            Remembered::InProgress => Err(Error::Idempotency("the first request with this key is being carried out")),
            Remembered::Different => Err(Error::Idempotency("this key was used for another request")),
        }
    }

    /// Keeps the answer to a request; one that failed may be tried again.
    pub async fn keep_answer(&self, once: &Once, status: u16, body: &[u8]) -> Result<()> {
        let mut tx = self.db.write().await?;
        if (200..300).contains(&status) {
            tx.keep_answer(once.user, &once.principal, &once.key_hash, status, body).await?;
        } else {
            tx.forget_key(&once.principal, &once.key_hash).await?;
        }
        Ok(tx.commit().await?)
    }
}
