//! The names of documents: stable, whatever else is asked for.

use jiff::civil::Date;
use uuid::Builder;

use crate::person::{Person, day_number, numbered_day};

/// The identity of the `place`th document of a kind on a day. Its first four bytes hide the day, so that a document
/// is found again without going through a whole life.
pub(super) fn id(person: &Person, kind: &str, date: Date, place: usize) -> String {
    let mut bytes: [u8; 16] = person.fate.dice(date, &format!("{kind} {place}")).bytes();
    let day = day_number(date) as u32 ^ mask(person, kind);
    bytes[..4].copy_from_slice(&day.to_be_bytes());
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The day that the identity of a document hides.
pub(in super::super) fn day_of(person: &Person, kind: &str, id: &str) -> Option<Date> {
    let id = uuid::Uuid::parse_str(id).ok()?;
    let [a, b, c, d, ..] = *id.as_bytes();
    numbered_day((u32::from_be_bytes([a, b, c, d]) ^ mask(person, kind)) as i32)
}

/// The identity of a person's account.
pub(in super::super) fn account_id(person: &Person) -> String {
    lasting(person, "account")
}

/// The identity of something that lasts.
pub(super) fn lasting(person: &Person, what: &str) -> String {
    Builder::from_random_bytes(person.fate.life(what).bytes()).into_uuid().to_string()
}

fn mask(person: &Person, kind: &str) -> u32 {
    u32::from_be_bytes(person.fate.life(&format!("{kind} mask")).bytes())
}
