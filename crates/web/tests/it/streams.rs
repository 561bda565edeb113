//! Events as they happen, as server-sent events.

use std::{collections::BTreeSet, time::Duration};

use futures::StreamExt;
use model::{Action, Actor, Kind, Role, Scopes, Sharing, Topic};
use testkit::{Engine, run};
use tokio::time::timeout;

use crate::{
    doors::{Doors, get},
    listener::{Heard, Listener, NEVER, grow},
};

const STREAM: &str = "/api/v1/events/stream";

#[tokio::test]
async fn events_are_told_as_they_are_listed() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
        let mut listener = Listener::open(&doors, get(STREAM).cookie(&cookie)).await;
        assert_eq!(listener.next().await.unwrap().id, "0", "the stream says where it begins");
        grow(&doors, ada.id, &[Kind::Sleep, Kind::Activity]).await;
        let listed = doors.send(get("/api/v1/events?after=0").cookie(&cookie)).await.json();
        for (number, listed) in listed["events"].as_array().unwrap().iter().enumerate() {
            let heard = listener.next().await.unwrap();
            assert_eq!((heard.id.as_str(), heard.event.as_str()), ((number + 1).to_string().as_str(), "added"));
            assert_eq!(heard.json(), *listed);
        }
    }
}

#[tokio::test]
async fn one_goes_on_where_one_was() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    grow(&doors, ada.id, &[Kind::Sleep; 4]).await;
    let asked = get(&format!("{STREAM}?after=1")).cookie(&cookie);
    assert_eq!(Listener::open(&doors, asked).await.ids(4).await, ["1", "2", "3", "4"]);
    let asked = get(&format!("{STREAM}?after=1")).cookie(&cookie).with("last-event-id", "3");
    assert_eq!(Listener::open(&doors, asked).await.ids(2).await, ["3", "4"], "what was received last goes first");
    let mut listener = Listener::open(&doors, get(&format!("{STREAM}?after=0&kinds=activity")).cookie(&cookie)).await;
    assert_eq!(listener.ids(2).await, ["0", "4"], "the cursor passes by what is not wanted");
    grow(&doors, ada.id, &[Kind::Sleep, Kind::Activity]).await;
    let heard = listener.next().await.unwrap();
    assert_eq!((heard.id.as_str(), heard.event.as_str()), ("6", "added"));
}

#[tokio::test]
async fn what_was_pruned_is_told() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    grow(&doors, ada.id, &[Kind::Sleep; 4]).await;
    run(&doors.house.test, "update logs set floor = 3").await.unwrap();
    let mut listener = Listener::open(&doors, get(&format!("{STREAM}?after=2")).cookie(&cookie)).await;
    assert_eq!(listener.next().await.unwrap().id, "2");
    let reset = listener.next().await.unwrap();
    assert_eq!((reset.event.as_str(), reset.id.as_str()), ("reset", "4"));
    assert_eq!(reset.json(), serde_json::json!({ "floor": 3, "head": 4 }));
    grow(&doors, ada.id, &[Kind::Sleep]).await;
    assert_eq!(listener.ids(1).await, ["5"]);
    let expired = doors.send(get("/api/v1/events?after=2").cookie(&cookie)).await;
    assert_eq!((expired.status, expired.problem().as_str()), (410, "cursor-expired"));
    assert_eq!((&expired.json()["floor"], &expired.json()["head"]), (&3.into(), &5.into()));
}

#[tokio::test]
async fn a_stream_is_for_those_who_may_read() {
    let doors = Doors::open().await;
    let (ada, ben) =
        (doors.somebody("ada@example.org", Role::Member).await, doors.somebody("ben@example.org", Role::Member).await);
    let root = doors.somebody("root@example.org", Role::Admin).await;
    let token = doors.token(&ada, Scopes::personal()).await;
    let narrow = doors.token(&ada, Scopes::parse("context:read").unwrap()).await;
    let service = doors.service_token(&root, Scopes::all()).await;
    let refused = [
        (get(STREAM), 401, "unauthenticated"),
        (get(STREAM).bearer(&narrow), 403, "forbidden"),
        (get(&format!("{STREAM}?user_id={}", ben.id)).bearer(&token), 403, "forbidden"),
        (get(STREAM).bearer(&service), 422, "invalid"),
        (get(&format!("{STREAM}?kinds=dreams")).bearer(&token), 422, "invalid"),
        (get(&format!("{STREAM}?kind=sleep")).bearer(&token), 422, "invalid"),
        (get("/api/v1/events/live?kinds=sleep").bearer(&service), 422, "invalid"),
        (get(&format!("{STREAM}?after=1")).bearer(&token), 422, "invalid"),
        (get(&format!("{STREAM}?after=-1")).bearer(&token), 422, "invalid"),
        (get(STREAM).bearer(&token).with("last-event-id", "yesterday"), 422, "invalid"),
    ];
    for (number, (ask, status, problem)) in refused.into_iter().enumerate() {
        let answer = doors.send(ask).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{number}: {answer:?}");
    }
    let mut listener = Listener::open(&doors, get(&format!("{STREAM}?user_id={}", ada.id)).bearer(&service)).await;
    assert_eq!(listener.ids(1).await, ["0"]);
    grow(&doors, ada.id, &[Kind::Sleep]).await;
    assert_eq!(listener.ids(1).await, ["1"]);
    doors.house.clock.turn(Duration::from_mins(2));
    grow(&doors, ada.id, &[Kind::Sleep]).await;
    assert_eq!(listener.ids(1).await, ["2"]);
    let trail =
        doors.house.engine.audit(ada.id, &engine::AuditQuery { limit: 99, ..Default::default() }).await.unwrap();
    let reader = Some(doors.identity.find_token(&service).await.unwrap().unwrap().0.id.to_string());
    let reads = trail.iter().filter(|entry| entry.action == Action::EventsRead && entry.actor_id == reader).count();
    assert_eq!(reads, 2, "when it begins, and once a minute in which something is told");
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_may_read_no_more() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
        let secret = doors.token(&ada, Scopes::personal()).await;
        let mut program = Listener::open(&doors, get(STREAM).bearer(&secret)).await;
        let mut idle = Listener::open(&doors, get(STREAM).bearer(&secret)).await;
        let mut browser = Listener::open(&doors, get(STREAM).cookie(&cookie)).await;
        for listener in [&mut program, &mut idle, &mut browser] {
            assert_eq!(listener.ids(1).await, ["0"]);
        }
        let (token, _) = doors.identity.find_token(&secret).await.unwrap().unwrap();
        doors.identity.revoke_token(&Actor::User(ada.id), ada.id, token.id).await.unwrap();
        let passed = doors.house.while_time_passes(idle.ends());
        assert!(passed.await, "without any event, too");
        grow(&doors, ada.id, &[Kind::Sleep]).await;
        assert!(program.ends().await, "what comes after is not told");
        assert_eq!(browser.ids(1).await, ["1"]);
        let answer = doors.send(crate::doors::post("/sign-out").cookie(&cookie)).await;
        assert_eq!(answer.status, 303);
        grow(&doors, ada.id, &[Kind::Sleep]).await;
        assert!(browser.ends().await);
    }
}

#[tokio::test]
async fn what_is_shared_no_longer_is_told_no_longer() {
    let doors = Doors::open().await;
    let ada = doors.somebody("ada@example.org", Role::Member).await;
    let secret = doors.token(&ada, Scopes::personal()).await;
    let mut listener = Listener::open(&doors, get(STREAM).bearer(&secret)).await;
    grow(&doors, ada.id, &[Kind::Sleep]).await;
    assert_eq!(listener.ids(2).await, ["0", "1"]);
    let mut sharing = Sharing::default();
    sharing.set(Topic::Sleep, false);
    doors.house.engine.set_sharing(&Actor::User(ada.id), ada.id, &sharing).await.unwrap();
    grow(&doors, ada.id, &[Kind::Sleep, Kind::Activity]).await;
    assert_eq!(listener.ids(1).await, ["3"], "the person has turned it off");
    let (token, _) = doors.identity.find_token(&secret).await.unwrap().unwrap();
    let nothing = Sharing::nothing();
    doors.identity.set_token_sharing(&Actor::User(ada.id), ada.id, token.id, &nothing).await.unwrap();
    grow(&doors, ada.id, &[Kind::Activity]).await;
    let heard = listener.next().await.unwrap();
    assert_eq!((heard.id.as_str(), heard.event.as_str()), ("4", ""), "so has the token");
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_sent_away_with_its_cursor() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let mut listener = Listener::open(&doors, get(STREAM).cookie(&cookie)).await;
    assert_eq!(listener.ids(1).await, ["0"]);
    grow(&doors, ada.id, &[Kind::Sleep; 200]).await;
    // Nobody reads along any more.
    doors.house.while_time_passes(timeout(NEVER, doors.house.engine.drain())).await.expect("it is still connected");
    let mut heard = Vec::new();
    while let Some(next) = listener.next().await {
        heard.push(next);
    }
    let (last, told) = heard.split_last().unwrap();
    assert_eq!((last.event.as_str(), last.id.as_str()), ("behind", told.last().unwrap().id.as_str()));
    assert!(told.len() < 100, "{}", told.len());
    let mut again = Listener::open(&doors, get(STREAM).cookie(&cookie).with("last-event-id", &last.id)).await;
    let rest = again.ids(201 - told.len()).await;
    let all = told.iter().map(|heard| heard.id.clone()).chain(rest.into_iter().skip(1));
    assert!(all.eq((1..=200).map(|position| position.to_string())), "each once");
}

#[tokio::test]
async fn a_reader_that_takes_little_by_little_is_sent_away_too() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let mut listener = Listener::open(&doors, get(STREAM).cookie(&cookie)).await;
    grow(&doors, ada.id, &[Kind::Sleep; 200]).await;
    let mut told = 0;
    while listener.next().await.is_some() {
        told += 1;
        // One that takes nothing meanwhile is waited for a little longer.
        doors.house.clock.turn(Duration::from_secs(4));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(told < 100, "{told} in one go, while nobody asked whether they may still be told");
}

#[tokio::test]
async fn not_all_come_back_at_once() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let mut pauses = BTreeSet::new();
    for _ in 0..8 {
        let mut body = doors.open_stream(get(STREAM).cookie(&cookie)).await.into_body().into_data_stream();
        let first = body.next().await.unwrap().unwrap();
        let text = String::from_utf8(first.to_vec()).unwrap();
        let pause: u32 = text.lines().find_map(|line| line.strip_prefix("retry: ")).unwrap().parse().unwrap();
        assert!((2_000..=4_000).contains(&pause), "{pause}");
        pauses.insert(pause);
    }
    assert!(pauses.len() > 4, "{pauses:?}");
}

#[tokio::test]
async fn nobody_has_more_streams_open_than_they_may() {
    let doors = Doors::of(Engine::Sqlite, |settings| settings.streams_per_reader = 2).await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let ben = doors.somebody("ben@example.org", Role::Member).await;
    let root = doors.somebody("root@example.org", Role::Admin).await;
    let token = doors.token(&ada, Scopes::personal()).await;
    let service = doors.service_token(&root, Scopes::all()).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(Listener::open(&doors, get(STREAM).bearer(&token)).await);
        open.push(Listener::open(&doors, get(STREAM).cookie(&cookie)).await);
        for user in [&ada, &ben] {
            let asked = get(&format!("{STREAM}?user_id={}", user.id)).bearer(&service);
            open.push(Listener::open(&doors, asked).await);
        }
        open.push(Listener::open(&doors, get("/api/v1/events/live").bearer(&service)).await);
    }
    let refused = doors.send(get(STREAM).bearer(&token)).await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "rate-limited"));
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(doors.send(get("/api/v1/events/live").bearer(&service)).await.status, 429);
    doors.house.connect(ada.id).await.unwrap();
    let jobs = doors.send(get("/api/v1/integrations/oura/status").bearer(&token)).await.json();
    let job = format!("/api/v1/jobs/{}", jobs["syncs"][0]["job_id"].as_str().unwrap());
    assert_eq!(doors.send(get(&job).bearer(&token)).await.status, 200, "what is no stream is not counted");
    assert_eq!(doors.send(get(&job).bearer(&token).with("accept", "text/event-stream")).await.status, 429);
    open.clear();
    Listener::open(&doors, get(STREAM).bearer(&token)).await.ids(1).await;
}

#[tokio::test]
async fn streams_end_with_the_server() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let mut listener = Listener::open(&doors, get(STREAM).cookie(&cookie)).await;
    assert_eq!(listener.ids(1).await, ["0"]);
    doors.house.engine.close_streams();
    assert!(listener.ends().await);
}

#[tokio::test]
async fn the_progress_of_a_job_is_for_those_who_may_see_it_too() {
    let doors = Doors::open().await;
    let ada = doors.somebody("ada@example.org", Role::Member).await;
    let secret = doors.token(&ada, Scopes::personal()).await;
    doors.house.connect(ada.id).await.unwrap();
    let jobs = doors.send(get("/api/v1/integrations/oura/status").bearer(&secret)).await.json();
    let job = jobs["syncs"][0]["job_id"].as_str().unwrap_or_else(|| panic!("{jobs}"));
    let asked = get(&format!("/api/v1/jobs/{job}")).bearer(&secret).with("accept", "text/event-stream");
    let mut listener = Listener::open(&doors, asked).await;
    assert_eq!(listener.next().await.unwrap().event, "progress");
    let (token, _) = doors.identity.find_token(&secret).await.unwrap().unwrap();
    doors.identity.revoke_token(&Actor::User(ada.id), ada.id, token.id).await.unwrap();
    doors.work().await;
    assert!(listener.ends().await, "what has come of it is not told");
}

#[tokio::test]
async fn the_progress_of_a_job_that_waits_is_told_when_it_is_done_and_for_an_hour_at_most() {
    let doors = Doors::open().await;
    let ada = doors.somebody("ada@example.org", Role::Member).await;
    let secret = doors.token(&ada, Scopes::personal()).await;
    doors.house.connect(ada.id).await.unwrap();
    let jobs = doors.send(get("/api/v1/integrations/oura/status").bearer(&secret)).await.json();
    let asked = || {
        let path = format!("/api/v1/jobs/{}", jobs["syncs"][0]["job_id"].as_str().unwrap());
        get(&path).bearer(&secret).with("accept", "text/event-stream")
    };
    let mut forgotten = Listener::open(&doors, asked()).await;
    assert_eq!(forgotten.next().await.unwrap().json()["state"], "queued");
    let time = async {
        for _ in 0..61 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            doors.house.clock.turn(Duration::from_mins(1));
        }
    };
    assert!(tokio::join!(forgotten.ends(), time).0, "although it still waits");
    let mut listener = Listener::open(&doors, asked()).await;
    assert_eq!(listener.next().await.unwrap().json()["state"], "queued");
    let told = async {
        let mut last = Heard::default();
        while let Some(next) = listener.next().await {
            last = next;
        }
        last
    };
    let (last, _) = tokio::join!(doors.house.while_time_passes(told), doors.work());
    assert_eq!(last.json()["state"], "done");
}
