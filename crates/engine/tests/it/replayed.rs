//! Days of our own making, served by the sandbox: so that a test can take one away.

use serde_json::json;
use tempfile::TempDir;
use testkit::House;

/// A folder of recorded answers that can be written anew.
pub(crate) struct Recording(TempDir);

impl Recording {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("oura"))?;
        Ok(Self(folder))
    }

    /// From now on these are the sleep scores, by day, and nothing else is there.
    pub(crate) fn serve(&self, house: &House, scores: &[(&str, i64)]) -> anyhow::Result<()> {
        let named: Vec<_> = scores.iter().map(|(day, score)| (format!("sleep-of-{day}"), *day, *score)).collect();
        let named: Vec<_> = named.iter().map(|(id, day, score)| (id.as_str(), *day, *score)).collect();
        self.serve_as(house, &named)
    }

    /// The same, with identities of their own.
    pub(crate) fn serve_as(&self, house: &House, scores: &[(&str, &str, i64)]) -> anyhow::Result<()> {
        let score = |(id, day, score): &(&str, &str, i64)| {
            let timestamp = format!("{day}T00:00:00+00:00");
            json!({ "id": id, "contributors": {}, "day": day, "score": score, "timestamp": timestamp })
        };
        let scores: Vec<_> = scores.iter().map(score).collect();
        std::fs::write(self.0.path().join("oura/daily_sleep.json"), json!({ "data": scores }).to_string())?;
        house.street.replay(self.0.path().to_owned())
    }
}
