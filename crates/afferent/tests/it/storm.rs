//! Killed again and again while webhooks pour in, it keeps what it has answered for, and its readers miss nothing.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use model::{Clock, Random};
use serde_json::{Value, json};
use testkit::{Engine, count};

use crate::{
    api::eventually,
    courier::Courier,
    documents::{Document, documents, ids, take_away},
    reader::{Reader, Way},
    rounds,
    scene::{EMAIL, Scene, Server},
};

/// All that the provider tells of by itself: whatever else changes would come with the next sync only.
const TOLD: [&str; 15] = [
    "sleep",
    "sleep_score",
    "bedtime_guidance",
    "readiness",
    "rest_mode",
    "activity",
    "workout",
    "spo2",
    "cardiovascular_age",
    "vo2_max",
    "stress",
    "resilience",
    "session",
    "tag",
    "device",
];
/// What the sandbox leaves to the courier.
const COURIERED: [&str; 3] = ["daily_spo2", "daily_stress", "daily_readiness"];
/// What never changes is talked of all the same.
const IDLE: (&str, &str) = ("cardiovascular_age", "daily_cardiovascular_age");

/// The provider's clock is behind, so that turning it leads nowhere from where nobody would take its signatures.
const BEHIND: SignedDuration = SignedDuration::from_hours(12);
/// From then on it is told of a killed server's webhooks once more.
const SECOND_TRY_SECONDS: u64 = 12;
/// By then all retries but the last are due.
const RETRIES_SECONDS: u64 = 600;
const KILLED_WITHIN_MILLIS: f64 = 250.0;
const LOST: &str = "select (select count(*) from bundles) + (select count(*) from deliveries where state <> 'applied')";
const AT_WORK: &str = "select count(*) from jobs where type = 'attend' and finished_at is null";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_done_however_often_it_is_killed() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let storm = Storm::begin(engine).await?;
        let courier = storm.courier.clone();
        tokio::select! {
            ended = storm.rage(rounds(10, 100)) => ended.with_context(|| format!("{engine:?}"))?,
            failed = courier.go() => failed.with_context(|| format!("{engine:?}, a courier"))?,
        }
    }
    Ok(())
}

/// Somebody whose documents change, and a server that is killed.
struct Storm {
    engine: Engine,
    scene: Scene,
    token: String,
    account: String,
    server: Server,
    courier: Courier,
    readers: Vec<(Way, Reader)>,
    /// What is to be taken away.
    doomed: VecDeque<Document>,
}

impl Storm {
    async fn begin(engine: Engine) -> anyhow::Result<Self> {
        let now = Clock::system().now() - BEHIND;
        let mut scene = Scene::living(engine, &["--now", &now.to_string(), "--days", "40"]).await?;
        let home = scene.settle()?;
        let token = scene.somebody().await?;
        let server = scene.serve(&token).await?;
        server.api.connect_to(&scene.stand_in, &json!({ "kinds": TOLD })).await?;
        server.api.backfilled().await?;
        scene.is_told().await?;
        let courier = Courier::new(&home, &scene.stand_in)?;
        for data_type in COURIERED {
            courier.takes_over(data_type).await?;
        }
        for kind in ["duplicate_webhook", "shuffle_webhooks"] {
            scene.stand_in.trouble(json!({ "kind": kind, "times": 1_000_000 })).await?;
        }
        scene.stand_in.trouble(json!({ "rate_limit": 1_000_000 })).await?;
        let readers = [Way::Sse, Way::Socket].map(|way| (way, Reader::begin(way, server.api.clone()))).into();
        let account = scene.stand_in.account().await?;
        for id in ids(&server.api, IDLE.0).await? {
            courier.talks_of(&account, IDLE.1, &id);
        }
        let doomed = documents(&server.api).await?.into();
        Ok(Self { engine, scene, token, account, server, courier, readers, doomed })
    }

    async fn rage(mut self, rounds: usize) -> anyhow::Result<()> {
        let a_round = self.doomed.len() / rounds;
        for round in 0..rounds {
            let part: Vec<_> = self.doomed.drain(..a_round).collect();
            self = self.round(part).await.with_context(|| format!("round {round}"))?;
        }
        self.calm_down().await?;
        self.nothing_is_lost().await?;
        self.records_are_those_of_an_undisturbed_run().await?;
        self.readers_have_read_everything().await
    }

    /// Things change and are told of, until the server is killed; then it is started again.
    async fn round(mut self, doomed: Vec<Document>) -> anyhow::Result<Self> {
        let stand_in = &self.scene.stand_in;
        stand_in.turn(SECOND_TRY_SECONDS).await?;
        let (account, courier) = (&self.account, &self.courier);
        let change = async {
            for few in doomed.chunks(4) {
                take_away(stand_in, account, few).await?;
                stand_in.sync(account).await?;
                courier.collect().await?;
            }
            anyhow::Ok(())
        };
        let before = self.courier.answered();
        let (scene, server) = (&self.scene, self.server);
        let kill = async {
            let answers = async || Ok((courier.answered() > before).then_some(()));
            eventually("an answer", answers).await?;
            let moment = Duration::from_secs_f64(Random::system().fraction() * KILLED_WITHIN_MILLIS / 1000.0);
            tokio::time::sleep(moment).await;
            scene.kill(server).await
        };
        let (changed, killed) = tokio::join!(change, kill);
        changed.and(killed)?;
        self.scene.give_up().await?;
        self.scene.count_anew().await?;
        self.server = self.scene.serve(&self.token).await?;
        Ok(self)
    }

    /// Waits until everything was told, and everything that was told was looked after.
    async fn calm_down(&self) -> anyhow::Result<()> {
        let rests = async || {
            self.courier.collect().await?;
            self.courier.is_done().await?;
            let webhooks = self.scene.stand_in.webhooks(10_000).await?;
            let such = |state: &str| webhooks.iter().filter(|webhook| webhook["state"] == state).count();
            ensure!(such("given_up") + such("cancelled") == 0, "the provider has lost patience");
            if such("waiting") > 0 {
                self.scene.stand_in.turn(RETRIES_SECONDS).await?;
            }
            let unsent = such("waiting") + such("sending");
            Ok((unsent == 0).then_some(()))
        };
        eventually("the provider's rest", rests).await?;
        self.courier.falls_silent();
        let rests = async || {
            let left = count(&self.scene.database, LOST).await? + count(&self.scene.database, AT_WORK).await?;
            Ok((left == 0).then_some(()))
        };
        eventually("rest", rests).await
    }

    async fn nothing_is_lost(&self) -> anyhow::Result<()> {
        ensure!(count(&self.scene.database, LOST).await? == 0);
        let status = self.server.api.status().await?;
        ensure!(status["state"] == "active" && status["last_error"].is_null(), "{status}");
        let asked = self.scene.stand_in.stats().await?["requests"]["/v2/usercollection/daily_activity"].clone();
        ensure!(asked == json!({ "200": 1 }), "no sync may have brought what was lost: {asked}");
        let mut tx = self.scene.database.db.read().await?;
        let user = tx.find_user_by_email(EMAIL).await?.context("nobody")?;
        tx.verify_audit(user.id).await??;
        Ok(())
    }

    /// Another server that nobody kills asks the provider for everything as it is now.
    async fn records_are_those_of_an_undisturbed_run(&self) -> anyhow::Result<()> {
        loop {
            let known = self.scene.stand_in.last_sync().await?;
            let stormy = self.server.api.records().await?;
            let other = self.scene.beside(self.engine).await?;
            let token = other.somebody().await?;
            let undisturbed = other.serve(&token).await?;
            undisturbed.api.connect_to(&other.stand_in, &json!({ "kinds": TOLD })).await?;
            undisturbed.api.backfilled().await?;
            let calm = undisturbed.api.records().await?;
            undisturbed.program.stop("INT").await?;
            if self.scene.stand_in.last_sync().await? != known {
                // The ring has reached the cloud by itself meanwhile.
                self.scene.stand_in.turn(RETRIES_SECONDS).await?;
                self.calm_down().await?;
                continue;
            }
            let names: std::collections::BTreeSet<_> = stormy.keys().chain(calm.keys()).collect();
            let differs = |name: &&String| stormy.get(*name) != calm.get(*name);
            let other: Vec<_> = names.into_iter().filter(differs).collect();
            ensure!(other.is_empty(), "otherwise than when undisturbed: {other:?}");
            return Ok(());
        }
    }

    async fn readers_have_read_everything(self) -> anyhow::Result<()> {
        let log: Vec<Value> = self.server.api.events().await?;
        let head = i64::try_from(log.len())?;
        for (way, reader) in self.readers {
            let read = reader.end_at(head).await?;
            ensure!(read.visits > 10, "{way:?}: {} visits", read.visits);
            let positions = |events: &[Value]| events.iter().map(|event| event["position"].clone()).collect::<Vec<_>>();
            ensure!(positions(&read.events) == positions(&log), "{way:?}: not every event once, in order");
            ensure!(read.events == log, "{way:?}: other events than the log's");
        }
        self.server.program.stop("INT").await
    }
}
