//! The data routes, live and as Oura's own sandbox mirrors them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Oura,
    account::Account,
    collection::{Collection, Shape},
    errors,
    oauth::Reader,
    page,
    query::Query,
    window::Window,
};

/// `GET /v2/usercollection/{collection}`.
pub(super) async fn list(
    State(oura): State<Arc<Oura>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(collection) = Collection::named(&name) else { return not_found() };
    let (account, reader) = match open(&oura, collection, &headers) {
        Ok(open) => open,
        Err(refusal) => return refusal,
    };
    if collection.shape() == Shape::Person {
        return Json(Value::Object(visible(account.personal_info(), &reader))).into_response();
    }
    let asking = Asking { collection, query: &Query::read(query.as_deref()), now: oura.clock.now() };
    asking
        .answer(account, oura.faults.settings().page_size)
        .map_or_else(|refusal| refusal, |page| Json(page).into_response())
}

/// `GET /v2/usercollection/{collection}/{document_id}`.
pub(super) async fn single(
    State(oura): State<Arc<Oura>>,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(collection) = Collection::named(&name).filter(|collection| has_documents(*collection)) else {
        return not_found();
    };
    match open(&oura, collection, &headers) {
        Ok((account, _)) => document(account, collection, &id, oura.clock.now(), |whole| whole),
        Err(refusal) => refusal,
    }
}

/// `GET /v2/sandbox/usercollection/{collection}`: sample data for any `Authorization`. Knows no person.
pub(super) async fn sample_list(
    State(oura): State<Arc<Oura>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let known = Collection::named(&name).filter(|collection| collection.shape() != Shape::Person);
    let Some(collection) = known else { return not_found() };
    if !headers.contains_key(header::AUTHORIZATION) {
        return no_header();
    }
    let asked = Query::read(query.as_deref()).without(&["fields", "latest"]);
    let asking = Asking { collection, query: &asked, now: oura.clock.now() };
    match asking.answer(&oura.sample, oura.faults.settings().page_size) {
        Ok(mut page) => {
            page["data"].as_array_mut().into_iter().flatten().for_each(as_sampled);
            Json(page).into_response()
        }
        Err(refusal) => refusal,
    }
}

/// `GET /v2/sandbox/usercollection/{collection}/{document_id}`.
pub(super) async fn sample_single(
    State(oura): State<Arc<Oura>>,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let known = Collection::named(&name).filter(|collection| has_documents(*collection));
    let Some(collection) = known else { return not_found() };
    if !headers.contains_key(header::AUTHORIZATION) {
        return no_header();
    }
    document(&oura.sample, collection, &id, oura.clock.now(), |mut whole| {
        as_sampled(&mut whole);
        whole
    })
}

struct Asking<'a> {
    collection: Collection,
    query: &'a Query,
    now: Timestamp,
}

impl Asking<'_> {
    #[expect(clippy::result_large_err, reason = "the refusal is the answer")]
    fn answer(&self, account: &Account, size: usize) -> Result<Value, Response> {
        let fields = self.query.fields().filter(|_| self.collection.selects_fields());
        let window = match self.query.told("next_token") {
            Some(token) => page::window(token).ok_or_else(bad_token_of_a_page)?,
            None => Window::read(self.collection.shape(), self.query, self.now)?,
        };
        if self.collection.shape() == Shape::Series && self.query.latest()? {
            let dated = ["start_datetime", "end_datetime"].iter().any(|name| self.query.told(name).is_some());
            let window = if dated { window } else { Window::ALWAYS };
            let newest = account.newest(self.collection, &window, self.now).into_iter().collect();
            return Ok(page::envelope(Window { after: None, ..window }, 1, newest, fields.as_deref()));
        }
        let found = account.find(self.collection, &window, self.now, page::enough(&window, size));
        Ok(page::envelope(window, size, found, fields.as_deref()))
    }
}

/// Whose documents the request may read.
#[expect(clippy::result_large_err, reason = "the refusal is the answer")]
fn open<'a>(oura: &'a Oura, collection: Collection, headers: &HeaderMap) -> Result<(&'a Account, Reader), Response> {
    let reader = oura.reader(bearer(headers).ok_or_else(errors::bad_token)?).ok_or_else(errors::bad_token)?;
    let account = oura.account(&reader.account_id).ok_or_else(errors::bad_token)?;
    let scopes = collection.scopes();
    match scopes.first() {
        Some(first) if !scopes.iter().any(|scope| reader.may(scope)) => Err(errors::missing_scope(first)),
        _ => Ok((account, reader)),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Oura: the id is readable with any token, the rest is null without its scope.
fn visible(told: Map<String, Value>, reader: &Reader) -> Map<String, Value> {
    let hide = |(name, value): (String, Value)| {
        let shown = match name.as_str() {
            "id" => true,
            "email" => reader.may("email"),
            _ => reader.may("personal"),
        };
        (name, if shown { value } else { Value::Null })
    };
    told.into_iter().map(hide).collect()
}

/// Rows and the person have no documents of their own.
fn has_documents(collection: Collection) -> bool {
    matches!(collection.shape(), Shape::Dated | Shape::Undated)
}

fn document(
    account: &Account,
    collection: Collection,
    id: &str,
    now: Timestamp,
    shown: impl FnOnce(Value) -> Value,
) -> Response {
    match account.document(collection, id, now) {
        Some(whole) => Json(shown(whole)).into_response(),
        None => errors::detail(StatusCode::NOT_FOUND, "Document not found."),
    }
}

/// Oura: its sandbox's samples differ from the live ones in two ways that were measured: the interval reads 60, and
/// rows have `producer_timestamp` instead of `timestamp_unix`.
fn as_sampled(document: &mut Value) {
    let Value::Object(fields) = document else { return };
    if let Some(unix) = fields.shift_remove("timestamp_unix") {
        fields.insert("producer_timestamp".to_owned(), unix);
    }
    for sample in fields.values_mut().filter(|value| value.get("interval").is_some()) {
        sample["interval"] = 60.0.into();
    }
}

fn bad_token_of_a_page() -> Response {
    errors::problem(StatusCode::BAD_REQUEST, "Invalid next_token.")
}

fn no_header() -> Response {
    errors::detail(StatusCode::BAD_REQUEST, "Missing auth token. Include any string in 'Authorization' header.")
}

/// The answer to a path that Oura does not have.
pub(super) fn not_found() -> Response {
    errors::detail(StatusCode::NOT_FOUND, "Not Found")
}
