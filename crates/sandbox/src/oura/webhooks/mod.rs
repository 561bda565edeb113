//! Oura's webhooks: who has subscribed to what, and what is told them.

mod book;
mod challenge;
mod request;
mod routes;
mod signature;
mod tell;

use std::time::Duration;

use jiff::SignedDuration;

pub(super) use self::{book::Subscriptions, routes::routes, signature::sign, tell::Teller};
use crate::stand_in::Manners;

/// Oura: webhooks come about half a minute after the phone has synced.
pub(super) const DELAY: SignedDuration = SignedDuration::from_secs(30);

/// Oura: an answer of 2xx within ten seconds, a redirect counting as one; otherwise ten retries for about an hour, whose
/// spread is a guess. 410 ends the subscription.
pub(super) const MANNERS: Manners = Manners {
    deadline: Duration::from_secs(10),
    retries: &[10, 20, 40, 80, 160, 320, 500, 700, 850, 920],
    takes: |status| (200..400).contains(&status),
    ends: Some(410),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_last_about_an_hour() {
        assert_eq!((MANNERS.retries.len(), MANNERS.retries.iter().sum::<i64>()), (10, 3600));
        assert!(MANNERS.retries.is_sorted());
    }
}
