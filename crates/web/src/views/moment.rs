//! An instant in words, with the exact one at hand.

use askama::{Template, filters::HtmlSafe};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// An instant as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/moment.html")]
pub(crate) struct Moment {
    /// ISO 8601, in the person's zone.
    pub(crate) exact: String,
    /// "2 hours ago".
    pub(crate) words: String,
}

// Its template escapes both.
impl HtmlSafe for Moment {}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Moment {
    /// An instant seen from another: relative within a week, as a date beyond.
    pub(crate) fn seen(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Self {
        let local = at.to_zoned(zone.clone());
        let words = relative(at.duration_since(now)).unwrap_or_else(|| {
            let same_year = local.year() == now.to_zoned(zone.clone()).year();
            local.strftime(if same_year { "%-d %b" } else { "%-d %b %Y" }).to_string()
        });
        Self { exact: exact(at, zone), words }
    }

    /// An instant as the time of its day: "08:41".
    pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> Self {
        Self { exact: exact(at, zone), words: at.to_zoned(zone.clone()).strftime("%H:%M").to_string() }
    }
}

fn exact(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
}

fn relative(distance: SignedDuration) -> Option<String> {
    let seconds = distance.as_secs();
    let (count, unit) = match seconds.abs() {
        0..MINUTE => return Some(if seconds > 0 { "in a moment" } else { "just now" }.to_owned()),
        length @ MINUTE..HOUR => (length / MINUTE, "minute"),
        length @ HOUR..DAY => (length / HOUR, "hour"),
        length if length < 7 * DAY => (length / DAY, "day"),
        _ => return None,
    };
    let plural = if count == 1 { "" } else { "s" };
    Some(if seconds > 0 { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") })
}
