//! What stays the same about a person from day to day.

use super::dice::Fate;

/// A person's lasting traits.
pub(crate) struct Traits {
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) sex: &'static str,
    /// A POSIX rule rather than a name, so that no time zone database is needed.
    pub(crate) zone_rule: &'static str,
    pub(crate) age: i64,
    pub(crate) weight_kg: f64,
    pub(crate) height_m: f64,
    pub(crate) resting_heart_rate: f64,
    pub(crate) hrv_ms: f64,
    /// When this person goes to bed before a working day, in minutes after midnight.
    pub(crate) bedtime: f64,
}

const CENTRAL_EUROPE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const EASTERN_AMERICA: &str = "EST5EDT,M3.2.0,M11.1.0";
const PEOPLE: [(&str, &str, &str, &str); 3] = [
    ("Alex", "alex@sandbox.example", "female", CENTRAL_EUROPE),
    ("Robin", "robin@sandbox.example", "male", EASTERN_AMERICA),
    ("Sample", "sample@sandbox.example", "male", CENTRAL_EUROPE),
];

impl Traits {
    pub(crate) fn of(fate: Fate, person: u8) -> Self {
        let mut dice = fate.life("traits");
        let (name, email, sex, zone_rule) = PEOPLE[usize::from(person) % PEOPLE.len()];
        let tall = if sex == "male" { 1.80 } else { 1.68 };
        let height_m = (dice.around(tall, 0.1) * 100.0).round() / 100.0;
        Self {
            name,
            email,
            sex,
            zone_rule,
            age: dice.whole(28, 52),
            weight_kg: (dice.around(23.0, 2.5) * height_m * height_m * 10.0).round() / 10.0,
            height_m,
            resting_heart_rate: dice.around(51.0, 5.0),
            hrv_ms: dice.around(52.0, 14.0),
            bedtime: dice.around(-45.0, 25.0),
        }
    }
}
