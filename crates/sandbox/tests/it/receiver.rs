//! An application that subscribes, and keeps what it is sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::hmac;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Query, State},
    response::IntoResponse,
    routing::get,
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use crate::client::{Answer, World};

pub(crate) const TOKEN: &str = "of the application";
pub(crate) const SUBSCRIPTIONS: &str = "/oura/v2/webhook/subscription";

/// Whoever waits longer than this in a test waits in vain.
const VAIN: Duration = Duration::from_secs(20);

/// A webhook as it arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Arrived {
    pub(crate) signature: String,
    pub(crate) timestamp: i64,
    pub(crate) text: String,
}

impl Arrived {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Whether a secret has signed it, as Oura describes.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{}{}", self.timestamp, self.text).as_bytes());
        let expected: String = tag.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        self.signature == expected
    }

    pub(crate) fn event(&self) -> String {
        let json = self.json();
        format!("{} {}", json["event_type"].as_str().unwrap(), json["data_type"].as_str().unwrap())
    }
}

#[derive(Default)]
struct Desk {
    arrived: Mutex<Vec<Arrived>>,
    /// How the next ones are answered; then with 200. Zero: not at all.
    answers: Mutex<VecDeque<u16>>,
    more: Notify,
    challenges: Mutex<Vec<Value>>,
}

/// The application's address.
pub(crate) struct Receiver {
    pub(crate) url: String,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn open() -> Self {
        let desk = Arc::new(Desk::default());
        let routes = Router::new()
            .route("/hook", get(challenged).post(arrived))
            .route("/stubborn", get(async || Json(json!({ "challenge": "something else" }))).post(arrived))
            .with_state(desk.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, desk, server }
    }

    pub(crate) fn hook(&self) -> String {
        format!("{}/hook", self.url)
    }

    /// Answers the next webhooks so.
    pub(crate) fn will_answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.desk.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn challenges(&self) -> Vec<Value> {
        self.desk.challenges.lock().unwrap().clone()
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.desk.arrived.lock().unwrap().clone()
    }

    /// Waits until so many webhooks have arrived in all.
    pub(crate) async fn has(&self, count: usize) -> Vec<Arrived> {
        let enough = async {
            while self.arrived().len() < count {
                self.desk.more.notified().await;
            }
        };
        let in_time = tokio::time::timeout(VAIN, enough).await;
        let arrived = self.arrived();
        assert!(in_time.is_ok(), "{} of {count} webhooks arrived", arrived.len());
        arrived
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn challenged(State(desk): State<Arc<Desk>>, Query(query): Query<Value>) -> axum::response::Response {
    desk.challenges.lock().unwrap().push(query.clone());
    if query["verification_token"] != TOKEN {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "challenge": query["challenge"] })).into_response()
}

async fn arrived(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(text("content-type"), "application/json");
    desk.arrived.lock().unwrap().push(Arrived {
        signature: text("x-oura-signature"),
        timestamp: text("x-oura-timestamp").parse().unwrap(),
        text: String::from_utf8(body.to_vec()).unwrap(),
    });
    desk.more.notify_one();
    let status = desk.answers.lock().unwrap().pop_front().unwrap_or(200);
    if status == 0 {
        std::future::pending::<()>().await;
    }
    StatusCode::from_u16(status).unwrap()
}

impl World {
    /// Asks as the application itself.
    pub(crate) async fn apply(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-client-id", "app")
            .header("x-client-secret", "secret");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    /// Subscribes; gives the identity.
    pub(crate) async fn subscribe(&self, url: &str, event_type: &str, data_type: &str) -> String {
        let answer = self.apply(Method::POST, SUBSCRIPTIONS, &wanted(url, event_type, data_type)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn sync(&self, body: &Value) -> Value {
        let path = format!("/_control/people/{}/sync", self.sandbox.account_id("oura").unwrap());
        let told = self.control(Method::POST, &path, body).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text());
        told.json()
    }

    /// Waits until a webhook's story is as expected.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&sandbox::Webhooks) -> bool) {
        let faults = self.sandbox.faults("oura").unwrap();
        let so = async {
            while !is_so(&faults.stats().webhooks) {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(VAIN, so).await;
        assert!(in_time.is_ok(), "{what}: {:?}", faults.stats().webhooks);
    }
}

pub(crate) fn wanted(url: &str, event_type: &str, data_type: &str) -> Value {
    json!({ "callback_url": url, "verification_token": TOKEN, "event_type": event_type, "data_type": data_type })
}
