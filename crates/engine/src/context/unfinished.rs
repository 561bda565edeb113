//! Says of a section that its day is not over, or was not when it was synced.

use model::Kind;

use super::{
    Freshness, Section,
    reports::{Report, Reports},
};

/// Goes after the title of a day that is not over.
pub(super) const SO_FAR: &str = ", so far";

/// Marks a section that tells of a day before its end.
pub(super) fn say(section: &mut Section, reports: &Reports<'_>, report: &Report<'_>, kind: Kind) {
    if reports.freshness(report.day) == Freshness::Today {
        section.partial = true;
    } else if !reports.was_over_at_sync(report, kind) {
        section.partial = true;
        section.notes.push("Synced before this day ended: not complete.".to_owned());
    }
}
