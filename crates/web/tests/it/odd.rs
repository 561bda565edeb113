//! Whatever is sent to whichever door: the answer is one of ours, no fault of ours, and repeats no secret.

use axum::http::{HeaderName, HeaderValue};
use model::{Role, Scopes, Secret};
use proptest::{prelude::*, test_runner::TestCaseResult};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use url::form_urlencoded;

use crate::doors::{Answer, Ask, Doors, ask};

/// Doors that read what is in their path, their query, their headers or their body.
const DOORS: [(&str, &str); 42] = [
    ("get", "/api/v1/records"),
    ("get", "/api/v1/records/{}"),
    ("get", "/api/v1/events"),
    ("get", "/api/v1/events/stream"),
    ("get", "/ws/events"),
    ("get", "/api/v1/context"),
    ("post", "/api/v1/context/inject"),
    ("get", "/api/v1/audit"),
    ("get", "/api/v1/jobs/{}"),
    ("get", "/api/v1/integrations/{}/status"),
    ("get", "/api/v1/integrations/oura/callback"),
    ("get", "/api/v1/integrations/oura/webhook"),
    ("post", "/api/v1/integrations/oura/webhook"),
    ("post", "/api/v1/integrations/oura/sync"),
    ("delete", "/api/v1/integrations/{}"),
    ("post", "/api/v1/tokens"),
    ("delete", "/api/v1/tokens/{}"),
    ("post", "/api/v1/connect-links"),
    ("post", "/api/v1/connect-links/redeem"),
    ("patch", "/api/v1/sharing"),
    ("post", "/api/v1/users"),
    ("get", "/api/v1/deliveries"),
    ("post", "/api/v1/deliveries/{}/replay"),
    ("get", "/api/v1/events/live"),
    ("get", "/api/v1/subscriptions"),
    ("post", "/api/v1/subscriptions"),
    ("post", "/api/v1/subscriptions/reconcile"),
    ("post", "/api/v1/subscriptions/{}/renew"),
    ("delete", "/api/v1/subscriptions/{}"),
    ("get", "/api/v1/retention"),
    ("patch", "/api/v1/retention"),
    ("patch", "/api/v1/integrations/{}"),
    ("post", "/api/v1/integrations/{}/disconnect"),
    ("get", "/api/v1/webhooks"),
    ("post", "/api/v1/webhooks"),
    ("patch", "/api/v1/webhooks/{}"),
    ("post", "/api/v1/webhooks/{}/replay"),
    ("get", "/api/v1/webhooks/{}/attempts"),
    ("get", "/link/{}"),
    ("post", "/link/{}"),
    ("post", "/sign-in"),
    ("get", "/events"),
];

const QUERIES: [&str; 16] = [
    "after",
    "limit",
    "cursor",
    "kind",
    "kinds",
    "providers",
    "provider",
    "from",
    "to",
    "state",
    "code",
    "error",
    "user_id",
    "days",
    "wait",
    "max_tokens",
];

const FIELDS: [&str; 14] = [
    "name",
    "url",
    "kinds",
    "providers",
    "after",
    "since",
    "state",
    "provider",
    "probe",
    "days",
    "user_id",
    "enabled",
    "sharing",
    "preserve_data",
];

const HEADERS: [&str; 10] = [
    "last-event-id",
    "idempotency-key",
    "cookie",
    "accept",
    "content-type",
    "x-request-id",
    "x-forwarded-for",
    "sec-websocket-protocol",
    "x-oura-signature",
    "x-oura-timestamp",
];

/// What nobody may hear again.
const SECRET: &str = "what-nobody-may-hear-again";

/// A word that means something somewhere, or nothing anywhere.
fn odd() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{1,20}",
        "-?[0-9]{1,4}-[0-9]{2}-[0-9]{2}",
        Just("019f0000-0000-7000-8000-000000000001".to_owned()),
        Just("2026-01-26~019f0000-0000-7000-8000-000000000001".to_owned()),
        Just("../../%2e%2e/\u{0}\r\n".to_owned()),
        Just(String::new()),
        Just("oura".to_owned()),
    ]
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("{".to_owned()),
        Just("[]".to_owned()),
        Just("null".to_owned()),
        odd().prop_map(|word| json!({ "messages": [{ "role": word }], "name": word, "code": word }).to_string()),
        fields(),
    ]
}

/// Fields that doors know, with values that they may not expect.
fn fields() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        odd().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        odd().prop_map(|word| json!([word])),
    ];
    let pairs = prop::collection::vec((prop::sample::select(&FIELDS), value), 1..4);
    pairs
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_string(), value)).collect::<Map<_, _>>())
        .prop_map(|fields| Value::from(fields).to_string())
}

fn header() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let value = prop_oneof![
        odd().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40),
        Just(b"application/json".to_vec()),
    ];
    let named = (prop::sample::select(&HEADERS), value);
    named.prop_filter_map("no header", |(name, value)| {
        Some((HeaderName::from_static(name), HeaderValue::from_bytes(&value).ok()?))
    })
}

/// A request, with or without a token.
#[derive(Clone, Debug)]
struct Odd {
    door: (&'static str, &'static str),
    word: Vec<u8>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
    known: bool,
}

prop_compose! {
    fn request()(
        door in prop::sample::select(&DOORS),
        word in prop_oneof![odd().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 1..8)],
        query in prop::collection::vec((prop::sample::select(&QUERIES), odd()), 0..4),
        headers in prop::collection::vec(header(), 0..4),
        body in body(),
        known in any::<bool>(),
    ) -> Odd {
        Odd { door, word, query, headers, body, known }
    }
}

impl Odd {
    fn ask(self, token: &Secret) -> Ask {
        let word: String = form_urlencoded::byte_serialize(&self.word).collect();
        let comes_back = self.door.1.ends_with("/callback");
        let secrets = [("code", SECRET), ("state", SECRET)].into_iter().filter(|_| comes_back);
        let pairs = self.query.iter().map(|(name, value)| (*name, value.as_str())).chain(secrets);
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let (method, path) = self.door;
        let asked = ask(method, &format!("{}?{query}", path.replace("{}", &word))).body("application/json", &self.body);
        let asked = self.headers.into_iter().fold(asked, |asked, (name, value)| asked.with_header(name, value));
        if self.known { asked.bearer(token) } else { asked.bearer(&Secret::new(SECRET)) }
    }
}

fn check(answer: &Answer) -> TestCaseResult {
    prop_assert!(answer.status < 500, "{:?}", answer);
    prop_assert!(!answer.has(SECRET), "{:?}", answer);
    let is_ours = answer.status < 400 || !answer.problem().is_empty() || answer.has("<!doctype html>");
    prop_assert!(is_ours, "{:?}", answer);
    Ok(())
}

#[test]
fn no_request_is_so_odd_that_it_breaks_something() {
    let runtime = Runtime::new().unwrap();
    let (doors, token) = runtime.block_on(async {
        let doors = Doors::open().await;
        let admin = doors.somebody("admin@example.org", Role::Admin).await;
        let token = doors.service_token(&admin, Scopes::all()).await;
        (doors, token)
    });
    proptest!(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() }, |(odd in request())| {
        check(&runtime.block_on(doors.send(odd.ask(&token))))?;
    });
}
