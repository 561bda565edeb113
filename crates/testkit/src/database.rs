//! A database of its own for each test, on either engine.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::Context;
use model::{Random, Secret};
use store::{Db, MasterKeys};
use tempfile::TempDir;

use crate::Postgres;

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The engines to test on: PostgreSQL where `TEST_POSTGRES_URL` says that a server runs.
    pub fn all() -> Vec<Self> {
        match postgres_url() {
            Some(_) => vec![Self::Sqlite, Self::Postgres],
            None => vec![Self::Sqlite],
        }
    }
}

/// A database of its own, gone when dropped.
pub struct TestDb {
    pub db: Db,
    pub url: String,
    _folder: TempDir,
}

impl TestDb {
    /// An empty database on an engine.
    pub async fn new(engine: Engine) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = match engine {
            Engine::Sqlite => sqlite_url(folder.path().join("afferent.db")),
            Engine::Postgres => new_postgres(&postgres_url().context("TEST_POSTGRES_URL is not set")?).await?,
        };
        Self::at(url, folder).await
    }

    /// An empty database on a server of a test's own.
    pub async fn on(server: &Postgres) -> anyhow::Result<Self> {
        Self::at(new_postgres(&server.url()).await?, tempfile::tempdir()?).await
    }

    async fn at(url: String, folder: TempDir) -> anyhow::Result<Self> {
        let db = Db::open(&url, Self::keys()?, Random::system()).await?;
        Ok(Self { db, url, _folder: folder })
    }

    /// The same database, opened once more as another process would.
    pub async fn again(&self) -> anyhow::Result<Db> {
        Ok(Db::open(&self.url, Self::keys()?, Random::system()).await?)
    }

    /// The same file, opened as by a process whose disk is full; only for the embedded engine.
    pub async fn again_full(&self) -> anyhow::Result<Db> {
        Ok(Db::open_full(&self.url, Self::keys()?, Random::system()).await?)
    }

    /// The master key of every test.
    pub fn keys() -> anyhow::Result<MasterKeys> {
        Ok(MasterKeys::parse(&Self::key())?)
    }

    /// The master key of every test, as a setting.
    pub fn key() -> Secret {
        MasterKeys::generate("test", &Random::seeded(1))
    }
}

fn sqlite_url(file: PathBuf) -> String {
    format!("sqlite:{}", file.display())
}

#[expect(clippy::disallowed_methods, reason = "tests are told where the server is by the environment")]
pub(crate) fn postgres_url() -> Option<String> {
    std::env::var("TEST_POSTGRES_URL").ok()
}

async fn new_postgres(server: &str) -> anyhow::Result<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    // Processes get the numbers of earlier ones, whose databases may be there yet.
    let name = format!("t{process}_{count}_{}", u32::from_le_bytes(Random::system().bytes()));
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&format!("{server}/postgres")).await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&mut connection).await?;
    Ok(format!("{server}/{name}"))
}
