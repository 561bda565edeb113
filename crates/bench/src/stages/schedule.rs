//! What a sync that is due costs the schedule, when many are scheduled.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Db, Job, NewJob};
use testkit::{Engine, TestDb};

use super::{Sizes, name};
use crate::{program, report::Report};

/// As many as the worker claims at once.
const AT_ONCE: i64 = 16;
const LEASE: SignedDuration = SignedDuration::from_secs(60);
const WORKER: &str = "bench";

/// People with a connection each, which has its next sync and its next refresh.
const PEOPLE: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < COUNT) \
    insert into users (id, role, zone, created_at, master_key_id) select USER, 'member', 'UTC', 0, 'test' from n";
const CONNECTIONS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < COUNT) \
    insert into connections (id, user_id, provider, state, account_id, scopes_asked, created_at) \
    select CONNECTION, USER, 'oura', 'active', 'account-' || i, 'daily', 0 from n";
const JOBS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < COUNT) \
    insert into jobs (id, type, user_id, connection_id, dedupe_key, payload, run_at, created_at) \
    select JOB, 'TYPE', USER, CONNECTION, 'TYPE:' || CONNECTION || ':scheduled', 'payload', AFTER + MIXED, 0 from n";

/// Syncs that ended and are still told of.
const ENDED: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < COUNT), \
    e(j) as (select 1 union all select j + 1 from e where j < EACH) \
    insert into jobs (id, type, user_id, connection_id, payload, run_at, tries, finished_at, outcome, created_at) \
    select JOB, 'sync', USER, CONNECTION, 'payload', j, 1, j, 'outcome', j from n cross join e";

/// Identifiers that follow each other, and turns that do not follow the identifiers.
const WORDS: [(&str, &str); 4] = [
    ("USER", "'01900000-0000-7000-8000-' || substr(cast(1000000000000 + i as text), 2)"),
    ("CONNECTION", "'01900000-0000-7000-9000-' || substr(cast(1000000000000 + i as text), 2)"),
    ("JOB", "'01900000-0000-7000-KIND-' || substr(cast(1000000000000 + i as text), 2)"),
    ("MIXED", "(cast(i as bigint) * 7919) % COUNT"),
];

/// What each part of the work took, in all.
#[derive(Default)]
struct Took {
    claiming: Duration,
    looking: Duration,
    finishing: Duration,
}

/// Measures a due sync among few and among many.
pub(super) async fn measure(engine: Engine, sizes: &Sizes, report: &mut Report) -> anyhow::Result<()> {
    let mut costs = Vec::new();
    for &(count, ended) in sizes.scheduled {
        let test = TestDb::new(engine).await?;
        let begun = Instant::now();
        schedule(&test, count, ended).await?;
        let scheduled_in = begun.elapsed();
        let processor = program::used("self")?.processor;
        let took = work(&test.db, count, sizes.due).await?;
        let processor = program::used("self")?.processor - processor;
        let sweep = sweep(&test.db, count).await?;
        let each = |took: Duration| took.as_secs_f64() * 1e6 / sizes.due as f64;
        let cost = each(took.claiming + took.looking + took.finishing);
        if ended == 0 {
            costs.push((count, cost));
        }
        let row = json!({
            "database": name(engine),
            "connections": count,
            "ended syncs of each": ended,
            "a due sync, µs": cost,
            "of it to claim": each(took.claiming),
            "to look at its connection": each(took.looking),
            "to end it and schedule the next": each(took.finishing),
            "processor, µs": if engine == Engine::Sqlite { json!(processor * 1e6 / sizes.due as f64) } else { json!(null) },
            "the look for idle connections, ms": sweep.as_secs_f64() * 1000.0,
            "scheduled in, s": scheduled_in.as_secs_f64(),
        });
        report.add("Schedule", row);
    }
    if let [(few, least), .., (many, most)] = costs[..] {
        let what = format!("{}: a due sync among {many}, beside one among {few}", name(engine));
        report.at_most(what, most / least, 2.0, "times as much");
    }
    Ok(())
}

/// Fills the tables. One sync falls due every millisecond, in an order that is not that of the rows.
async fn schedule(test: &TestDb, count: i64, ended: i64) -> anyhow::Result<()> {
    let begin = begin().as_millisecond();
    let tables = [
        (PEOPLE, "", "", 0),
        (CONNECTIONS, "", "", 0),
        (JOBS, "a000", "sync", begin),
        (JOBS, "b000", "refresh", begin + 1_000_000_000_000),
        (ENDED, "c' || substr(cast(1000 + j as text), 2) || '", "", 0),
    ];
    for (sql, kind, job_type, after) in tables.into_iter().filter(|(sql, ..)| ended > 0 || *sql != ENDED) {
        let words = WORDS.iter().fold(sql.to_owned(), |sql, (word, meaning)| sql.replace(word, meaning));
        let words = words.replace("KIND", kind).replace("TYPE", job_type).replace("AFTER", &after.to_string());
        let words = words.replace("COUNT", &count.to_string()).replace("EACH", &ended.to_string());
        testkit::run(test, words).await?;
    }
    if !test.db.is_embedded() {
        // As the server itself does when tables have grown.
        testkit::run(test, "analyze").await?;
    }
    Ok(())
}

fn begin() -> Timestamp {
    Timestamp::from_second(1_769_414_400).unwrap_or_default()
}

fn after(millis: i64) -> Timestamp {
    begin().saturating_add(SignedDuration::from_millis(millis)).unwrap_or(Timestamp::MAX)
}

/// Does what the worker does around each sync, without the sync itself: each comes back when all others had their turn.
async fn work(db: &Db, count: i64, due: usize) -> anyhow::Result<Took> {
    let (mut took, mut done) = (Took::default(), 0);
    for turn in 1.. {
        let now = after(turn * AT_ONCE - 1);
        let next = now.saturating_add(SignedDuration::from_millis(count))?;
        let begun = Instant::now();
        let mut tx = db.write().await?;
        let jobs = tx.claim_jobs(WORKER, now, now.saturating_add(LEASE)?, AT_ONCE).await?;
        tx.commit().await?;
        took.claiming += begun.elapsed();
        anyhow::ensure!(!jobs.is_empty(), "nothing is due");
        for job in &jobs {
            let begun = Instant::now();
            look(db, job).await?;
            took.looking += begun.elapsed();
            let begun = Instant::now();
            finish(db, job, now, next).await?;
            took.finishing += begun.elapsed();
        }
        done += jobs.len();
        if done >= due {
            break;
        }
    }
    Ok(took)
}

async fn look(db: &Db, job: &Job) -> anyhow::Result<()> {
    let (Some(user), Some(connection)) = (job.user_id, job.connection_id) else { return Ok(()) };
    db.read().await?.connection(user, connection).await?;
    Ok(())
}

async fn finish(db: &Db, job: &Job, now: Timestamp, next: Timestamp) -> anyhow::Result<()> {
    let mut tx = db.write().await?;
    tx.finish_job(job.id, WORKER, now, "outcome").await?;
    let again = NewJob {
        job_type: "sync",
        user_id: job.user_id,
        connection_id: job.connection_id,
        dedupe_key: job.connection_id.map(|id| format!("sync:{id}:scheduled")),
        payload: job.payload.clone(),
        run_at: next,
    };
    tx.enqueue(now, again).await?;
    Ok(tx.commit().await?)
}

/// The half-hourly look for connections that have nothing scheduled. Nobody may write meanwhile on SQLite.
async fn sweep(db: &Db, count: i64) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut tx = db.write().await?;
    let idle = tx.idle_connections().await?;
    anyhow::ensure!(idle.is_empty(), "{} of {count} connections have nothing scheduled", idle.len());
    Ok(begun.elapsed())
}
