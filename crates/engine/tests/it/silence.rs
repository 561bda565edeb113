//! What is told is seldom asked for; whoever is told of nothing is noticed, and asked for as often as before.

use model::{ConnectionId, UserId};
use providers::Error as Trouble;
use testkit::{Engine, House};

use crate::{
    office::{HERE, Office},
    people::{HOUR, MINUTE, OURA, connected_to, status},
    replayed::Recording,
};

const SCORES: &str = "/v2/usercollection/daily_sleep";
const PULSE: &str = "/v2/usercollection/heartrate";

/// Lets hours pass, and does what falls due in each.
async fn pass(house: &House, hours: u32) {
    for _ in 0..hours {
        house.clock.turn(HOUR);
        house.engine.run_due().await.unwrap();
    }
}

async fn tell(house: &House, user: UserId, connection: ConnectionId) {
    let mut tx = house.test.db.write().await.unwrap();
    tx.note_notice(user, connection, house.now()).await.unwrap();
    tx.commit().await.unwrap();
}

fn requests(house: &House, path: &str) -> u64 {
    house.faults().stats().requests_to(path)
}

async fn how(house: &House, user: UserId) -> &'static str {
    status(house, user).await.unwrap().listening.unwrap().how
}

async fn check(house: &House) -> engine::Check {
    // What was looked at is remembered for a moment.
    house.clock.turn(MINUTE);
    let mut checks = house.engine.readiness().await.checks.into_iter();
    checks.find(|check| check.name == "webhooks:oura").unwrap()
}

/// Lets hours pass in which the ring is worn: each of them revises its score.
async fn wear(house: &House, recording: &Recording, hours: u32) {
    for _ in 0..hours {
        let (today, score) = (house.now().strftime("%Y-%m-%d").to_string(), house.now().as_second() / 3600 % 90);
        recording.serve(house, &[(&today, score)]).unwrap();
        pass(house, 1).await;
    }
}

async fn wear_until_silent(house: &House, recording: &Recording, user: UserId) {
    for _ in 0..60 {
        if how(house, user).await == "silent" {
            return;
        }
        wear(house, recording, 1).await;
    }
    panic!("nobody noticed");
}

/// Somebody of whom nothing changes, so that nothing need be told.
async fn somebody_still(house: &House, kinds: &[&str]) -> (UserId, ConnectionId, Recording) {
    let user = house.somebody().await.unwrap().id;
    let connection = house.connect_to(user, kinds).await.unwrap();
    let recording = Recording::new().unwrap();
    recording.serve(house, &[("2026-01-25", 80)]).unwrap();
    house.engine.run_due().await.unwrap();
    (user, connection, recording)
}

#[tokio::test]
async fn what_is_told_is_asked_for_once_a_day() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, connection, _recording) = somebody_still(&house, &["sleep_score", "heart_rate"]).await;
        assert_eq!(how(&house, user).await, "webhooks");
        // The first sync came before the provider was asked to tell of anything.
        let (scores, pulse) = (requests(&house, SCORES), requests(&house, PULSE));
        for _ in 0..13 {
            pass(&house, 4).await;
            tell(&house, user, connection).await;
        }
        assert_eq!(requests(&house, SCORES) - scores, 2);
        assert!((9..=12).contains(&(requests(&house, PULSE) - pulse)), "it is not told of that");
    }
}

#[tokio::test]
async fn a_turn_comes_no_sooner_than_something_is_due() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, connection, _recording) = somebody_still(&house, &["sleep_score"]).await;
        let turns = async || {
            testkit::count(&house.test, "select count(*) from jobs where type = 'sync' and finished_at is not null")
                .await
        };
        pass(&house, 5).await;
        let before = turns().await.unwrap();
        for _ in 0..19 {
            tell(&house, user, connection).await;
            pass(&house, 1).await;
        }
        assert_eq!(turns().await.unwrap(), before);
        pass(&house, 6).await;
        assert_eq!(turns().await.unwrap(), before + 1);
    }
}

#[tokio::test]
async fn who_is_told_of_nothing_for_long_is_asked_until_the_first_notice() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, connection, _recording) = somebody_still(&house, &["sleep_score"]).await;
        office.asked("");
        pass(&house, 35).await;
        assert_eq!(office.asked("probe"), 0);
        pass(&house, 2).await;
        assert_eq!(office.asked("probe"), office.leading_to(HERE), "each is made sure of");
        let asked = requests(&house, SCORES);
        pass(&house, 10).await;
        assert_eq!(office.asked("probe"), 0, "once is enough for a while");
        pass(&house, 6).await;
        assert_eq!(requests(&house, SCORES) - asked, 3, "it is asked for meanwhile");
        pass(&house, 2).await;
        assert_eq!(office.asked("probe"), office.leading_to(HERE), "it lasts");
        tell(&house, user, connection).await;
        pass(&house, 5).await;
        let asked = requests(&house, SCORES);
        pass(&house, 14).await;
        assert_eq!(requests(&house, SCORES), asked);
    }
}

#[tokio::test]
async fn a_ring_in_a_drawer_is_no_trouble() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, _, _recording) = somebody_still(&house, &["sleep_score"]).await;
        office.asked("");
        for _ in 0..20 {
            pass(&house, 6).await;
            let hearing = status(&house, user).await.unwrap().listening.unwrap();
            assert_eq!((hearing.how, hearing.silent_since), ("webhooks", None), "{hearing:?}");
            assert!(check(&house).await.ok);
        }
        assert!(office.asked("probe") > 0);
        assert_eq!((office.asked("delete"), office.asked("create")), (0, 0));
    }
}

#[tokio::test]
async fn what_asking_brings_untold_is_the_best_evidence() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, connection) = connected_to(&house, &["sleep_score"]).await.unwrap();
        pass(&house, 5).await;
        tell(&house, user, connection).await;
        // The day's look brings a night that nobody told of; a delivery that failed may come for another hour.
        pass(&house, 20).await;
        assert_eq!((how(&house, user).await, office.asked("probe")), ("webhooks", 0));
        pass(&house, 2).await;
        assert!(office.asked("probe") > 0);
        let hearing = status(&house, user).await.unwrap().listening.unwrap();
        assert!(hearing.how == "silent" && hearing.silent_since.is_some(), "{hearing:?}");
        assert!(hearing.words.contains("did not tell"), "{hearing:?}");
        let readiness = house.engine.readiness().await;
        let webhooks = check(&house).await;
        assert!(readiness.ready && !webhooks.ok && webhooks.detail.contains("1 of 1"), "{webhooks:?}");
        tell(&house, user, connection).await;
        assert_eq!(how(&house, user).await, "webhooks");
        assert!(check(&house).await.ok);
    }
}

#[tokio::test]
async fn what_is_told_in_time_is_no_evidence() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, connection) = connected_to(&house, &["sleep_score"]).await.unwrap();
        pass(&house, 25).await;
        tell(&house, user, connection).await;
        pass(&house, 5).await;
        assert_eq!((how(&house, user).await, office.asked("probe")), ("webhooks", 0));
    }
}

#[tokio::test]
async fn what_does_not_stand_a_probe_is_made_anew() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (_, _, _recording) = somebody_still(&house, &["sleep_score"]).await;
        let all = office.leading_to(HERE);
        office.refuse("probe", || Trouble::Malformed("the challenge was answered wrongly".into()));
        office.asked("");
        pass(&house, 37).await;
        assert_eq!((office.asked("delete"), office.asked("create"), office.leading_to(HERE)), (all, all, all));
        let probed = house.engine.listening(OURA).await.unwrap().probed_at.unwrap();
        assert!(house.now().duration_since(probed).as_hours() < 3);
    }
}

#[tokio::test]
async fn what_stands_a_probe_and_tells_nothing_is_made_anew_each_day() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, _, recording) = somebody_still(&house, &["sleep_score"]).await;
        let all = office.leading_to(HERE);
        wear_until_silent(&house, &recording, user).await;
        office.asked("");
        wear(&house, &recording, 22).await;
        assert_eq!((office.asked("delete"), office.asked("create")), (0, 0), "it may yet come");
        wear(&house, &recording, 16).await;
        assert_eq!((office.asked("delete"), office.asked("create"), office.leading_to(HERE)), (all, all, all));

        office.refuse("create", || Trouble::Malformed("the challenge was answered wrongly".into()));
        wear(&house, &recording, 36).await;
        assert_eq!((office.asked("delete"), office.leading_to(HERE)), (1, all - 1), "no more than one is lost");
        office.recover();
        wear(&house, &recording, 25).await;
        assert!(office.asked("delete") >= all - 1, "the rest has its turn");
        assert_eq!(office.leading_to(HERE), all);
    }
}

#[tokio::test]
async fn a_silence_without_more_evidence_ends() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, _, recording) = somebody_still(&house, &["sleep_score"]).await;
        let all = office.leading_to(HERE);
        wear_until_silent(&house, &recording, user).await;
        office.asked("");
        wear(&house, &recording, 16).await;
        // From now on the ring lies in a drawer.
        pass(&house, 30).await;
        assert_eq!(how(&house, user).await, "silent");
        pass(&house, 18).await;
        assert_eq!(how(&house, user).await, "webhooks");
        assert!(check(&house).await.ok);
        assert_eq!(office.asked("delete"), all, "it had its turn");
        pass(&house, 60).await;
        assert_eq!((office.asked("delete"), office.leading_to(HERE)), (0, all), "and no other");
    }
}

#[tokio::test]
async fn rings_in_drawers_do_not_speak_for_the_subscription() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, _, recording) = somebody_still(&house, &["sleep_score"]).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(connected_to(&house, &["heart_rate"]).await.unwrap());
        }
        wear_until_silent(&house, &recording, user).await;
        let trouble = check(&house).await;
        assert!(!trouble.ok && trouble.detail.contains("1 of 4"), "{trouble:?}");
        office.asked("");
        wear(&house, &recording, 38).await;
        assert!(office.asked("delete") > 0, "nobody is told of anything");

        for (other, connection) in &others[..2] {
            tell(&house, *other, *connection).await;
        }
        assert!(check(&house).await.ok, "most are told");
        office.asked("");
        wear(&house, &recording, 38).await;
        assert_eq!((how(&house, user).await, office.asked("delete")), ("silent", 0));
    }
}

#[tokio::test]
async fn nobody_waits_for_what_they_have_not_consented_to_be_told() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, _, _recording) = somebody_still(&house, &["heart_rate"]).await;
        pass(&house, 80).await;
        house.clock.turn(MINUTE);
        let hearing = status(&house, user).await.unwrap().listening.unwrap();
        assert_eq!((hearing.silent_since, office.asked("probe")), (None, 0));
    }
}
