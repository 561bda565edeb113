//! Passwords as Argon2id hashes, a few at a time: each costs 19 MiB and some milliseconds of a processor.

use std::{num::NonZero, sync::Arc, thread};

use argon2::{
    Argon2,
    password_hash::{Error as HashError, PasswordHasher, PasswordVerifier},
};
use model::{Random, Secret};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{Error, Result};

/// Longer ones are refused unhashed, so that nobody buys much work with one request.
const MAX_BYTES: usize = 1024;
/// A password has at least so many characters.
pub const SHORTEST_PASSWORD: usize = 10;

/// A hash of nothing, as costly as a real one: it stands in for people who do not exist.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords. Clones share the places at the processor.
#[derive(Clone)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    random: Random,
}

impl Passwords {
    pub(crate) fn new(random: Random) -> Self {
        let places = thread::available_parallelism().map_or(1, NonZero::get);
        Self { places: Arc::new(Semaphore::new(places)), random }
    }

    /// Hashes a password that somebody chose.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<String> {
        check_strength(password)?;
        let password = password.clone();
        let salt: [u8; 16] = self.random.bytes();
        self.in_turn(move || {
            let hash = Argon2::default().hash_password_with_salt(password.expose().as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|_| Error::Hashing)
        })
        .await
    }

    /// Whether a password belongs to a hash. Without a hash it never does, after the same work.
    pub(crate) async fn verify(&self, password: &Secret, hash: Option<&str>) -> Result<bool> {
        if password.expose().len() > MAX_BYTES {
            return Ok(false);
        }
        let known = hash.is_some();
        let (password, hash) = (password.clone(), hash.unwrap_or(NOBODY).to_owned());
        let right = self.in_turn(move || matches(&password, &hash)).await?;
        Ok(right && known)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let place = self.places.clone().acquire_owned().await.map_err(|_| Error::Hashing)?;
        // The place moves along: a caller who goes away does not stop the work, so they must not free it.
        let done = spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_| Error::Hashing)?
    }
}

fn check_strength(password: &Secret) -> Result<()> {
    let text = password.expose();
    if text.chars().count() < SHORTEST_PASSWORD {
        return Error::invalid(format!("the password needs at least {SHORTEST_PASSWORD} characters"));
    }
    if text.len() > MAX_BYTES {
        return Error::invalid(format!("the password is longer than {MAX_BYTES} bytes"));
    }
    Ok(())
}

fn matches(password: &Secret, hash: &str) -> Result<bool> {
    match Argon2::default().verify_password(password.expose().as_bytes(), hash) {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(HashError::OutOfMemory) => Err(Error::Hashing),
        Err(_) => Err(store::Error::Corrupt { table: "users", column: "password_hash" }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(hash: &str) -> &str {
        hash.rsplitn(3, '$').last().unwrap()
    }

    #[tokio::test]
    async fn a_hash_opens_for_its_password_only() {
        let passwords = Passwords::new(Random::seeded(1));
        let (right, wrong) = (Secret::new("correct horse"), Secret::new("correct house"));
        let hash = passwords.hash(&right).await.unwrap();
        assert!(passwords.verify(&right, Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&wrong, Some(&hash)).await.unwrap());
        assert_ne!(passwords.hash(&right).await.unwrap(), hash, "each hash has a salt of its own");
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody_and_has_no_password() {
        let passwords = Passwords::new(Random::seeded(2));
        let hash = passwords.hash(&Secret::new("correct horse")).await.unwrap();
        assert_eq!(parameters(&hash), parameters(NOBODY));
        assert!(!matches(&Secret::new(""), NOBODY).unwrap(), "the stand-in is a hash that can be verified");
        assert!(!passwords.verify(&Secret::new(""), None).await.unwrap());
    }

    #[tokio::test]
    async fn new_passwords_have_ten_characters_and_no_more_than_a_kibibyte() {
        let passwords = Passwords::new(Random::seeded(3));
        let refused = async |text: String| passwords.hash(&Secret::new(text)).await.is_err();
        assert!(refused("ninechars".into()).await);
        assert!(refused("ü".repeat(9)).await, "characters count, not bytes");
        assert!(refused("a".repeat(1025)).await);
        assert!(!refused("ü".repeat(10)).await);
        assert!(!refused("a".repeat(1024)).await);
    }

    #[tokio::test]
    async fn what_is_no_hash_is_told() {
        let passwords = Passwords::new(Random::seeded(4));
        let error = passwords.verify(&Secret::new("correct horse"), Some("plain")).await.unwrap_err();
        assert!(matches!(error, Error::Store(store::Error::Corrupt { .. })), "{error:?}");
    }
}
