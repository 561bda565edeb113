//! The time, as an argument. A clock owns sleeping too, so that turning it moves timers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Tells the time and sleeps. Clones share one dial.
#[derive(Clone)]
pub struct Clock(Arc<Dial>);

struct Dial {
    running: bool,
    begun: Instant,
    /// A running clock: what to add to the system's time. A stopped one: the time at which it stopped.
    set: AtomicI64,
    /// How far it was turned on since, in milliseconds.
    turned: AtomicU64,
    turns: watch::Sender<()>,
}

/// What a clock shows, and how much time has passed by it however it was set.
struct Reading {
    millis: i64,
    passed: Duration,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self::dial(0, true)
    }

    /// Starts at an instant and runs on from there.
    pub fn starting_at(start: Timestamp) -> Self {
        Self::dial(start.as_millisecond() - system_millis(), true)
    }

    /// Stands still until turned: the clock of tests.
    pub fn stopped_at(instant: Timestamp) -> Self {
        Self::dial(instant.as_millisecond(), false)
    }

    fn dial(millis: i64, running: bool) -> Self {
        let (turns, _) = watch::channel(());
        let (set, turned) = (AtomicI64::new(millis), AtomicU64::new(0));
        Self(Arc::new(Dial { running, begun: Instant::now(), set, turned, turns }))
    }

    fn read(&self) -> Reading {
        let turned = self.0.turned.load(Ordering::SeqCst);
        let (base, ran) = if self.0.running { (system_millis(), self.0.begun.elapsed()) } else { (0, Duration::ZERO) };
        let millis = base + self.0.set.load(Ordering::SeqCst) + i64::try_from(turned).unwrap_or(i64::MAX);
        Reading { millis, passed: ran + Duration::from_millis(turned) }
    }

    /// The instant, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.read().millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves the dial forward, so that time passes, and wakes whoever sleeps by this clock.
    pub fn turn(&self, by: Duration) {
        self.0.turned.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        self.0.turns.send_replace(());
    }

    /// Sets the clock forward or back, as a machine's that was wrong: no time passes by it.
    pub fn set_by(&self, by: SignedDuration) {
        self.0.set.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }

    /// Sleeps until an instant, however the dial is turned meanwhile. Who sleeps while the clock is set right sleeps as
    /// long as it was to be before.
    pub async fn sleep_until(&self, instant: Timestamp) {
        let mut turns = self.0.turns.subscribe();
        let Reading { millis, passed } = self.read();
        let end = passed + Duration::from_millis(u64::try_from(instant.as_millisecond() - millis).unwrap_or(0));
        loop {
            let left = end.saturating_sub(self.read().passed);
            if left.is_zero() {
                return;
            }
            if self.0.running {
                let _ = tokio::time::timeout(left, turns.changed()).await;
            } else {
                let _ = turns.changed().await;
            }
        }
    }

    /// Sleeps for a while.
    pub async fn sleep(&self, duration: Duration) {
        let wake = self.now().as_millisecond() + i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2);
        self.sleep_until(Timestamp::from_millisecond(wake).unwrap_or(Timestamp::MAX)).await;
    }
}

fn system_millis() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turning_the_dial_wakes_a_sleeper() {
        let clock = Clock::stopped_at(Timestamp::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        while !sleeper.is_finished() {
            clock.turn(Duration::from_secs(60));
            tokio::task::yield_now().await;
        }
        assert!(clock.now().as_second() >= 3600);
    }

    #[tokio::test]
    async fn who_sleeps_is_not_kept_asleep_by_a_clock_that_is_set_back() {
        let clock = Clock::stopped_at(Timestamp::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        clock.set_by(SignedDuration::from_hours(-1));
        clock.turn(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.turn(Duration::from_secs(1));
        sleeper.await.unwrap();
        assert_eq!(clock.now().as_second(), 60 - 3600);
    }
}
