//! The files that pages ask for.

use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::IntoResponse,
};

use super::Answer;
use crate::{problem::ProblemId, views::assets::Asset};

/// Serves a file. Its address changes with its content, so that browsers keep it.
pub(crate) async fn show(Path(file): Path<String>) -> Answer {
    let asset = Asset::named(&file).ok_or_else(|| ProblemId::NotFound.because("there is no such file"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, asset.text).into_response())
}
