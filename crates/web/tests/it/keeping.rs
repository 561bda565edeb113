//! How long records are kept, and how big the database is.

use model::{Role, Scope, Scopes};
use serde_json::{Value, json};

use crate::doors::{Doors, ask, get, post};

const RETENTION: &str = "/api/v1/retention";

fn scopes(scope: Scope) -> Scopes {
    Scopes([scope].into())
}

#[tokio::test]
async fn a_person_decides_how_long_their_records_are_kept() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let unset = doors.send(get(RETENTION).cookie(&cookie)).await;
    assert_eq!((unset.status, unset.json()), (200, json!({ "days": null, "server_days": null, "keep_from": null })));
    let token = doors.token(&ada, scopes(Scope::ConnectionsWrite)).await;
    let set = doors.send(ask("patch", RETENTION).bearer(&token).json(&json!({ "days": 90 }))).await;
    let told = json!({ "days": 90, "server_days": null, "keep_from": "2025-10-28" });
    assert_eq!((set.status, set.json()), (200, told));
    for wrong in
        [json!({ "days": 0 }), json!({ "days": 36501 }), json!({ "days": -1 }), json!({ "days": "x" }), json!({})]
    {
        let refused = doors.send(ask("patch", RETENTION).bearer(&token).json(&wrong)).await;
        assert!(matches!(refused.status, 400 | 422), "{wrong}: {}", refused.status);
    }
    let reader = doors.token(&ada, scopes(Scope::ConnectionsRead)).await;
    let refused = doors.send(ask("patch", RETENTION).bearer(&reader).json(&json!({ "days": null }))).await;
    assert_eq!(refused.status, 403);
    assert_eq!(doors.send(get(RETENTION).bearer(&reader)).await.json()["days"], 90);
    let cleared = doors.send(ask("patch", RETENTION).bearer(&token).json(&json!({ "days": null }))).await;
    assert_eq!(cleared.json()["keep_from"], Value::Null);
}

#[tokio::test]
async fn the_settings_page_sets_it_too() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let save = async |days: &str| doors.send(post("/settings/retention").cookie(&cookie).form(&[("days", days)])).await;
    let saved = save("365").await;
    assert_eq!((saved.status, saved.location()), (303, "/settings?saved=retention"));
    assert_eq!(doors.house.engine.retention(ada.id).await.unwrap().days, Some(365));
    let page = doors.send(get("/settings?saved=retention").cookie(&cookie)).await;
    assert!(page.text.contains("value=\"365\""), "{}", page.text);
    for wrong in ["0", "-3", "many"] {
        assert_eq!(save(wrong).await.status, 422, "{wrong}");
    }
    assert_eq!(save(" ").await.status, 303);
    assert_eq!(doors.house.engine.retention(ada.id).await.unwrap().days, None);
}

#[tokio::test]
async fn sizes_are_for_those_who_watch_over_the_server() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Admin).await;
    let (_, member) = doors.visitor("bob@example.org", Role::Member).await;
    let sizes = doors.send(get("/api/v1/sizes").cookie(&cookie)).await;
    assert_eq!(sizes.status, 200);
    let sizes = sizes.json();
    assert!(sizes["bytes"].as_i64().unwrap() > 0);
    let users = sizes["tables"].as_array().unwrap().iter().find(|table| table["name"] == "users").unwrap().clone();
    assert_eq!(users["rows"], 2);
    let service = doors.service_token(&ada, scopes(Scope::MetricsRead)).await;
    assert_eq!(doors.send(get("/api/v1/sizes").bearer(&service)).await.status, 200);
    assert_eq!(doors.send(get("/api/v1/sizes").cookie(&member)).await.status, 403);
    assert_eq!(doors.send(get("/api/v1/sizes")).await.status, 401);
}
