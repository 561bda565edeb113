//! Notices when a connection is told of nothing although it should be.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use model::{Connection, ListeningState};
use providers::Collection;
use store::{Hearing, Listening, Mode, Tx, Write};

use super::Pace;
use crate::{Engine, Result, jobs};

/// How long nobody worries about somebody of whom little is known.
const USUAL: SignedDuration = SignedDuration::from_hours(36);
const SHORTEST: SignedDuration = SignedDuration::from_hours(12);
const LONGEST: SignedDuration = SignedDuration::from_hours(72);
/// How far back somebody's habits are looked at, and how many days of them make habits.
const HABITS: SignedDuration = SignedDuration::from_hours(24 * 14);
const DAYS_OF_HABITS: usize = 3;
/// A delivery that failed comes again for about an hour: what asking brought may be told yet.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_hours(1);
/// Subscriptions are the application's: what one person's silence has checked need not be checked for the next one's.
const PROBE_EVERY: SignedDuration = SignedDuration::from_hours(12);
/// So long a silence goes on before what stood a probe is made anew, and so often that is done.
const REPLACE_EVERY: SignedDuration = SignedDuration::from_hours(24);

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
        let hearing = tx.hearing(connection.user_id, connection.id).await?;
        if told.is_empty() {
            return Ok(Pace::default());
        }
        if hearing.silent_since.is_some() {
            drop(tx);
            self.stay_silent(provider, &listening, now).await?;
            return Ok(Pace::default());
        }
        let since = now.saturating_sub(HABITS).unwrap_or(now);
        let times = tx.notice_times(connection.user_id, connection.id, since).await?;
        drop(tx);
        let deadline = deadline(connection, &listening, &hearing, &times);
        if deadline <= now {
            self.fall_silent(connection, now).await?;
            return Ok(Pace::default());
        }
        Ok(Pace { polling: None, told, since: Some(listening.since), look_at: Some(deadline) })
    }

    /// Asks the provider to make sure of our address, and the connection's collections as often as if nothing were told.
    async fn fall_silent(&self, connection: &Connection, now: Timestamp) -> Result<()> {
        let provider = connection.provider.as_str();
        let mut tx = self.db.write().await?;
        tx.note_silence(connection.user_id, connection.id, now).await?;
        ask_probe(&mut tx, provider, now).await?;
        tx.commit().await?;
        tracing::warn!(connection.id = %connection.id, provider, "nothing has been told for longer than is plausible");
        self.wake.notify_one();
        Ok(())
    }

    /// Asks again, while the silence lasts: what stood the last probe may not stand the next.
    async fn stay_silent(&self, provider: &str, listening: &Listening, now: Timestamp) -> Result<()> {
        let last = listening.probe_asked_at.max(listening.probed_at);
        if last.is_some_and(|last| now.duration_since(last) < PROBE_EVERY) {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        ask_probe(&mut tx, provider, now).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}

async fn ask_probe(tx: &mut Tx<Write>, provider: &str, now: Timestamp) -> Result<()> {
    let lately = now.saturating_sub(PROBE_EVERY).unwrap_or(now);
    if tx.ask_probe(provider, lately, now).await? {
        tx.enqueue(now, jobs::reconcile(provider, now)).await?;
    }
    Ok(())
}

/// What was made before this is made anew: the provider reaches us and says that it tells us, and most hear nothing.
pub(super) async fn replace_before(
    tx: &mut Tx<impl Mode>,
    provider: &str,
    listening: Option<&Listening>,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let (connections, silent) = tx.count_silent(provider).await?;
    let Some(since) = tx.silent_since(provider).await?.filter(|_| 2 * silent >= connections) else { return Ok(None) };
    let was_probed = listening.and_then(|listening| listening.probed_at).is_some_and(|probed| probed >= since);
    let lasts = now.duration_since(since) >= REPLACE_EVERY;
    Ok((was_probed && lasts).then(|| now.saturating_sub(REPLACE_EVERY).unwrap_or(now)))
}

fn is_listening(listening: &Listening) -> bool {
    matches!(listening.state, ListeningState::Active | ListeningState::Partial)
}

/// Until when a connection's silence is plausible.
fn deadline(connection: &Connection, listening: &Listening, hearing: &Hearing, times: &[Timestamp]) -> Timestamp {
    let known = [hearing.last_notice_at, connection.connected_at, Some(listening.since)];
    let heard = known.into_iter().flatten().max().unwrap_or(listening.since);
    let after = |at: Timestamp, span| at.saturating_add(span).unwrap_or(Timestamp::MAX);
    let patient = after(heard, patience(times));
    // Best evidence: asking brought what had not been told.
    hearing.untold_at.map_or(patient, |untold| patient.min(after(untold, GRACE)))
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
