//! Reads requests so that what is wrong with one is answered as a problem.

use axum::{
    Json as AxumJson,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query as AxumQuery, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::problem::{Problem, ProblemId};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        use axum::extract::rejection::JsonRejection;
        match AxumJson::<T>::from_request(request, state).await {
            Ok(AxumJson(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => Err(ProblemId::Invalid.because(error.body_text())),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(ProblemId::UnsupportedMediaType.because("send application/json"))
            }
            Err(JsonRejection::BytesRejection(error)) if error.status().as_u16() == 413 => {
                Err(ProblemId::TooLarge.problem())
            }
            Err(error) => Err(ProblemId::Malformed.because(error.body_text())),
        }
    }
}

/// A JSON body that may be left out.
pub(crate) struct Optional<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Optional<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ProblemId::TooLarge.problem())?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        serde_json::from_slice::<Option<T>>(&bytes).map(|body| Self(body.unwrap_or_default())).map_err(|error| {
            match error.classify() {
                serde_json::error::Category::Data => ProblemId::Invalid.because(error.to_string()),
                _ => ProblemId::Malformed.because(error.to_string()),
            }
        })
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
