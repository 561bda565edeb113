//! How fast a person's past is brought in.

use serde_json::json;

use super::{Bench, name};

impl Bench<'_> {
    /// The person connects; everything that the sandbox has of them comes.
    pub(super) async fn backfill(&mut self) -> anyhow::Result<()> {
        let (server, sandbox) = (self.server.used()?, self.scene.sandbox.used()?);
        let took = self.scene.connect(&self.server).await?.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let records = self.scene.head(&self.server).await? as f64;
        let server = self.server.used()?.processor - server.processor;
        let row = json!({
            "database": name(self.engine),
            "days": self.sizes.days,
            "records": records,
            "seconds": took,
            "records per second": records / took,
            "server's processor, s": server,
            "records per second of it": records / server,
            "sandbox's processor, s": self.scene.sandbox.used()?.processor - sandbox.processor,
        });
        self.report.add("Backfill", row);
        self.memory("backfill")
    }
}
