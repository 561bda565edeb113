//! Randomness, as an argument: the system's, or a seeded one that repeats itself.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use uuid::Uuid;

use crate::Secret;

/// Where random bytes come from. Clones share one source.
#[derive(Clone)]
pub struct Random(Option<Arc<Mutex<ChaCha12Rng>>>);

impl Random {
    /// The operating system's.
    pub fn system() -> Self {
        Self(None)
    }

    /// Repeats itself for the same seed: for tests, never for keys.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(ChaCha12Rng::seed_from_u64(seed)))))
    }

    /// Fills a buffer.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
            None => rand::rng().fill_bytes(bytes),
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes),
        }
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// 256 bits as URL-safe text.
    pub fn secret(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.bytes::<32>()))
    }

    /// A new identifier.
    pub fn id<Id: From<Uuid>>(&self, now: Timestamp) -> Id {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>()).into_uuid().into()
    }

    /// A fraction from 0 up to 1, for spreading retries.
    pub fn fraction(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes::<4>())) / 4_294_967_296.0
    }
}
