//! A night's sleep or a nap: when, in which phases, with what heart.

use jiff::{SignedDuration, Timestamp};

use super::{dice::Dice, form::Form, traits::Traits};

/// Seconds that one phase symbol covers.
pub(crate) const EPOCH: i64 = 30;

/// A phase of sleep, numbered as devices do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    Deep = 1,
    Light = 2,
    Rem = 3,
    Awake = 4,
}

/// Why a stretch of lying still is (not) sleep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    Night,
    Nap,
    /// Taken for sleep by mistake.
    Mistaken,
    /// Removed by the person.
    Deleted,
}

/// One period in bed.
pub(crate) struct Night {
    pub(crate) rest: Rest,
    pub(crate) bed: Timestamp,
    pub(crate) rise: Timestamp,
    pub(crate) latency: i64,
    /// One per 30 seconds; the last may be cut short by rising.
    pub(crate) phases: Vec<Phase>,
    /// One per 30 seconds, 1 (still) to 4 (active).
    pub(crate) movement: Vec<u8>,
    /// One per five minutes.
    pub(crate) heart: Vec<Option<f64>>,
    pub(crate) hrv: Vec<Option<f64>>,
    pub(crate) breath: f64,
}

impl Night {
    /// Sleeps between two instants.
    pub(crate) fn between(
        bed: Timestamp,
        rise: Timestamp,
        rest: Rest,
        traits: &Traits,
        form: &Form,
        dice: &mut Dice,
    ) -> Self {
        let seconds = rise.duration_since(bed).as_secs();
        let count = usize::try_from(seconds).unwrap_or(0).div_ceil(EPOCH as usize);
        let latency = dice.whole(6, if form.late { 60 } else { 40 }).min(count as i64 / 4);
        let phases = match rest {
            Rest::Night => night_phases(count, latency, form, dice),
            _ => nap_phases(count, latency, dice),
        };
        let movement = phases.iter().map(|phase| movement(*phase, dice)).collect();
        let (heart, hrv) = heart(&phases, traits, form, dice);
        let breath = (dice.around(14.2 + form.illness * 1.5, 0.8) * 8.0).round() / 8.0;
        Self { rest, bed, rise, latency: latency * EPOCH, phases, movement, heart, hrv, breath }
    }

    pub(crate) fn seconds_in_bed(&self) -> i64 {
        self.rise.duration_since(self.bed).as_secs()
    }

    /// Whole epochs spent in a phase, in seconds. Awake is what the others leave.
    pub(crate) fn seconds_in(&self, phase: Phase) -> i64 {
        if phase == Phase::Awake {
            return self.seconds_in_bed() - self.seconds_asleep();
        }
        self.phases.iter().filter(|each| **each == phase).count() as i64 * EPOCH
    }

    pub(crate) fn seconds_asleep(&self) -> i64 {
        self.phases.iter().filter(|each| **each != Phase::Awake).count() as i64 * EPOCH
    }

    pub(crate) fn efficiency(&self) -> i64 {
        (self.seconds_asleep() * 100 + self.seconds_in_bed() / 2) / self.seconds_in_bed().max(1)
    }

    /// How often movement begins.
    pub(crate) fn restless_periods(&self) -> i64 {
        self.movement.windows(2).filter(|pair| pair[0] == 1 && pair[1] > 1).count() as i64
    }

    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.bed <= at && at < self.rise
    }

    /// The heart rate at an instant, if it was measured.
    pub(crate) fn heart_at(&self, at: Timestamp) -> Option<f64> {
        let place = at.duration_since(self.bed).as_secs() / 300;
        self.heart.get(usize::try_from(place).ok()?).copied().flatten()
    }

    pub(crate) fn middle(&self) -> Timestamp {
        self.bed + SignedDuration::from_secs(self.seconds_in_bed() / 2)
    }
}

/// The mean of what was measured.
pub(crate) fn mean(items: &[Option<f64>]) -> Option<f64> {
    let measured: Vec<f64> = items.iter().copied().flatten().collect();
    (!measured.is_empty()).then(|| measured.iter().sum::<f64>() / measured.len() as f64)
}

/// Cycles of about ninety minutes: deep sleep early, REM late.
fn night_phases(count: usize, latency: i64, form: &Form, dice: &mut Dice) -> Vec<Phase> {
    let mut line = vec![Phase::Awake; usize::try_from(latency).unwrap_or(0)];
    let waking = dice.whole(2, 12) as usize;
    // Nights differ in how deep they are, how much is dreamt and how often one wakes.
    let (depth, dreams, unrest) = (dice.around(0.8, 0.35), dice.around(0.9, 0.3), dice.between(3.0, 13.0));
    let restless = unrest * if form.late || form.illness > 0.3 { 2.0 } else { 1.0 };
    while line.len() + waking < count {
        let progress = line.len() as f64 / count as f64;
        lie(&mut line, Phase::Light, dice.between(12.0, 26.0));
        lie(
            &mut line,
            Phase::Deep,
            dice.around(34.0, 12.0) * depth * (1.0 - progress).powf(1.4) * (1.0 - 0.3 * form.illness),
        );
        lie(&mut line, Phase::Light, dice.between(8.0, 20.0));
        lie(&mut line, Phase::Rem, dice.around(10.0 + 24.0 * progress, 6.0) * dreams);
        if dice.chance(0.7) {
            lie(&mut line, Phase::Awake, dice.between(0.5, restless));
        }
    }
    line.truncate(count.saturating_sub(waking));
    line.resize(count, Phase::Awake);
    line
}

fn nap_phases(count: usize, latency: i64, dice: &mut Dice) -> Vec<Phase> {
    let mut line = vec![Phase::Awake; usize::try_from(latency).unwrap_or(0)];
    lie(&mut line, Phase::Light, dice.between(10.0, 25.0));
    lie(&mut line, Phase::Deep, dice.between(0.0, 10.0));
    line.truncate(count.saturating_sub(2));
    let light = count.saturating_sub(2);
    line.resize(light.max(line.len()), Phase::Light);
    line.resize(count, Phase::Awake);
    line
}

fn lie(line: &mut Vec<Phase>, phase: Phase, minutes: f64) {
    let epochs = (minutes.max(0.0) * 2.0).round() as usize;
    line.extend(std::iter::repeat_n(phase, epochs));
}

fn movement(phase: Phase, dice: &mut Dice) -> u8 {
    let stir = match phase {
        Phase::Awake => 0.6,
        Phase::Light => 0.08,
        Phase::Deep | Phase::Rem => 0.02,
    };
    if !dice.chance(stir) {
        return 1;
    }
    if phase == Phase::Awake { *dice.pick(&[2, 2, 3, 4]) } else { 2 }
}

/// Heart rate and its variability, every five minutes: a hammock that is lowest past the middle of the night.
fn heart(phases: &[Phase], traits: &Traits, form: &Form, dice: &mut Dice) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let late = if form.late { 5.0 } else { 0.0 };
    let base = dice.around(traits.resting_heart_rate, 3.0) + form.illness * 9.0 + late - form.energy * 2.0;
    let ease = dice.around(traits.hrv_ms, 9.0) * (1.0 + 0.15 * form.energy - 0.35 * form.illness - late * 0.04);
    let steps = phases.chunks(10);
    let count = steps.len().max(1) as f64;
    steps
        .enumerate()
        .map(|(step, chunk)| {
            let progress = step as f64 / count;
            let (faster, calmer) = match chunk[chunk.len() / 2] {
                Phase::Deep => (1.0, 1.1),
                Phase::Light => (0.0, 1.0),
                Phase::Rem => (3.0, 0.85),
                Phase::Awake => (9.0, 0.7),
            };
            let hammock = 9.0 * (1.0 - progress).powi(2) + 4.0 * progress.powi(6);
            let rate = (base + hammock + faster + dice.around(0.0, 2.5)).round();
            let variability = (ease * (0.75 + 0.4 * progress) * calmer * dice.around(1.0, 0.25)).round().max(5.0);
            let measured = !dice.chance(0.01);
            (measured.then_some(rate), measured.then_some(variability))
        })
        .unzip()
}
