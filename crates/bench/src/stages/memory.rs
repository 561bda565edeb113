//! How much memory the server takes, and what of the processors it has used.

use std::time::Duration;

use serde_json::json;
use testkit::Engine;

use super::{Bench, name};

/// Until what a start leaves behind is done.
const SETTLED: Duration = Duration::from_secs(2);

impl Bench<'_> {
    /// Notes what the server takes when nobody wants anything of it.
    pub(super) async fn idle(&mut self) -> anyhow::Result<()> {
        tokio::time::sleep(SETTLED).await;
        self.memory("idle")?;
        if self.engine == Engine::Sqlite {
            let idle = self.server.used()?.memory;
            self.report.at_most("memory when idle", idle, 60.0, "MB");
        }
        Ok(())
    }

    /// Notes what the server takes now.
    pub(super) fn memory(&mut self, when: &str) -> anyhow::Result<()> {
        let used = self.server.used()?;
        let row = json!({
            "database": name(self.engine),
            "after": when,
            "memory, MB": used.memory,
            "most so far, MB": used.peak,
            "processor so far, s": used.processor,
        });
        self.report.add("Memory", row);
        Ok(())
    }
}
