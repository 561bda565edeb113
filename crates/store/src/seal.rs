//! Envelope encryption: a master key seals people's keys, a person's key seals their connections' keys, and those
//! seal what is secret. Destroying a key erases all that it sealed.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest as sha, hmac,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::civil::Date;
use model::{ConnectionId, Random, Secret, UserId};
use zeroize::Zeroize;

use crate::{Error, Result};

const KEY_LEN: usize = 32;
/// Says how the rest is to be read, should that ever change.
const VERSION: u8 = 1;

/// A key that the operator keeps.
#[derive(Clone)]
pub struct MasterKey {
    pub id: String,
    key: Key,
}

/// The operator's keys: the first seals, all open.
#[derive(Clone)]
pub struct MasterKeys(Vec<MasterKey>);

impl MasterKeys {
    /// Reads `id:base64`, several with commas between; a lone base64 text is called `1`.
    pub fn parse(text: &Secret) -> Result<Self> {
        let keys: Vec<_> = text
            .expose()
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(parse_key)
            .collect::<Result<_>>()?;
        let mut seen = BTreeMap::new();
        if keys.is_empty() {
            return Err(bad_key("is empty"));
        }
        match keys.iter().find(|key| seen.insert(key.id.clone(), ()).is_some()) {
            Some(twice) => Err(bad_key(&format!("names the key {} twice", twice.id))),
            None => Ok(Self(keys)),
        }
    }

    /// A new key as `id:base64`.
    pub fn generate(id: &str, random: &Random) -> Secret {
        let mut bytes = random.bytes::<KEY_LEN>();
        let text = Secret::new(format!("{id}:{}", STANDARD.encode(bytes)));
        bytes.zeroize();
        text
    }

    /// The ids, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }
}

fn parse_key(text: &str) -> Result<MasterKey> {
    let (id, encoded) = text.split_once(':').unwrap_or(("1", text));
    let mut bytes = STANDARD.decode(encoded.trim()).map_err(|_| bad_key("is not base64"))?;
    let key = <[u8; KEY_LEN]>::try_from(bytes.as_slice()).map_err(|_| bad_key("is not of 32 bytes"))?;
    bytes.zeroize();
    Ok(MasterKey { id: id.trim().to_owned(), key: Key(key) })
}

fn bad_key(problem: &str) -> Error {
    Error::Setting(format!("INTEGRATION_ENCRYPTION_KEY {problem}; make one with `afferent key new`"))
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// A data key. Overwritten when dropped.
#[derive(Clone)]
pub(crate) struct Key([u8; KEY_LEN]);

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Key {
    pub(crate) fn new(random: &Random) -> Self {
        Self(random.bytes())
    }

    /// Seals bytes so that they open only for the same `place`.
    pub(crate) fn seal(&self, random: &Random, place: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random.bytes();
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut sealed[1 + NONCE_LEN..],
            )
            .map_err(|_| Error::Sealed("sealing failed"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let (head, body) = sealed.split_at_checked(1 + NONCE_LEN).ok_or(Error::Sealed("too short"))?;
        let nonce = match head {
            [VERSION, nonce @ ..] => Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Sealed("no nonce"))?,
            _ => return Err(Error::Sealed("of an unknown version")),
        };
        let mut bytes = body.to_vec();
        let plain = self
            .cipher()?
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut bytes)
            .map_err(|_| Error::Sealed("changed, moved, or of another key"))?;
        let length = plain.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    pub(crate) fn open_text(&self, place: &str, sealed: &[u8]) -> Result<Secret> {
        String::from_utf8(self.open(place, sealed)?).map(Secret::new).map_err(|_| Error::Sealed("no text"))
    }

    /// Seals another key.
    pub(crate) fn wrap(&self, random: &Random, place: &str, key: &Self) -> Result<Vec<u8>> {
        self.seal(random, place, &key.0)
    }

    pub(crate) fn unwrap_key(&self, place: &str, sealed: &[u8]) -> Result<Self> {
        let mut bytes = self.open(place, sealed)?;
        let key = <[u8; KEY_LEN]>::try_from(bytes.as_slice()).map_err(|_| Error::Sealed("no key"))?;
        bytes.zeroize();
        Ok(Self(key))
    }

    /// A digest that only the holder of the key can compute.
    pub(crate) fn digest(&self, bytes: &[u8]) -> String {
        self.digest_of(&[bytes])
    }

    /// A digest of several parts, one after another.
    pub(crate) fn digest_of(&self, parts: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        parts.iter().for_each(|part| context.update(part));
        hex(context.sign().as_ref())
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0).map(LessSafeKey::new).map_err(|_| Error::Sealed("no key"))
    }
}

/// The master keys, ready for use.
pub(crate) struct Keys {
    masters: Vec<MasterKey>,
    /// The key that seals today's deliveries: the only one that is kept longer than a transaction.
    today: Mutex<Option<(Date, Key)>>,
}

impl Keys {
    pub(crate) fn new(keys: MasterKeys) -> Self {
        Self { masters: keys.0, today: Mutex::default() }
    }

    pub(crate) fn todays(&self, day: Date) -> Option<Key> {
        let today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        today.as_ref().filter(|(of, _)| *of == day).map(|(_, key)| key.clone())
    }

    pub(crate) fn keep_todays(&self, day: Date, key: &Key) {
        *self.today.lock().unwrap_or_else(PoisonError::into_inner) = Some((day, key.clone()));
    }

    pub(crate) fn forget_todays(&self) {
        *self.today.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The one that seals.
    pub(crate) fn current(&self) -> Result<&MasterKey> {
        self.masters.first().ok_or_else(|| Error::KeyMissing("INTEGRATION_ENCRYPTION_KEY".into()))
    }

    pub(crate) fn named(&self, id: &str) -> Result<&MasterKey> {
        self.masters.iter().find(|key| key.id == id).ok_or_else(|| Error::KeyMissing(id.to_owned()))
    }

    /// Makes a key for a person and seals it.
    pub(crate) fn new_user_key(&self, random: &Random, user: UserId) -> Result<(String, Vec<u8>)> {
        let master = self.current()?;
        let sealed = master.key.wrap(random, &user_place(user), &Key::new(random))?;
        Ok((master.id.clone(), sealed))
    }

    pub(crate) fn open_user_key(&self, user: UserId, master: &str, sealed: &[u8]) -> Result<Key> {
        self.named(master)?.key.unwrap_key(&user_place(user), sealed)
    }

    /// Seals a person's key by the current master key.
    pub(crate) fn reseal_user_key(&self, random: &Random, user: UserId, key: &Key) -> Result<(String, Vec<u8>)> {
        let master = self.current()?;
        Ok((master.id.clone(), master.key.wrap(random, &user_place(user), key)?))
    }

    /// Seals a day's key by the current master key.
    pub(crate) fn seal_receive_key(&self, random: &Random, day: &str, key: &Key) -> Result<(String, Vec<u8>)> {
        let master = self.current()?;
        Ok((master.id.clone(), master.key.wrap(random, &receive_place(day), key)?))
    }

    pub(crate) fn open_receive_key(&self, day: &str, master: &str, sealed: &[u8]) -> Result<Key> {
        self.named(master)?.key.unwrap_key(&receive_place(day), sealed)
    }
}

fn receive_place(day: &str) -> String {
    format!("receive:{day}")
}

fn user_place(user: UserId) -> String {
    format!("user:{user}")
}

pub(crate) fn connection_place(connection: ConnectionId) -> String {
    format!("connection:{connection}")
}

/// The keys that one transaction has opened. Not kept longer: another process may have destroyed one.
pub(crate) struct KeyRing {
    pub(crate) keys: Arc<Keys>,
    pub(crate) users: HashMap<UserId, Key>,
    pub(crate) connections: HashMap<ConnectionId, Key>,
    pub(crate) providers: HashMap<ConnectionId, String>,
    pub(crate) days: HashMap<String, Key>,
}

impl KeyRing {
    pub(crate) fn new(keys: Arc<Keys>) -> Self {
        Self {
            keys,
            users: HashMap::new(),
            connections: HashMap::new(),
            providers: HashMap::new(),
            days: HashMap::new(),
        }
    }
}

/// SHA-256 as hexadecimal text.
pub fn digest(bytes: &[u8]) -> String {
    hex(sha::digest(&sha::SHA256, bytes).as_ref())
}

/// How a random secret is looked up: 256 bits need no slow hash.
pub fn hash_secret(secret: &Secret) -> String {
    digest(secret.expose().as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_in_its_place() {
        let random = Random::seeded(1);
        let key = Key::new(&random);
        let sealed = key.seal(&random, "record:a", b"85").unwrap();
        assert_eq!(key.open("record:a", &sealed).unwrap(), b"85");
        assert!(key.open("record:b", &sealed).is_err());
        assert!(Key::new(&random).open("record:a", &sealed).is_err());
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert!(key.open("record:a", &changed).is_err());
        assert!(key.open("record:a", &sealed[..5]).is_err());
    }

    #[test]
    fn the_first_master_key_seals_and_all_open() {
        let random = Random::seeded(2);
        let (old, new) = (MasterKeys::generate("old", &random), MasterKeys::generate("new", &random));
        let user = random.id(jiff::Timestamp::UNIX_EPOCH);
        let (id, sealed) = Keys::new(MasterKeys::parse(&old).unwrap()).new_user_key(&random, user).unwrap();
        let both = Secret::new(format!("{},{}", new.expose(), old.expose()));
        let both = Keys::new(MasterKeys::parse(&both).unwrap());
        assert!(both.open_user_key(user, &id, &sealed).is_ok());
        assert_eq!(both.current().unwrap().id, "new");
        let only_new = Keys::new(MasterKeys::parse(&new).unwrap());
        assert!(matches!(only_new.open_user_key(user, &id, &sealed), Err(Error::KeyMissing(_))));
    }

    #[test]
    fn a_bad_master_key_is_told_without_showing_it() {
        for text in ["", "not base64!", "1:c2hvcnQ="] {
            let error = MasterKeys::parse(&Secret::new(text)).unwrap_err().to_string();
            assert!(error.contains("INTEGRATION_ENCRYPTION_KEY"), "{error}");
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }
}
