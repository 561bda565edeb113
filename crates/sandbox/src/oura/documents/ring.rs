//! `ring_configuration`: the rings a person has worn.

use jiff::{ToSpan, civil::date};
use serde_json::json;

use super::{Document, identity, write};
use crate::person::Person;

/// An old ring and the one that is worn.
pub(super) fn configurations(person: &Person) -> Vec<Document> {
    let mut dice = person.fate.life("ring");
    let color = *dice.pick(&["stealth_black", "silver", "titanium", "brushed_silver"]);
    let size = dice.whole(6, 12);
    let first = date(2023, 2, 1).checked_add(dice.whole(0, 300).days()).unwrap_or(date(2023, 2, 1));
    let second = first.checked_add(dice.whole(400, 600).days()).unwrap_or(first);
    [("ring 0", "gen3", "heritage", "3.4.3", first), ("ring 1", "gen4", "horizon", "1.9.7", second)]
        .into_iter()
        .map(|(what, hardware, design, firmware, day)| {
            let at = person.local(day, 11.3 * 60.0);
            let json = json!({
                "id": identity::lasting(person, what),
                "color": color,
                "design": design,
                "firmware_version": firmware,
                "hardware_type": hardware,
                "set_up_at": write::utc(at),
                "size": size,
            });
            Document::new(at, json)
        })
        .collect()
}
