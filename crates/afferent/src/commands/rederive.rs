//! Maps raw pages again, and shows what that changes.

use engine::Rederived;
use model::{User, UserId};

use super::say;
use crate::{cli::RederiveArgs, config::Config, house::House};

const AT_ONCE: i64 = 100;

/// Maps one person's raw pages again, or everybody's.
pub(crate) async fn run(options: RederiveArgs, config: &Config) -> anyhow::Result<()> {
    let house = House::from_config(config).await?;
    if let Some(user) = &options.user {
        let user = house.person(user).await?;
        show(&user, &house.engine.rederive(user.id, options.write).await?);
        return Ok(());
    }
    let mut after: Option<UserId> = None;
    loop {
        let users = house.engine.users(after, AT_ONCE).await?;
        let Some(last) = users.last() else { return Ok(()) };
        after = Some(last.id);
        for user in &users {
            show(user, &house.engine.rederive(user.id, options.write).await?);
        }
    }
}

fn show(user: &User, rederived: &Rederived) {
    if rederived.pages == 0 && rederived.without_raw.is_empty() {
        return;
    }
    let verb = if rederived.written { "changed" } else { "would change" };
    let differences = rederived.differences.len();
    say(&format!(
        "{}: {} pages, {} records as before, {differences} {verb}",
        user.id, rederived.pages, rederived.unchanged
    ));
    for difference in &rederived.differences {
        let day = difference.day.map(|day| day.to_string()).unwrap_or_default();
        let fields = difference.fields.join(", ");
        say(&format!("  {:8} {:20} {day:10} {} {fields}", difference.change, difference.kind, difference.provider_id));
    }
    if !rederived.without_raw.is_empty() {
        say(&format!("  {} records lack a raw page and stay as they are", rederived.without_raw.len()));
    }
    if rederived.unreadable > 0 {
        say(&format!("  {} pages are no longer read by the mapper", rederived.unreadable));
    }
    if !rederived.written && differences > 0 {
        say("  nothing was written; add --write to write it");
    }
}
