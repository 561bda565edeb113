//! Writes changes elsewhere: to each sink at its own pace, and of each person in the order of their log.

mod deliver;
mod due;
mod endpoints;
mod keeper;
mod pace;
mod replay;
mod settle;
mod trial;
mod turn;
mod wanted;

pub(crate) use self::{due::mark, pace::Places};
pub use self::{
    endpoints::Webhook,
    replay::ReplayFrom,
    trial::{Tested, WebhookAttempt},
    wanted::{NewWebhook, WebhookChange},
};
