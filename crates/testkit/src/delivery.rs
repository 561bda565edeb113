//! Deliveries as the provider signs them: written here once more, so that a mistake in reading them shows.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use model::Operation;

use crate::street::CLIENT_SECRET;

/// A delivery on its way.
#[derive(Clone)]
pub struct SignedDelivery {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl SignedDelivery {
    /// What the provider sends when something of an account has changed.
    pub fn of(account: &str, operation: Operation, data_type: &str, object: &str, at: Timestamp) -> Self {
        let body = format!(
            r#"{{"event_type":"{operation}","data_type":"{data_type}","object_id":"{object}","event_time":"{at}","user_id":"{account}"}}"#
        );
        Self::signing(body.as_bytes(), at)
    }

    /// A body, whatever it says, as the provider signs it.
    pub fn signing(body: &[u8], at: Timestamp) -> Self {
        Self::signed_with(CLIENT_SECRET, body, at)
    }

    /// The same with another header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same with another secret than the application's.
    pub fn signed_with(secret: &str, body: &[u8], at: Timestamp) -> Self {
        let timestamp = at.as_second().to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signed = hmac::sign(&key, &[timestamp.as_bytes(), body].concat());
        let signature: String = signed.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let unsigned = Self { headers: HeaderMap::new(), body: body.to_vec() };
        unsigned.with("x-oura-timestamp", &timestamp).with("x-oura-signature", &signature)
    }
}
