//! Deliveries: kept together, sealed by the key of their day, and opened by one.

use jiff::{SignedDuration, Timestamp};
use model::{DeliveryId, DeliveryState, Random, Secret};
use store::{Arrival, Db, DeliveryQuery, Error, MasterKeys, NewDelivery};
use testkit::{Engine, TestDb, count};

use crate::people::minute;

const DAY: i64 = 24 * 60;

fn new_delivery(body: &str, at: Timestamp) -> NewDelivery {
    NewDelivery {
        provider: "oura".into(),
        body: body.as_bytes().to_vec(),
        signed_at: Some(at - SignedDuration::from_secs(3)),
        received_at: at,
    }
}

pub(crate) async fn keep(db: &Db, bodies: &[&str], at: Timestamp) -> Vec<Arrival> {
    db.keep_deliveries(bodies.iter().map(|body| new_delivery(body, at)).collect()).await.unwrap()
}

/// The bodies that are to be opened.
async fn unopened(db: &Db, at: Timestamp) -> Vec<(DeliveryId, String)> {
    let mut tx = db.write().await.unwrap();
    let mut bodies = Vec::new();
    for delivery in tx.take_deliveries(None, at, 1000).await.unwrap() {
        let body = tx.open_delivery(&delivery).await.unwrap();
        bodies.push((delivery.id, String::from_utf8(body).unwrap()));
    }
    bodies.sort_by(|one, other| one.1.cmp(&other.1));
    bodies
}

#[tokio::test]
async fn what_is_kept_opens_as_it_was() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let bodies: Vec<_> = (100..250).map(|number| number.to_string()).collect();
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        let arrivals = keep(&test.db, &bodies, minute(1)).await;
        assert_eq!(arrivals, vec![Arrival::New; 150]);
        let again = test.again().await.unwrap();
        let opened = unopened(&again, minute(1)).await;
        assert_eq!(opened.iter().map(|(_, body)| body.as_str()).collect::<Vec<_>>(), bodies, "in another process, too");
        assert!(unopened(&test.db, minute(0)).await.is_empty(), "not due yet");
        assert_eq!(test.db.read().await.unwrap().next_unopened().await.unwrap(), Some(minute(1)));
        assert_eq!(count(&test, "select count(*) from receive_keys").await.unwrap(), 1);
        keep(&test.db, &["tomorrow"], minute(DAY)).await;
        assert_eq!(count(&test, "select count(*) from receive_keys").await.unwrap(), 2);
        assert_eq!(unopened(&test.db, minute(DAY)).await.len(), 151);
    }
}

#[tokio::test]
async fn a_twin_is_dropped_while_the_first_waits() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let arrivals = keep(&test.db, &["a", "b", "a"], minute(1)).await;
        assert_eq!(arrivals, [Arrival::New, Arrival::New, Arrival::Twin], "within a batch");
        assert_eq!(keep(&test.db, &["b", "c"], minute(2)).await, [Arrival::Twin, Arrival::New]);
        let other = NewDelivery { provider: "another".into(), ..new_delivery("a", minute(2)) };
        assert_eq!(test.db.keep_deliveries(vec![other]).await.unwrap(), [Arrival::New], "of another provider");
        let opened = unopened(&test.db, minute(2)).await;
        let a = opened[0].0;
        let mut tx = test.db.write().await.unwrap();
        tx.move_opened(&opened.iter().map(|(id, _)| *id).collect::<Vec<_>>(), DeliveryState::Unmatched, minute(3))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(keep(&test.db, &["a"], minute(4)).await, [Arrival::New], "the first does not wait any more");
        let mut tx = test.db.write().await.unwrap();
        let first = tx.reopen_delivery(a, minute(5)).await;
        let second = if first.is_ok() { tx.reopen_delivery(opened[1].0, minute(5)).await } else { first };
        assert!(matches!(second, Err(Error::Conflict(_))), "{second:?}");
    }
}

/// Were each to insert them as they came, each would wait for the other.
#[tokio::test]
async fn the_same_deliveries_in_another_order_block_nobody() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["the key of the day is made"], minute(1)).await;
        for round in 0..20 {
            let bodies: Vec<_> = (0..200).map(|number| format!("{round} {number}")).collect();
            let forth: Vec<_> = bodies.iter().map(String::as_str).collect();
            let back: Vec<_> = forth.iter().rev().copied().collect();
            let (one, other) = tokio::join!(keep(&test.db, &forth, minute(2)), keep(&test.db, &back, minute(2)));
            for (one, other) in one.iter().zip(other.iter().rev()) {
                assert!(one != other, "kept once, and each is told which it was");
            }
        }
    }
}

#[tokio::test]
async fn a_delivery_is_had_by_one() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["a", "b"], minute(1)).await;
        if engine == Engine::Sqlite {
            continue; // one writer at a time
        }
        let mut one = test.db.write().await.unwrap();
        let taken = one.take_deliveries(None, minute(1), 1).await.unwrap();
        let mut other = test.db.write().await.unwrap();
        let rest = other.take_deliveries(None, minute(1), 10).await.unwrap();
        assert_eq!((taken.len(), rest.len()), (1, 1));
        assert_ne!(taken[0].id, rest[0].id);
        assert!(other.take_deliveries(Some(taken[0].id), minute(1), 1).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_could_not_be_opened_is_put_off_and_given_up() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["a"], minute(1)).await;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.due_deliveries(minute(1), 10).await.unwrap()[0];
        tx.put_off_delivery(id, "not now", minute(5)).await.unwrap();
        assert!(tx.take_deliveries(None, minute(4), 10).await.unwrap().is_empty());
        let again = tx.take_deliveries(Some(id), minute(5), 10).await.unwrap();
        assert_eq!((again[0].tries, again[0].received_at), (1, minute(1)));
        tx.give_up_delivery(id, "never", minute(6)).await.unwrap();
        let delivery = tx.delivery(id).await.unwrap();
        assert_eq!((delivery.state, delivery.why.as_deref()), (DeliveryState::Dead, Some("never")));
        assert_eq!((delivery.settled_at, delivery.signed_at.is_some()), (Some(minute(6)), true));
        assert!(tx.reopen_delivery(id, minute(7)).await.unwrap(), "it is kept as it was");
        assert_eq!(tx.take_deliveries(None, minute(7), 10).await.unwrap()[0].tries, 0);
    }
}

#[tokio::test]
async fn deliveries_are_listed_the_newest_first() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        for number in 0..5 {
            keep(&test.db, &[&number.to_string()], minute(number)).await;
        }
        let other = NewDelivery { provider: "another".into(), ..new_delivery("a", minute(5)) };
        test.db.keep_deliveries(vec![other]).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let oldest = tx.due_deliveries(minute(0), 1).await.unwrap()[0];
        tx.give_up_delivery(oldest, "never", minute(6)).await.unwrap();
        let all = DeliveryQuery { limit: 100, ..DeliveryQuery::default() };
        let minutes = |deliveries: Vec<store::Delivery>| -> Vec<_> {
            deliveries.iter().map(|delivery| delivery.received_at.duration_since(minute(0)).as_mins()).collect()
        };
        assert_eq!(minutes(tx.deliveries(&all).await.unwrap()), [5, 4, 3, 2, 1, 0]);
        let of_oura = DeliveryQuery { provider: Some("oura".into()), limit: 2, ..all.clone() };
        let page = tx.deliveries(&of_oura).await.unwrap();
        let before = Some(page[1].id);
        assert_eq!(minutes(page), [4, 3]);
        assert_eq!(minutes(tx.deliveries(&DeliveryQuery { before, ..of_oura }).await.unwrap()), [2, 1]);
        let dead = DeliveryQuery { state: Some(DeliveryState::Dead), ..all };
        assert_eq!(minutes(tx.deliveries(&dead).await.unwrap()), [0]);
        let counted: Vec<_> = tx
            .count_deliveries()
            .await
            .unwrap()
            .into_iter()
            .map(|it| (it.provider, it.state, it.count, it.last_received_at))
            .collect();
        let (oura, another) = ("oura".to_owned(), "another".to_owned());
        assert_eq!(
            counted,
            [
                (another, DeliveryState::Received, 1, minute(5)),
                (oura.clone(), DeliveryState::Dead, 1, minute(0)),
                (oura, DeliveryState::Received, 4, minute(4)),
            ]
        );
        let unknown = test.db.random().id(minute(0));
        assert!(matches!(tx.delivery(unknown).await, Err(Error::NotFound("delivery"))));
    }
}

#[tokio::test]
async fn what_nobody_claims_goes_with_the_key_of_its_day() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["unmatched", "waiting to be opened"], minute(0)).await;
        let opened = unopened(&test.db, minute(0)).await;
        let mut tx = test.db.write().await.unwrap();
        tx.move_opened(&[opened[0].0], DeliveryState::Unmatched, minute(1)).await.unwrap();
        tx.commit().await.unwrap();
        let days_later = minute(7 * DAY + 1);
        keep(&test.db, &["new"], days_later).await;
        let today = days_later.to_zoned(jiff::tz::TimeZone::UTC).date();
        let destroy = async || {
            let mut tx = test.db.write().await.unwrap();
            let destroyed = tx.destroy_receive_keys(today).await.unwrap();
            tx.commit().await.unwrap();
            destroyed
        };
        assert_eq!(destroy().await, 0, "something of that day waits to be opened");
        let bodies = "select count(*) from deliveries where body_sealed is not null";
        assert_eq!(count(&test, bodies).await.unwrap(), 2, "what nobody claimed is gone all the same");
        assert!(!test.db.write().await.unwrap().reopen_delivery(opened[0].0, days_later).await.unwrap());
        let mut tx = test.db.write().await.unwrap();
        tx.move_opened(&[opened[1].0], DeliveryState::Applied, days_later).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(destroy().await, 1);
        assert_eq!(unopened(&test.db, days_later).await[0].1, "new", "today's key is still here");
        assert_eq!(keep(&test.db, &["newer"], days_later).await, [Arrival::New]);
        assert_eq!(unopened(&test.db, days_later).await.len(), 2);
    }
}

#[tokio::test]
async fn the_days_keys_are_sealed_anew_with_the_others() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["a"], minute(0)).await;
        let new = MasterKeys::generate("new", &Random::seeded(2));
        let both = Secret::new(format!("{},{}", new.expose(), TestDb::key().expose()));
        let open = async |keys: &Secret| {
            Db::open(&test.url, MasterKeys::parse(keys).unwrap(), Random::system()).await.unwrap()
        };
        assert!(open(&new).await.read().await.unwrap().check_keys().await.is_err());
        let rotating = open(&both).await;
        let mut tx = rotating.write().await.unwrap();
        assert_eq!(tx.keys_to_rotate().await.unwrap(), 1);
        tx.rotate_keys(10).await.unwrap();
        assert_eq!(tx.keys_to_rotate().await.unwrap(), 0);
        tx.commit().await.unwrap();
        let only_new = open(&new).await;
        only_new.read().await.unwrap().check_keys().await.unwrap();
        assert_eq!(unopened(&only_new, minute(0)).await[0].1, "a");
    }
}
