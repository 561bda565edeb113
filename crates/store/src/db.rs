//! Opens either engine and hands out transactions.

use std::{
    marker::PhantomData,
    path::Path,
    str::FromStr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use model::Random;
use sqlx::{
    Connection, PgConnection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::sync::broadcast;

use crate::{
    Error, Grown, MasterKeys, Result,
    outage::Writes,
    seal::{KeyRing, Keys},
};

/// How long a writer waits for another process's write.
const BUSY: Duration = Duration::from_secs(15);
/// Who has no connection by then is told that the database is away.
const PATIENCE: Duration = Duration::from_secs(5);
const READERS: u32 = 8;
/// What the embedded engine's writer keeps of the file in memory, in KiB; the engine's own 2 MiB hold less than it touches.
const WRITER_CACHE: &str = "-16384";
/// After so many pages of 4 KiB the embedded engine copies its log into the file, while writers wait.
const LOG_PAGES: &str = "4000";
/// Whoever listens to commits and falls behind further than this has to look for itself.
const HEARD: usize = 1024;

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Db {
    pub(crate) pools: Pools,
    keys: Arc<Keys>,
    random: Random,
    grown: broadcast::Sender<Grown>,
    pub(crate) writes: Arc<Writes>,
    /// Whether something that was erased may still be in the embedded engine's log.
    pub(crate) log_waits: Arc<AtomicBool>,
}

/// The database for those who only ask.
#[derive(Clone)]
pub struct Reader(Db);

#[derive(Clone)]
pub(crate) enum Pools {
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
    pub(crate) writes: Arc<Writes>,
    /// Whether it has changed anything.
    pub(crate) changed: bool,
    pub(crate) ring: KeyRing,
    pub(crate) random: Random,
    /// The logs that this transaction adds to, and who is told of it in the end.
    pub(crate) grown: Vec<Grown>,
    told: broadcast::Sender<Grown>,
    mode: PhantomData<M>,
}

pub(crate) enum Open {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs one statement, written once, on whichever engine is open.
macro_rules! on {
    ($tx:expr, |$db:ident| $query:expr) => {
        $tx.writes.hear(match &mut $tx.open {
            $crate::db::Open::Sqlite($db) => $query.await,
            $crate::db::Open::Postgres($db) => $query.await,
        })
    };
}
pub(crate) use on;

/// Runs a statement that changes rows, and says how many.
macro_rules! change {
    ($tx:expr, |$db:ident| $query:expr) => {
        $tx.writes
            .hear(match &mut $tx.open {
                $crate::db::Open::Sqlite($db) => $query.await.map(|done| done.rows_affected()),
                $crate::db::Open::Postgres($db) => $query.await.map(|done| done.rows_affected()),
            })
            .inspect(|rows| $tx.changed |= *rows > 0)
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
            Some("sqlite") => open_sqlite(sqlite_options(url)?).await?,
            Some("postgres" | "postgresql") => open_postgres(url).await?,
            _ => return Err(Error::Setting("DATABASE_URL begins with sqlite: or postgres:".into())),
        };
        Ok(Self::on(pools, keys, random))
    }

    /// Opens the embedded engine's file so that it cannot grow, as on a disk that is full: for tests.
    #[doc(hidden)]
    pub async fn open_full(url: &str, keys: MasterKeys, random: Random) -> Result<Self> {
        // Fewer pages than there are already mean: no more.
        let options = sqlite_options(url)?.pragma("max_page_count", "1");
        Ok(Self::on(open_sqlite(options).await?, keys, random))
    }

    fn on(pools: Pools, keys: MasterKeys, random: Random) -> Self {
        Self {
            pools,
            keys: Arc::new(Keys::new(keys)),
            random,
            grown: broadcast::Sender::new(HEARD),
            writes: Arc::default(),
            // Whoever ran before may have left something.
            log_waits: Arc::new(AtomicBool::new(true)),
        }
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

    /// Hears of every log that a commit of this process adds to. It only speeds looking up: it may miss some.
    pub fn listen(&self) -> broadcast::Receiver<Grown> {
        self.grown.subscribe()
    }

    /// The source of randomness that it was opened with.
    pub fn random(&self) -> &Random {
        &self.random
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Begins a transaction that only asks, and sees one state of the database throughout.
    pub async fn read(&self) -> Result<Tx<Read>> {
        const SNAPSHOT: &str = "begin isolation level repeatable read read only";
        let open = match &self.pools {
            Pools::Sqlite { readers, .. } => Open::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => Open::Postgres(begin(pool.clone(), SNAPSHOT).await?),
        };
        Ok(self.tx(open))
    }

    /// Begins a transaction that changes.
    pub async fn write(&self) -> Result<Tx<Write>> {
        let open = match &self.pools {
            // A deferred transaction that turns into a writer fails at once when another process writes.
            Pools::Sqlite { writer, .. } => Open::Sqlite(self.writes.hear(writer.begin_with("begin immediate").await)?),
            Pools::Postgres(pool) => Open::Postgres(begin(pool.clone(), "begin").await?),
        };
        Ok(self.tx(open))
    }

    fn tx<M: Mode>(&self, open: Open) -> Tx<M> {
        Tx {
            open,
            writes: self.writes.clone(),
            changed: false,
            ring: KeyRing::new(self.keys.clone()),
            random: self.random.clone(),
            grown: Vec::new(),
            told: self.grown.clone(),
            mode: PhantomData,
        }
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
        let committed = match self.open {
            Open::Sqlite(db) => db.commit().await,
            Open::Postgres(db) => db.commit().await,
        };
        let committed = self.writes.hear(committed);
        if committed.is_ok() && self.changed {
            self.writes.last();
        }
        // A commit that fails may have taken place: who looks in vain loses nothing.
        for grown in self.grown {
            let _ = self.told.send(grown);
        }
        Ok(committed?)
    }
}

/// Begins in a task of its own: a beginning that is given up halfway would leave its connection in a transaction that
/// nobody knows of, and the next one would go on in it (sqlx 0.9).
async fn begin(pool: PgPool, statement: &'static str) -> Result<Transaction<'static, Postgres>> {
    let begun = tokio::spawn(async move { pool.begin_with(statement).await }).await;
    Ok(begun.map_err(|_| Error::OutcomeUnknown)??)
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions> {
    Ok(SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("wal_autocheckpoint", LOG_PAGES)
        .pragma("secure_delete", "on"))
}

async fn open_sqlite(options: SqliteConnectOptions) -> Result<Pools> {
    make_folder(options.get_filename())?;
    let writer = options.clone().pragma("cache_size", WRITER_CACHE);
    let writer = sqlite_pool().max_connections(1).connect_with(writer).await?;
    restrict(options.get_filename())?;
    let readers = sqlite_pool().max_connections(READERS).connect_with(options).await?;
    Ok(Pools::Sqlite { readers, writer })
}

/// On a full disk SQLite ends a transaction by itself, and sqlx (0.9) counts it on: nothing could begin on that
/// connection any more, so another takes its place.
fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().acquire_timeout(PATIENCE).before_acquire(|connection, _| {
        let is_sound = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_sound) })
    })
}

async fn open_postgres(url: &str) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url)?;
    // A pool would try for long, and then not say why nobody answers.
    PgConnection::connect_with(&options).await?.close().await?;
    let pool = PgPoolOptions::new().acquire_timeout(PATIENCE).max_connections(2 * READERS);
    Ok(Pools::Postgres(pool.connect_with(options).await?))
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

#[cfg(test)]
mod tests;
