//! The doors of a house, and what goes through them.

use std::{convert::Infallible, net::SocketAddr};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header},
    response::Response,
};
use futures::{StreamExt, stream};
use identity::{Identity, NewAccount, TokenRequest};
use model::{Actor, Random, Role, Scopes, Secret, Sharing, User};
use serde_json::Value;
use testkit::{Engine, House, Plan};
use tokio::net::TcpListener;
use tower::ServiceExt;
use url::Url;
use web::{Settings, State};

use crate::declared;

pub(crate) const PASSWORD: &str = "a long sentence";

/// A house with its doors.
pub(crate) struct Doors {
    pub(crate) house: House,
    pub(crate) identity: Identity,
    routes: Router,
}

impl Doors {
    pub(crate) async fn open() -> Self {
        Self::of(Engine::Sqlite, |_| ()).await
    }

    pub(crate) async fn of(database: Engine, change: impl FnOnce(&mut Settings)) -> Self {
        Self::planned(database, Plan::default(), change).await
    }

    /// Doors that providers can reach, too: at an address of their own.
    pub(crate) async fn reachable(database: Engine) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let public_url = format!("http://{}/", listener.local_addr().unwrap());
        let doors = Self::planned(database, Plan { public_url, ..Plan::default() }, |_| ()).await;
        doors.serve(listener);
        doors
    }

    async fn planned(database: Engine, plan: Plan, change: impl FnOnce(&mut Settings)) -> Self {
        let house = House::planned(database, plan).await.unwrap();
        let identity = Identity::new(house.test.db.clone(), house.clock.clone(), Random::system());
        let mut settings = Settings {
            public_url: Url::parse("http://afferent.test/").unwrap(),
            cors_origins: vec!["https://app.test".to_owned()],
            trust_proxy: false,
            requests_per_minute: 10_000,
            streams_per_reader: 100,
        };
        change(&mut settings);
        let state = State::new(house.engine.clone(), identity.clone(), settings);
        let routes = web::router(state).into_router();
        Self { house, identity, routes }
    }

    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        let (head, body) = self.open_stream(ask).await.into_parts();
        // A stream goes on: it is not waited for.
        let body = if head.headers.get(header::CONTENT_TYPE).is_some_and(|it| it == "text/event-stream") {
            Body::empty()
        } else {
            body
        };
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Sends a request, and hands over the answer before its body has come.
    pub(crate) async fn open_stream(&self, ask: Ask) -> Response {
        let (method, path) = (ask.0.method().to_string(), ask.0.uri().path().to_owned());
        let response = self.routes.clone().oneshot(ask.0).await.unwrap();
        declared::check(&method, &path, response.status().as_u16());
        response
    }

    /// The doors on a port of their own, for clients that speak over the network.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.serve(listener);
        address
    }

    fn serve(&self, listener: TcpListener) {
        let routes = self.routes.clone();
        tokio::spawn(async move { axum::serve(listener, routes).await });
    }

    pub(crate) async fn somebody(&self, email: &str, role: Role) -> User {
        let new = NewAccount {
            external_id: None,
            email: Some(email.to_owned()),
            password: Some(Secret::new(PASSWORD)),
            role,
            zone: "Europe/Berlin".to_owned(),
        };
        self.identity.add_user(&Actor::Operator, new).await.unwrap()
    }

    /// Somebody who is signed in: the person, and their browser's cookie.
    pub(crate) async fn visitor(&self, email: &str, role: Role) -> (User, String) {
        let user = self.somebody(email, role).await;
        let signed_in = self.identity.sign_in(email, &Secret::new(PASSWORD)).await.unwrap();
        (user, format!("afferent_session={}", signed_in.cookie.expose()))
    }

    pub(crate) async fn token(&self, owner: &User, scopes: Scopes) -> Secret {
        self.any_token(owner, scopes, false).await
    }

    pub(crate) async fn service_token(&self, owner: &User, scopes: Scopes) -> Secret {
        self.any_token(owner, scopes, true).await
    }

    async fn any_token(&self, owner: &User, scopes: Scopes, service: bool) -> Secret {
        let name = if service { "Bedside" } else { "Coach" }.to_owned();
        let new =
            TokenRequest { owner: owner.id, service, name, scopes, sharing: Sharing::default(), expires_in: None };
        self.identity.create_token(&Actor::Operator, new).await.unwrap().1
    }

    /// The work that is due.
    pub(crate) async fn work(&self) {
        self.house.while_time_passes(self.house.engine.run_due()).await.unwrap();
    }
}

/// A request to be sent.
pub(crate) struct Ask(Request<Body>);

pub(crate) fn ask(method: &str, path: &str) -> Ask {
    let method: Method = method.to_uppercase().parse().unwrap();
    Ask(Request::builder().method(method).uri(path).body(Body::empty()).unwrap())
}

pub(crate) fn get(path: &str) -> Ask {
    ask("get", path)
}

pub(crate) fn post(path: &str) -> Ask {
    ask("post", path)
}

impl Ask {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().append(name, value);
        self
    }

    pub(crate) fn bearer(self, token: &Secret) -> Self {
        self.with("authorization", &format!("Bearer {}", token.expose()))
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.with("cookie", cookie)
    }

    /// As a browser asks for a page.
    pub(crate) fn browser(self) -> Self {
        self.with("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        *self.0.body_mut() = Body::from(body.to_string());
        self.with("content-type", "application/json")
    }

    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        *self.0.body_mut() = Body::from(body);
        self.with("content-type", "application/x-www-form-urlencoded")
    }

    /// A body of which half has come, and no more comes.
    pub(crate) fn stalling(mut self, media_type: &str, half: &'static str) -> Self {
        let half = stream::iter([Ok::<_, Infallible>(half)]).chain(stream::pending());
        *self.0.body_mut() = Body::from_stream(half);
        self.with("content-type", media_type)
    }

    pub(crate) fn body(mut self, media_type: &str, body: &str) -> Self {
        *self.0.body_mut() = Body::from(body.to_owned());
        self.with("content-type", media_type)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The id of the problem; empty when there is none.
    pub(crate) fn problem(&self) -> String {
        match self.header("content-type") {
            "application/problem+json" => {
                self.json()["type"].as_str().unwrap().trim_start_matches("/docs/problems#").to_owned()
            }
            _ => String::new(),
        }
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// The cookie that was set, as it is sent back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.headers.get(header::SET_COOKIE).unwrap_or_else(|| panic!("no cookie: {self:?}"));
        set.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}
