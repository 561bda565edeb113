//! The time, as an argument. A clock owns sleeping too, so that turning it moves timers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use tokio::sync::watch;

/// Tells the time and sleeps. Clones share one dial.
#[derive(Clone)]
pub struct Clock(Arc<Dial>);

struct Dial {
    /// A running clock: what to add to the system's time. A stopped one: the time itself.
    millis: AtomicI64,
    running: bool,
    turned: watch::Sender<()>,
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
        let (turned, _) = watch::channel(());
        Self(Arc::new(Dial { millis: AtomicI64::new(millis), running, turned }))
    }

    /// The instant, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let base = if self.0.running { system_millis() } else { 0 };
        let millis = base + self.0.millis.load(Ordering::SeqCst);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves the dial forward and wakes whoever sleeps by this clock.
    pub fn turn(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.millis.fetch_add(millis, Ordering::SeqCst);
        self.0.turned.send_replace(());
    }

    /// Sleeps until an instant, however the dial is turned meanwhile.
    pub async fn sleep_until(&self, instant: Timestamp) {
        let mut turned = self.0.turned.subscribe();
        loop {
            let left = instant.as_millisecond() - self.now().as_millisecond();
            if left <= 0 {
                return;
            }
            if self.0.running {
                let nap = Duration::from_millis(left.unsigned_abs());
                let _ = tokio::time::timeout(nap, turned.changed()).await;
            } else {
                let _ = turned.changed().await;
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
}
