//! Oura's OAuth server: the consent page, the token endpoint, revocation.

mod authorize;
mod book;
mod claims;
mod consent;
mod request;
mod revoke;
mod token;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

pub(super) use self::book::{Book, Reader};
use super::Oura;

/// The OAuth routes.
pub(super) fn routes() -> Router<Arc<Oura>> {
    Router::new()
        .route("/oauth/authorize", get(authorize::ask).post(authorize::decide))
        .route("/oauth/token", post(token::exchange))
        // Oura documents the path but no method, and its clients use either.
        .route("/oauth/revoke", post(revoke::revoke).get(revoke::revoke))
}
