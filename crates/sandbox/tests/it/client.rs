//! A client of the sandbox, in the same process.

use std::{collections::BTreeMap, path::PathBuf};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::Timestamp;
use model::{Clock, Secret};
use sandbox::{ClientApp, Options, Sandbox};
use serde_json::Value;
use tower::ServiceExt as _;

/// Where the application is called back.
pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// Every scope there is.
pub(crate) const ALL: &str =
    "email personal daily heartrate workout tag session spo2 stress heart_health ring_configuration";

/// A sandbox with one registered application, whose clock stands still.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) sandbox: Sandbox,
    pub(crate) router: Router,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn data(&self) -> Vec<Value> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self.json()["data"].as_array().unwrap().clone()
    }

    pub(crate) fn days(&self) -> Vec<String> {
        self.data().iter().map(|document| document["day"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn location(&self) -> url::Url {
        self.headers[header::LOCATION].to_str().unwrap().parse().unwrap()
    }

    /// A parameter of the address that the answer leads to.
    pub(crate) fn told(&self, name: &str) -> Option<String> {
        self.location().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::at("2026-06-10T15:00:00Z", 60, None)
    }

    pub(crate) fn at(now: &str, days: u32, replay: Option<PathBuf>) -> Self {
        let clock = Clock::stopped_at(now.parse::<Timestamp>().unwrap());
        let sandbox = Sandbox::new(options(clock.clone(), days, replay)).unwrap();
        Self { clock, router: sandbox.router(), sandbox }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A collection as somebody with every scope reads it.
    pub(crate) async fn read(&self, path: &str) -> Answer {
        let (access, _) = self.connect(ALL).await;
        self.get(&format!("/oura/v2/usercollection/{path}"), &access).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Lets the first person allow some scopes; gives the code.
    pub(crate) async fn consent(&self, scopes: &str) -> String {
        let mut form =
            vec![("response_type", "code"), ("client_id", "app"), ("redirect_uri", CALLBACK), ("decision", "allow")];
        form.extend(scopes.split(' ').map(|scope| ("scope", scope)));
        self.post("/oura/oauth/authorize", &form).await.told("code").unwrap()
    }

    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.token(&form).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let form: Vec<_> = form.iter().copied().chain([("client_id", "app"), ("client_secret", "secret")]).collect();
        self.post("/oura/oauth/token", &form).await
    }

    /// An access and a refresh token with some scopes.
    pub(crate) async fn connect(&self, scopes: &str) -> (String, String) {
        pair(&self.exchange(&self.consent(scopes).await).await)
    }
}

pub(crate) fn options(clock: Clock, days: u32, replay: Option<PathBuf>) -> Options {
    let app = ClientApp {
        client_id: "app".to_owned(),
        client_secret: Secret::new("secret"),
        redirect_uris: vec![CALLBACK.to_owned()],
    };
    Options { clock, seed: 7, days, replay, clients: BTreeMap::from([("oura".to_owned(), app)]) }
}

/// The tokens of an answer.
pub(crate) fn pair(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    let token = |name: &str| json[name].as_str().unwrap().to_owned();
    (token("access_token"), token("refresh_token"))
}
