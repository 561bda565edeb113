//! The JSON API, a file per noun. Each handler says in its arguments who may call it.

pub(crate) mod audit;
pub(crate) mod connect;
pub(crate) mod context;
pub(crate) mod deliveries;
pub(crate) mod disconnect;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod links;
mod paging;
pub(crate) mod records;
pub(crate) mod retention;
pub(crate) mod sharing;
pub(crate) mod sizes;
pub(crate) mod status;
pub(crate) mod subscriptions;
pub(crate) mod sync;
pub(crate) mod tokens;
pub(crate) mod users;
mod wanted;
pub(crate) mod webhooks;
mod words;

pub(crate) use self::{wanted::Wanted, words::change_type};
use utoipa::IntoParams;

/// Whose data it is about: a service token names the person.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the permission extractor; here for the documentation")]
pub(crate) struct Subject {
    /// Our id or the app's own (`external_id`). Service tokens must name it; others may only name themselves.
    #[param(nullable = false)]
    user_id: Option<String>,
}
