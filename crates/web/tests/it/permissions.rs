//! Nobody reaches another person's data: every route of the API's own description is tried, so that new ones are too.

use model::{Role, Scope, Scopes, Secret};
use serde_json::{Value, json};

use crate::doors::{Answer, Ask, Doors, ask};

/// An identifier that nothing has.
const UNKNOWN: &str = "01990000-0000-7000-8000-000000000000";

/// A route as the description has it.
struct Route {
    method: String,
    path: String,
    /// Whether a service token names a person there.
    names_person: bool,
}

impl Route {
    fn ask(&self, user_id: Option<&str>) -> Ask {
        let path = self.path.replace("{provider}", "oura");
        let path = ["{job}", "{delivery}", "{record}", "{subscription}", "{delivery}", "{token}", "{webhook}"]
            .iter()
            .fold(path, |path, id| path.replace(id, UNKNOWN));
        assert!(!path.contains('{'), "{path}: say here what to put in");
        let query = user_id.map(|user_id| format!("?user_id={user_id}")).unwrap_or_default();
        ask(&self.method, &format!("{path}{query}"))
    }

    fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    /// Who calls it is all that it tells.
    fn is_open_to_any_caller(&self) -> bool {
        self.is("get", "/api/v1/me")
    }

    /// The state that comes back says who may: see the stories of the way back.
    fn is_way_back(&self) -> bool {
        self.is("get", "/api/v1/integrations/{provider}/callback")
    }

    /// The signature, or the token, says who may: see the stories of the webhooks.
    fn is_for_providers(&self) -> bool {
        self.path == "/api/v1/integrations/{provider}/webhook"
    }

    /// It says nothing of anybody.
    fn is_operation(&self) -> bool {
        matches!(self.path.as_str(), "/health" | "/ready")
    }

    /// A service token that names nobody means everybody.
    fn may_mean_everybody(&self) -> bool {
        self.path.starts_with("/api/v1/webhooks")
    }

    /// The chat itself says whose context is put in; others get it back as it was.
    fn is_inject(&self) -> bool {
        self.is("post", "/api/v1/context/inject")
    }
}

fn routes() -> Vec<Route> {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let names_person = parameters.iter().any(|parameter| parameter["name"] == json!("user_id"));
            routes.push(Route { method: method.clone(), path: path.clone(), names_person });
        }
    }
    assert!(routes.len() >= 25, "the description is whole");
    routes.retain(|route| !route.is_way_back() && !route.is_for_providers() && !route.is_operation());
    routes
}

fn refused(route: &Route, answer: &Answer, status: u16, problem: &str) {
    let Route { method, path, .. } = route;
    assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{method} {path}: {answer:?}");
}

#[tokio::test]
async fn nobody_gets_in() {
    let doors = Doors::open().await;
    for route in routes() {
        refused(&route, &doors.send(route.ask(None)).await, 401, "unauthenticated");
        let stranger = Secret::new("aff_u_bm90LWEtdG9rZW4");
        refused(&route, &doors.send(route.ask(None).bearer(&stranger)).await, 401, "unauthenticated");
        let cookie = "afferent_session=bm90LWEtc2Vzc2lvbg";
        refused(&route, &doors.send(route.ask(None).cookie(cookie)).await, 401, "unauthenticated");
    }
}

#[tokio::test]
async fn the_wrong_person_is_refused() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let robin = doors.somebody("robin@example.org", Role::Member).await;
    let ada = doors.identity.sign_in("ada@example.org", &Secret::new(crate::doors::PASSWORD)).await.unwrap().user;
    let token = doors.token(&ada, Scopes::personal()).await;
    for route in routes().iter().filter(|route| !route.is_open_to_any_caller() && !route.is_inject()) {
        let other = route.names_person.then(|| robin.id.to_string());
        for stranger in [other.as_deref(), other.as_ref().map(|_| UNKNOWN)] {
            refused(route, &doors.send(route.ask(stranger).bearer(&token)).await, 403, "forbidden");
            refused(route, &doors.send(route.ask(stranger).cookie(&cookie)).await, 403, "forbidden");
        }
    }
}

#[tokio::test]
async fn an_administrator_in_a_browser_reads_trails_and_nothing_else_of_others() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Admin).await;
    let robin = doors.somebody("robin@example.org", Role::Member).await.id.to_string();
    for route in routes().iter().filter(|route| route.names_person && !route.is_inject()) {
        let answer = doors.send(route.ask(Some(&robin)).cookie(&cookie)).await;
        match route.is("get", "/api/v1/audit") {
            true => assert_eq!(answer.status, 200, "{answer:?}"),
            false => refused(route, &answer, 403, "forbidden"),
        }
    }
}

#[tokio::test]
async fn a_service_token_must_name_the_person() {
    let doors = Doors::open().await;
    let admin = doors.somebody("ada@example.org", Role::Admin).await;
    let token = doors.service_token(&admin, Scopes::all()).await;
    for route in routes().iter().filter(|route| route.names_person && !route.is_inject()) {
        if !route.may_mean_everybody() {
            let answer = doors.send(route.ask(None).bearer(&token)).await;
            refused(route, &answer, 422, "invalid");
            assert_eq!(answer.json()["field"], json!("user_id"));
        }
        refused(route, &doors.send(route.ask(Some(UNKNOWN)).bearer(&token)).await, 404, "not-found");
    }
}

#[tokio::test]
async fn every_route_needs_exactly_one_scope() {
    let doors = Doors::open().await;
    let admin = doors.somebody("ada@example.org", Role::Admin).await;
    let robin = doors.somebody("robin@example.org", Role::Member).await.id.to_string();
    let mut needed: std::collections::BTreeMap<String, Vec<Scope>> = std::collections::BTreeMap::new();
    for scope in Scope::ALL {
        let token = doors.service_token(&admin, Scopes([*scope].into())).await;
        for route in routes().iter().filter(|route| !route.is_open_to_any_caller()) {
            let name = format!("{} {}", route.method, route.path);
            let named = route.names_person.then_some(robin.as_str());
            let ask =
                if route.is_inject() { route.ask(named).json(&json!({ "messages": [] })) } else { route.ask(named) };
            let answer = doors.send(ask.bearer(&token)).await;
            let allowed = needed.entry(name).or_default();
            if answer.status == 403 {
                assert!(answer.json()["detail"].as_str().unwrap().contains("scope"), "{answer:?}");
            } else {
                allowed.push(*scope);
            }
        }
    }
    for (route, scopes) in needed {
        assert_eq!(scopes.len(), 1, "{route}: {scopes:?}");
    }
}

#[tokio::test]
async fn a_chat_is_never_told_of_somebody_whom_its_caller_does_not_reach() {
    let doors = Doors::open().await;
    let ada = doors.somebody("ada@example.org", Role::Member).await;
    let robin = doors.somebody("robin@example.org", Role::Member).await;
    doors.house.connect(robin.id).await.unwrap();
    doors.house.connect(ada.id).await.unwrap();
    doors.work().await;
    let token = doors.token(&ada, Scopes::personal()).await;
    let chat = |user: &str| json!({ "messages": [{ "role": "user", "content": "How did I sleep?", "user_id": user }] });
    let inject = async |chat: &Value| doors.send(ask("post", "/api/v1/context/inject").bearer(&token).json(chat)).await;
    let of_robin = inject(&chat(&robin.id.to_string())).await;
    assert_eq!((of_robin.status, of_robin.header("x-context-injected")), (200, "false"));
    assert_eq!(of_robin.json(), chat(&robin.id.to_string()));
    let of_ada = inject(&chat(&ada.id.to_string())).await;
    assert_eq!((of_ada.status, of_ada.header("x-context-injected")), (200, "true"));
    assert!(of_ada.has("Sleep Score"), "{of_ada:?}");
}
