//! The words that the API takes and answers, for its description.

use model::{Action, ChangeType, Kind, Role, Scope};
use utoipa::openapi::{ArrayBuilder, Object, ObjectBuilder, Schema, schema::Type};

pub(super) fn kind() -> Object {
    one_of(Kind::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn action() -> Object {
    one_of(Action::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn change_type() -> Object {
    one_of(ChangeType::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn role() -> Object {
    one_of(Role::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn scopes() -> Schema {
    let scope = one_of(Scope::ALL.iter().map(|word| word.as_str()));
    let description = "`users:write` and `links:write` are for service tokens only.";
    ArrayBuilder::new().items(scope).description(Some(description)).build().into()
}

fn one_of(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}
