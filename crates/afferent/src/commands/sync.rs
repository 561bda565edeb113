//! Brings a person's newer data in, and shows how it comes.

use std::{process::ExitCode, time::Duration};

use engine::{Asked, SyncRequest};
use indicatif::{ProgressBar, ProgressStyle};
use model::{Actor, JobId, UserId};

use super::say;
use crate::{cli::SyncArgs, config::Config, house::House};

const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Queues a sync, does what is due, and watches it.
pub(crate) async fn run(options: SyncArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let house = House::from_config(config).await?;
    let user = house.person(&options.user).await?;
    anyhow::ensure!(
        house.engine.provider(&options.provider).is_ok(),
        "no provider is called {} here",
        options.provider
    );
    let request = SyncRequest { days: options.days, collection: options.collection, wait: false };
    let Asked::Queued(job) = house.engine.ask_sync(&Actor::Operator, user.id, &options.provider, &request).await?
    else {
        anyhow::bail!("the sync was not queued");
    };
    let engine = house.engine.clone();
    let worker = tokio::spawn(async move { engine.run_due().await });
    let code = watch(&house, user.id, job).await?;
    worker.await??;
    Ok(code)
}

async fn watch(house: &House, user: UserId, job: JobId) -> anyhow::Result<ExitCode> {
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    loop {
        let report = house.engine.job(user, job).await?;
        bar.set_length(report.total as u64);
        bar.set_position(report.done as u64);
        bar.set_message(report.collection.clone().unwrap_or_default());
        if report.finished || report.state == "retrying" {
            bar.finish_and_clear();
            for (collection, count) in &report.synced {
                say(&format!("{count:>6}  {collection}"));
            }
            let errors = report.outcome.map(|outcome| outcome.synced.errors).unwrap_or_default();
            errors.iter().for_each(|failure| say(&format!("failed  {}: {}", failure.collection, failure.error)));
            report.error.iter().for_each(|error| say(&format!("failed  {error}")));
            return Ok(if errors.is_empty() && report.error.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
