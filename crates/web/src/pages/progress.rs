//! Syncs that are under way.

use engine::Status;

use crate::views::Progress;

/// The sync of a provider that is under way, the newest if there are several.
pub(super) fn under_way(status: &Status, here: &str) -> Option<Progress> {
    let job = status.syncs.iter().find(|job| !job.finished)?;
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Some(Progress {
        name: status.name.clone(),
        done: small(job.done),
        total: small(job.total),
        days_done: job.days_done,
        days_total: job.days_total,
        url: format!("/api/v1/jobs/{}", job.job_id),
        here: here.to_owned(),
    })
}
