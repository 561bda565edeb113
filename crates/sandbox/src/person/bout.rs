//! Workouts and sessions of a day.

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Person, dice::Dice, form::Form};

/// A stretch of exercise.
pub(crate) struct Bout {
    pub(crate) activity: &'static str,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) met: f64,
    pub(crate) metres: Option<f64>,
    pub(crate) steps_per_minute: f64,
    pub(crate) source: &'static str,
    pub(crate) label: Option<&'static str>,
}

struct Sport {
    activity: &'static str,
    met: f64,
    metres_per_minute: Option<f64>,
    steps_per_minute: f64,
    minutes: (f64, f64),
}

const SPORTS: [Sport; 6] = [
    Sport {
        activity: "running",
        met: 9.5,
        metres_per_minute: Some(165.0),
        steps_per_minute: 160.0,
        minutes: (25.0, 60.0),
    },
    Sport {
        activity: "cycling",
        met: 7.5,
        metres_per_minute: Some(350.0),
        steps_per_minute: 4.0,
        minutes: (40.0, 100.0),
    },
    Sport {
        activity: "strength_training",
        met: 5.0,
        metres_per_minute: None,
        steps_per_minute: 12.0,
        minutes: (35.0, 65.0),
    },
    Sport { activity: "yoga", met: 2.8, metres_per_minute: None, steps_per_minute: 3.0, minutes: (30.0, 60.0) },
    Sport {
        activity: "swimming",
        met: 7.0,
        metres_per_minute: Some(40.0),
        steps_per_minute: 0.0,
        minutes: (25.0, 45.0),
    },
    Sport {
        activity: "hiking",
        met: 5.8,
        metres_per_minute: Some(70.0),
        steps_per_minute: 95.0,
        minutes: (60.0, 150.0),
    },
];
const WALK: Sport = Sport {
    activity: "walking",
    met: 3.6,
    metres_per_minute: Some(82.0),
    steps_per_minute: 108.0,
    minutes: (12.0, 40.0),
};

/// The day's exercise, in the order of time.
pub(crate) fn bouts(person: &Person, day: Date, form: &Form) -> Vec<Bout> {
    let mut dice = person.fate.dice(day, "bouts");
    let mut bouts = Vec::new();
    if form.training {
        let sport = dice.pick(&SPORTS);
        let start = if form.weekend { dice.around(10.5 * 60.0, 60.0) } else { dice.around(17.6 * 60.0, 45.0) };
        let source = *dice.pick(&["confirmed", "confirmed", "workout_heart_rate", "manual"]);
        bouts.push(bout(person, day, sport, start, source, &mut dice));
    }
    if dice.chance(0.55) && form.illness < 0.5 {
        let start = dice.around(13.2 * 60.0, 30.0);
        let source = if dice.chance(0.7) { "autodetected" } else { "confirmed" };
        bouts.push(bout(person, day, &WALK, start, source, &mut dice));
    }
    bouts.sort_by_key(|bout| bout.start);
    bouts
}

fn bout(person: &Person, day: Date, sport: &Sport, start: f64, source: &'static str, dice: &mut Dice) -> Bout {
    let minutes = dice.between(sport.minutes.0, sport.minutes.1).round();
    let start = person.local(day, start.round());
    let pace = dice.around(1.0, 0.12);
    Bout {
        activity: sport.activity,
        start,
        end: start + SignedDuration::from_mins(minutes as i64),
        met: sport.met * pace,
        metres: sport.metres_per_minute.filter(|_| source != "manual").map(|metres| metres * minutes * pace),
        steps_per_minute: sport.steps_per_minute,
        source,
        label: (source == "manual").then_some("Training"),
    }
}

/// A stretch of breathing or meditation.
pub(crate) struct Calm {
    pub(crate) kind: &'static str,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) mood: Option<&'static str>,
}

/// The day's sessions.
pub(crate) fn calms(person: &Person, day: Date) -> Vec<Calm> {
    let mut dice = person.fate.dice(day, "calms");
    if !dice.chance(0.35) {
        return Vec::new();
    }
    let start =
        person.local(day, dice.around(20.5 * 60.0, 40.0).round()) + SignedDuration::from_secs(dice.whole(0, 59));
    let end = start + SignedDuration::from_secs(dice.whole(5 * 60, 18 * 60));
    let kind = *dice.pick(&["breathing", "meditation", "meditation", "relaxation", "body_status"]);
    let mood = *dice.pick(&[Some("same"), Some("good"), Some("great"), Some("worse"), None]);
    vec![Calm { kind, start, end, mood }]
}
