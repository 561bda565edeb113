//! How soon all who read a person's events see what happens.

use std::time::Instant;

use serde_json::json;
use testkit::Engine;

use super::{Bench, name};
use crate::{latency::Latencies, perf::Perf, readers::Readers};

/// One page, and few records in it: what is late is what is told, not what is fetched.
const SYNC: &str = "/api/v1/integrations/oura/sync?type=heartrate&days=4&wait=true";

impl Bench<'_> {
    /// Many readers of one person, to whom something happens again and again.
    pub(super) async fn streams(&mut self) -> anyhow::Result<()> {
        for &count in self.sizes.readers {
            let begun = Instant::now();
            let mut readers = Readers::connect(self.server.address, &self.scene.token, count).await?;
            let connected = begun.elapsed();
            let perf = Perf::watch(self.perf.as_deref(), &self.server, &format!("streams-{count}"))?;
            let (mut late, events) = self.happen(&mut readers).await?;
            drop(perf);
            let late = late.spread();
            let row = json!({
                "database": name(self.engine),
                "readers": count,
                "connected in, s": connected.as_secs_f64(),
                "events": events,
                "p50, ms": late.p50,
                "p99, ms": late.p99,
                "most, ms": late.most,
            });
            self.report.add("Events to WebSocket readers, from when they were written", row);
            if self.engine == Engine::Sqlite && count == 5_000 {
                self.report.at_most("events to 5,000 readers, p99", late.p99, 250.0, "ms");
            }
            self.memory(&format!("{count} readers"))?;
        }
        Ok(())
    }

    async fn happen(&self, readers: &mut Readers) -> anyhow::Result<(Latencies, i64)> {
        let (mut late, mut after) = (Latencies::default(), self.scene.head(&self.server).await?);
        let first = after;
        for _ in 0..self.sizes.happenings {
            self.scene.live_on().await?;
            self.scene.call(&self.server, "POST", SYNC).await?;
            let head = self.scene.head(&self.server).await?;
            late.merge(readers.all_see(after, head).await?);
            after = head;
        }
        Ok((late, after - first))
    }
}
