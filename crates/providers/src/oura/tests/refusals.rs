//! What Oura's refusals mean.

use super::Oura;
use crate::{Error, Provider};

fn refusal(status: u16, body: &str) -> String {
    format!("{:?}", Oura::new().refusal(status, body.as_bytes()))
}

#[test]
fn a_missing_scope_is_told_from_a_dead_token() {
    let bare = r#"{"detail":"Token is not authorized access spo2 scope."}"#;
    let problem =
        r#"{"status":401,"title":"Unauthorized","detail":"Token is not authorized access extapi:heart_health scope."}"#;
    assert_eq!(refusal(401, bare), r#"MissingScope("spo2")"#);
    assert_eq!(refusal(401, problem), r#"MissingScope("extapi:heart_health")"#);
    assert_eq!(refusal(403, bare), r#"MissingScope("spo2")"#);
    assert_eq!(refusal(401, r#"{"status":401,"title":"Unauthorized","detail":"Token expired"}"#), "Unauthorized");
    assert_eq!(refusal(401, r#"{"detail":[{"msg":"not authorized access x scope"}]}"#), "Unauthorized");
    assert_eq!(refusal(401, r#"{"detail":"Token is not authorized."}"#), "Unauthorized");
    assert_eq!(refusal(401, r#"{"detail":"The client is not authorized any more"}"#), "Unauthorized");
    assert_eq!(refusal(401, ""), "Unauthorized");
}

#[test]
fn other_refusals_say_what_can_be_done() {
    let oura = Oura::new();
    assert!(matches!(oura.refusal(403, b"{}"), Error::Forbidden(why) if why.contains("membership")));
    assert_eq!(refusal(404, r#"{"detail":"Document not found."}"#), "NotFound");
    assert_eq!(refusal(400, "{}"), "Rejected(400)");
    assert_eq!(refusal(422, r#"{"detail":[{"type":"value_error","loc":["query"],"msg":"no"}]}"#), "Rejected(422)");
    assert!(matches!(oura.refusal(503, b"<html>"), Error::Unavailable(_)));
    assert!(matches!(oura.refusal(408, b""), Error::Unavailable(_)));
}
