//! Only what a provider has signed, and not long ago, is taken in; and once it is taken, it is not lost.

use engine::Error;
use jiff::SignedDuration;
use model::{DeliveryState, NoticeState, Operation, Secret};
use testkit::{Engine, House, SignedDelivery, count};
use tokio_util::sync::CancellationToken;

use crate::{
    people::{HOUR, OURA},
    told::{SCORES, Told, accept, signed_at},
};

async fn kept(house: &House) -> i64 {
    count(
        &house.test,
        "select (select count(*) from deliveries) + (select cast(coalesce(sum(deliveries), 0) as bigint) from bundles)",
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn forgeries_are_refused() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        let now = told.house.now();
        let good = signed_at(&told, now);
        let forged = [
            SignedDelivery { headers: Default::default(), ..good.clone() },
            SignedDelivery::signed_with("another secret", &good.body, now),
            SignedDelivery { body: good.body.iter().map(u8::to_ascii_uppercase).collect(), ..good.clone() },
            SignedDelivery { headers: signed_at(&told, now + SignedDuration::from_secs(1)).headers, ..good.clone() }
                .with("x-oura-timestamp", &now.as_second().to_string()),
        ];
        for delivery in forged {
            let refused = accept(&told.house.engine, &delivery).await;
            assert!(matches!(refused, Err(Error::Unsigned(_))), "{refused:?}");
        }
        assert_eq!(kept(&told.house).await, 0);
        let elsewhere =
            told.house.engine.accept("whoop", engine::Received { headers: &good.headers, body: &good.body });
        assert!(matches!(elsewhere.await, Err(Error::NotFound(_))));
        accept(&told.house.engine, &good).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_old_or_of_the_future_is_refused() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        let after = |seconds| told.house.now() + SignedDuration::from_secs(seconds);
        for (seconds, taken) in [(-86_401, false), (-86_399, true), (86_399, true), (86_401, false)] {
            let accepted = accept(&told.house.engine, &signed_at(&told, after(seconds))).await;
            match accepted {
                Ok(_) => assert!(taken, "{seconds}"),
                Err(Error::Stale) => assert!(!taken, "{seconds}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(kept(&told.house).await, 2);
    }
}

#[tokio::test]
async fn a_challenge_is_answered_to_who_knows_the_token() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let token = house.engine.provider(OURA).unwrap().application.verification_token();
        let ask = |token: &Secret| {
            house.engine.answer_challenge(OURA, &format!("verification_token={}&challenge=hello", token.expose()))
        };
        assert_eq!(ask(&token).unwrap()["challenge"], "hello");
        for wrong in [Secret::new(""), Secret::new("wrong"), Secret::new(token.expose().to_uppercase())] {
            assert!(matches!(ask(&wrong), Err(Error::WrongToken)));
        }
        assert!(matches!(house.engine.answer_challenge(OURA, ""), Err(Error::WrongToken)));
        assert!(matches!(house.engine.answer_challenge("whoop", ""), Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn what_was_answered_outlives_its_process() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71)]);
        let doomed = told.house.next_door().await.unwrap();
        accept(&doomed, &signed_at(&told, told.house.now())).await.unwrap();
        drop(doomed);
        let next = told.house.next_door().await.unwrap();
        next.run_due().await.unwrap();
        assert_eq!(told.scores().await[0], ("first".into(), 71));
        assert_eq!(told.only().await, (DeliveryState::Applied, vec![NoticeState::Applied]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_hears_of_it_at_once() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71)]);
        let stop = CancellationToken::new();
        let (engine, token) = (told.house.engine.clone(), stop.clone());
        let worker = tokio::spawn(async move { engine.work(token).await });
        told.tell(Operation::Update, "first").await;
        // The clock stands still: no poll would find it.
        while told.only().await.0 != DeliveryState::Applied {
            tokio::task::yield_now().await;
        }
        assert_eq!(told.scores().await[0], ("first".into(), 71));
        stop.cancel();
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_take_in_and_open_side_by_side() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        let objects: Vec<_> = (0..60).map(|number| format!("score-{number}")).collect();
        let scores: Vec<_> = objects.iter().map(|object| (object.as_str(), "2026-01-26", 50)).collect();
        told.provider_has(&scores);
        let doors = [told.house.engine.clone(), told.house.next_door().await.unwrap()];
        let mut calls = tokio::task::JoinSet::new();
        for (number, object) in objects.iter().enumerate() {
            for door in &doors {
                let delivery = SignedDelivery::of(&told.account, Operation::Create, SCORES, object, told.house.now());
                let door = door.clone();
                calls.spawn(async move { accept(&door, &delivery).await.unwrap() });
            }
            if number % 20 == 0 {
                for door in doors.clone() {
                    calls.spawn(async move { while door.run_due().await.unwrap() > 0 {} });
                }
            }
        }
        while let Some(done) = calls.join_next().await {
            done.unwrap();
        }
        for door in &doors {
            door.run_due().await.unwrap();
        }
        told.house.clock.turn(HOUR);
        told.work().await;
        assert!(told.deliveries().await.iter().all(|delivery| delivery.state == DeliveryState::Applied));
        let scores = told.scores().await;
        assert!(objects.iter().all(|object| scores.iter().any(|(name, _)| name == object)), "{}", scores.len());
    }
}
