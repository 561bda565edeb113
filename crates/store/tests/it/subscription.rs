//! What providers are asked to send us, where we were, and whether they send it.

use model::{ConnectionState, ListeningState, Operation, SubscriptionState};
use store::{Db, Error, Subscribed, Subscription, SubscriptionKey};
use testkit::{Engine, TestDb};

use crate::{
    connected::connect,
    people::{add, minute},
};

const HERE: &str = "https://here.example/webhook";

fn key(data_type: &str, operation: Operation) -> SubscriptionKey {
    SubscriptionKey { provider: "oura".into(), data_type: data_type.into(), operation, callback_url: HERE.into() }
}

fn had(id: &str, renewed: bool) -> Subscribed {
    Subscribed::Had { provider_id: id.into(), expires_at: Some(minute(90)), renewed }
}

async fn note(db: &Db, at: i64, key: &SubscriptionKey, subscribed: &Subscribed) -> Subscription {
    let mut tx = db.write().await.unwrap();
    tx.note_subscription(minute(at), key, subscribed).await.unwrap();
    let all = tx.subscriptions(&key.provider).await.unwrap();
    tx.commit().await.unwrap();
    all.into_iter().find(|known| known.key == *key).unwrap()
}

#[tokio::test]
async fn a_subscription_is_kept_with_what_became_of_it() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let sleep = key("sleep", Operation::Create);
        let made = note(&test.db, 1, &sleep, &had("s1", false)).await;
        assert_eq!((made.provider_id.as_deref(), made.state), (Some("s1"), SubscriptionState::Active));
        assert_eq!((made.created_at, made.renewed_at, made.checked_at), (minute(1), None, Some(minute(1))));

        let (state, why) = (SubscriptionState::Active, "status 500".to_owned());
        let refused = Subscribed::Failed { state, why, retry_at: minute(9) };
        note(&test.db, 2, &sleep, &refused).await;
        let failed = note(&test.db, 3, &sleep, &refused).await;
        assert_eq!((failed.id, failed.provider_id.as_deref()), (made.id, Some("s1")), "what it had, it still has");
        assert_eq!((failed.tries, failed.retry_at, failed.expires_at), (2, Some(minute(9)), Some(minute(90))));
        assert_eq!((failed.last_error.as_deref(), failed.checked_at), (Some("status 500"), Some(minute(1))));

        let renewed = note(&test.db, 4, &sleep, &had("s1", true)).await;
        assert_eq!((renewed.tries, renewed.retry_at, &renewed.last_error), (0, None, &None));
        assert_eq!((renewed.renewed_at, renewed.checked_at), (Some(minute(4)), Some(minute(4))));

        let missing =
            Subscribed::Missing { state: SubscriptionState::Taken, why: "taken".into(), retry_at: minute(99) };
        let gone = note(&test.db, 5, &sleep, &missing).await;
        assert_eq!((gone.provider_id, gone.expires_at, gone.state), (None, None, SubscriptionState::Taken));
        assert_eq!(gone.renewed_at, Some(minute(4)));

        let mut tx = test.db.write().await.unwrap();
        tx.retry_subscriptions("oura").await.unwrap();
        assert_eq!(tx.subscription(made.id).await.unwrap().retry_at, None);
        tx.forget_subscription(made.id).await.unwrap();
        assert!(matches!(tx.subscription(made.id).await, Err(Error::NotFound("subscription"))));
    }
}

#[tokio::test]
async fn what_is_told_is_what_is_active_here_and_has_not_ended() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        for (id, operation) in [("s1", Operation::Create), ("s2", Operation::Update)] {
            note(&test.db, 1, &key("sleep", operation), &had(id, false)).await;
        }
        note(&test.db, 1, &key("tag", Operation::Create), &had("s3", false)).await;
        let failed = Subscribed::Failed { state: SubscriptionState::Failed, why: String::new(), retry_at: minute(2) };
        note(&test.db, 2, &key("tag", Operation::Create), &failed).await;
        let elsewhere =
            SubscriptionKey { callback_url: "https://before.example".into(), ..key("workout", Operation::Create) };
        note(&test.db, 1, &elsewhere, &had("s4", false)).await;
        let mut tx = test.db.write().await.unwrap();
        let told = tx.told("oura", HERE, minute(89)).await.unwrap();
        assert_eq!(told.into_iter().collect::<Vec<_>>(), [("sleep".to_owned(), 2)]);
        assert!(tx.told("oura", HERE, minute(90)).await.unwrap().is_empty());
        assert!(tx.told("whoop", HERE, minute(1)).await.unwrap().is_empty());
        tx.check_subscriptions("oura", minute(7)).await.unwrap();
        let checked = tx.subscriptions("oura").await.unwrap().into_iter().map(|row| row.checked_at);
        let expected = [Some(minute(7)), Some(minute(7)), Some(minute(1)), Some(minute(7))];
        assert_eq!(checked.collect::<Vec<_>>(), expected, "not what failed");
    }
}

#[tokio::test]
async fn since_when_a_provider_tells_is_known() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert!(tx.listening("oura").await.unwrap().is_none());
        for (at, state) in [(1, ListeningState::Active), (2, ListeningState::Active), (3, ListeningState::Failed)] {
            tx.note_listening("oura", state, (at == 3).then_some("status 500"), minute(at)).await.unwrap();
            let known = tx.listening("oura").await.unwrap().unwrap();
            assert_eq!((known.state, known.since), (state, minute(if at == 2 { 1 } else { at })));
        }
        tx.note_reconciled("oura", false, minute(4)).await.unwrap();
        tx.note_reconciled("oura", false, minute(5)).await.unwrap();
        let known = tx.listening("oura").await.unwrap().unwrap();
        assert_eq!((known.tries, known.reconciled_at, known.why.as_deref()), (2, None, Some("status 500")));
        tx.note_reconciled("oura", true, minute(6)).await.unwrap();
        let known = tx.listening("oura").await.unwrap().unwrap();
        assert_eq!((known.tries, known.reconciled_at), (0, Some(minute(6))));
    }
}

#[tokio::test]
async fn a_probe_is_asked_for_once_in_a_while() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert!(!tx.ask_probe("oura", minute(0), minute(1)).await.unwrap(), "nothing is known of it");
        tx.note_listening("oura", ListeningState::Active, None, minute(1)).await.unwrap();
        assert!(tx.ask_probe("oura", minute(0), minute(2)).await.unwrap());
        assert!(!tx.ask_probe("oura", minute(1), minute(3)).await.unwrap(), "it was asked for lately");
        tx.note_probed("oura", minute(2), minute(4)).await.unwrap();
        let known = tx.listening("oura").await.unwrap().unwrap();
        assert_eq!((known.probe_asked_at, known.probed_at), (None, Some(minute(4))));
        assert!(!tx.ask_probe("oura", minute(3), minute(5)).await.unwrap(), "it was done lately");
        assert!(tx.ask_probe("oura", minute(6), minute(6)).await.unwrap());
        tx.note_probed("oura", minute(2), minute(7)).await.unwrap();
        let known = tx.listening("oura").await.unwrap().unwrap();
        assert_eq!(known.probe_asked_at, Some(minute(6)), "it was asked for once more meanwhile");
    }
}

#[tokio::test]
async fn every_address_that_we_had_is_remembered() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        for (at, url) in ["https://b.example/", "https://a.example/", "https://b.example/"].iter().enumerate() {
            tx.note_public_url(url, minute(i64::try_from(at).unwrap())).await.unwrap();
        }
        assert_eq!(tx.public_urls().await.unwrap(), ["https://a.example/", "https://b.example/"]);
    }
}

#[tokio::test]
async fn a_connection_knows_when_it_was_told_of_something() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert!(tx.is_anybody_connected("oura").await.unwrap());
        assert!(!tx.is_anybody_connected("whoop").await.unwrap());
        assert_eq!(tx.hearing(ada, id).await.unwrap(), store::Hearing::default());
        tx.note_notice(ada, id, minute(5)).await.unwrap();
        tx.note_notice(ada, id, minute(4)).await.unwrap();
        assert_eq!(tx.hearing(ada, id).await.unwrap().last_notice_at, Some(minute(5)), "the latest counts");
        tx.note_untold(ada, id, minute(6)).await.unwrap();
        tx.note_silence(ada, id, minute(7)).await.unwrap();
        tx.note_silence(ada, id, minute(8)).await.unwrap();
        let silent = tx.hearing(ada, id).await.unwrap();
        assert_eq!((silent.untold_at, silent.silent_since), (Some(minute(6)), Some(minute(7))));
        assert_eq!(tx.count_silent("oura").await.unwrap(), (1, 1));
        let silence = |untold_at| Some(store::Silence { since: minute(7), untold_at: Some(untold_at) });
        assert_eq!(tx.silence("oura").await.unwrap(), silence(minute(6)));
        tx.note_untold(ada, id, minute(8)).await.unwrap();
        assert_eq!(tx.silence("oura").await.unwrap(), silence(minute(8)), "while it is silent the last counts");
        assert_eq!(tx.count_told("oura", minute(0)).await.unwrap(), 0, "what is silent is not told");
        tx.note_notice(ada, id, minute(6)).await.unwrap();
        assert_eq!(tx.hearing(ada, id).await.unwrap().silent_since, Some(minute(7)), "that was before");
        tx.note_notice(ada, id, minute(9)).await.unwrap();
        let heard = tx.hearing(ada, id).await.unwrap();
        assert_eq!((heard.last_notice_at, heard.silent_since, heard.untold_at), (Some(minute(9)), None, None));
        assert_eq!(tx.count_silent("oura").await.unwrap(), (1, 0));
        assert_eq!(tx.silence("oura").await.unwrap(), None);
        let told = [tx.count_told("oura", minute(9)).await.unwrap(), tx.count_told("oura", minute(10)).await.unwrap()];
        assert_eq!(told, [1, 0]);
        tx.note_untold(ada, id, minute(9)).await.unwrap();
        tx.note_untold(ada, id, minute(10)).await.unwrap();
        assert_eq!(tx.hearing(ada, id).await.unwrap().untold_at, Some(minute(9)), "before, the first");
        tx.note_silence(ada, id, minute(10)).await.unwrap();
        let connection = tx.connection(ada, id).await.unwrap();
        tx.move_connection(&connection, ConnectionState::NeedsConsent, None, minute(11)).await.unwrap();
        assert_eq!(tx.count_silent("oura").await.unwrap(), (0, 0), "nobody can tell it of anything");
        assert_eq!(tx.silence("oura").await.unwrap(), None);
        tx.forget_silence(ada, id).await.unwrap();
        assert_eq!(tx.hearing(ada, id).await.unwrap().silent_since, None);
        let stranger = test.db.random().id(minute(0));
        assert!(matches!(tx.hearing(stranger, id).await, Err(Error::NotFound("connection"))));
    }
}

#[tokio::test]
async fn the_times_of_notices_are_habits() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let delivery = "insert into deliveries (id, provider, state, digest, receive_day, received_at, run_at) \
                        values ('d', 'oura', 'applied', '', '2026-01-26', 0, 0)";
        testkit::run(&test, delivery).await.unwrap();
        for (number, at) in [3, 1, 3, 9].into_iter().enumerate() {
            let at = minute(at).as_millisecond();
            let notice = format!(
                "insert into notices (id, delivery_id, user_id, connection_id, collection, operation, object_sealed, digest, \
                 state, run_at, received_at) select '{number}', 'd', '{ada}', '{id}', 'sleep', 'create', key_sealed, '', \
                 'applied', 0, {at} from users where id = '{ada}'"
            );
            testkit::run(&test, notice).await.unwrap();
        }
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(tx.notice_times(ada, id, minute(2)).await.unwrap(), [minute(3), minute(9)]);
        let stranger = test.db.random().id(minute(0));
        assert!(tx.notice_times(stranger, id, minute(0)).await.unwrap().is_empty());
        assert!(tx.collections_changed(ada, id, 0).await.unwrap().is_empty());
    }
}
