//! People and their passwords.

use jiff::tz::TimeZone;
use model::{Action, Actor, Role, Secret, User, UserId};
use store::NewUser;

use crate::{Error, Identity, Result, rules};

/// Somebody to add.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name that an embedding app gives.
    pub external_id: Option<String>,
    pub email: Option<String>,
    /// Absent for people who only ever come through an embedding app.
    pub password: Option<Secret>,
    pub role: Role,
    /// IANA name.
    pub zone: String,
}

impl Identity {
    /// Adds somebody.
    pub async fn add_user(&self, actor: &Actor, new: NewAccount) -> Result<User> {
        let new = self.check_account(new).await?;
        let detail = format!("joined as {}", new.role);
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        rules::may_add(&mut tx, actor, new.role).await?;
        let user = tx.add_user(now, new).await?;
        tx.append_audit(user.id, now, actor, Action::UserCreated, Some(&detail)).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Sets a person's password and signs them out everywhere.
    pub async fn set_password(&self, actor: &Actor, user: UserId, new: &Secret) -> Result<()> {
        rules::may_set_password(actor, user)?;
        let hash = self.passwords.hash(new).await?;
        let mut tx = self.db.write().await?;
        tx.set_password(user, &hash).await?;
        tx.forget_failed_sign_ins(user).await?;
        tx.end_sessions(user).await?;
        let detail = "password changed, signed out everywhere";
        tx.append_audit(user, self.clock.now(), actor, Action::SettingsChanged, Some(detail)).await?;
        Ok(tx.commit().await?)
    }

    async fn check_account(&self, new: NewAccount) -> Result<NewUser> {
        let external_id = new.external_id.map(|id| check_external_id(&id)).transpose()?;
        let email = new.email.map(|email| check_email(&email)).transpose()?;
        let zone = check_zone(&new.zone)?;
        let password_hash = match new.password {
            Some(_) if email.is_none() => return Error::invalid("a password needs an e-mail address to sign in with"),
            Some(password) => Some(self.passwords.hash(&password).await?),
            None => None,
        };
        Ok(NewUser { external_id, email, password_hash, role: new.role, zone })
    }
}

fn check_external_id(id: &str) -> Result<String> {
    let length = id.chars().count();
    if !(1..=255).contains(&length) || id.chars().any(char::is_control) {
        return Error::invalid("the external id needs 1 to 255 printable characters");
    }
    Ok(id.to_owned())
}

/// Only a message that arrives proves an address; this refuses what cannot be one.
fn check_email(email: &str) -> Result<String> {
    let email = email.trim();
    let is_address = email.len() <= 254
        && !email.chars().any(|character| character.is_whitespace() || character.is_control())
        && email.rsplit_once('@').is_some_and(|(name, domain)| is_mailbox(name) && is_domain(domain));
    if is_address {
        Ok(email.to_owned())
    } else {
        Error::invalid("the e-mail address is not one, such as ada@example.org")
    }
}

fn is_mailbox(name: &str) -> bool {
    (1..=64).contains(&name.len()) && !name.contains(['@', '<', '>', ',', ';', ':', '"', '\\'])
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    })
}

/// The zone by its usual spelling.
fn check_zone(name: &str) -> Result<String> {
    match TimeZone::get(name).ok().as_ref().and_then(TimeZone::iana_name) {
        Some(name) => Ok(name.to_owned()),
        None => Error::invalid("the time zone is none that the IANA names, such as Europe/Berlin"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["ada@example.org", " ada+ring@mail.example.org ", "a@localhost", "ünal@müller.example"] {
            assert!(check_email(good).is_ok(), "{good}");
        }
        for bad in
            ["", "ada", "@example.org", "ada@", "ada@@example.org", "a da@example.org", "ada@exa_mple", "ada@.org"]
        {
            assert!(check_email(bad).is_err(), "{bad}");
        }
        assert!(check_email(&format!("{}@example.org", "a".repeat(65))).is_err());
    }

    #[test]
    fn zones_are_those_of_the_iana() {
        assert_eq!(check_zone("Europe/Berlin").unwrap(), "Europe/Berlin");
        assert_eq!(check_zone("europe/berlin").unwrap(), "Europe/Berlin");
        assert_eq!(check_zone("UTC").unwrap(), "UTC");
        assert!(check_zone("Mars/Olympus").is_err());
        assert!(check_zone("").is_err());
    }
}
