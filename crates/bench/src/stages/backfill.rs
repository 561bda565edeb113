//! How fast a person's past is brought in.

use std::time::Duration;

use serde_json::json;

use super::{Bench, name};

/// As far back as anybody may ask at once.
const MOST_DAYS: u32 = 90;

impl Bench<'_> {
    /// The person connects, which brings a month; then they ask for what was before.
    pub(super) async fn backfill(&mut self) -> anyhow::Result<()> {
        let used = self.used()?;
        let took = self.scene.connect(&self.server).await?;
        self.brought("the first month", 0, took, used).await?;
        let (used, head) = (self.used()?, self.scene.head(&self.server).await?);
        let took = self.scene.sync(&self.server, MOST_DAYS).await?;
        self.brought("the two before", head, took, used).await?;
        self.memory("backfill")
    }

    /// The processor time that server and sandbox have used so far.
    fn used(&self) -> anyhow::Result<(f64, f64)> {
        Ok((self.server.used()?.processor, self.scene.sandbox.used()?.processor))
    }

    async fn brought(&mut self, what: &str, head: i64, took: Duration, used: (f64, f64)) -> anyhow::Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let records = (self.scene.head(&self.server).await? - head) as f64;
        let (server, sandbox) = self.used()?;
        let row = json!({
            "database": name(self.engine),
            "what": what,
            "records": records,
            "seconds": took.as_secs_f64(),
            "records per second": records / took.as_secs_f64(),
            "server's processor, s": server - used.0,
            "records per second of it": records / (server - used.0),
            "sandbox's processor, s": sandbox - used.1,
        });
        self.report.add("Backfill", row);
        Ok(())
    }
}
