//! Signing in with an e-mail address and a password, and what wrong ones cost.

use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, Secret, User, UserId};
use store::{Session, SignIn, Tx, Write, hash_secret};

use crate::{Error, Identity, Result, session};

/// Wrong passwords in a row that cost nothing.
const FREE_FAILURES: i64 = 5;
const LONGEST_LOCK_MINUTES: i64 = 60;

/// Somebody who has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: User,
    pub session: Session,
    /// What the browser keeps: it is not kept here.
    pub cookie: Secret,
}

impl Identity {
    /// Signs somebody in.
    pub async fn sign_in(&self, email: &str, password: &Secret) -> Result<SignedIn> {
        let seen = self.db.read().await?.find_sign_in(email.trim()).await?;
        if let Some(account) = &seen
            && account.locked_until > self.clock.now()
        {
            return Err(self.refuse_locked(account).await?);
        }
        if seen.is_none()
            && let Some(until) = self.strangers.lock_of(email, self.clock.now())
        {
            return Err(Error::Locked { until });
        }
        let right =
            self.passwords.verify(password, seen.as_ref().map(|account| account.password_hash.as_str())).await?;
        match seen {
            Some(account) => self.let_in(self.judge(&account, right).await?, account.user_id).await,
            None => Err(self.refuse_stranger(email)),
        }
    }

    /// Changes the password of whoever is signed in and knows the present one, and signs every other browser out.
    /// Wrong guesses count and lock as at the sign-in.
    pub async fn change_password(&self, session: &Session, current: &Secret, new: &Secret) -> Result<SignedIn> {
        let user = session.user_id;
        let mut tx = self.db.read().await?;
        let email = tx.user(user).await?.email.ok_or(Error::WrongCredentials)?;
        let seen = tx.find_sign_in(&email).await?.ok_or(Error::WrongCredentials)?;
        drop(tx);
        if seen.locked_until > self.clock.now() {
            return Err(self.refuse_locked(&seen).await?);
        }
        let right = self.passwords.verify(current, Some(&seen.password_hash)).await?;
        // What is wrong with the new one is told only once the present one has been judged, behind any lock.
        let hash = if right { self.passwords.hash(new).await } else { Err(Error::WrongCredentials) };
        let mut tx = self.judge(&seen, right).await?;
        tx.set_password(user, &hash?).await?;
        tx.end_sessions(user).await?;
        let detail = Some("password changed, signed out everywhere else");
        let now = self.clock.now();
        tx.append_audit(user, now, &Actor::User(user), Action::SettingsChanged, detail).await?;
        self.begin_session(tx, user, now).await
    }

    /// Nobody signs in with this address. Whoever asks hears what they would hear of somebody.
    fn refuse_stranger(&self, email: &str) -> Error {
        let now = self.clock.now();
        if let Some(until) = self.strangers.lock_of(email, now) {
            return Error::Locked { until };
        }
        self.strangers.count(email, now);
        Error::WrongCredentials
    }

    /// Many guesses can be verified side by side; here they form a queue, and those behind a lock learn nothing.
    /// Yields what holds the account while the right one has its effect.
    async fn judge(&self, seen: &SignIn, right: bool) -> Result<Tx<Write>> {
        let mut tx = self.db.write().await?;
        let account = tx.hold_sign_in(seen.user_id).await?.ok_or(Error::WrongCredentials)?;
        let now = self.clock.now();
        if account.locked_until > now {
            drop(tx);
            return Err(self.refuse_locked(&account).await?);
        }
        // The password may have been changed while the old one was verified.
        if right && account.password_hash == seen.password_hash {
            return Ok(tx);
        }
        count_failure(tx, &account, now).await?;
        Err(Error::WrongCredentials)
    }

    async fn let_in(&self, mut tx: Tx<Write>, user: UserId) -> Result<SignedIn> {
        let now = self.clock.now();
        tx.append_audit(user, now, &Actor::User(user), Action::SignedIn, None).await?;
        self.begin_session(tx, user, now).await
    }

    async fn begin_session(&self, mut tx: Tx<Write>, user: UserId, now: Timestamp) -> Result<SignedIn> {
        let cookie = self.random.secret();
        let expires_at = session::expires_at(now, now);
        tx.forget_failed_sign_ins(user).await?;
        let id = tx.add_session(user, &hash_secret(&cookie), now, expires_at).await?;
        let session = Session { id, user_id: user, created_at: now, last_seen_at: now, expires_at };
        let user = tx.user(user).await?;
        tx.commit().await?;
        Ok(SignedIn { user, session, cookie })
    }

    /// Why somebody is refused without verifying. The trail gets one entry a minute, however many come.
    async fn refuse_locked(&self, account: &SignIn) -> Result<Error> {
        let (user, now) = (account.user_id, self.clock.now());
        if !self.recent.has(user.0, now) {
            let mut tx = self.db.write().await?;
            if tx.first_read(user, &Actor::Anonymous, Action::SignInFailed, now).await? {
                let detail = Some("refused: locked after too many wrong passwords");
                tx.append_audit(user, now, &Actor::Anonymous, Action::SignInFailed, detail).await?;
                tx.commit().await?;
            }
            self.recent.note(user.0, now);
        }
        Ok(Error::Locked { until: account.locked_until })
    }
}

async fn count_failure(mut tx: Tx<Write>, account: &SignIn, now: Timestamp) -> Result<()> {
    let minutes = lock_minutes(account.failed);
    let until = locked_until(account.failed, now);
    let detail = match minutes {
        0 => "wrong password".to_owned(),
        1 => "wrong password; locked for a minute".to_owned(),
        _ => format!("wrong password; locked for {minutes} minutes"),
    };
    tx.count_failed_sign_in(account.user_id, until).await?;
    tx.append_audit(account.user_id, now, &Actor::Anonymous, Action::SignInFailed, Some(&detail)).await?;
    Ok(tx.commit().await?)
}

/// Until when one more wrong password locks, after as many.
pub(crate) fn locked_until(failures_before: i64, now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_mins(lock_minutes(failures_before))).unwrap_or(Timestamp::MAX)
}

/// An address as it is looked for.
pub(crate) fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// How long one more wrong password locks, after as many.
fn lock_minutes(failures_before: i64) -> i64 {
    match failures_before - FREE_FAILURES {
        doublings @ 0..6 => 1 << doublings,
        6.. => LONGEST_LOCK_MINUTES,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_double_up_to_an_hour() {
        let minutes: Vec<_> = (0..14).map(lock_minutes).collect();
        assert_eq!(minutes, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
