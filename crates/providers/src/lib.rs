//! What is particular to each provider: a folder each, and what they share.

mod api;
mod error;
pub mod fuzzing;
mod manifest;
pub mod measure;
pub mod oauth;
mod provider;
mod registry;
mod webhooks;

pub use api::Api;
pub use error::Error;
pub use manifest::{
    Alias, ClientAuthentication, Collection, Dates, Door, InvalidManifest, Limits, Manifest, OAuth, Webhooks,
};
pub use oauth::Application;
pub use provider::{Ask, Mapped, Page, Provider, Skipped};
pub use registry::*;
pub use webhooks::{Challenge, NewSubscription, Notice, Received, Signed, Subscription, Unsigned};
