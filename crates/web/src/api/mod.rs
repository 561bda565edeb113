//! The JSON API, a file per noun. Each handler says in its arguments who may call it.

pub(crate) mod audit;
pub(crate) mod context;
pub(crate) mod events;
pub(crate) mod integrations;
pub(crate) mod jobs;
pub(crate) mod links;
pub(crate) mod records;
pub(crate) mod sharing;
pub(crate) mod tokens;
pub(crate) mod users;
mod words;
