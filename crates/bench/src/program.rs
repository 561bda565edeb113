//! The program that is measured, in a process of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::wire::{Wire, request};

/// Long enough for a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// Linux counts a process's time in hundredths of a second.
const TICKS: f64 = 100.0;
const MB: f64 = 1024.0;

/// A process of ours that serves; ended when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its beginning to its first answer.
    pub(crate) started_in: Duration,
}

/// How much of the machine a process has used.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    /// Resident memory, now and at its most, in MB.
    pub(crate) memory: f64,
    pub(crate) peak: f64,
    /// Seconds of the processors' time since it began.
    pub(crate) processor: f64,
}

impl Program {
    /// Starts a server, and waits for its first answer.
    pub(crate) async fn serve(folder: &Path, settings: &[(String, String)]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = command(folder, &["serve"], settings)?;
        command.env("LISTEN", address.to_string()).stdout(Stdio::null());
        let begun = Instant::now();
        let child = command.spawn()?;
        let mut program = Self { child, address, started_in: Duration::ZERO };
        program.first_answer(begun).await.with_context(|| complaints(folder))?;
        program.started_in = begun.elapsed();
        Ok(program)
    }

    /// Starts a sandbox, which says where it is.
    pub(crate) fn sandbox(folder: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let arguments = [&["sandbox", "--port", "0"], arguments].concat();
        let begun = Instant::now();
        let mut child = command(folder, &arguments, &[])?.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let address = line.trim().rsplit_once("//").and_then(|(_, address)| address.parse().ok());
        let address = address.with_context(|| complaints(folder))?;
        Ok(Self { child, address, started_in: begun.elapsed() })
    }

    async fn first_answer(&mut self, begun: Instant) -> anyhow::Result<()> {
        let question = request("GET", "/health", self.address, "", "");
        while begun.elapsed() < PATIENCE {
            if let Ok(mut wire) = Wire::open(self.address).await
                && wire.ask(&question).await.is_ok_and(|status| status == 200)
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        bail!("the server does not answer")
    }

    /// What it has used so far.
    pub(crate) fn used(&self) -> anyhow::Result<Used> {
        used(&self.child.id().to_string())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").arg(self.id().to_string()).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end, with something on standard input, and gives what it said.
pub(crate) fn run(
    folder: &Path,
    arguments: &[&str],
    settings: &[(String, String)],
    input: &str,
) -> anyhow::Result<String> {
    let typed = folder.join("typed");
    fs::write(&typed, input)?;
    let output = command(folder, arguments, settings)?.stdin(File::open(&typed)?).stdout(Stdio::piped()).output()?;
    if !output.status.success() {
        bail!("{arguments:?} ended with {}: {}", output.status, complaints(folder));
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// What a process has used so far; `self` is this one.
pub(crate) fn used(process: &str) -> anyhow::Result<Used> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may hold anything; the time as a user and in the kernel are the 12th and 13th fields after it.
    let after_name = stat.rsplit_once(") ").context("stat")?.1;
    let ticks: f64 = after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    let memory = kilobytes("VmRSS:").context("VmRSS")? / MB;
    let peak = kilobytes("VmHWM:").context("VmHWM")? / MB;
    Ok(Used { memory, peak, processor: ticks / TICKS })
}

/// The program beside this one, in a folder, with an environment that holds nothing but what is said.
fn command(folder: &Path, arguments: &[&str], settings: &[(String, String)]) -> anyhow::Result<Command> {
    let mut command = Command::new(beside_us()?);
    let log = File::options().create(true).append(true).open(folder.join(LOG))?;
    let settings = settings.iter().map(|(name, value)| (name, value));
    command.args(arguments).env_clear().envs(settings).current_dir(folder).stdin(Stdio::null()).stderr(log);
    Ok(command)
}

const LOG: &str = "log";

fn beside_us() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("afferent");
    anyhow::ensure!(program.is_file(), "{} is not there: start this with `cargo xtask bench`", program.display());
    Ok(program)
}

fn complaints(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join(LOG)).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_use_is_known() {
        let used = used("self").unwrap();
        assert!(used.memory > 1.0 && used.peak >= used.memory && used.processor >= 0.0);
    }
}
