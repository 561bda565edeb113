//! A person's pulse through the day, every five minutes.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{Person, day::Day, minutes::Effort, night::Rest};

/// What the person did when the heart was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Doing {
    Awake,
    Asleep,
    Resting,
    Training,
    Session,
}

/// One measurement.
#[derive(Clone, Copy)]
pub(crate) struct Beat {
    pub(crate) at: Timestamp,
    pub(crate) bpm: i64,
    pub(crate) doing: Doing,
}

const EVERY: i64 = 300;

/// The measurements of a civil day.
pub(crate) fn beats(person: &Person, date: Date) -> Vec<Beat> {
    let yesterday = person.day(date.checked_sub(1.day()).unwrap_or(date));
    let today = person.day(date);
    let tomorrow = person.day(date.checked_add(1.day()).unwrap_or(date));
    let mut dice = person.fate.dice(date, "beats");
    let (from, to) = (person.local(date, 0.0).as_second(), person.local(date, 24.0 * 60.0).as_second());
    let first = from.div_euclid(EVERY) * EVERY + dice.whole(0, EVERY - 1);
    (first..to)
        .step_by(EVERY as usize)
        .filter(|second| *second >= from)
        .filter_map(|second| {
            let at = Timestamp::from_second(second).ok()?;
            let (bpm, doing) = pulse(person, [&yesterday, &today, &tomorrow], at)?;
            let noise = if doing == Doing::Asleep { 0.0 } else { dice.around(0.0, 6.0) };
            Some(Beat { at, bpm: (bpm + noise).round() as i64, doing })
        })
        .collect()
}

fn pulse(person: &Person, days: [&Day; 3], at: Timestamp) -> Option<(f64, Doing)> {
    if let Some(night) = days.iter().map(|day| &day.night).find(|night| night.holds(at)) {
        return night.heart_at(at).map(|bpm| (bpm, Doing::Asleep));
    }
    let [yesterday, today, _] = days;
    let day = if at < person.day_start(today.date) { yesterday } else { today };
    let place = at.duration_since(person.day_start(day.date)).as_secs() / 60;
    let minute = day.minutes.get(usize::try_from(place).ok()?)?;
    if minute.effort == Effort::NotWorn {
        return None;
    }
    let base = person.traits.resting_heart_rate + day.form.illness * 9.0;
    if let Some(nap) = day.naps.iter().find(|nap| nap.rest == Rest::Nap && nap.holds(at)) {
        return nap.heart_at(at).map(|bpm| (bpm, Doing::Resting));
    }
    if day.bouts.iter().any(|bout| bout.start <= at && at < bout.end) {
        return Some((base + 22.0 + minute.met * 8.5, Doing::Training));
    }
    if day.calms.iter().any(|calm| calm.start <= at && at < calm.end) {
        return Some((base + 8.0, Doing::Session));
    }
    Some((base + 10.0 + minute.met * 8.0, Doing::Awake))
}
