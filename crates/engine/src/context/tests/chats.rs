//! Chats with a context in them.

use serde_json::{Value, json};

use crate::context::{Human, InvalidChat, inject, last_human};

const CONTEXT: &str = "# Health Data";

#[test]
fn the_context_follows_the_first_system_text() {
    let chat = json!({"model": "any", "messages": [
        {"role": "user", "content": "hello", "user_id": "u1"},
        {"role": "system", "content": "Be kind.", "name": "house"},
        {"role": "system", "content": "Be brief."},
    ], "temperature": 0.2});
    let injected = inject(chat, CONTEXT).unwrap();
    let expected = concat!(
        r##"{"model":"any","messages":[{"role":"user","content":"hello","user_id":"u1"},"##,
        r##"{"role":"system","content":"Be kind.\n\n# Health Data","name":"house"},"##,
        r##"{"role":"system","content":"Be brief."}],"temperature":0.2}"##,
    );
    assert_eq!(injected.to_string(), expected);
}

#[test]
fn parts_get_another_part() {
    let chat = json!({"messages": [{"role": "developer", "content": [{"type": "text", "text": "Be kind."}]}]});
    let injected = inject(chat, CONTEXT).unwrap();
    let parts = json!([{"type": "text", "text": "Be kind."}, {"type": "text", "text": CONTEXT}]);
    assert_eq!(injected["messages"][0]["content"], parts);
}

#[test]
fn without_a_system_message_one_comes_first() {
    let chat = json!({"messages": [{"role": "user", "content": null}]});
    let messages = json!([{"role": "system", "content": CONTEXT}, {"role": "user", "content": null}]);
    assert_eq!(inject(chat, CONTEXT).unwrap()["messages"], messages);
    let filled = inject(json!({"messages": [{"role": "system", "content": ""}]}), CONTEXT).unwrap();
    assert_eq!(filled["messages"], json!([{"role": "system", "content": CONTEXT}]));
}

#[test]
fn the_last_person_who_spoke() {
    let chat = json!({"messages": [
        {"role": "user", "content": "I slept badly", "user_id": "u1"},
        {"role": "user", "content": "and I well", "user_id": "u2"},
        {"role": "assistant", "content": "Let me see.", "user_id": "u3"},
        {"role": "user", "content": [{"type": "tool_result", "content": "42"}], "user_id": "u4"},
    ]});
    assert_eq!(last_human(&chat), Ok(Some(Human { user_id: Some("u2".to_owned()) })));
}

#[test]
fn a_person_without_a_name_is_nobody_else() {
    let chat = json!({"messages": [
        {"role": "user", "content": "hello", "user_id": "u1"},
        {"role": "user", "content": "hello", "user_id": null},
    ]});
    assert_eq!(last_human(&chat), Ok(Some(Human { user_id: None })));
    assert_eq!(last_human(&json!({"messages": [{"role": "system", "content": "x"}]})), Ok(None));
    assert_eq!(last_human(&json!({"messages": []})), Ok(None));
}

#[test]
fn what_is_no_chat_is_named() {
    let message = |message: Value| json!({"messages": [{"role": "user", "content": "x"}, message]});
    let cases = [
        (json!([]), "the chat must be an object"),
        (json!({}), "messages is missing"),
        (json!({"messages": "hello"}), "messages must be a list"),
        (message(json!("hello")), "messages[1] must be an object"),
        (message(json!({"content": "hello"})), "messages[1].role is missing"),
        (message(json!({"role": 1})), "messages[1].role must be text"),
    ];
    for (chat, error) in cases {
        assert_eq!(last_human(&chat).unwrap_err().to_string(), error);
        assert_eq!(inject(chat, CONTEXT).unwrap_err().to_string(), error);
    }
    let odd = message(json!({"role": "system", "content": {"text": "x"}}));
    assert_eq!(inject(odd, CONTEXT), Err(InvalidChat::Content(1)));
    assert_eq!(inject(message(json!({"role": "system"})), CONTEXT), Err(InvalidChat::Content(1)));
    let odd = message(json!({"role": "user", "content": "x", "user_id": 7}));
    assert_eq!(last_human(&odd).unwrap_err().to_string(), "messages[1].user_id must be text");
}
