//! How long it takes from a delivery to the event that a reader sees, when nothing else is to be done.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::{SignedDuration, tz::TimeZone};
use model::Clock;
use serde_json::json;

use super::{Bench, name};
use crate::{
    delivery::{Deliveries, Subject},
    latency::Latencies,
    readers::Readers,
    scene::CLIENT_SECRET,
    wire::Wire,
};

/// Nothing comes when nothing has changed, as in the middle of the night.
const PATIENCE: Duration = Duration::from_secs(3);
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 4);

impl Bench<'_> {
    /// The ring syncs, the provider says that the day's activity has changed, it is fetched, applied and told.
    pub(super) async fn arrival(&mut self) -> anyhow::Result<()> {
        let mut reader = Readers::connect(self.server.address, &self.scene.token, 1).await?;
        let (mut answered, mut seen) = (Latencies::default(), Latencies::default());
        for number in 0..self.sizes.happenings {
            self.scene.live_on().await?;
            let mut request = Vec::new();
            self.about_today(number).await?.write(&mut request);
            let mut wire = Wire::open(self.server.address).await?;
            let begun = Instant::now();
            let status = wire.ask(&request).await?;
            ensure!(status == 200, "answered with {status}");
            let answer = begun.elapsed();
            if reader.somebody_sees(PATIENCE).await {
                answered.add(answer);
                seen.add(begun.elapsed());
            }
        }
        let (happenings, answered, seen) = (seen.count(), answered.spread(), seen.spread());
        let row = json!({
            "database": name(self.engine),
            "deliveries": happenings,
            "answered, p50, ms": answered.p50,
            "seen, p50, ms": seen.p50,
            "seen, most, ms": seen.most,
        });
        self.report.add("From a delivery to its event", row);
        Ok(())
    }

    async fn about_today(&self, number: usize) -> anyhow::Result<Deliveries> {
        let from = (Clock::system().now() - RECENT).to_zoned(TimeZone::UTC).date();
        let path = format!("/api/v1/records?kind=activity&from={from}");
        let records = self.scene.call(&self.server, "GET", &path).await?;
        let newest = records["records"].as_array().and_then(|records| records.last()).context("an active day")?;
        let objects = vec![newest["provider_id"].as_str().context("provider_id")?.to_owned()];
        let subject = Subject { account: self.scene.account().await?, data_type: "daily_activity", objects };
        // No two happenings write alike.
        Ok(Deliveries::new(self.server.address, CLIENT_SECRET, subject, 1_000 + number))
    }
}
