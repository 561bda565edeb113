//! Signed-in browsers.

use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, Secret, User};
use store::{Session, hash_secret};

use crate::{Identity, Result};

/// A session ends when nobody used it for so long …
const IDLE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// … and at the latest so long after it began.
const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How often its use is written down.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

impl Identity {
    /// The session of a cookie and whose it is, if it has not ended.
    pub async fn find_session(&self, cookie: &Secret) -> Result<Option<(Session, User)>> {
        let Some((session, user)) = self.check_session(cookie).await? else { return Ok(None) };
        Ok(Some((self.keep_alive(session, self.clock.now()).await?, user)))
    }

    /// The same, asked again for somebody who has come in and stays: that alone does not keep a session alive.
    pub async fn check_session(&self, cookie: &Secret) -> Result<Option<(Session, User)>> {
        let mut tx = self.db.read().await?;
        let Some(session) = tx.find_session(&hash_secret(cookie), self.clock.now()).await? else { return Ok(None) };
        let user = tx.user(session.user_id).await?;
        Ok(Some((session, user)))
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: &Session) -> Result<()> {
        let user = session.user_id;
        let mut tx = self.db.write().await?;
        tx.end_session(user, session.id).await?;
        tx.append_audit(user, self.clock.now(), &Actor::User(user), Action::SignedOut, None).await?;
        Ok(tx.commit().await?)
    }

    async fn keep_alive(&self, session: Session, now: Timestamp) -> Result<Session> {
        if now.duration_since(session.last_seen_at) < NOTED_EVERY {
            return Ok(session);
        }
        let expires_at = expires_at(session.created_at, now);
        let mut tx = self.db.write().await?;
        tx.extend_session(session.user_id, session.id, now, expires_at).await?;
        tx.commit().await?;
        Ok(Session { last_seen_at: now, expires_at, ..session })
    }
}

/// When a session ends that is used now.
pub(crate) fn expires_at(created_at: Timestamp, now: Timestamp) -> Timestamp {
    let after = |start: Timestamp, duration| start.checked_add(duration).unwrap_or(Timestamp::MAX);
    after(now, IDLE).min(after(created_at, LONGEST))
}
