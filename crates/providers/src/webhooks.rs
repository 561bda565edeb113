//! What providers send by themselves, and what makes them send it.

use http::HeaderMap;
use jiff::Timestamp;
use model::{Operation, Secret};
use url::Url;

/// A webhook as received, byte for byte.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Why a delivery is not taken for the provider's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    #[error("it carries no signature")]
    Missing,
    #[error("its signature is not the provider's")]
    Wrong,
}

/// A delivery that the provider has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// When it was signed, by the provider's clock; absent where the provider does not say.
    pub at: Option<Timestamp>,
}

/// A provider making sure that an address is ours.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// What we told the provider, and nobody else.
    pub token: Secret,
    /// What to answer when that is right, as JSON.
    pub answer: serde_json::Value,
}

/// What a delivery says has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The provider's own identity of the account.
    pub account_id: String,
    /// What the provider's notices call the collection.
    pub data_type: String,
    pub operation: Operation,
    /// The provider's own identity of the thing.
    pub object_id: String,
    pub at: Option<Timestamp>,
}

/// Something that a provider sends us deliveries for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The provider's own identity of it.
    pub provider_id: String,
    pub data_type: String,
    pub operation: Operation,
    pub callback_url: String,
    pub expires_at: Option<Timestamp>,
}

/// Something to be sent deliveries for.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    pub data_type: String,
    pub operation: Operation,
    pub callback_url: Url,
    /// What the provider proves itself with when it makes sure that the address is ours.
    pub verification_token: Secret,
}
