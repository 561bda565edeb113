//! Deliveries: kept together, sealed by the key of their day, and opened by one.

use jiff::{SignedDuration, Timestamp};
use model::{DeliveryState, Random, Secret};
use store::{Db, DeliveryQuery, Error, MasterKeys, NewDelivery, Tx, Unopened, Write};
use testkit::{Engine, TestDb, count, run};

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

pub(crate) async fn keep(db: &Db, bodies: &[&str], at: Timestamp) {
    let kept = db.keep_deliveries(bodies.iter().map(|body| new_delivery(body, at)).collect()).await.unwrap();
    assert_eq!(kept.len(), bodies.len(), "each call has its answer");
}

/// Keeps deliveries, and gives each a row of its own.
pub(crate) async fn lay_out(db: &Db, bodies: &[&str], at: Timestamp) {
    keep(db, bodies, at).await;
    let mut tx = db.write().await.unwrap();
    let deliveries = unbundled(&mut tx, at).await;
    tx.lay_out_deliveries(&deliveries, at).await.unwrap();
    tx.commit().await.unwrap();
}

async fn unbundled(tx: &mut Tx<Write>, at: Timestamp) -> Vec<Unopened> {
    let mut deliveries = Vec::new();
    while let Some(bundle) = tx.take_bundle(at).await.unwrap() {
        deliveries.extend(tx.open_bundle(&bundle).await.unwrap());
    }
    deliveries
}

/// The deliveries that are to be opened with their bodies, wherever they are.
async fn unopened(db: &Db, at: Timestamp) -> Vec<(Unopened, String)> {
    let mut tx = db.write().await.unwrap();
    let mut deliveries = tx.take_deliveries(None, at, 10_000).await.unwrap();
    deliveries.extend(unbundled(&mut tx, at).await);
    let mut bodies = Vec::new();
    for delivery in deliveries {
        let body = tx.open_delivery(&delivery).await.unwrap();
        bodies.push((delivery, String::from_utf8(body).unwrap()));
    }
    bodies.sort_by(|one, other| one.1.cmp(&other.1));
    bodies
}

async fn settle(db: &Db, delivery: &Unopened, state: DeliveryState, at: Timestamp) {
    let mut tx = db.write().await.unwrap();
    tx.settle_opened(&[delivery], state, at).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_kept_opens_as_it_was() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut bodies: Vec<_> = (100..250).map(|number| number.to_string()).collect();
        bodies.extend(["".to_owned(), "{\n\"a\":1}\n\n{".to_owned(), "\u{1f98a}".repeat(9_000)]);
        bodies.sort();
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        keep(&test.db, &bodies, minute(1)).await;
        assert_eq!(count(&test, "select count(*) from bundles").await.unwrap(), 1, "one row for all");
        let again = test.again().await.unwrap();
        let opened = unopened(&again, minute(1)).await;
        assert_eq!(opened.iter().map(|(_, body)| body.as_str()).collect::<Vec<_>>(), bodies, "in another process, too");
        assert!(unopened(&test.db, minute(0)).await.is_empty(), "not due yet");
        assert_eq!(test.db.read().await.unwrap().next_unopened().await.unwrap(), Some(minute(1)));
        assert_eq!(count(&test, "select count(*) from receive_keys").await.unwrap(), 1);
        keep(&test.db, &["tomorrow"], minute(DAY)).await;
        assert_eq!(count(&test, "select count(*) from receive_keys").await.unwrap(), 2);
        assert_eq!(unopened(&test.db, minute(DAY)).await.len(), bodies.len() + 1);
    }
}

#[tokio::test]
async fn what_is_opened_has_a_row_and_no_bundle_any_more() {
    use DeliveryState::{Applied, Unmatched, Waiting};
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["applied", "unmatched", "waiting"], minute(1)).await;
        let mut tx = test.db.write().await.unwrap();
        let opened = unbundled(&mut tx, minute(1)).await;
        for (delivery, state) in opened.iter().zip([Applied, Unmatched, Waiting]) {
            tx.settle_opened(&[delivery], state, minute(2)).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(count(&test, "select count(*) from bundles").await.unwrap(), 0);
        let mut tx = test.db.write().await.unwrap();
        for (delivery, state) in opened.iter().zip([Applied, Unmatched, Waiting]) {
            let kept = tx.delivery(delivery.id).await.unwrap();
            assert_eq!((kept.state, kept.received_at), (state, minute(1)));
            assert_eq!(kept.settled_at, (state != Waiting).then_some(minute(2)));
            assert_eq!(kept.signed_at, Some(minute(1) - SignedDuration::from_secs(3)));
            let again = tx.reopen_delivery(delivery.id, minute(3)).await.unwrap();
            assert_eq!(again, state == Unmatched, "a body is kept as long as it is needed");
        }
        let again = tx.take_deliveries(None, minute(3), 10).await.unwrap();
        assert_eq!(tx.open_delivery(&again[0]).await.unwrap(), b"unmatched");
    }
}

#[tokio::test]
async fn a_bundle_that_does_not_open_is_put_back_as_it_was() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["a", "b"], minute(1)).await;
        keep(&test.db, &["c"], minute(2)).await;
        // Moved from one row to another, a body does not open.
        let first = "(select min(id) from bundles)";
        run(&test, "create table aside as select id, body_sealed from bundles").await.unwrap();
        let moved = "(select body_sealed from bundles where id <> (select min(id) from bundles))";
        run(&test, format!("update bundles set body_sealed = {moved} where id = {first}")).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let bundle = tx.take_bundle(minute(2)).await.unwrap().unwrap();
        assert!(matches!(tx.open_bundle(&bundle).await, Err(Error::Sealed(_))));
        tx.put_bundle_back(&bundle, minute(5)).await.unwrap();
        assert_eq!(unbundled(&mut tx, minute(4)).await.len(), 1, "the others are opened");
        tx.commit().await.unwrap();
        assert_eq!(test.db.read().await.unwrap().next_unopened().await.unwrap(), Some(minute(5)));
        let back = format!("(select body_sealed from aside where id = {first})");
        run(&test, format!("update bundles set body_sealed = {back}")).await.unwrap();
        let opened = unopened(&test.db, minute(5)).await;
        assert_eq!(opened.iter().map(|(_, body)| body.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(opened[0].0.received_at, minute(1));
    }
}

#[tokio::test]
async fn of_twins_that_wait_one_has_a_row() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        lay_out(&test.db, &["a", "b", "a"], minute(1)).await;
        lay_out(&test.db, &["b", "c"], minute(2)).await;
        let other = NewDelivery { provider: "another".into(), ..new_delivery("a", minute(2)) };
        test.db.keep_deliveries(vec![other]).await.unwrap();
        let opened = unopened(&test.db, minute(2)).await;
        assert_eq!(opened.iter().map(|(_, body)| body.as_str()).collect::<Vec<_>>(), ["a", "a", "b", "c"]);
        let a = &opened.iter().find(|(it, body)| body == "a" && it.provider == "oura").unwrap().0;
        settle(&test.db, a, DeliveryState::Unmatched, minute(3)).await;
        lay_out(&test.db, &["a"], minute(4)).await;
        let mut tx = test.db.write().await.unwrap();
        let second = tx.reopen_delivery(a.id, minute(5)).await;
        assert!(matches!(second, Err(Error::Conflict(_))), "its twin waits: {second:?}");
    }
}

#[tokio::test]
async fn twins_are_of_one_provider_and_the_same_to_the_byte() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut all: Vec<_> = ["a", "b", "a"].map(|body| new_delivery(body, minute(1))).into();
        all.push(NewDelivery { provider: "another".into(), ..new_delivery("a", minute(1)) });
        test.db.keep_deliveries(all).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let mut twins = 0;
        let opened = unbundled(&mut tx, minute(1)).await;
        for (place, one) in opened.iter().enumerate() {
            twins += opened[..place].iter().filter(|other| one.is_twin_of(other)).count();
        }
        assert_eq!((opened.len(), twins), (4, 1));
    }
}

/// Were each to insert them as they came, each would wait for the other.
#[tokio::test]
async fn the_same_deliveries_in_another_order_block_nobody() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        keep(&test.db, &["the key of the day is made"], minute(1)).await;
        for round in 0..20 {
            let bodies: Vec<_> = (0..200).map(|number| format!("{round} {number:03}")).collect();
            let forth: Vec<_> = bodies.iter().map(String::as_str).collect();
            let back: Vec<_> = forth.iter().rev().copied().collect();
            tokio::join!(lay_out(&test.db, &forth, minute(2)), lay_out(&test.db, &back, minute(2)));
            assert_eq!(unopened(&test.db, minute(2)).await.len(), 200 * (round + 1) + 1, "each once");
        }
    }
}

#[tokio::test]
async fn a_delivery_is_had_by_one() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        lay_out(&test.db, &["a", "b"], minute(1)).await;
        keep(&test.db, &["c"], minute(1)).await;
        if engine == Engine::Sqlite {
            continue; // one writer at a time
        }
        let mut one = test.db.write().await.unwrap();
        let taken = one.take_deliveries(None, minute(1), 1).await.unwrap();
        assert!(one.take_bundle(minute(1)).await.unwrap().is_some());
        let mut other = test.db.write().await.unwrap();
        let rest = other.take_deliveries(None, minute(1), 10).await.unwrap();
        assert_eq!((taken.len(), rest.len()), (1, 1));
        assert_ne!(taken[0].id, rest[0].id);
        assert!(other.take_deliveries(Some(taken[0].id), minute(1), 1).await.unwrap().is_empty());
        assert!(other.take_bundle(minute(1)).await.unwrap().is_none());
        drop(one);
        // Whoever gives up leaves it as it was.
        while other.take_bundle(minute(1)).await.unwrap().is_none() {}
    }
}

#[tokio::test]
async fn what_could_not_be_opened_is_put_off_and_given_up() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        lay_out(&test.db, &["a"], minute(1)).await;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.due_deliveries(minute(1), 10).await.unwrap()[0];
        tx.put_off_delivery(id, "not now", minute(5)).await.unwrap();
        assert!(tx.take_deliveries(None, minute(4), 10).await.unwrap().is_empty());
        let again = tx.take_deliveries(Some(id), minute(5), 10).await.unwrap();
        assert_eq!((again[0].tries, again[0].received_at), (1, minute(1)));
        tx.give_up_delivery(&again[0], "never", minute(6)).await.unwrap();
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
            lay_out(&test.db, &[&number.to_string()], minute(number)).await;
        }
        let other = NewDelivery { provider: "another".into(), ..new_delivery("a", minute(5)) };
        test.db.keep_deliveries(vec![other]).await.unwrap();
        lay_out(&test.db, &[], minute(5)).await;
        keep(&test.db, &["in a bundle", "with another"], minute(7)).await;
        let mut tx = test.db.write().await.unwrap();
        let oldest = tx.take_deliveries(None, minute(0), 1).await.unwrap().remove(0);
        tx.give_up_delivery(&oldest, "never", minute(6)).await.unwrap();
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
                (oura, DeliveryState::Received, 6, minute(7)),
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
        lay_out(&test.db, &[], minute(0)).await;
        keep(&test.db, &["in a bundle"], minute(0)).await;
        let mut opened = unopened(&test.db, minute(0)).await;
        settle(&test.db, &opened[1].0, DeliveryState::Unmatched, minute(1)).await;
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
        assert_eq!(count(&test, bodies).await.unwrap(), 1, "what nobody claimed is gone all the same");
        assert!(!test.db.write().await.unwrap().reopen_delivery(opened[1].0.id, days_later).await.unwrap());
        settle(&test.db, &opened.remove(2).0, DeliveryState::Applied, days_later).await;
        assert_eq!(destroy().await, 0, "something is in a bundle");
        run(&test, "delete from bundles where received_at = (select min(received_at) from bundles)").await.unwrap();
        assert_eq!(destroy().await, 1);
        assert_eq!(unopened(&test.db, days_later).await[0].1, "new", "today's key is still here");
        keep(&test.db, &["newer"], days_later).await;
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
