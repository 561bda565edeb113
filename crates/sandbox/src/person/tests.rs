//! A person's days hang together.

use jiff::civil::date;

use super::*;

fn person(seed: u64) -> Person {
    let now = "2026-06-01T12:00:00Z".parse().unwrap();
    Person::new(seed, 0, now, 120).unwrap()
}

#[test]
fn phases_add_up_to_the_time_in_bed() {
    let person = person(3);
    for day in person.first_day.series(1.day()).take(120) {
        let day = person.day(day);
        for night in day.naps.iter().chain([&day.night]) {
            let sum: i64 = [Phase::Deep, Phase::Light, Phase::Rem, Phase::Awake]
                .iter()
                .map(|phase| night.seconds_in(*phase))
                .sum();
            assert_eq!(sum, night.seconds_in_bed());
            assert_eq!(night.phases.len(), night.movement.len());
            assert_eq!(night.phases.len() as i64, (night.seconds_in_bed() + 29) / 30);
            assert_eq!(night.heart.len(), night.phases.len().div_ceil(10));
            assert!(night.seconds_in(Phase::Awake) >= 0);
        }
    }
}

#[test]
fn nights_are_plausible() {
    let person = person(4);
    let mut earlier = Timestamp::MIN;
    for date in person.first_day.series(1.day()).take(120) {
        let day = person.day(date);
        let night = &day.night;
        assert!(night.bed > earlier, "nights do not overlap");
        earlier = night.rise;
        assert_eq!(person.date_of(night.rise), date);
        let hours = night.seconds_asleep() as f64 / 3600.0;
        assert!((3.0..10.5).contains(&hours), "{hours} hours on {date}");
        let deep = night.seconds_in(Phase::Deep) as f64 / night.seconds_asleep() as f64;
        let rem = night.seconds_in(Phase::Rem) as f64 / night.seconds_asleep() as f64;
        assert!((0.05..0.45).contains(&deep), "deep {deep}");
        assert!((0.08..0.45).contains(&rem), "rem {rem}");
        assert!(night.heart.iter().flatten().all(|bpm| (35.0..110.0).contains(bpm)));
    }
}

#[test]
fn a_day_of_movement_is_as_long_as_the_clock_on_the_wall_says() {
    let person = person(5);
    assert_eq!(person.day(date(2026, 3, 27)).minutes.len(), 1440);
    assert_eq!(person.day(date(2026, 3, 28)).minutes.len(), 1380);
}

#[test]
fn steps_are_plausible() {
    let person = person(6);
    let steps: Vec<f64> = person
        .first_day
        .series(1.day())
        .take(120)
        .map(|date| person.day(date).minutes.iter().map(|minute| minute.steps).sum())
        .collect();
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    assert!((5_000.0..14_000.0).contains(&mean), "{mean} steps a day");
    assert!(steps.iter().all(|steps| (500.0..45_000.0).contains(steps)));
}

#[test]
fn the_ring_syncs_while_its_person_is_awake() {
    let person = person(8);
    let today = date(2026, 5, 20);
    let Schedule { rise, .. } = Schedule::of(&person, today);
    let deep_in_the_night = rise - 2.hours();
    let before = person.known_until(deep_in_the_night);
    assert!(before <= Schedule::of(&person, today).bed);
    assert!(person.known_until(rise + 16.minutes()) > rise);
    person.sync(deep_in_the_night);
    assert_eq!(person.known_until(deep_in_the_night), deep_in_the_night);
}

#[test]
fn other_days_do_not_move_a_day() {
    let (one, other) = (person(9), person(9));
    let day = date(2026, 4, 10);
    other.day(date(2026, 4, 1));
    other.day(date(2026, 4, 11));
    assert_eq!(one.day(day).night.phases, other.day(day).night.phases);
    assert_ne!(one.day(day).night.phases, person(10).day(day).night.phases);
}

#[test]
fn the_next_sync_is_the_next_time_that_more_is_known() {
    let person = person(11);
    let mut now = person.local(date(2026, 5, 20), 1.0);
    for _ in 0..60 {
        let next = person.next_sync_by_itself(now).unwrap();
        assert!(next > now);
        let just_before = next - 1.second();
        assert_eq!(person.known_until(just_before), person.known_until(now), "nothing in between {now} and {next}");
        assert_eq!(person.known_until(next), next);
        now = next;
    }
    assert!(now > person.local(date(2026, 5, 21), 12.0 * 60.0), "two days of half hours");
}
