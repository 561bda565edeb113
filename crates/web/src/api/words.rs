//! The words that the API takes and answers, for its description.

use model::{
    Action, ChangeType, DeliveryState, Kind, ListeningState, NoticeState, Operation, Role, Scope, SinkState,
    SubscriptionState,
};
use utoipa::openapi::{ArrayBuilder, Object, ObjectBuilder, Schema, schema::Type};

pub(super) fn kind() -> Object {
    one_of(Kind::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn kinds() -> Schema {
    ArrayBuilder::new().items(kind()).build().into()
}

pub(super) fn sink_state() -> Object {
    one_of(SinkState::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn action() -> Object {
    one_of(Action::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn change_type() -> Object {
    one_of(ChangeType::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn delivery_state() -> Object {
    one_of(DeliveryState::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn notice_state() -> Object {
    one_of(NoticeState::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn operation() -> Object {
    one_of(Operation::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn role() -> Object {
    one_of(Role::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn subscription_state() -> Object {
    one_of(SubscriptionState::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn listening_state() -> Object {
    one_of(ListeningState::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn scopes() -> Schema {
    let scope = one_of(Scope::ALL.iter().map(|word| word.as_str()));
    let only = Scope::ALL.iter().filter(|scope| scope.service_only()).map(|scope| format!("`{scope}`"));
    let description = format!("For service tokens only: {}.", only.collect::<Vec<_>>().join(", "));
    ArrayBuilder::new().items(scope).description(Some(description)).build().into()
}

fn one_of(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}
