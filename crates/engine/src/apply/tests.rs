//! Whatever the order in which answers arrive, the newest ask decides, and the log tells of it without gaps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use model::{
    Account, ChangeType, ConnectionId, ConnectionState, Kind, Record, Role, UserId,
    record::{Body, Sample, Series, SleepScore},
};
use proptest::{prelude::*, test_runner::TestRunner};
use store::{NewConnection, NewUser};
use testkit::{Engine, TestDb};

use super::{Origin, apply, erase, purge};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// What an answer says of a thing: a score, or that it is gone.
type Said = Option<i64>;

/// An answer: its generation, and what it says of which thing.
type Answer = (i64, BTreeMap<u8, Said>);

struct Bench {
    test: TestDb,
    user: UserId,
    connection: ConnectionId,
}

impl Bench {
    async fn new(engine: Engine) -> anyhow::Result<Self> {
        let test = TestDb::new(engine).await?;
        let mut tx = test.db.write().await?;
        let new =
            NewUser { external_id: None, email: None, password_hash: None, role: Role::Member, zone: "UTC".to_owned() };
        let user = tx.add_user(NOW, new).await?.id;
        tx.commit().await?;
        let connection = Self::connect(&test, user).await?;
        Ok(Self { test, user, connection })
    }

    async fn connect(test: &TestDb, user: UserId) -> anyhow::Result<ConnectionId> {
        let mut tx = test.db.write().await?;
        let new = NewConnection {
            user_id: user,
            provider: "oura".to_owned(),
            account: Account { id: "account".to_owned(), label: None },
            scopes_asked: BTreeSet::new(),
            scopes_granted: None,
        };
        let id = tx.add_connection(NOW, new).await?;
        let connection = tx.connection(user, id).await?;
        tx.move_connection(&connection, ConnectionState::Active, None, NOW).await?;
        tx.commit().await?;
        Ok(id)
    }

    fn origin(&self, generation: i64) -> Origin<'static> {
        Origin {
            user: self.user,
            connection: self.connection,
            provider: "oura",
            collection: "daily_sleep",
            generation,
            now: NOW,
        }
    }

    async fn apply(
        &self,
        generation: i64,
        records: Vec<Record>,
        gone: &[(Kind, String)],
    ) -> anyhow::Result<super::Applied> {
        let mut tx = self.test.db.write().await?;
        let applied = apply(&mut tx, self.origin(generation), records, gone).await?;
        tx.commit().await?;
        Ok(applied)
    }

    async fn take(&self, (generation, said): &Answer) -> anyhow::Result<()> {
        let records = said.iter().filter_map(|(id, said)| Some(score(*id, (*said)?))).collect();
        let gone = said.iter().filter(|(_, said)| said.is_none());
        let gone: Vec<_> = gone.map(|(id, _)| (Kind::SleepScore, id.to_string())).collect();
        self.apply(*generation, records, &gone).await.map(drop)
    }

    /// What is there, as the records say.
    async fn there(&self) -> anyhow::Result<BTreeMap<u8, Body>> {
        let query = store::RecordQuery { limit: 1000, ..Default::default() };
        let records = self.test.db.read().await?.records(self.user, &query).await?;
        records.into_iter().map(|stored| Ok((stored.record.provider_id.parse()?, stored.record.body))).collect()
    }

    /// How many things are there, as the log says; fails where the log contradicts itself.
    async fn told(&self) -> anyhow::Result<usize> {
        let mut tx = self.test.db.read().await?;
        let changes = tx.changes(self.user, 0, 10_000).await?;
        let positions: Vec<_> = changes.iter().map(|change| change.position).collect();
        anyhow::ensure!(positions == (1..=tx.head(self.user).await?).collect::<Vec<_>>(), "gaps: {positions:?}");
        let mut there = BTreeSet::new();
        for change in changes {
            let fits = match change.change_type {
                ChangeType::Added => there.insert(change.record_id),
                ChangeType::Revised => there.contains(&change.record_id),
                ChangeType::Removed => there.remove(&change.record_id),
            };
            anyhow::ensure!(fits, "{change:?} contradicts what came before");
        }
        Ok(there.len())
    }
}

fn record(id: u8, body: Body) -> Record {
    Record { provider_id: id.to_string(), day: None, starts_at: None, ends_at: None, zone_offset_seconds: None, body }
}

fn score(id: u8, score: i64) -> Record {
    #[expect(clippy::cast_precision_loss, reason = "a small score")]
    let score = Some(score as f64);
    record(id, Body::SleepScore(SleepScore { score, ..SleepScore::default() }))
}

fn answers() -> impl Strategy<Value = Vec<Answer>> {
    let said = prop::collection::btree_map(0..4_u8, prop::option::weighted(0.7, 1..5_i64), 1..4);
    let in_order = prop::collection::vec(said, 1..8).prop_map(|answers| (1..).zip(answers).collect::<Vec<Answer>>());
    in_order.prop_shuffle()
}

/// Of each thing, what the newest answer that speaks of it says.
fn newest(answers: &[Answer]) -> BTreeMap<u8, Body> {
    let mut answers = answers.to_vec();
    answers.sort_by_key(|(generation, _)| *generation);
    let said: BTreeMap<u8, Said> = answers.into_iter().flat_map(|(_, said)| said).collect();
    said.into_iter().filter_map(|(id, said)| Some((id, score(id, said?).body))).collect()
}

#[test]
fn in_whatever_order_answers_arrive_the_newest_ask_decides() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for engine in Engine::all() {
        let mut runner = TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() });
        let law = |answers: Vec<Answer>| {
            runtime.block_on(async {
                let bench = Bench::new(engine).await.unwrap();
                for answer in &answers {
                    bench.take(answer).await.unwrap();
                }
                let there = bench.there().await.unwrap();
                prop_assert_eq!(&there, &newest(&answers));
                prop_assert_eq!(bench.told().await.unwrap(), there.len());
                let head = bench.test.db.read().await.unwrap().head(bench.user).await.unwrap();
                for answer in &answers {
                    bench.take(answer).await.unwrap();
                }
                prop_assert_eq!(bench.there().await.unwrap(), there, "applied twice is applied once");
                prop_assert_eq!(bench.test.db.read().await.unwrap().head(bench.user).await.unwrap(), head);
                Ok(())
            })
        };
        runner.run(&answers(), law).unwrap();
    }
}

#[tokio::test]
async fn what_an_older_ask_brings_changes_nothing() {
    for engine in Engine::all() {
        let bench = Bench::new(engine).await.unwrap();
        bench.apply(5, vec![score(1, 80)], &[]).await.unwrap();
        assert_eq!(bench.apply(4, vec![score(1, 70)], &[]).await.unwrap(), super::Applied::default());
        let gone = [(Kind::SleepScore, "1".to_owned())];
        assert_eq!(bench.apply(3, Vec::new(), &gone).await.unwrap(), super::Applied::default());
        assert_eq!(bench.there().await.unwrap()[&1], score(1, 80).body);
        assert_eq!(bench.apply(6, Vec::new(), &gone).await.unwrap().removed, 1);
        assert_eq!(bench.apply(5, vec![score(1, 90)], &[]).await.unwrap(), super::Applied::default());
        assert_eq!(bench.apply(7, vec![score(1, 90)], &[]).await.unwrap().added, 1);
        assert_eq!(bench.told().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_tombstone_of_what_was_never_here_holds_too() {
    for engine in Engine::all() {
        let bench = Bench::new(engine).await.unwrap();
        let gone = [(Kind::SleepScore, "1".to_owned())];
        assert_eq!(bench.apply(5, Vec::new(), &gone).await.unwrap(), super::Applied::default());
        assert_eq!(bench.apply(4, vec![score(1, 70)], &[]).await.unwrap(), super::Applied::default());
        assert!(bench.there().await.unwrap().is_empty());
        assert_eq!(bench.apply(6, vec![score(1, 80)], &[]).await.unwrap().added, 1);
    }
}

#[tokio::test]
async fn half_a_day_of_a_series_does_not_wipe_out_the_other_half() {
    for engine in Engine::all() {
        let bench = Bench::new(engine).await.unwrap();
        let series = |samples: &[(i64, f64)]| {
            let samples = samples.iter().map(|(second, value)| Sample(*second, *value)).collect();
            record(1, Body::HeartRate(Series { unit: "bpm".to_owned(), source: None, samples }))
        };
        bench.apply(1, vec![series(&[(1, 60.0), (2, 61.0)])], &[]).await.unwrap();
        bench.apply(2, vec![series(&[(2, 65.0), (3, 66.0)])], &[]).await.unwrap();
        assert_eq!(bench.there().await.unwrap()[&1], series(&[(1, 60.0), (2, 65.0), (3, 66.0)]).body);
        assert_eq!(bench.apply(3, vec![series(&[(1, 60.0)])], &[]).await.unwrap(), super::Applied::default());
    }
}

#[tokio::test]
async fn what_is_older_than_records_are_kept_is_not_brought_in() {
    for engine in Engine::all() {
        let bench = Bench::new(engine).await.unwrap();
        let on = |id: u8, day: i8| Record { day: Some(jiff::civil::date(2026, 1, day)), ..score(id, 80) };
        assert_eq!(bench.apply(1, vec![on(1, 10), on(2, 20), score(3, 80)], &[]).await.unwrap().added, 3);
        let mut tx = bench.test.db.write().await.unwrap();
        assert_eq!(purge(&mut tx, bench.user, 10, NOW).await.unwrap(), 0, "nobody said how long");
        tx.set_keep_from(bench.user, Some(jiff::civil::date(2026, 1, 20))).await.unwrap();
        assert_eq!(purge(&mut tx, bench.user, 10, NOW).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(
            bench.apply(2, vec![on(1, 10), on(4, 19), on(2, 20)], &[]).await.unwrap(),
            super::Applied::default()
        );
        assert_eq!(bench.there().await.unwrap().into_keys().collect::<Vec<_>>(), [2, 3]);
        assert_eq!(bench.told().await.unwrap(), 2);
    }
}

#[tokio::test]
async fn what_an_answer_says_twice_is_told_once() {
    for engine in Engine::all() {
        let bench = Bench::new(engine).await.unwrap();
        assert_eq!(bench.apply(1, vec![score(1, 70), score(2, 80), score(1, 90)], &[]).await.unwrap().added, 2);
        assert_eq!(bench.there().await.unwrap()[&1], score(1, 90).body);
        let gone = [(Kind::SleepScore, "1".to_owned()), (Kind::SleepScore, "1".to_owned())];
        let applied = bench.apply(2, vec![score(1, 60)], &gone).await.unwrap();
        assert_eq!((applied.added, applied.revised, applied.removed), (0, 0, 1));
        assert_eq!(bench.told().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_long_answer_is_applied_as_a_short_one_is() {
    for engine in Engine::all() {
        let bench = Bench::new(engine).await.unwrap();
        let all = |value| (0..=200).map(|id| score(id, value)).collect::<Vec<_>>();
        assert_eq!(bench.apply(1, all(70), &[]).await.unwrap().added, 201);
        let mut some = all(70);
        some[150] = score(150, 80);
        let gone: Vec<_> = (190..=200).map(|id: u8| (Kind::SleepScore, id.to_string())).collect();
        some.truncate(190);
        let applied = bench.apply(2, some, &gone).await.unwrap();
        assert_eq!((applied.added, applied.revised, applied.removed), (0, 1, 11));
        assert_eq!(bench.told().await.unwrap(), 190);
        assert_eq!(bench.apply(1, all(60), &[]).await.unwrap(), super::Applied::default());
    }
}

#[tokio::test]
async fn erasing_tells_readers_of_the_log_and_leaves_no_row() {
    for engine in Engine::all() {
        let bench = Bench::new(engine).await.unwrap();
        bench.apply(1, vec![score(1, 70), score(2, 80)], &[]).await.unwrap();
        let mut tx = bench.test.db.write().await.unwrap();
        assert_eq!(erase(&mut tx, bench.origin(i64::MAX)).await.unwrap().removed, 2);
        tx.commit().await.unwrap();
        assert_eq!(bench.told().await.unwrap(), 0);
        assert_eq!(testkit::count(&bench.test, "select count(*) from records").await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_one_person_take_turns() {
    for engine in Engine::all() {
        let bench = std::sync::Arc::new(Bench::new(engine).await.unwrap());
        let writers: Vec<_> = (1..=12_u8)
            .map(|writer| {
                let bench = bench.clone();
                let records = (0..6).map(|id| score(id, writer.into())).collect();
                tokio::spawn(async move { bench.apply(writer.into(), records, &[]).await })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(bench.told().await.unwrap(), 6);
        assert!(bench.there().await.unwrap().iter().all(|(id, body)| *body == score(*id, 12).body));
    }
}
