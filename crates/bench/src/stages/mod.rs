//! What is measured, a file per stage. The stages of one server follow each other, as its days do.

mod arrival;
mod backfill;
mod memory;
mod reads;
mod schedule;
mod start;
mod streams;
mod webhooks;

use std::{path::PathBuf, time::Duration};

use clap::ValueEnum;
use testkit::Engine;

use crate::{Options, program::Program, report::Report, scene::Scene};

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    Start,
    Backfill,
    Reads,
    Arrival,
    Webhooks,
    Streams,
    Schedule,
}

/// How much is measured.
struct Sizes {
    starts: usize,
    /// Days of life that are brought in.
    days: u32,
    /// How long each load lasts.
    lasting: Duration,
    readers: &'static [usize],
    /// How often something happens to be read of.
    happenings: usize,
    /// How many connections are scheduled, and how many syncs of each have ended before.
    scheduled: &'static [(i64, i64)],
    due: usize,
}

const WHOLE: Sizes = Sizes {
    starts: 9,
    days: 365,
    lasting: Duration::from_secs(8),
    readers: &[1_000, 5_000],
    happenings: 20,
    scheduled: &[(1_000, 0), (100_000, 0), (1_000_000, 0), (100_000, 20)],
    due: 4_000,
};

const QUICK: Sizes = Sizes {
    starts: 2,
    days: 10,
    lasting: Duration::from_millis(500),
    readers: &[20],
    happenings: 2,
    scheduled: &[(1_000, 0), (10_000, 0), (1_000, 20)],
    due: 200,
};

/// A server under measurement.
struct Bench<'a> {
    engine: Engine,
    sizes: &'static Sizes,
    scene: Scene,
    server: Program,
    /// Where perf keeps what it sees, when it watches.
    perf: Option<PathBuf>,
    report: &'a mut Report,
}

/// Measures what is wanted, on every engine there is.
pub(crate) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let sizes = if options.quick { &QUICK } else { &WHOLE };
    let wanted = |stage| options.only.is_empty() || options.only.contains(&stage);
    for engine in Engine::all() {
        if options.only != [Stage::Schedule] {
            serve(engine, sizes, options, report).await?;
        }
        if wanted(Stage::Schedule) {
            schedule::measure(engine, sizes, report).await?;
        }
    }
    Ok(())
}

async fn serve(engine: Engine, sizes: &'static Sizes, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let wanted = |stage| options.only.is_empty() || options.only.contains(&stage);
    let mut scene = Scene::new(engine, sizes.days).await?;
    let server = start::measure(engine, sizes, &mut scene, report).await?;
    let perf = options.perf.then(|| options.out.clone());
    let mut bench = Bench { engine, sizes, scene, server, perf, report };
    bench.idle().await?;
    bench.backfill().await?;
    if wanted(Stage::Reads) {
        bench.reads().await?;
    }
    if wanted(Stage::Arrival) {
        bench.arrival().await?;
    }
    if wanted(Stage::Webhooks) {
        bench.webhooks().await?;
    }
    if wanted(Stage::Streams) {
        bench.streams().await?;
    }
    bench.server.stop()
}

/// What an engine is called in tables.
fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    }
}
