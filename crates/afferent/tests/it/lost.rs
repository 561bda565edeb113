//! Killed at each step of a refresh: at worst the only refresh token is lost, and then that is said.

use std::time::Duration;

use anyhow::{Context, ensure};
use model::Random;
use serde_json::json;
use testkit::{Engine, count};

use crate::{
    api::eventually,
    rounds,
    scene::{Scene, Server},
    wire::{Hold, Wire},
};

/// How long an access token lives on that is due for a refresh, and one whose end is near, in seconds.
const DUE: i64 = 7200;
const NEAR_END: i64 = 60;
/// From the arrival of the answer to the end of the commit takes about as long.
const COMMIT_MILLIS: f64 = 4.0;

/// Where a refresh is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    BeforeTheRequestLeaves,
    BeforeTheProviderRotates,
    BeforeTheAnswer,
    AroundTheCommit,
    AfterTheCommit,
}

/// What a refresh had done when it was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    NothingDone,
    /// The provider has rotated, we have not.
    Lost,
    Stored,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_anywhere_a_refresh_loses_nothing_but_its_answer() -> anyhow::Result<()> {
    every_cut(false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_anywhere_with_a_grace_nothing_is_lost() -> anyhow::Result<()> {
    every_cut(true).await
}

async fn every_cut(grace: bool) -> anyhow::Result<()> {
    let around = std::iter::repeat_n(Cut::AroundTheCommit, rounds(3, 30));
    let cuts = [Cut::BeforeTheRequestLeaves, Cut::BeforeTheProviderRotates, Cut::BeforeTheAnswer, Cut::AfterTheCommit];
    let cuts: Vec<_> = cuts.into_iter().chain(around).collect();
    for engine in Engine::all() {
        let mut story = Story::begin(engine, grace).await?;
        for cut in &cuts {
            story.round(*cut).await.with_context(|| format!("{engine:?}, {cut:?}, grace: {grace}"))?;
        }
    }
    Ok(())
}

/// Somebody whose server is killed again and again.
struct Story {
    scene: Scene,
    wire: Wire,
    token: String,
    grace: bool,
}

impl Story {
    async fn begin(engine: Engine, grace: bool) -> anyhow::Result<Self> {
        let mut scene = Scene::new(engine).await?;
        if grace {
            scene.stand_in.trouble(json!({ "refresh_grace_seconds": 3600 })).await?;
        }
        scene.stand_in.trouble(json!({ "rate_limit": 1_000_000 })).await?;
        let mut wire = Wire::lay(format!("{}/oura/oauth/token", scene.sandbox_url)).await?;
        scene.set("OURA_TOKEN_URL", wire.hold(Hold::Nothing));
        let token = scene.somebody().await?;
        let server = scene.serve(&token).await?;
        server.api.connect(&scene.stand_in).await?;
        server.api.backfilled().await?;
        scene.kill(server).await?;
        Ok(Self { scene, wire, token, grace })
    }

    async fn round(&mut self, cut: Cut) -> anyhow::Result<()> {
        let found = self.cut_off(cut).await?;
        ensure!(cut.leaves(found), "{found:?}");
        self.scene.count_anew().await?;
        if found == Found::Stored {
            self.scene.give_up().await?
        } else {
            self.scene.age(DUE).await?
        }
        let (calls, refused) = self.scene.stand_in.refreshes().await?;

        let server = self.serve(Hold::Nothing).await?;
        ensure!(server.api.sync().await?["success"] == true, "the access token serves");
        ensure!(server.api.status().await?["state"] == "active");
        ensure!(
            self.scene.stand_in.refreshes().await? == (calls, refused),
            "{found:?}: nobody asks before the end is near"
        );

        self.scene.age(NEAR_END).await?;
        let synced = server.api.sync().await;
        let status = server.api.status().await?;
        let said = (&status["state"], &status["reason"]);
        if found == Found::Lost && !self.grace {
            ensure!(said == (&json!("needs_consent"), &json!("outcome_lost")), "{found:?}: {status}");
            ensure!(synced.is_err(), "nothing serves any more");
            ensure!(self.scene.stand_in.refreshes().await? == (calls, refused + 1), "the old token is tried once more");
            ensure!(!server.api.records().await?.is_empty(), "what was brought before is still there");
            server.api.connect(&self.scene.stand_in).await?;
        } else {
            ensure!(synced?["success"] == true && said.0 == "active", "{found:?}: {status}");
            ensure!(self.scene.stand_in.refreshes().await? == (calls + 1, refused), "{found:?}: it is refreshed once");
        }
        self.scene.kill(server).await
    }

    /// Kills a server in the middle of a refresh.
    async fn cut_off(&mut self, cut: Cut) -> anyhow::Result<Found> {
        let server = self.serve(cut.hold()).await?;
        let (rotated, stored) = (self.scene.stand_in.refreshes().await?.0, self.rotation().await?);
        self.scene.age(DUE).await?;
        let asking = tokio::spawn({
            let api = server.api.clone();
            async move { api.post("/api/v1/integrations/oura/sync?days=1&type=personal_info").await }
        });
        self.wire.reached().await?;
        match cut {
            Cut::AroundTheCommit => {
                let wait = Duration::from_secs_f64(Random::system().fraction() * COMMIT_MILLIS / 1000.0);
                tokio::time::sleep(wait).await;
            }
            Cut::AfterTheCommit => {
                let scene = &self.scene;
                let look = async || Ok((rotation(scene).await? > stored).then_some(()));
                eventually("a commit", look).await?;
            }
            _ => {}
        }
        self.scene.kill(server).await?;
        // Whether the question was still answered does not matter.
        let _ = asking.await;
        let done = (self.scene.stand_in.refreshes().await?.0 - rotated, self.rotation().await? - stored);
        match done {
            (0, 0) => Ok(Found::NothingDone),
            (1, 0) => Ok(Found::Lost),
            (1, 1) => Ok(Found::Stored),
            other => anyhow::bail!("(rotated, stored) is {other:?}"),
        }
    }

    async fn serve(&mut self, hold: Hold) -> anyhow::Result<Server> {
        self.scene.set("OURA_TOKEN_URL", self.wire.hold(hold));
        self.scene.serve(&self.token).await
    }

    async fn rotation(&self) -> anyhow::Result<i64> {
        rotation(&self.scene).await
    }
}

/// How often tokens were stored.
async fn rotation(scene: &Scene) -> anyhow::Result<i64> {
    count(&scene.database, "select rotation from credentials").await
}

impl Cut {
    fn hold(self) -> Hold {
        match self {
            Self::BeforeTheRequestLeaves => Hold::Greeting,
            Self::BeforeTheProviderRotates => Hold::Request,
            Self::BeforeTheAnswer => Hold::Answer,
            Self::AroundTheCommit | Self::AfterTheCommit => Hold::Nothing,
        }
    }

    fn leaves(self, found: Found) -> bool {
        match self {
            Self::BeforeTheRequestLeaves | Self::BeforeTheProviderRotates => found == Found::NothingDone,
            Self::BeforeTheAnswer => found == Found::Lost,
            Self::AroundTheCommit => found != Found::NothingDone,
            Self::AfterTheCommit => found == Found::Stored,
        }
    }
}
