//! Reads requests so that what is wrong with one is answered as a problem.

use axum::{
    Json as AxumJson,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query as AxumQuery, Request, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
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

/// Reads an object. A list would pass for one as well, its values taken for the fields in their order.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(ProblemId::Invalid.because("send an object, not a list"));
    }
    match AxumJson::from_bytes(bytes) {
        Ok(AxumJson(value)) => Ok(value),
        Err(JsonRejection::JsonDataError(error)) => Err(ProblemId::Invalid.because(error.body_text())),
        Err(error) => Err(ProblemId::Malformed.because(error.body_text())),
    }
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match AxumQuery::try_from_uri(&parts.uri) {
            Ok(AxumQuery(value)) => Ok(Self(value)),
            Err(error) => Err(ProblemId::Invalid.because(error.body_text())),
        }
    }
}

/// Whether the client would rather have one type than another; without a preference it would not.
pub(crate) fn prefers(headers: &HeaderMap, wanted: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut types = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    types.any(|media_type| media_type.eq_ignore_ascii_case(wanted))
}
