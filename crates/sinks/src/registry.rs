//! The types of sinks there are.

use std::sync::Arc;

use crate::{Sink, webhook::Webhook};

/// Every type of sink.
pub fn all() -> Vec<Arc<dyn Sink>> {
    vec![Arc::new(Webhook)]
}

/// The type of sink of a name.
pub fn named(name: &str) -> Option<Arc<dyn Sink>> {
    all().into_iter().find(|sink| sink.name() == name)
}
