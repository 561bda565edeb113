//! Makes sure that an address belongs to who subscribes: it must know the token, and give the challenge back.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use reqwest::Url;
use serde_json::Value;

use crate::{
    oura::{Oura, errors},
    reach::NoAnswer,
};

/// Measured by others: after a minute Oura's gateway answers in its place.
const PATIENCE: Duration = Duration::from_secs(60);
const GATEWAY_TIMEOUT: &str = "<html><head><title>504 Gateway Timeout ERROR</title></head><body><h1>504 Gateway \
                               Timeout ERROR</h1></body></html>";

/// Challenges an address. Whoever waits for the subscription waits for this.
pub(super) async fn challenge(oura: &Oura, callback_url: &Url, verification_token: &str) -> Result<(), Response> {
    let challenge: String = oura.random.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut url = callback_url.clone();
    url.query_pairs_mut().append_pair("verification_token", verification_token).append_pair("challenge", &challenge);
    let answer = oura.reach.get(url, PATIENCE).await;
    match answer {
        Ok((200..300, body)) if gives_back(&body, &challenge) => Ok(()),
        Ok(_) => Err(errors::problem(StatusCode::BAD_REQUEST, "The callback URL did not pass the verification.")),
        Err(NoAnswer::Unreachable) => {
            let why = "The callback URL could not be reached: ConnectionError or SSLError.";
            Err(errors::problem(StatusCode::INTERNAL_SERVER_ERROR, why))
        }
        Err(NoAnswer::TooLate) => Err((StatusCode::GATEWAY_TIMEOUT, Html(GATEWAY_TIMEOUT)).into_response()),
    }
}

fn gives_back(body: &[u8], challenge: &str) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|answer| answer["challenge"] == challenge)
}
