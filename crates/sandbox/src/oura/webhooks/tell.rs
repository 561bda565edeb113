//! Tells who has subscribed what has changed, or goes wrong about it when told to.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use model::Random;
use serde_json::json;

use super::book::Subscriptions;
use crate::{
    faults::{FaultKind, Faults},
    oura::{account::Account, changes::Change, oauth::Book},
    outbox::{Envelope, Hand, Outbox, State},
};

/// Who tells, whom, and what may befall it.
pub(in super::super) struct Teller<'a> {
    pub(in super::super) subscriptions: &'a Subscriptions,
    pub(in super::super) book: &'a Book,
    pub(in super::super) outbox: &'a Outbox,
    pub(in super::super) faults: &'a Faults,
    pub(in super::super) random: &'a Random,
}

/// What is told of one change.
struct Notice {
    data_type: &'static str,
    envelope: Envelope,
}

impl Teller<'_> {
    /// Tells of an account's changes at an instant, by webhooks due at another; says how many there are.
    pub(in super::super) fn tell(&self, account: &Account, changes: &[Change], at: Timestamp, due: Timestamp) -> usize {
        let mut notices: Vec<_> = changes.iter().filter_map(|change| self.notice(account, change, at, due)).collect();
        if notices.len() > 1 && self.faults.strike_webhook(FaultKind::ShuffleWebhooks, notices[0].data_type).is_some() {
            self.shuffle(&mut notices);
        }
        let told = notices.len();
        notices.into_iter().for_each(|notice| self.put(notice));
        told
    }

    /// What is told of a change: to who has subscribed to it, of whom has let it be read. That webhooks go by scopes
    /// is a guess.
    fn notice(&self, account: &Account, change: &Change, at: Timestamp, due: Timestamp) -> Option<Notice> {
        let data_type = change.collection.data_type()?;
        let event_type = change.happening.word();
        let subscription = self.subscriptions.of(event_type, data_type, at)?;
        if !self.book.has_granted(&account.id, change.collection.scopes()) {
            return None;
        }
        // Compact and in this order (Oura): who signs it as it is and who writes it anew agree.
        let body = json!({
            "event_type": event_type,
            "data_type": data_type,
            "object_id": change.id,
            "event_time": at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
            "user_id": account.id,
        });
        let envelope = Envelope {
            subscription_id: subscription.id,
            url: subscription.callback_url,
            body: Bytes::from(body.to_string()),
            due,
            hand: Hand::Own,
        };
        Some(Notice { data_type, envelope })
    }

    fn put(&self, Notice { data_type, mut envelope }: Notice) {
        let strike = |kind| self.faults.strike_webhook(kind, data_type);
        if strike(FaultKind::DropWebhook).is_some() {
            self.faults.count(|stats| stats.webhooks.dropped += 1);
            return self.outbox.put(envelope, State::Dropped);
        }
        if let Some(fault) = strike(FaultKind::DelayWebhook) {
            let seconds = i64::try_from(fault.wait()).unwrap_or(i64::MAX);
            envelope.due = envelope.due.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        }
        if strike(FaultKind::ForgeWebhook).is_some() {
            self.outbox.put(Envelope { hand: Hand::Forged, ..envelope.clone() }, State::Waiting);
        }
        if let Some(fault) = strike(FaultKind::StaleWebhook) {
            let hand = Hand::Stale(Duration::from_secs(fault.wait()));
            self.outbox.put(Envelope { hand, ..envelope.clone() }, State::Waiting);
        }
        if strike(FaultKind::DuplicateWebhook).is_some() {
            self.outbox.put(envelope.clone(), State::Waiting);
        }
        self.outbox.put(envelope, State::Waiting);
    }

    /// Any order but the one they are in.
    fn shuffle(&self, notices: &mut [Notice]) {
        for place in (1..notices.len()).rev() {
            let other = (self.random.fraction() * place as f64) as usize;
            notices.swap(place, other);
        }
    }
}
