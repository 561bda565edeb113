//! The program as whoever types its name runs it: arguments, environment, lines, signals and an end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

/// Long enough for a slow machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is promised of Ctrl-C.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// How the program is started: in a folder, with an environment that holds nothing but what is said.
pub(crate) fn command<'a>(
    folder: &Path,
    arguments: impl IntoIterator<Item = &'a str>,
    settings: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afferent"));
    command.args(arguments).env_clear().envs(settings).current_dir(folder);
    command
}

/// The same command, which then takes a file that may not grow for a failure and not for its own end.
pub(crate) fn unshaken(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().unwrap_or(Path::new("/")));
    shell
}

/// Runs it to its end, with something on standard input.
pub(crate) async fn run(mut command: Command, input: &'static str) -> anyhow::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // Whoever does not read it may be gone already.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    });
    Ok(timeout(PATIENCE, ended).await.context("the program did not end")???)
}

/// A program that runs until it is told to stop; killed when dropped.
pub(crate) struct Program {
    id: u32,
    lines: mpsc::UnboundedReceiver<String>,
    complaints: Arc<Mutex<String>>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Program {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (id, lines, complaints) = (child.id(), lines_of(&mut child)?, complaints_of(&mut child)?);
        let (end, ended) = watch::channel(None);
        thread::spawn(move || end.send_replace(child.wait().ok()));
        Ok(Self { id, lines, complaints, ended })
    }

    /// The next line that it says.
    pub(crate) async fn line(&mut self) -> anyhow::Result<String> {
        let line = timeout(PATIENCE, self.lines.recv()).await.context("the program says nothing")?;
        line.with_context(|| format!("the program ended: {}", self.complaints()))
    }

    /// Everything on standard error so far.
    pub(crate) fn complaints(&self) -> String {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Kills it this very moment, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.signal("KILL")?;
        self.end(PATIENCE).await.map(drop)
    }

    /// Tells it to stop, and expects it to stop in time and in order.
    pub(crate) async fn stop(mut self, signal: &str) -> anyhow::Result<()> {
        self.signal(signal)?;
        let status = self.end(STOPS_WITHIN).await?;
        ensure!(status.success(), "it ended with {status}: {}", self.complaints());
        Ok(())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) -> anyhow::Result<()> {
        ensure!(self.runs(), "the program has ended: {}", self.complaints());
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.id.to_string()]).status()?;
        ensure!(sent.success(), "the signal was not sent");
        Ok(())
    }

    /// Lets no file that it writes be longer than so many bytes: to it the disk is full.
    pub(crate) fn files_end_at(&self, bytes: &str) -> anyhow::Result<()> {
        let limit = format!("--fsize={bytes}:unlimited");
        let set = Command::new("prlimit").args(["--pid", &self.id.to_string(), &limit]).status()?;
        ensure!(set.success(), "the limit was not set");
        Ok(())
    }

    async fn end(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let ended = timeout(within, self.ended.wait_for(Option::is_some)).await.context("the program goes on")?;
        ended?.context("nobody knows how it ended")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.signal("KILL");
    }
}

fn lines_of(child: &mut Child) -> anyhow::Result<mpsc::UnboundedReceiver<String>> {
    let stdout = BufReader::new(child.stdout.take().context("no standard output")?);
    let (say, lines) = mpsc::unbounded_channel();
    thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
    Ok(lines)
}

fn complaints_of(child: &mut Child) -> anyhow::Result<Arc<Mutex<String>>> {
    let mut stderr = child.stderr.take().context("no standard error")?;
    let complaints = Arc::new(Mutex::new(String::new()));
    let heard = complaints.clone();
    thread::spawn(move || {
        let mut part = [0; 8192];
        while let Ok(length @ 1..) = stderr.read(&mut part) {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&part[..length]));
        }
    });
    Ok(complaints)
}
