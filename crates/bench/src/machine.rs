//! The machine that was measured on, without its name.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::Instant,
};

use serde_json::{Value, json};

use crate::latency::Latencies;

const SYNCS: usize = 200;

/// Says what the machine is, and what its disk takes to keep a page for good.
pub(crate) fn describe(folder: &Path) -> anyhow::Result<Value> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = field(&processors, "model name").unwrap_or("unknown").to_owned();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = field(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let sync = time_syncs(folder)?;
    Ok(json!({
        "processor": processor,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": format!("{:.0} GB", memory.unwrap_or_default() / 1024.0 / 1024.0),
        "system": format!("Linux {}", system.trim()),
        "fsync of 4 KiB, p50": format!("{:.2} ms", sync.p50),
        "fsync of 4 KiB, p99": format!("{:.2} ms", sync.p99),
    }))
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

/// Where a sync costs nothing, nothing is kept either.
fn time_syncs(folder: &Path) -> anyhow::Result<crate::latency::Spread> {
    let path = folder.join("sync");
    let mut file = File::create(&path)?;
    let mut latencies = Latencies::default();
    for _ in 0..SYNCS {
        file.write_all(&[0; 4096])?;
        let begun = Instant::now();
        file.sync_data()?;
        latencies.add(begun.elapsed());
    }
    fs::remove_file(&path)?;
    Ok(latencies.spread())
}
