//! The database goes away in the middle and comes back: what was answered is there, and nobody has to do anything.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::{Method, StatusCode};
use testkit::{Postgres, Stop, TestDb, count};
use tokio::time::timeout;

use crate::{
    api::eventually,
    courier::Courier,
    documents::{Document, are_gone, documents, take_away},
    reader::{Reader, Way},
    rounds,
    scene::{Scene, Server},
};

const UNSETTLED: &str =
    "select (select count(*) from bundles) + (select count(*) from deliveries where state <> 'applied')";
/// Whoever balances load has given up by then.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_restarted_in_the_middle() -> anyhow::Result<()> {
    // Without PostgreSQL there is nothing to restart.
    let Some(postgres) = Postgres::start()? else { return Ok(()) };
    let rounds = rounds(2, 20);
    let mut scene = Scene::on(TestDb::on(&postgres).await?, &["--days", "40"]).await?;
    let home = scene.settle()?;
    let token = scene.somebody().await?;
    let server = scene.serve(&token).await?;
    server.api.connect(&scene.stand_in).await?;
    server.api.backfilled().await?;
    scene.is_told().await?;
    let courier = Courier::new(&home, &scene.stand_in)?;
    courier.takes_over("").await?;
    let readers = [Way::Sse, Way::Socket].map(|way| (way, Reader::begin(way, server.api.clone())));
    let account = scene.stand_in.account().await?;
    let mut doomed = documents(&server.api).await?;
    let a_round = doomed.len() / (2 * rounds);
    let mut outage = Outage { postgres, scene, server, courier: courier.clone(), account };
    let work = async {
        for round in 0..rounds {
            for how in [Stop::Immediate, Stop::Fast] {
                let doomed: Vec<_> = doomed.drain(..a_round).collect();
                outage.go_through(how, &doomed).await.with_context(|| format!("round {round}, {how:?}"))?;
            }
        }
        anyhow::Ok(())
    };
    tokio::select! {
        done = work => done?,
        failed = courier.go() => failed?,
    }
    let log = outage.server.api.events().await?;
    for (way, reader) in readers {
        let read = reader.end_at(i64::try_from(log.len())?).await?;
        ensure!(read.events == log, "{way:?}: {} of {} events", read.events.len(), log.len());
    }
    outage.server.program.stop("INT").await
}

/// A server that runs on while its database does not.
struct Outage {
    postgres: Postgres,
    scene: Scene,
    server: Server,
    courier: Courier,
    account: String,
}

impl Outage {
    async fn go_through(&mut self, how: Stop, doomed: &[Document]) -> anyhow::Result<()> {
        let before = self.courier.answered();
        take_away(&self.scene.stand_in, &self.account, doomed).await?;
        self.courier.collect().await?;
        let answers = async || Ok((self.courier.answered() > before).then_some(()));
        eventually("an answer", answers).await?;
        self.postgres.stop(how)?;
        ensure!(self.server.api.get("/health").await?["status"] == "alive");
        if let Stop::Immediate = how {
            for path in ["/api/v1/me", "/ready"] {
                let told = timeout(PATIENCE, self.server.api.request(Method::GET, path).send()).await;
                let told = told.with_context(|| format!("{path} hangs"))??.status();
                ensure!(told == StatusCode::SERVICE_UNAVAILABLE, "{path} answers {told}, and nobody can know");
            }
        }
        self.postgres.go_on()?;
        self.courier.is_done().await?;
        let settled = async || {
            self.scene.wait_no_longer().await?;
            Ok((count(&self.scene.database, UNSETTLED).await? == 0).then_some(()))
        };
        eventually("everything in order", settled).await?;
        are_gone(&self.server.api, doomed).await?;
        let status = self.server.api.status().await?;
        ensure!(status["state"] == "active" && status["last_error"].is_null(), "{status}");
        Ok(())
    }
}
