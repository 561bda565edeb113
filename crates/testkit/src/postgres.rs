//! A PostgreSQL server of a test's own, which may be stopped in the middle.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Where Debian keeps the servers' programs, a folder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Commits are written before they are answered; that the disk loses them is nothing that is tested.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=100",
    "fsync=off",
    "full_page_writes=off",
];

/// A PostgreSQL server, gone when dropped.
pub struct Postgres {
    programs: Programs,
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

/// How a server ends.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// In order: whoever is connected is sent away.
    Fast,
    /// As in a crash: what was committed is found in the log at the next start.
    Immediate,
}

struct Programs {
    folder: PathBuf,
    /// PostgreSQL refuses to run as root.
    user: Option<&'static str>,
}

impl Postgres {
    /// Makes and starts one; nothing where tests are to run without PostgreSQL.
    pub fn start() -> anyhow::Result<Option<Self>> {
        if crate::database::postgres_url().is_none() {
            return Ok(None);
        }
        let programs =
            Programs::find().context("PostgreSQL's initdb is not found: set TEST_POSTGRES_BIN to its folder")?;
        let folder = tempfile::tempdir()?;
        programs.give(folder.path())?;
        let mut initdb = programs.command("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]);
        succeed(initdb.arg(folder.path().join("data")))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut postgres = Self { programs, folder, port, server: None };
        postgres.go_on()?;
        Ok(Some(postgres))
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// Stops it, and waits until it is gone.
    pub fn stop(&mut self, how: Stop) -> anyhow::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let how = match how {
            Stop::Fast => "--mode=fast",
            Stop::Immediate => "--mode=immediate",
        };
        let mut stop = self.programs.command("pg_ctl");
        succeed(stop.args(["stop", how, "--silent", "--wait", "--pgdata"]).arg(self.folder.path().join("data")))?;
        server.wait()?;
        Ok(())
    }

    /// Starts it again where it was, and waits until it answers.
    pub fn go_on(&mut self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"))?;
        let mut server = self.programs.command("postgres");
        server.arg("-D").arg(self.folder.path().join("data")).args(["-p", &self.port.to_string()]);
        server.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.server = Some(server.spawn().context("PostgreSQL does not start")?);
        let begun = Instant::now();
        while !self.answers() {
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL does not answer:\n{}", self.log());
            thread::sleep(BETWEEN_LOOKS);
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        let mut ready = self.programs.command("pg_isready");
        ready.args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()]);
        ready.status().is_ok_and(|status| status.success())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.stop(Stop::Immediate);
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
        }
    }
}

impl Programs {
    /// Where the environment says, else the newest that Debian has installed.
    fn find() -> Option<Self> {
        let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten().map(|version| version.path());
        let installed = versions.max_by_key(|version| version.file_name()?.to_str()?.parse::<u32>().ok());
        let known = told_folder().into_iter().chain(installed.map(|version| version.join("bin")));
        let folder = known.into_iter().find(|bin| bin.join("initdb").is_file())?;
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        Some(Self { folder, user: is_root.then_some("postgres") })
    }

    fn give(&self, folder: &Path) -> anyhow::Result<()> {
        let Some(user) = self.user else { return Ok(()) };
        succeed(Command::new("chown").arg(user).arg(folder))
    }

    /// A program that ends when this process does, whatever ends it.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "INT"]);
        if let Some(user) = self.user {
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
        }
        command.arg("--").arg(self.folder.join(name)).current_dir("/");
        command
    }
}

fn told_folder() -> Option<PathBuf> {
    std::env::var_os("TEST_POSTGRES_BIN").map(PathBuf::from)
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
