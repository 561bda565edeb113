//! Load: connections that each send their next request when the last one is answered.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::task::JoinSet;

use crate::{
    latency::{Latencies, Spread},
    wire::Wire,
};

/// What came before is not counted: connections are made, caches fill.
const WARM_UP: Duration = Duration::from_millis(500);

/// How much load, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) lasting: Duration,
}

/// What it came to.
pub(crate) struct Answered {
    pub(crate) per_second: f64,
    pub(crate) latency: Spread,
    /// Also those while it warmed up.
    pub(crate) all: usize,
}

impl Load {
    /// Puts it on a server. `writer` makes what writes the requests of a connection, one after another; each of them
    /// must be answered with 200.
    pub(crate) async fn run<W>(self, address: SocketAddr, writer: impl Fn(usize) -> W) -> anyhow::Result<Answered>
    where
        W: FnMut(&mut Vec<u8>) + Send + 'static,
    {
        let begin = Instant::now() + WARM_UP;
        let mut connections = JoinSet::new();
        for number in 0..self.connections {
            let wire = Wire::open(address).await?;
            connections.spawn(keep_asking(wire, writer(number), begin, begin + self.lasting));
        }
        let (mut latencies, mut all) = (Latencies::default(), 0);
        while let Some(ended) = connections.join_next().await {
            let (counted, asked) = ended??;
            latencies.merge(counted);
            all += asked;
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let per_second = latencies.count() as f64 / self.lasting.as_secs_f64();
        Ok(Answered { per_second, latency: latencies.spread(), all })
    }
}

async fn keep_asking(
    mut wire: Wire,
    mut write: impl FnMut(&mut Vec<u8>),
    begin: Instant,
    end: Instant,
) -> anyhow::Result<(Latencies, usize)> {
    let (mut latencies, mut all) = (Latencies::default(), 0);
    let mut request = Vec::with_capacity(1024);
    loop {
        request.clear();
        write(&mut request);
        let asked = Instant::now();
        if asked >= end {
            return Ok((latencies, all));
        }
        let status = wire.ask(&request).await?;
        ensure!(status == 200, "answered with {status}: {}", String::from_utf8_lossy(wire.body()));
        all += 1;
        let answered = Instant::now();
        if answered >= begin && answered < end {
            latencies.add(answered - asked);
        }
    }
}
