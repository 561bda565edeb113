//! The disk is full: what cannot be kept is not taken in, what is there is told, and room ends the trouble.

use std::time::Duration;

use engine::{Error, RecordQuery};
use model::{DeliveryState, NoticeState};
use testkit::{Engine, SignedDelivery, run};

use crate::{
    people::{OURA, sync_with},
    told::{SCORES, Told, accept},
};

/// For so long it is known how well a process is.
const LOOKED_AT: Duration = Duration::from_secs(2);
/// More than all that a test writes.
const BALLAST: &str = "create table ballast as select randomblob(4000000) as weight";

#[tokio::test]
async fn a_full_disk_takes_nothing_in_and_loses_nothing() {
    let told = Told::new(Engine::Sqlite).await;
    told.provider_has(&[("first", "2026-01-24", 71), ("second", "2026-01-25", 80)]);
    run(&told.house.test, BALLAST).await.unwrap();
    let engine = told.house.out_of_room().await.unwrap();
    let delivery = |number: usize| {
        let (account, talk) = (&told.account, format!("{number:03}").repeat(1000));
        let body = format!(
            r#"{{"event_type":"update","data_type":"{SCORES}","object_id":"first","user_id":"{account}","talk":"{talk}"}}"#
        );
        SignedDelivery::signing(body.as_bytes(), told.house.now())
    };
    let mut taken = 0;
    let refused = loop {
        if let Err(refused) = accept(&engine, &delivery(taken)).await {
            break refused;
        }
        taken += 1;
        assert!(taken < 200, "it is never full");
    };
    assert!(matches!(refused, Error::NotKept(_)), "{refused:?}");
    for number in 200..220 {
        let refused = accept(&engine, &delivery(number)).await;
        assert!(matches!(refused, Err(Error::NotKept(_))), "{refused:?}");
    }
    assert_eq!(engine.status(told.user, OURA).await.unwrap().state, "active");
    let wanted = RecordQuery { limit: 10, ..RecordQuery::default() };
    assert_eq!(engine.records(told.user, None, wanted).await.unwrap().len(), 2);

    let ready = engine.readiness().await;
    assert!(!ready.ready && !ready.checks[0].ok, "{ready:?}");
    told.house.clock.turn(LOOKED_AT);
    assert!(!engine.readiness().await.ready, "it is looked at again");

    run(&told.house.test, "drop table ballast").await.unwrap();
    told.house.clock.turn(LOOKED_AT);
    let ready = engine.readiness().await;
    assert!(ready.checks[0].ok, "found out although nobody writes: {ready:?}");
    accept(&engine, &delivery(300)).await.unwrap();
    engine.run_due().await.unwrap();
    let deliveries = told.deliveries().await;
    assert_eq!(deliveries.len(), taken + 1, "what was taken in is there, what was refused is not");
    assert!(deliveries.iter().all(|delivery| delivery.state == DeliveryState::Applied));
    assert!(deliveries.iter().all(|delivery| delivery.notices[0].state == NoticeState::Applied));
    assert_eq!(told.scores().await[0], ("first".into(), 71));
    assert!(sync_with(&engine, told.user, 3, "daily_sleep").await.unwrap().success);
}
