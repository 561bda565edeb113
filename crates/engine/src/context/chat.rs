//! A chat as models take it: who spoke last, and where the context goes.

use serde_json::{Map, Value, json};

/// The person who spoke last in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Human {
    /// Who it is, where the chat says so.
    pub user_id: Option<String>,
}

/// The chat is not in the form that models take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChat {
    #[error("the chat must be an object")]
    NotAnObject,
    #[error("messages is missing")]
    NoMessages,
    #[error("messages must be a list")]
    NoList,
    #[error("messages[{0}] must be an object")]
    Message(usize),
    #[error("messages[{0}].role is missing")]
    NoRole(usize),
    #[error("messages[{0}].role must be text")]
    Role(usize),
    #[error("messages[{0}].content must be text or a list of parts")]
    Content(usize),
    #[error("messages[{0}].user_id must be text")]
    UserId(usize),
}

/// Puts a context into the first system message, or into a new one at the beginning. Nothing else changes.
pub fn inject(mut chat: Value, context_markdown: &str) -> Result<Value, InvalidChat> {
    messages(&chat)?;
    let list = chat.get_mut("messages").and_then(Value::as_array_mut).ok_or(InvalidChat::NoMessages)?;
    match list.iter_mut().enumerate().find(|(_, message)| matches!(role(message), "system" | "developer")) {
        Some((index, message)) => append(message, context_markdown).ok_or(InvalidChat::Content(index))?,
        None => list.insert(0, json!({"role": "system", "content": context_markdown})),
    }
    Ok(chat)
}

/// Who spoke last: the author of the last message of role `user`. An answer of a tool has that role in some chats,
/// but no person wrote it.
pub fn last_human(chat: &Value) -> Result<Option<Human>, InvalidChat> {
    let messages = messages(chat)?;
    let last = messages.into_iter().rev().find(|message| is_user(message) && !is_tool_answer(message));
    let author = |message: &Map<String, Value>| message.get("user_id").and_then(Value::as_str).map(str::to_owned);
    Ok(last.map(|message| Human { user_id: author(message) }))
}

/// The messages, each of which has a role and, at most, one author.
fn messages(chat: &Value) -> Result<Vec<&Map<String, Value>>, InvalidChat> {
    let chat = chat.as_object().ok_or(InvalidChat::NotAnObject)?;
    let list = chat.get("messages").ok_or(InvalidChat::NoMessages)?.as_array().ok_or(InvalidChat::NoList)?;
    list.iter().enumerate().map(|(index, message)| check(index, message)).collect()
}

fn check(index: usize, message: &Value) -> Result<&Map<String, Value>, InvalidChat> {
    let message = message.as_object().ok_or(InvalidChat::Message(index))?;
    match message.get("role") {
        Some(Value::String(_)) => {}
        Some(_) => return Err(InvalidChat::Role(index)),
        None => return Err(InvalidChat::NoRole(index)),
    }
    match message.get("user_id") {
        None | Some(Value::Null | Value::String(_)) => Ok(message),
        Some(_) => Err(InvalidChat::UserId(index)),
    }
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

fn is_user(message: &Map<String, Value>) -> bool {
    message.get("role").and_then(Value::as_str) == Some("user")
}

fn is_tool_answer(message: &Map<String, Value>) -> bool {
    let parts = message.get("content").and_then(Value::as_array);
    let of_tool = |part: &Value| part.get("type").and_then(Value::as_str) == Some("tool_result");
    parts.is_some_and(|parts| !parts.is_empty() && parts.iter().all(of_tool))
}

/// Adds text to a message; `None` when its content is neither text nor a list of parts.
fn append(message: &mut Value, text: &str) -> Option<()> {
    match message.get_mut("content")? {
        Value::String(content) if content.is_empty() => text.clone_into(content),
        Value::String(content) => *content = format!("{content}\n\n{text}"),
        Value::Array(parts) => parts.push(json!({"type": "text", "text": text})),
        _ => return None,
    }
    Some(())
}
