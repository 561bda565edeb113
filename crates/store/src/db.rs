//! Opens either engine and hands out transactions.

use std::{marker::PhantomData, path::Path, str::FromStr, sync::Arc, time::Duration};

use model::Random;
use sqlx::{
    Connection, PgConnection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Error, MasterKeys, Result,
    seal::{KeyRing, Keys},
};

/// How long a writer waits for another process's write.
const BUSY: Duration = Duration::from_secs(15);
const READERS: u32 = 8;

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
    keys: Arc<Keys>,
    random: Random,
}

/// The database for those who only ask.
#[derive(Clone)]
pub struct Reader(Db);

#[derive(Clone)]
enum Pools {
    /// SQLite has one writer; readers do not wait for it.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

/// What a transaction may do.
pub trait Mode: Send + Sync + 'static {}

/// It asks.
pub struct Read;
/// It asks and changes.
pub struct Write;

impl Mode for Read {}
impl Mode for Write {}

/// A transaction. What it changed is undone unless it is committed.
pub struct Tx<M: Mode> {
    pub(crate) open: Open,
    pub(crate) ring: KeyRing,
    pub(crate) random: Random,
    mode: PhantomData<M>,
}

pub(crate) enum Open {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs one statement, written once, on whichever engine is open.
macro_rules! on {
    ($tx:expr, |$db:ident| $query:expr) => {
        match &mut $tx.open {
            $crate::db::Open::Sqlite($db) => $query.await,
            $crate::db::Open::Postgres($db) => $query.await,
        }
    };
}
pub(crate) use on;

/// Runs a statement that changes rows, and says how many.
macro_rules! change {
    ($tx:expr, |$db:ident| $query:expr) => {
        match &mut $tx.open {
            $crate::db::Open::Sqlite($db) => $query.await.map(|done| done.rows_affected()),
            $crate::db::Open::Postgres($db) => $query.await.map(|done| done.rows_affected()),
        }
    };
}
pub(crate) use change;

impl Db {
    /// Opens the database of a URL (`sqlite:` or `postgres:`), brought up to date first.
    pub async fn open(url: &str, keys: MasterKeys, random: Random) -> Result<Self> {
        let db = Self::open_as_is(url, keys, random).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens the database without touching its tables.
    pub async fn open_as_is(url: &str, keys: MasterKeys, random: Random) -> Result<Self> {
        let pools = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => open_sqlite(url).await?,
            Some("postgres" | "postgresql") => open_postgres(url).await?,
            _ => return Err(Error::Setting("DATABASE_URL begins with sqlite: or postgres:".into())),
        };
        Ok(Self { pools, keys: Arc::new(Keys::new(keys)), random })
    }

    /// Brings the tables up to date.
    pub async fn migrate(&self) -> Result<()> {
        let migrator = sqlx::migrate!();
        match &self.pools {
            Pools::Sqlite { writer, .. } => migrator.run(writer).await?,
            Pools::Postgres(pool) => migrator.run(pool).await?,
        }
        Ok(())
    }

    /// How many migrations are still to be run.
    pub async fn pending_migrations(&self) -> Result<usize> {
        let known = sqlx::migrate!().iter().count();
        let mut tx = self.read().await?;
        let count: std::result::Result<i64, _> =
            on!(tx, |db| sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
                .fetch_one(&mut **db));
        Ok(known.saturating_sub(usize::try_from(count.unwrap_or(0)).unwrap_or(0)))
    }

    /// Whether it is the embedded engine.
    pub fn is_embedded(&self) -> bool {
        matches!(self.pools, Pools::Sqlite { .. })
    }

    /// The same database for those who only ask.
    pub fn reader(&self) -> Reader {
        Reader(self.clone())
    }

    /// The source of randomness that it was opened with.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// Begins a transaction that only asks, and sees one state of the database throughout.
    pub async fn read(&self) -> Result<Tx<Read>> {
        const SNAPSHOT: &str = "begin isolation level repeatable read read only";
        let open = match &self.pools {
            Pools::Sqlite { readers, .. } => Open::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => Open::Postgres(pool.begin_with(SNAPSHOT).await?),
        };
        Ok(self.tx(open))
    }

    /// Begins a transaction that changes.
    pub async fn write(&self) -> Result<Tx<Write>> {
        let open = match &self.pools {
            // A deferred transaction that turns into a writer fails at once when another process writes.
            Pools::Sqlite { writer, .. } => Open::Sqlite(writer.begin_with("begin immediate").await?),
            Pools::Postgres(pool) => Open::Postgres(pool.begin().await?),
        };
        Ok(self.tx(open))
    }

    fn tx<M: Mode>(&self, open: Open) -> Tx<M> {
        Tx { open, ring: KeyRing::new(self.keys.clone()), random: self.random.clone(), mode: PhantomData }
    }

    /// Overwrites what deleted rows left behind in the embedded engine's log.
    pub async fn truncate_log(&self) -> Result<()> {
        if let Pools::Sqlite { writer, .. } = &self.pools {
            sqlx::query("pragma wal_checkpoint(truncate)").execute(writer).await?;
        }
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Reader {
    /// Begins a transaction that only asks.
    pub async fn read(&self) -> Result<Tx<Read>> {
        self.0.read().await
    }
}

impl Tx<Write> {
    /// Makes the changes last.
    pub async fn commit(self) -> Result<()> {
        match self.open {
            Open::Sqlite(db) => db.commit().await?,
            Open::Postgres(db) => db.commit().await?,
        }
        Ok(())
    }
}

async fn open_sqlite(url: &str) -> Result<Pools> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("secure_delete", "on");
    make_folder(options.get_filename())?;
    let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    restrict(options.get_filename())?;
    let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await?;
    Ok(Pools::Sqlite { readers, writer })
}

async fn open_postgres(url: &str) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url)?;
    // A pool would try for long, and then not say why nobody answers.
    PgConnection::connect_with(&options).await?.close().await?;
    Ok(Pools::Postgres(PgPoolOptions::new().max_connections(2 * READERS).connect_with(options).await?))
}

fn make_folder(file: &Path) -> Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| Error::Setting(format!("{}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

/// The file is for its owner alone.
fn restrict(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| Error::Setting(format!("{}: {error}", file.display())))
}
