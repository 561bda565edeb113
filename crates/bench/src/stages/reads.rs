//! How fast an agent's context is told, and a token is checked.

use std::net::SocketAddr;

use serde_json::json;

use super::{Bench, name};
use crate::{
    load::{Answered, Load},
    perf::Perf,
    wire::request,
};

const CONNECTIONS: [usize; 3] = [1, 16, 64];

/// What is read. The first does nothing, so that the others can be held against it.
const ROUTES: [(&str, &str, &str); 3] = [
    ("nothing", "/health", "application/json"),
    ("token check", "/api/v1/me", "application/json"),
    ("context", "/api/v1/context", "text/markdown"),
];

impl Bench<'_> {
    /// Reads from one connection, from some and from many.
    pub(super) async fn reads(&mut self) -> anyhow::Result<()> {
        for (what, path, accept) in ROUTES {
            for connections in CONNECTIONS {
                let perf = Perf::watch(self.perf.as_deref(), &self.server, &format!("{what}-{connections}"))?;
                let read = self.read(path, accept, connections).await?;
                drop(perf);
                let row = json!({
                    "database": name(self.engine),
                    "what": what,
                    "connections": connections,
                    "per second": read.per_second,
                    "p50, ms": read.latency.p50,
                    "p99, ms": read.latency.p99,
                });
                self.report.add("Reads", row);
            }
        }
        self.memory("reads")
    }

    /// Reads one path again and again.
    pub(super) async fn read(&self, path: &str, accept: &str, connections: usize) -> anyhow::Result<Answered> {
        let question = question(self.server.address, path, accept, &self.scene.token);
        let load = Load { connections, lasting: self.sizes.lasting };
        load.run(self.server.address, |_| {
            let question = question.clone();
            move |to: &mut Vec<u8>| to.extend_from_slice(&question)
        })
        .await
    }
}

fn question(server: SocketAddr, path: &str, accept: &str, token: &str) -> Vec<u8> {
    request("GET", path, server, &format!("authorization: Bearer {token}\r\naccept: {accept}\r\n"), "")
}
