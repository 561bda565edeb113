//! Pages.

use http::StatusCode;

use crate::client::{ALL, World};

#[tokio::test]
async fn a_month_of_heart_rate_comes_in_pages_that_tell_everything_once() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    let window = "/v2/usercollection/heartrate?start_datetime=2026-05-01T00:00:00Z&end_datetime=2026-05-31T00:00:00Z";
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, String::new());
    loop {
        let page = world.get(&format!("{window}&next_token={next}"), &access).await;
        rows.extend(page.data());
        pages += 1;
        match page.json()["next_token"].as_str() {
            Some(token) => next = token.to_owned(),
            None => break,
        }
    }
    world.sandbox.faults("oura").unwrap().set_page_size(100_000);
    let whole = world.get(window, &access).await;
    assert!(pages > 5 && whole.json()["next_token"].is_null());
    assert_eq!(rows, whole.data());
}

#[tokio::test]
async fn small_pages_of_documents_tell_everything_once() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    let path = |collection: &str, next: &str| {
        format!("/v2/usercollection/{collection}?start_date=2026-05-01&end_date=2026-06-01&next_token={next}")
    };
    for collection in ["daily_sleep", "sleep", "workout", "enhanced_tag", "ring_configuration"] {
        world.sandbox.faults("oura").unwrap().set_page_size(1000);
        let whole = world.get(&path(collection, ""), &access).await.data();
        world.sandbox.faults("oura").unwrap().set_page_size(1);
        let (mut told, mut next) = (Vec::new(), String::new());
        loop {
            let page = world.get(&path(collection, &next), &access).await;
            told.extend(page.data());
            let Some(token) = page.json()["next_token"].as_str().map(str::to_owned) else { break };
            next = token;
        }
        assert_eq!(told, whole, "{collection}");
    }
}

#[tokio::test]
async fn a_made_up_token_is_refused() {
    let world = World::new();
    assert_eq!(world.read("sleep?next_token=token123").await.status, StatusCode::BAD_REQUEST);
}
