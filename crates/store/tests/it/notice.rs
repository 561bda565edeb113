//! Notices: sealed by their connection's key, settled one by one, and their delivery with the last of them.

use model::{DeliveryId, DeliveryState, NoticeState, Operation, UserId};
use store::{Db, Error, NewNotice, WaitingNotice};
use testkit::{Engine, TestDb, count};

use crate::{
    connected::connect,
    delivery::lay_out,
    people::{add, minute},
};

/// Keeps a delivery and opens it: one notice for each state.
async fn opened(db: &Db, user: UserId, states: &[NoticeState]) -> (DeliveryId, Vec<WaitingNotice>) {
    let connection = connect(db, user).await.unwrap();
    lay_out(db, &["a"], minute(1)).await;
    let mut tx = db.write().await.unwrap();
    let delivery = tx.take_deliveries(None, minute(1), 1).await.unwrap().remove(0);
    let delivery_id = delivery.id;
    let notice = |(number, state): (usize, &NoticeState)| NewNotice {
        delivery_id,
        user_id: user,
        connection_id: connection,
        collection: "sleep".into(),
        operation: Operation::Update,
        object_id: format!("night-{number}"),
        state: *state,
        why: None,
        received_at: minute(1),
    };
    let notices: Vec<_> = states.iter().enumerate().map(notice).collect();
    tx.add_notices(minute(2), &notices).await.unwrap();
    tx.settle_opened(&[&delivery], DeliveryState::Waiting, minute(2)).await.unwrap();
    let mut waiting = tx.waiting_notices(user, connection, minute(2), 10).await.unwrap();
    waiting.sort_by(|one, other| one.object_id.cmp(&other.object_id));
    tx.commit().await.unwrap();
    (delivery_id, waiting)
}

#[tokio::test]
async fn a_delivery_settles_with_its_last_notice() {
    use NoticeState::{Applied, Dead, Ignored, Waiting};
    for engine in Engine::all() {
        for (last, state) in [(Applied, DeliveryState::Applied), (Dead, DeliveryState::Dead)] {
            let test = TestDb::new(engine).await.unwrap();
            let ada = add(&test.db, "ada@example.org").await.unwrap().id;
            let (id, waiting) = opened(&test.db, ada, &[Waiting, Waiting, Ignored]).await;
            assert_eq!(waiting.iter().map(|it| it.object_id.as_str()).collect::<Vec<_>>(), ["night-0", "night-1"]);
            let mut tx = test.db.write().await.unwrap();
            let first = tx.settle_notices(ada, &waiting[..1], Applied, None, minute(3)).await.unwrap();
            assert!(first.is_empty());
            assert_eq!(tx.delivery(id).await.unwrap().state, DeliveryState::Waiting);
            let second = tx.settle_notices(ada, &waiting[1..], last, Some("so"), minute(4)).await.unwrap();
            assert_eq!(second, [state]);
            let delivery = tx.delivery(id).await.unwrap();
            assert_eq!((delivery.state, delivery.settled_at), (state, Some(minute(4))));
            assert_eq!(delivery.why.as_deref(), (last == Dead).then_some("so"));
            let again = tx.settle_notices(ada, &waiting, Applied, None, minute(5)).await.unwrap();
            assert!(again.is_empty(), "what is settled stays so");
            assert_eq!(tx.delivery(id).await.unwrap().notices.len(), 3);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_settle_at_the_same_time_one_settles_the_delivery() {
    for engine in Engine::all() {
        for _ in 0..10 {
            let test = TestDb::new(engine).await.unwrap();
            let ada = add(&test.db, "ada@example.org").await.unwrap().id;
            let (id, waiting) = opened(&test.db, ada, &[NoticeState::Waiting, NoticeState::Waiting]).await;
            let settling = waiting.into_iter().map(|notice| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    let mut tx = db.write().await.unwrap();
                    tx.settle_notices(ada, &[notice], NoticeState::Applied, None, minute(3)).await.unwrap();
                    tx.commit().await.unwrap();
                })
            });
            for done in settling.collect::<Vec<_>>() {
                done.await.unwrap();
            }
            let delivery = test.db.read().await.unwrap().delivery(id).await.unwrap();
            assert_eq!(delivery.state, DeliveryState::Applied);
        }
    }
}

#[tokio::test]
async fn notices_that_were_tried_come_back_later() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let (id, waiting) = opened(&test.db, ada, &[NoticeState::Waiting]).await;
        let mut tx = test.db.write().await.unwrap();
        let connection = tx.find_connection(ada, "oura").await.unwrap().unwrap().id;
        tx.put_off_notices(ada, &waiting, "not now", minute(9)).await.unwrap();
        assert!(tx.waiting_notices(ada, connection, minute(8), 10).await.unwrap().is_empty());
        assert_eq!(tx.next_notice(ada, connection).await.unwrap(), Some(minute(9)));
        let later = tx.waiting_notices(ada, connection, minute(9), 10).await.unwrap();
        assert_eq!((later[0].tries, later[0].received_at), (1, minute(1)));
        let ben = test.db.random().id(minute(0));
        assert!(tx.waiting_notices(ben, connection, minute(9), 10).await.unwrap().is_empty(), "they are not Ben's");
        tx.settle_notices(ben, &waiting, NoticeState::Applied, None, minute(9)).await.unwrap();
        assert_eq!(tx.delivery(id).await.unwrap().state, DeliveryState::Waiting);
        tx.settle_notices(ada, &waiting, NoticeState::Dead, Some("never"), minute(10)).await.unwrap();
        assert_eq!(tx.wake_notices(id, minute(11)).await.unwrap(), [(ada, connection)]);
        tx.await_notices(id).await.unwrap();
        let woken = tx.waiting_notices(ada, connection, minute(11), 10).await.unwrap();
        assert_eq!((woken[0].tries, tx.delivery(id).await.unwrap().why), (0, None));
        tx.drop_notices(ada, connection, minute(12)).await.unwrap();
        let delivery = tx.delivery(id).await.unwrap();
        assert_eq!((delivery.state, delivery.notices.len()), (DeliveryState::Applied, 0));
    }
}

#[tokio::test]
async fn an_object_opens_only_in_its_row() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let (id, _) = opened(&test.db, ada, &[NoticeState::Waiting]).await;
        testkit::run(&test, "update notices set collection = 'workout'").await.unwrap();
        let moved = test.db.read().await.unwrap().delivery(id).await;
        assert!(matches!(moved, Err(Error::Sealed(_))), "{moved:?}");
    }
}

#[tokio::test]
async fn what_settled_long_ago_is_deleted_with_its_notices() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let (_, waiting) = opened(&test.db, ada, &[NoticeState::Waiting]).await;
        lay_out(&test.db, &["b"], minute(1)).await;
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.sweep_deliveries(minute(100), 10).await.unwrap(), 0, "nothing has settled");
        tx.settle_notices(ada, &waiting, NoticeState::Applied, None, minute(5)).await.unwrap();
        assert_eq!(tx.sweep_deliveries(minute(5), 10).await.unwrap(), 0);
        assert_eq!(tx.sweep_deliveries(minute(6), 0).await.unwrap(), 0);
        assert_eq!(tx.sweep_deliveries(minute(6), 10).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(count(&test, "select count(*) from notices").await.unwrap(), 0);
        assert_eq!(count(&test, "select count(*) from deliveries").await.unwrap(), 1);
    }
}
