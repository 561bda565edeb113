//! Compares what a provider has with what we want, and says what is to be done. Pure.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::{SignedDuration, Timestamp};
use model::{Operation, SubscriptionId, SubscriptionState};
use providers::Subscription as Theirs;
use store::Subscription as Ours;

use super::address::is_same;

/// What was renewed so recently is not renewed again, however soon it ends.
const RECENTLY: SignedDuration = SignedDuration::from_hours(6);

/// Of what a provider may tell: a data type, and what happens to it.
pub(crate) type Topic = (String, Operation);

/// What there is to compare.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    pub(crate) wanted: Vec<Topic>,
    /// Where we are called.
    pub(crate) callback_url: String,
    /// Where we were called at earlier addresses.
    pub(crate) past: Vec<String>,
    /// All that the provider has for our application, other people's servers' included.
    pub(crate) theirs: Vec<Theirs>,
    /// All that we have on record.
    pub(crate) ours: Vec<Ours>,
    pub(crate) renew_before: SignedDuration,
    /// What was not checked since is to be made sure of.
    pub(crate) probe_since: Option<Timestamp>,
    /// What was made before is made anew.
    pub(crate) replace_before: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It leads to us and is not wanted.
    End { provider_id: String, recorded: Option<SubscriptionId> },
    /// It is on record, not wanted, and not there either.
    Forget(SubscriptionId),
    /// It is there and leads to us, and our record says something else.
    Adopt { topic: Topic, provider_id: String, expires_at: Option<Timestamp> },
    /// It is wanted, and not there.
    Create(Topic),
    /// It ends soon.
    Renew { topic: Topic, provider_id: String },
    /// Nobody knows whether it still works.
    Probe { topic: Topic, provider_id: String },
    /// It is there, and nothing comes of it.
    Replace { topic: Topic, provider_id: String },
}

impl Situation {
    /// What is to be done, in this order: what is in the way goes first.
    pub(crate) fn plan(&self) -> Vec<Step> {
        let (kept, surplus) = self.sort();
        let replacing = self.replace_before.filter(|_| !self.lacks_something(&kept));
        let mut steps: Vec<_> = surplus.iter().filter_map(|theirs| self.end(theirs)).collect();
        steps.extend(self.forgotten(&surplus));
        for topic in &self.wanted {
            match kept.get(topic) {
                Some(theirs) => steps.extend(self.keep(topic, theirs, replacing)),
                None if self.record(topic).is_some_and(|ours| self.is_put_off(ours)) => {}
                None => steps.push(Step::Create(topic.clone())),
            }
        }
        steps
    }

    /// Of what leads to us: one for each topic that is wanted, and the rest. What is on record is preferred, then what
    /// lasts longest.
    fn sort(&self) -> (BTreeMap<Topic, &Theirs>, Vec<&Theirs>) {
        let mut own: Vec<_> = self.theirs.iter().filter(|theirs| self.is_own(theirs)).collect();
        own.sort_by_key(|theirs| {
            let recorded = self.record_of(theirs).is_some();
            (Reverse(recorded), Reverse(theirs.expires_at.unwrap_or(Timestamp::MAX)), &theirs.provider_id)
        });
        let (mut kept, mut surplus) = (BTreeMap::new(), Vec::new());
        for theirs in own {
            let topic = (theirs.data_type.clone(), theirs.operation);
            let serves = self.wanted.contains(&topic) && is_same(&theirs.callback_url, &self.callback_url);
            if serves && !kept.contains_key(&topic) {
                kept.insert(topic, theirs);
            } else {
                surplus.push(theirs);
            }
        }
        (kept, surplus)
    }

    /// Whether it leads to an address that is or was ours. Whatever leads elsewhere is somebody else's, even if we made
    /// it: another server of the same application has turned it towards itself.
    fn is_own(&self, theirs: &Theirs) -> bool {
        let recorded = self.ours.iter().map(|ours| &ours.key.callback_url);
        let mut addresses = recorded.chain(&self.past).chain([&self.callback_url]);
        addresses.any(|address| is_same(address, &theirs.callback_url))
    }

    fn record_of(&self, theirs: &Theirs) -> Option<&Ours> {
        self.ours.iter().find(|ours| is_of(ours, theirs))
    }

    /// What is on record for a topic at our present address.
    fn record(&self, topic: &Topic) -> Option<&Ours> {
        self.ours
            .iter()
            .find(|ours| self.is_wanted(ours) && ours.key.data_type == topic.0 && ours.key.operation == topic.1)
    }

    fn is_wanted(&self, ours: &Ours) -> bool {
        let topic = (ours.key.data_type.clone(), ours.key.operation);
        self.wanted.contains(&topic) && is_same(&ours.key.callback_url, &self.callback_url)
    }

    fn is_put_off(&self, ours: &Ours) -> bool {
        ours.retry_at.is_some_and(|at| at > self.now)
    }

    fn end(&self, theirs: &Theirs) -> Option<Step> {
        // A record whose topic is wanted stays: it is of what takes this one's place.
        let ours = self.record_of(theirs).filter(|ours| !self.is_wanted(ours));
        if ours.is_some_and(|ours| self.is_put_off(ours)) {
            return None;
        }
        Some(Step::End { provider_id: theirs.provider_id.clone(), recorded: ours.map(|ours| ours.id) })
    }

    /// Records of what is not wanted, and is not there to be ended either.
    fn forgotten(&self, surplus: &[&Theirs]) -> Vec<Step> {
        let is_ended = |ours: &Ours| surplus.iter().any(|theirs| is_of(ours, theirs));
        let forgotten = self.ours.iter().filter(|ours| !self.is_wanted(ours) && !is_ended(ours));
        forgotten.map(|ours| Step::Forget(ours.id)).collect()
    }

    /// Whether something is not there that could be: as long as it cannot be made, nothing else is made anew.
    fn lacks_something(&self, kept: &BTreeMap<Topic, &Theirs>) -> bool {
        let is_taken = |topic| self.record(topic).is_some_and(|ours| ours.state == SubscriptionState::Taken);
        self.wanted.iter().any(|topic| !kept.contains_key(topic) && !is_taken(topic))
    }

    /// What is to be done about a subscription that serves.
    fn keep(&self, topic: &Topic, theirs: &Theirs, replacing: Option<Timestamp>) -> Vec<Step> {
        let (topic, provider_id) = (topic.clone(), theirs.provider_id.clone());
        let adopt =
            || Step::Adopt { topic: topic.clone(), provider_id: provider_id.clone(), expires_at: theirs.expires_at };
        let renew = || Step::Renew { topic: topic.clone(), provider_id: provider_id.clone() };
        let Some(ours) = self.record(&topic).filter(|ours| ours.provider_id.as_ref() == Some(&provider_id)) else {
            return std::iter::once(adopt()).chain(self.ends_soon(theirs, None).then(renew)).collect();
        };
        if self.is_put_off(ours) {
            return Vec::new();
        }
        if replacing.is_some_and(|before| ours.created_at < before) {
            return vec![Step::Replace { topic, provider_id }];
        }
        let unproven = |since| ours.checked_at.is_none_or(|checked| checked < since);
        let ends_soon = self.ends_soon(theirs, ours.renewed_at);
        // One at a time: a probe may put another in its place. One that fails keeps nothing from being renewed.
        let probing = self.probe_since.is_some_and(unproven) && !(ends_soon && ours.last_error.is_some());
        let renewing = ends_soon && !probing;
        let differs = ours.state != SubscriptionState::Active
            || ours.last_error.is_some()
            || ours.expires_at != theirs.expires_at;
        let mut steps = Vec::new();
        if differs && !probing && !renewing {
            steps.push(adopt());
        }
        if probing {
            steps.push(Step::Probe { topic: topic.clone(), provider_id: provider_id.clone() });
        }
        if renewing {
            steps.push(renew());
        }
        steps
    }

    fn ends_soon(&self, theirs: &Theirs, renewed_at: Option<Timestamp>) -> bool {
        let recently = renewed_at.is_some_and(|at| self.now.duration_since(at) < RECENTLY);
        let soon = theirs.expires_at.is_some_and(|ends| ends.duration_since(self.now) <= self.renew_before);
        soon && !recently
    }
}

/// Whether a record is of what the provider has. What was made into something else since is not what we made.
fn is_of(ours: &Ours, theirs: &Theirs) -> bool {
    let is_same_topic = ours.key.data_type == theirs.data_type && ours.key.operation == theirs.operation;
    ours.provider_id.as_ref() == Some(&theirs.provider_id) && is_same_topic
}

#[cfg(test)]
mod tests;
