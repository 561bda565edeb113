//! Reads requests so that what is wrong with one is answered as a problem.

use axum::{
    Json as AxumJson,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Query as AxumQuery, Request, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::problem::{Problem, ProblemId};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(ProblemId::UnsupportedMediaType.because("send application/json"));
        }
        parse(&read(request, state).await?).map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct Optional<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Optional<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = read(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let body: Option<T> = parse(&bytes)?;
        Ok(Self(body.unwrap_or_default()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sent = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    sent == "application/json" || (sent.starts_with("application/") && sent.ends_with("+json"))
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemId::TooLarge.problem(),
        _ => ProblemId::Malformed.because(error.body_text()),
    })
}

/// The body as it was sent, if it has at most so many bytes.
pub(crate) async fn read_up_to(most: usize, mut request: Request) -> Result<Bytes, Problem> {
    DefaultBodyLimit::max(most).apply(&mut request);
    read(request, &()).await
}

/// Reads an object. A list would pass for one as well, its values taken for the fields in their order.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(ProblemId::Invalid.because("send an object, not a list"));
    }
    match AxumJson::from_bytes(bytes) {
        Ok(AxumJson(value)) => Ok(value),
        Err(JsonRejection::JsonDataError(error)) => Err(refused(&error.body_text())),
        Err(error) => Err(ProblemId::Malformed.because(error.body_text())),
    }
}

/// What could not be read, in words, with the field that it was; the deserialiser says both in one text.
fn refused(text: &str) -> Problem {
    let introductions =
        ["Failed to deserialize query string: ", "Failed to deserialize the JSON body into the target type: "];
    let said = introductions.iter().find_map(|introduction| text.strip_prefix(introduction)).unwrap_or(text);
    let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match (missing, said.split_once(": ")) {
        (Some((field, _)), _) => Problem::invalid(field, "is missing"),
        (None, Some((field, why))) if is_field(field) => Problem::invalid(field, in_words(why)),
        _ => ProblemId::Invalid.because(said),
    }
}

fn is_field(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.[]".contains(letter))
}

/// What the deserialisers say, as people would.
fn in_words(why: &str) -> String {
    let known = [
        ("invalid digit", "is not a whole number that makes sense here"),
        ("cannot parse integer from empty string", "is empty"),
        ("number too ", "is out of range"),
        ("provided string was not `true` or `false`", "is neither true nor false"),
        ("failed to parse", "is not a day, such as 2026-01-26"),
        ("UUID parsing failed", "is not an identifier"),
    ];
    let words = known.iter().find(|(said, _)| why.starts_with(said)).map(|(_, words)| (*words).to_owned());
    let expected = why.strip_prefix("unknown field").and_then(|rest| rest.split_once(", "));
    words.or(expected.map(|(_, expected)| format!("is not known here: {expected}"))).unwrap_or_else(|| why.to_owned())
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read_query(&parts.uri).map(Self)
    }
}

pub(crate) fn read_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    match AxumQuery::try_from_uri(uri) {
        Ok(AxumQuery(value)) => Ok(value),
        Err(error) => Err(refused(&error.body_text())),
    }
}

/// Whether the client names a type among those that it takes; a wildcard names none.
pub(crate) fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut types = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    types.any(|media_type| media_type.eq_ignore_ascii_case(wanted))
}
