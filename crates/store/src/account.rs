//! Signing in with an e-mail address and a password.

use jiff::Timestamp;
use model::UserId;
use sqlx::{FromRow, query, query_as};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// What is needed to judge a sign-in.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub user_id: UserId,
    pub password_hash: String,
    pub failed: i64,
    pub locked_until: Timestamp,
}

#[derive(FromRow)]
struct SignInRow {
    id: String,
    password_hash: String,
    failed_sign_ins: i64,
    locked_until: i64,
}

const ROW: Row = Row("users");

impl SignInRow {
    fn read(self) -> Result<SignIn> {
        Ok(SignIn {
            user_id: ROW.parse("id", &self.id)?,
            password_hash: self.password_hash,
            failed: self.failed_sign_ins,
            locked_until: ROW.time("locked_until", self.locked_until)?,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// What is needed to judge a sign-in; nobody without a password has it.
    pub async fn find_sign_in(&mut self, email: &str) -> Result<Option<SignIn>> {
        const SQL: &str = "select id, password_hash, failed_sign_ins, locked_until from users \
                           where email = $1 and password_hash is not null";
        let row: Option<SignInRow> =
            on!(self, |db| query_as(SQL).bind(email.to_lowercase()).fetch_optional(&mut **db))?;
        row.map(SignInRow::read).transpose()
    }
}

impl Tx<Write> {
    /// The same as it is now, held until this transaction ends: sign-ins to one account are judged in a queue.
    pub async fn hold_sign_in(&mut self, user: UserId) -> Result<Option<SignIn>> {
        // The update that changes nothing locks the row on the engine that has row locks.
        const SQL: &str = "update users set failed_sign_ins = failed_sign_ins \
            where id = $1 and password_hash is not null \
            returning id, password_hash, failed_sign_ins, locked_until";
        let row: Option<SignInRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        row.map(SignInRow::read).transpose()
    }

    /// Counts a wrong password and locks the account for a while.
    pub async fn count_failed_sign_in(&mut self, user: UserId, locked_until: Timestamp) -> Result<()> {
        const SQL: &str = "update users set failed_sign_ins = failed_sign_ins + 1, locked_until = $2 where id = $1";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(locked_until.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }

    /// Forgets the wrong passwords.
    pub async fn forget_failed_sign_ins(&mut self, user: UserId) -> Result<()> {
        const SQL: &str =
            "update users set failed_sign_ins = 0, locked_until = 0 where id = $1 and failed_sign_ins > 0";
        change!(self, |db| query(SQL).bind(user.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Sets a person's password.
    pub async fn set_password(&mut self, user: UserId, password_hash: &str) -> Result<()> {
        const SQL: &str = "update users set password_hash = $2 where id = $1";
        let changed = change!(self, |db| query(SQL).bind(user.to_string()).bind(password_hash).execute(&mut **db))?;
        if changed == 1 { Ok(()) } else { Err(Error::NotFound("user")) }
    }
}
