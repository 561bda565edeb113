//! Notices when a connection is not told of what is new.
//!
//! That nothing is told proves nothing: a ring may lie in a drawer. Whoever is told of nothing for long is asked for as
//! often as if nothing were ever told, and only what asking brings is evidence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use model::{Connection, ListeningState};
use providers::Collection;
use store::{Hearing, Listening, Mode, Tx, Write};

use super::Pace;
use crate::{Engine, Result, jobs};

/// How long nobody wonders about somebody of whom little is known.
const USUAL: SignedDuration = SignedDuration::from_hours(36);
const SHORTEST: SignedDuration = SignedDuration::from_hours(12);
const LONGEST: SignedDuration = SignedDuration::from_hours(72);
/// How far back somebody's habits are looked at, and how many days of them make habits.
const HABITS: SignedDuration = SignedDuration::from_hours(24 * 14);
const DAYS_OF_HABITS: usize = 3;
/// A delivery that failed comes again for about an hour: what asking brought may be told yet.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_hours(1);
/// A silence of which asking has brought no more evidence for so long is over.
const EVIDENCE: SignedDuration = SignedDuration::from_hours(36);
/// Subscriptions are the application's: what one person's silence has checked need not be checked for the next one's.
const PROBE_EVERY: SignedDuration = SignedDuration::from_hours(12);
/// So long a silence goes on before what stood a probe is made anew, and so often that is done.
const REPLACE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What is to be thought of a connection.
enum Ear {
    /// It is told, or need not have been; to be looked at again then.
    Hears(Timestamp),
    /// It has been told of nothing for long, and asking brings nothing either; to be looked at again then.
    Quiet(Option<Timestamp>),
    /// Asking has brought what it was not told of.
    FallsSilent,
    /// It still does.
    Silent,
    /// It does no more.
    Recovers,
}

impl Engine {
    /// How often the collections that a connection is to be asked for are asked; looks whether it has fallen silent.
    pub(crate) async fn pace(&self, connection: &Connection, collections: &[Collection]) -> Result<Pace> {
        if self.polling.is_some() {
            return Ok(Pace { polling: self.polling, ..Pace::default() });
        }
        let (provider, now) = (connection.provider.as_str(), self.clock.now());
        let Some(webhooks) = &self.provider(provider)?.manifest().webhooks else { return Ok(Pace::default()) };
        let mut tx = self.db.read().await?;
        let Some(listening) = tx.listening(provider).await?.filter(is_listening) else { return Ok(Pace::default()) };
        let topics = tx.told(provider, self.callback_url(provider)?.as_str(), now).await?;
        let is_told = |name: &String| topics.get(name).is_some_and(|count| *count >= webhooks.operations.len() as i64);
        let told = collections.iter().filter(|collection| collection.notices.as_ref().is_some_and(is_told));
        let told: BTreeSet<_> = told.map(|collection| collection.id.clone()).collect();
        if told.is_empty() {
            return Ok(Pace::default());
        }
        let hearing = tx.hearing(connection.user_id, connection.id).await?;
        let since = now.saturating_sub(HABITS).unwrap_or(now);
        let times = tx.notice_times(connection.user_id, connection.id, since).await?;
        drop(tx);
        let ear = examine(connection, &listening, &hearing, &times, now);
        self.attend_to(connection, &ear, &listening, now).await?;
        let (is_quiet, look_at) = match ear {
            Ear::Hears(until) => (false, Some(until)),
            Ear::Quiet(until) => (true, until),
            Ear::FallsSilent | Ear::Silent | Ear::Recovers => (true, None),
        };
        Ok(Pace { polling: None, told, is_quiet, since: Some(listening.since), look_at })
    }

    /// Writes down what is thought of a connection. While nothing is told the provider makes sure of our address, again and
    /// again: what stood the last probe may not stand the next.
    async fn attend_to(&self, connection: &Connection, ear: &Ear, listening: &Listening, now: Timestamp) -> Result<()> {
        let (user, id, provider) = (connection.user_id, connection.id, connection.provider.as_str());
        let probe = listening.probe_asked_at.max(listening.probed_at);
        let was_probed = probe.is_some_and(|probe| now.duration_since(probe) < PROBE_EVERY);
        let nothing_new = matches!(ear, Ear::Quiet(_) | Ear::Silent) && was_probed;
        if nothing_new || matches!(ear, Ear::Hears(_)) {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        match ear {
            Ear::Hears(_) | Ear::Quiet(_) | Ear::Silent => {}
            Ear::FallsSilent => {
                tx.note_silence(user, id, now).await?;
                tracing::warn!(connection.id = %id, provider, "asking brings what was not told");
            }
            Ear::Recovers => {
                tx.forget_silence(user, id).await?;
                tracing::info!(connection.id = %id, provider, "asking brings no more that was not told");
            }
        }
        let is_asked = ask_probe(&mut tx, provider, now).await?;
        tx.commit().await?;
        if is_asked {
            self.wake.notify_one();
        }
        Ok(())
    }
}

async fn ask_probe(tx: &mut Tx<Write>, provider: &str, now: Timestamp) -> Result<bool> {
    let lately = now.saturating_sub(PROBE_EVERY).unwrap_or(now);
    let is_asked = tx.ask_probe(provider, lately, now).await?;
    if is_asked {
        tx.enqueue(now, jobs::reconcile(provider, now)).await?;
    }
    Ok(is_asked)
}

/// Whether no more connections to a provider are told of what is new than are silent. Those of which neither can be
/// said do not count.
pub(super) async fn is_widespread(tx: &mut Tx<impl Mode>, provider: &str, silent: i64, now: Timestamp) -> Result<bool> {
    let lately = now.saturating_sub(LONGEST).unwrap_or(now);
    Ok(silent > 0 && silent >= tx.count_told(provider, lately).await?)
}

/// What was made before this is made anew: the provider reaches us and says that it tells us, and still asking brings
/// what most were not told of. Evidence counts once, against what was there before it.
pub(super) async fn replace_before(
    tx: &mut Tx<impl Mode>,
    provider: &str,
    listening: Option<&Listening>,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let Some(silence) = tx.silence(provider).await? else { return Ok(None) };
    let (_, silent) = tx.count_silent(provider).await?;
    let was_probed = listening.and_then(|listening| listening.probed_at).is_some_and(|probed| probed >= silence.since);
    let lasts = now.duration_since(silence.since) >= REPLACE_EVERY;
    if !was_probed || !lasts || !is_widespread(tx, provider, silent, now).await? {
        return Ok(None);
    }
    Ok(silence.untold_at.map(|untold| untold.min(now.saturating_sub(REPLACE_EVERY).unwrap_or(now))))
}

fn is_listening(listening: &Listening) -> bool {
    matches!(listening.state, ListeningState::Active | ListeningState::Partial)
}

/// What is to be thought of a connection now.
fn examine(
    connection: &Connection,
    listening: &Listening,
    hearing: &Hearing,
    times: &[Timestamp],
    now: Timestamp,
) -> Ear {
    let untold = |span| hearing.untold_at.map(|untold| after(untold, span));
    if hearing.silent_since.is_some() {
        let has_evidence = untold(EVIDENCE).is_some_and(|until| now < until);
        return if has_evidence { Ear::Silent } else { Ear::Recovers };
    }
    let doubtful = untold(GRACE);
    if doubtful.is_some_and(|until| until <= now) {
        return Ear::FallsSilent;
    }
    let known = [hearing.last_notice_at, connection.connected_at, Some(listening.since)];
    let heard = known.into_iter().flatten().max().unwrap_or(listening.since);
    let patient = after(heard, patience(times));
    if patient <= now { Ear::Quiet(doubtful) } else { Ear::Hears(doubtful.map_or(patient, |at| at.min(patient))) }
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// How long somebody's silence is plausible: three times what is usual between two notices at most, each day.
fn patience(times: &[Timestamp]) -> SignedDuration {
    let mut longest: BTreeMap<i64, SignedDuration> = BTreeMap::new();
    for pair in times.windows(2) {
        let gap = pair[1].duration_since(pair[0]);
        let of_day = longest.entry(pair[1].as_second().div_euclid(24 * 3600)).or_default();
        *of_day = gap.max(*of_day);
    }
    let mut gaps: Vec<_> = longest.into_values().collect();
    if gaps.len() < DAYS_OF_HABITS {
        return USUAL;
    }
    gaps.sort();
    (gaps[gaps.len() / 2] * 3).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notices at these hours of each of so many days.
    fn habits(days: i64, hours: &[i64]) -> Vec<Timestamp> {
        let at = |day: i64, hour: &i64| Timestamp::from_second((day * 24 + hour) * 3600).unwrap();
        (0..days).flat_map(|day| hours.iter().map(move |hour| at(day, hour))).collect()
    }

    #[test]
    fn patience_follows_habits() {
        let hours = SignedDuration::from_hours;
        assert_eq!(patience(&[]), hours(36));
        assert_eq!(patience(&habits(2, &[8, 12, 20])), hours(36), "two days make no habit");
        assert_eq!(patience(&habits(14, &[8, 12, 20])), hours(36), "the night has twelve hours");
        assert_eq!(patience(&habits(14, &[0, 3, 6, 9, 12, 15, 18, 21])), hours(12), "not less");
        assert_eq!(patience(&habits(14, &[0, 8, 16])), hours(24));
        assert_eq!(patience(&habits(14, &[8])), hours(72), "not more");
    }

    #[test]
    fn one_odd_day_is_no_habit() {
        let mut times = habits(14, &[0, 8, 16]);
        times.retain(|time| !(24 * 5..24 * 8).contains(&(time.as_second() / 3600)));
        assert_eq!(patience(&times), SignedDuration::from_hours(24));
    }
}
