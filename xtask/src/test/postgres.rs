//! A private PostgreSQL server, there for the tests and gone afterwards.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::program::{find, is_root, program, read, succeeds};

const FOLDER: &str = "afferent-postgres-";
const PATIENCE: Duration = Duration::from_secs(60);

/// Reached by its port alone, with room for every test's pool.
const SETTINGS: [&str; 4] =
    ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=400", "shared_buffers=128MB"];

/// Nothing here is kept: speed instead of durability.
const FORGETFUL: [&str; 4] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"];

/// A server that runs until dropped.
pub(crate) struct Postgres {
    server: Child,
    programs: Programs,
    folder: Folder,
    port: u16,
}

impl Postgres {
    /// Makes a cluster in a temporary folder and serves it on a free port of loopback.
    pub(super) fn start() -> anyhow::Result<Self> {
        Self::start_in(&std::env::temp_dir(), &FORGETFUL)
    }

    /// One that keeps what it says it keeps, on a disk.
    pub(crate) fn start_durable() -> anyhow::Result<Self> {
        Self::start_in(Path::new("/var/tmp"), &[])
    }

    fn start_in(parent: &Path, settings: &[&str]) -> anyhow::Result<Self> {
        let programs = Programs::find().context("PostgreSQL is not installed")?;
        let folder = Folder::new(parent, &programs)?;
        let initdb = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync --pgdata";
        read(programs.command("initdb").args(initdb.split(' ')).arg(folder.data()))?;
        let port = free_port()?;
        let server = serve(&programs, &folder, port, settings)?;
        let mut postgres = Self { server, programs, folder, port };
        postgres.wait()?;
        println!("PostgreSQL serves on port {port}");
        Ok(postgres)
    }

    /// Where tests reach it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// Where its programs are, for tests that start a server of their own.
    pub(super) fn programs(&self) -> &Path {
        &self.programs.folder
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let port = self.port.to_string();
        while begun.elapsed() < PATIENCE {
            if self.server.try_wait()?.is_some() {
                bail!("PostgreSQL stopped at once:\n{}", self.folder.log());
            }
            if succeeds(self.programs.command("pg_isready").args(["--host=127.0.0.1", "--port", &port])) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        bail!("PostgreSQL does not answer:\n{}", self.folder.log())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stop = ["stop", "--mode=immediate", "--silent", "--pgdata"];
        if !succeeds(self.programs.command("pg_ctl").args(stop).arg(self.folder.data())) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

fn serve(programs: &Programs, folder: &Folder, port: u16, settings: &[&str]) -> anyhow::Result<Child> {
    let log = File::create(folder.0.join("log"))?;
    let mut server = programs.command("postgres");
    server.arg("-D").arg(folder.data()).arg("-p").arg(port.to_string());
    server.args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]));
    server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    server.spawn().context("PostgreSQL does not start")
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Where the server's programs are, and who runs them.
pub(super) struct Programs {
    folder: PathBuf,
    /// PostgreSQL refuses to run as root.
    user: Option<&'static str>,
}

impl Programs {
    /// Debian keeps them off the path, a folder for each version: the newest is taken.
    pub(super) fn find() -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let complete = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file());
        let newest = complete.max_by_key(|bin| version_of(bin));
        let folder = newest.or_else(|| find("initdb")?.canonicalize().ok()?.parent().map(Path::to_owned))?;
        Some(Self { folder, user: is_root().then(unprivileged) })
    }

    /// A program that ends when this process does, whatever ends it.
    fn command(&self, name: &str) -> Command {
        let mut command = program("setpriv --pdeathsig INT");
        if let Some(user) = self.user {
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
        }
        command.arg("--").arg(self.folder.join(name)).current_dir("/");
        command
    }
}

fn version_of(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

fn unprivileged() -> &'static str {
    if succeeds(&mut program("id postgres")) { "postgres" } else { "daemon" }
}

/// A temporary folder that is removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(parent: &Path, programs: &Programs) -> anyhow::Result<Self> {
        sweep(parent);
        let folder = Self(parent.join(format!("{FOLDER}{}", std::process::id())));
        let mut install = program("install --directory --mode 0700");
        install.args(programs.user.iter().flat_map(|user| ["--owner", user])).arg(&folder.0);
        read(&mut install)?;
        Ok(folder)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.join("log")).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes what runs that were killed have left.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_leaves_nothing_behind() {
        if Programs::find().is_none() {
            return;
        }
        let server = Postgres::start().unwrap();
        let (folder, process) = (server.folder.0.clone(), Path::new("/proc").join(server.server.id().to_string()));
        assert!(folder.join("data/PG_VERSION").exists() && process.exists());
        drop(server);
        assert!(!folder.exists() && !process.exists());
    }
}
