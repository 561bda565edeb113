//! How long it takes from being started to the first answer.

use serde_json::json;
use testkit::Engine;

use super::{Sizes, name};
use crate::{latency::Latencies, program::Program, report::Report, scene::Scene};

/// Starts a server again and again; leaves the last one running, with somebody to serve.
pub(super) async fn measure(
    engine: Engine,
    sizes: &Sizes,
    scene: &mut Scene,
    report: &mut Report,
) -> anyhow::Result<Program> {
    scene.add_somebody()?;
    let mut again = Latencies::default();
    for _ in 0..sizes.starts {
        let server = scene.serve().await?;
        again.add(server.started_in);
        server.stop()?;
    }
    let again = again.spread();
    report.add(
        "Start to the first answer",
        json!({ "database": name(engine), "p50, ms": again.p50, "most, ms": again.most }),
    );
    if engine == Engine::Sqlite {
        report.at_most("start", again.p50, 300.0, "ms");
    }
    scene.serve().await
}
