//! What Oura's answers without success mean.

use serde_json::Value;

use crate::Error;

/// Reads a refusal.
pub(super) fn read(status: u16, body: &[u8]) -> Error {
    match (status, missing_scope(body)) {
        // Measured by others: a missing scope is a 401, as an expired token is. Oura's own table says 403.
        (401 | 403, Some(scope)) => Error::MissingScope(scope),
        // Oura's API specification 1.37: 403 usually means that the membership has lapsed.
        (403, None) => {
            Error::Forbidden("Oura does not give out this account's data; its membership may have lapsed".into())
        }
        _ => Error::from_status(status),
    }
}

/// The scope in "Token is not authorized access spo2 scope.", whether the body is bare or a problem document.
fn missing_scope(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let (_, words) = body.get("detail")?.as_str()?.split_once("not authorized")?;
    let mut words = words.split_whitespace();
    let before = words.by_ref().take_while(|word| !word.trim_end_matches('.').eq_ignore_ascii_case("scope")).last();
    before.filter(|scope| is_scope(scope)).map(str::to_owned)
}

fn is_scope(word: &str) -> bool {
    word.len() <= 64 && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-' | '.'))
}
