//! How many deliveries a second are kept for good before they are answered, beside a route that does nothing.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use testkit::Engine;

use super::{Bench, name};
use crate::{
    delivery::{Deliveries, Subject},
    load::{Answered, Load},
    perf::Perf,
    scene::CLIENT_SECRET,
};

const UNOPENED: &str = "select cast(coalesce(sum(deliveries), 0) as bigint) from bundles";
const CONNECTIONS: [usize; 3] = [1, 16, 64];
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Bench<'_> {
    /// Deliveries about somebody unknown, which are kept and looked at; then about the person who is connected, which
    /// are acted on as well while more come.
    pub(super) async fn webhooks(&mut self) -> anyhow::Result<()> {
        let nobody = Subject { account: "nobody".to_owned(), data_type: "daily_sleep", objects: Vec::new() };
        for connections in CONNECTIONS {
            self.deliver("nobody known", &nobody, connections).await?;
        }
        let person = Subject { account: self.scene.account().await?, objects: self.nights().await?, ..nobody };
        self.deliver("a connected person", &person, CONNECTIONS[2]).await?;
        self.memory("webhooks")
    }

    async fn deliver(&mut self, about: &str, subject: &Subject, connections: usize) -> anyhow::Result<()> {
        let nothing = self.read("/health", "application/json", connections).await?;
        let before = self.kept().await?;
        let perf = Perf::watch(self.perf.as_deref(), &self.server, &format!("webhooks-{connections}-{about}"))?;
        let kept = self.put_load(subject, connections).await?;
        drop(perf);
        let waiting = testkit::count(&self.scene.database, UNOPENED).await?;
        let more = self.kept().await? - before;
        ensure!(i64::try_from(kept.all)? == more, "{} were answered and {more} are there", kept.all);
        let opened = self.all_opened().await?;
        let share = kept.per_second / nothing.per_second;
        let row = json!({
            "database": name(self.engine),
            "about": about,
            "connections": connections,
            "nothing per second": nothing.per_second,
            "p99 of nothing, ms": nothing.latency.p99,
            "kept per second": kept.per_second,
            "p50, ms": kept.latency.p50,
            "p99, ms": kept.latency.p99,
            "share": share,
            "not opened at the end": waiting,
            "until all were, s": opened.as_secs_f64(),
        });
        self.report.add("Webhooks", row);
        if self.engine == Engine::Sqlite && connections == CONNECTIONS[2] {
            let what = format!("webhooks of 64 connections about {about}");
            self.report.at_least(format!("{what}, beside nothing"), share, 0.5, "of it");
            self.report.at_most(format!("{what}, p99"), kept.latency.p99, 20.0, "ms");
        }
        Ok(())
    }

    async fn put_load(&self, subject: &Subject, connections: usize) -> anyhow::Result<Answered> {
        let load = Load { connections, lasting: self.sizes.lasting };
        load.run(self.server.address, |writer| {
            let mut deliveries = Deliveries::new(self.server.address, CLIENT_SECRET, subject.clone(), writer);
            move |to: &mut Vec<u8>| deliveries.write(to)
        })
        .await
    }

    /// How many deliveries are in the database: what was answered must be there.
    async fn kept(&self) -> anyhow::Result<i64> {
        const KEPT: &str = "select (select count(*) from deliveries) + \
            (select cast(coalesce(sum(deliveries), 0) as bigint) from bundles)";
        testkit::count(&self.scene.database, KEPT).await
    }

    async fn all_opened(&self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        while testkit::count(&self.scene.database, UNOPENED).await? > 0 {
            if begun.elapsed() > PATIENCE {
                bail!("deliveries are not opened");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(begun.elapsed())
    }

    /// The provider's identities of some of the person's nights.
    async fn nights(&self) -> anyhow::Result<Vec<String>> {
        let records = self.scene.call(&self.server, "GET", "/api/v1/records?kind=sleep_score&limit=50").await?;
        let records = records["records"].as_array().context("records")?.clone();
        let id = |record: &Value| record["provider_id"].as_str().map(str::to_owned);
        Ok(records.iter().filter_map(id).collect())
    }
}
