//! Paths that earlier integrations used reach the same handlers.

use model::{Role, Scopes};

use crate::doors::{Doors, ask};

#[tokio::test]
async fn an_alias_answers_as_the_door_it_leads_to() {
    let doors = Doors::open().await;
    let user = doors.somebody("ada@example.org", Role::Member).await;
    let token = doors.token(&user, Scopes::personal()).await;
    let table = [
        ("get", "/auth/login", "/api/v1/integrations/oura/auth"),
        ("get", "/auth/callback?error=access_denied", "/api/v1/integrations/oura/callback?error=access_denied"),
        ("get", "/auth/status", "/api/v1/integrations/oura/status"),
        ("get", "/oura_integrations", "/api/v1/integrations/oura/status"),
        ("patch", "/oura_integrations", "/api/v1/integrations/oura"),
        ("delete", "/oura_integrations", "/api/v1/integrations/oura"),
        ("get", "/oura_integrations/callback?state=x", "/api/v1/integrations/oura/callback?state=x"),
        ("post", "/oura_integrations/sync?days=0", "/api/v1/integrations/oura/sync?days=0"),
        ("post", "/oura_integrations/sync?days=3", "/api/v1/integrations/oura/sync?days=3"),
    ];
    for (method, alias, path) in table {
        let by_alias = doors.send(ask(method, alias).bearer(&token)).await;
        let by_path = doors.send(ask(method, path).bearer(&token)).await;
        assert_eq!((by_alias.status, &by_alias.text), (by_path.status, &by_path.text), "{method} {alias}");
        assert!(!matches!(by_alias.problem().as_str(), "method-not-allowed" | "unauthenticated"), "{by_alias:?}");
        assert!(!by_alias.has("Not found"), "{method} {alias}: {by_alias:?}");
    }
    let begun = doors.send(ask("post", "/oura_integrations").bearer(&token)).await;
    assert_eq!(begun.status, 200);
    assert!(begun.json()["redirect_url"].as_str().unwrap().contains("state="), "{begun:?}");
}

#[tokio::test]
async fn an_alias_has_no_methods_of_its_own() {
    let doors = Doors::open().await;
    assert_eq!(doors.send(ask("put", "/oura_integrations")).await.status, 404);
    assert_eq!(doors.send(ask("delete", "/oura_integrations")).await.status, 401);
}
