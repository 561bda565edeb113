//! What deliveries and challenges say.

use model::Operation;
use proptest::prelude::*;
use serde_json::json;

use super::Oura;
use crate::{Error, Notice, Provider};

fn notice(body: &str) -> Option<Notice> {
    let mut notices = Oura::new().notices(body.as_bytes()).ok()?;
    assert_eq!(notices.len(), 1);
    notices.pop()
}

#[test]
fn a_delivery_names_what_has_changed() {
    let told = notice(
        r#"{"event_type":"create","data_type":"vo2_max","object_id":"o","event_time":"2023-01-01T08:00:00+02:00","user_id":"u"}"#,
    );
    let at = "2023-01-01T06:00:00Z".parse().ok();
    let expected = Notice {
        account_id: "u".into(),
        data_type: "vo2_max".into(),
        operation: Operation::Create,
        object_id: "o".into(),
        at,
    };
    assert_eq!(told, Some(expected));
}

#[test]
fn what_is_new_is_no_reason_to_refuse() {
    let told = |body| notice(body).map(|notice| (notice.data_type, notice.operation, notice.at));
    let odd =
        r#"{"event_type":"merge","data_type":"dreams","object_id":"o","event_time":"yesterday","user_id":"u","x":[1]}"#;
    assert_eq!(told(odd), Some(("dreams".into(), Operation::Update, None)));
    let bare = r#"{"data_type":"sleep","object_id":"o","user_id":"u"}"#;
    assert_eq!(told(bare), Some(("sleep".into(), Operation::Update, None)));
    let untyped = r#"{"event_type":7,"data_type":"sleep","object_id":"o","event_time":{},"user_id":"u"}"#;
    assert_eq!(told(untyped), Some(("sleep".into(), Operation::Update, None)));
}

#[test]
fn what_names_nothing_is_not_understood_and_not_repeated() {
    for body in [
        "",
        "[]",
        "<html>",
        r#"{"data_type":"sleep","object_id":"o"}"#,
        r#"{"data_type":"sleep","object_id":"o","user_id":""}"#,
        r#"{"data_type":"sleep","object_id":7,"user_id":"very-private"}"#,
    ] {
        let error = Oura::new().notices(body.as_bytes()).unwrap_err();
        assert!(matches!(&error, Error::Malformed(why) if !why.contains("private")), "{error}");
    }
}

#[test]
fn a_challenge_is_answered_in_json() {
    let asked = Oura::new().challenge("verification_token=t%201&challenge=c%22%C3%A4").unwrap();
    assert_eq!((asked.token.expose(), asked.answer), ("t 1", json!({ "challenge": "c\"ä" })));
    for other in ["", "challenge=c", "verification_token=t", "hub.challenge=c"] {
        assert!(Oura::new().challenge(other).is_none(), "{other}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_understood_or_not(body in prop::collection::vec(any::<u8>(), 0..200), query in any::<String>()) {
        let _ = Oura::new().notices(&body);
        let _ = Oura::new().challenge(&query);
    }

    #[test]
    fn account_and_object_are_told_as_they_are(account in "\\PC{1,40}", object in "\\PC{1,40}", word in any::<String>()) {
        let body = json!({ "event_type": word, "data_type": "sleep", "object_id": object, "user_id": account });
        let told = Oura::new().notices(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!((&told[0].account_id, &told[0].object_id), (&account, &object));
    }
}
