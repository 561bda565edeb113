//! What is asked of Oura, and what becomes of its answers.

use jiff::civil::date;
use model::{Account, Window};

use super::{Oura, stub::Stub};
use crate::{
    Ask, Error, Provider,
    oura::fetch::{document_path, query},
};

const WINDOW: Window = Window { from: date(2026, 3, 1), to: date(2026, 3, 2) };

fn asked_for(collection: &str, next: Option<&str>) -> String {
    let oura = Oura::new();
    let collection = oura.manifest().collection(collection).unwrap();
    let pairs = query(&Ask { collection, window: WINDOW, next });
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[test]
fn windows_are_widened_where_the_provider_would_cut_them_short() {
    assert_eq!(asked_for("sleep", None), "start_date=2026-02-28&end_date=2026-03-03");
    assert_eq!(asked_for("daily_activity", None), "start_date=2026-02-28&end_date=2026-03-03");
    assert_eq!(asked_for("daily_sleep", None), "start_date=2026-03-01&end_date=2026-03-03");
    assert_eq!(
        asked_for("heartrate", Some("t")),
        "start_datetime=2026-03-01T00:00:00Z&end_datetime=2026-03-03T00:00:00Z&next_token=t"
    );
    assert_eq!(asked_for("ring_configuration", Some("t")), "next_token=t");
    assert_eq!(asked_for("personal_info", None), "");
}

#[test]
fn documents_are_asked_for_by_the_providers_own_spelling() {
    let oura = Oura::new();
    let path = |collection, id| document_path(oura.manifest().collection(collection).unwrap(), id).ok();
    assert_eq!(path("vO2_max", "a-1_b").unwrap(), "/v2/usercollection/vO2_max/a-1_b");
    assert_eq!(path("personal_info", "p").unwrap(), "/v2/usercollection/personal_info");
    for (collection, id) in [
        ("heartrate", "awake:2026-03-01"),
        ("ring_battery_level", "2026-03-01"),
        ("daily_cardiovascular_age", "2026-03-01"),
        ("sleep", ".."),
        ("sleep", "a/b"),
        ("sleep", ""),
    ] {
        assert_eq!(path(collection, id), None, "{collection} {id}");
    }
}

async fn fetch(stub: &Stub, collection: &str, next: Option<&str>) -> Result<Option<String>, Error> {
    let oura = Oura::new();
    let collection = oura.manifest().collection(collection).unwrap();
    oura.fetch(&stub.api, &Ask { collection, window: WINDOW, next }).await.map(|page| page.next)
}

#[tokio::test]
async fn a_page_tells_where_to_go_on() {
    let stub = Stub::answering(&[
        (200, r#"{"data":[{}],"next_token":"b"}"#),
        (200, r#"{"data":[],"next_token":""}"#),
        (200, r#"{"data":[]}"#),
    ]);
    assert_eq!(fetch(&stub, "vO2_max", None).await.unwrap().as_deref(), Some("b"));
    assert_eq!(fetch(&stub, "vO2_max", Some("b")).await.unwrap(), None);
    assert_eq!(fetch(&stub, "ring_battery_level", None).await.unwrap(), None);
    let path = "GET /v2/usercollection/vO2_max?start_date=2026-02-28&end_date=2026-03-03";
    assert_eq!(stub.asked()[..2], [path.to_owned(), format!("{path}&next_token=b")]);
}

#[tokio::test]
async fn an_answer_that_is_no_page_is_not_taken_for_an_empty_one() {
    let stub = Stub::answering(&[(200, "<html>"), (200, r#"{"data":null}"#), (200, r#"{"data":[],"next_token":"b"}"#)]);
    assert!(matches!(fetch(&stub, "sleep", None).await, Err(Error::Malformed(_))));
    assert!(matches!(fetch(&stub, "sleep", None).await, Err(Error::Malformed(_))));
    assert!(matches!(fetch(&stub, "sleep", Some("b")).await, Err(Error::Malformed(_))), "a circle of pages");
}

#[tokio::test]
async fn only_not_found_means_that_a_document_is_gone() {
    let stub = Stub::answering(&[
        (200, r#"{"id":"d","day":"2026-03-01"}"#),
        (404, r#"{"detail":"Document not found."}"#),
        (401, r#"{"detail":"Token is not authorized access spo2 scope."}"#),
    ]);
    let oura = Oura::new();
    let collection = oura.manifest().collection("daily_spo2").unwrap();
    let found = oura.find(&stub.api, collection, "d").await.unwrap().unwrap();
    assert_eq!(oura.map("daily_spo2", &found.body).unwrap().records.len(), 1);
    assert!(oura.find(&stub.api, collection, "d").await.unwrap().is_none());
    assert!(matches!(oura.find(&stub.api, collection, "d").await, Err(Error::MissingScope(_))));
    assert_eq!(stub.asked()[0], "GET /v2/usercollection/daily_spo2/d");
}

#[tokio::test]
async fn an_account_is_its_id_with_the_address_if_that_may_be_known() {
    let stub = Stub::answering(&[
        (200, r#"{"id":"p","email":"p@example.org"}"#),
        (200, r#"{"id":"p","email":null}"#),
        (200, "{}"),
    ]);
    let oura = Oura::new();
    let account = |label: Option<&str>| Account { id: "p".into(), label: label.map(str::to_owned) };
    assert_eq!(oura.identify(&stub.api).await.unwrap(), account(Some("p@example.org")));
    assert_eq!(oura.identify(&stub.api).await.unwrap(), account(None));
    assert!(matches!(oura.identify(&stub.api).await, Err(Error::Malformed(_))));
}

#[tokio::test]
async fn revoking_tries_the_other_method_and_takes_a_dead_token_for_success() {
    let stub = Stub::answering(&[(405, ""), (200, ""), (401, ""), (400, "")]);
    let oura = Oura::new();
    oura.revoke(&stub.api).await.unwrap();
    oura.revoke(&stub.api).await.unwrap();
    assert!(oura.revoke(&stub.api).await.is_err());
    let path = "/oauth/revoke?access_token=token-1";
    assert_eq!(
        stub.asked(),
        [format!("POST {path}"), format!("GET {path}"), format!("POST {path}"), format!("POST {path}")]
    );
}
