//! What a person notes about a day.

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Person, form::Form};

/// A note.
pub(crate) struct Tag {
    pub(crate) code: Option<&'static str>,
    pub(crate) custom_name: Option<&'static str>,
    pub(crate) comment: Option<&'static str>,
    pub(crate) start: Timestamp,
    pub(crate) end: Option<Timestamp>,
}

/// The day's notes, in the order of time.
pub(crate) fn tags(person: &Person, day: Date, form: &Form) -> Vec<Tag> {
    let mut dice = person.fate.dice(day, "tags");
    let mut tags = Vec::new();
    let mut note = |code, custom_name, comment, minutes: f64| {
        let start = person.local(day, minutes.round());
        tags.push(Tag { code, custom_name, comment, start, end: None });
    };
    if dice.chance(0.35) {
        note(Some("tag_generic_caffeine"), None, Some(""), dice.around(9.0 * 60.0, 40.0));
    }
    if form.illness > 0.6 {
        note(Some("tag_generic_sick"), None, Some("sore throat"), dice.around(10.0 * 60.0, 30.0));
    }
    if dice.chance(0.06) {
        note(None, None, Some("travelled all day"), dice.around(15.0 * 60.0, 60.0));
    }
    if dice.chance(0.08) {
        note(Some("custom"), Some("Cold plunge"), None, dice.around(18.0 * 60.0, 30.0));
    }
    if dice.chance(if form.weekend { 0.3 } else { 0.08 }) {
        note(Some("tag_generic_alcohol"), None, Some(""), dice.around(21.0 * 60.0, 60.0));
    }
    if dice.chance(0.1) {
        let start = person.local(day, dice.around(19.0 * 60.0, 30.0).round());
        let end = Some(start + SignedDuration::from_mins(dice.whole(10, 30)));
        tags.push(Tag { code: Some("tag_generic_sauna"), custom_name: None, comment: Some(""), start, end });
    }
    tags.sort_by_key(|tag| tag.start);
    tags
}
