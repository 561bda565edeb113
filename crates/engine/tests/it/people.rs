//! What the stories ask of a house again and again.

use std::time::Duration;

use engine::{Asked, Filter, Outcome, RecordQuery, Status, SyncRequest};
use model::{Actor, Change, ConnectionId, StoredRecord, UserId};
use testkit::House;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const OURA: &str = "oura";

/// Somebody whose connection has been backfilled with all that is offered.
pub(crate) async fn connected(house: &House) -> anyhow::Result<(UserId, ConnectionId)> {
    connected_to(house, &[]).await
}

/// Somebody whose connection has been backfilled with some kinds only: it takes less time.
pub(crate) async fn connected_to(house: &House, kinds: &[&str]) -> anyhow::Result<(UserId, ConnectionId)> {
    let user = house.somebody().await?.id;
    let connection = house.connect_to(user, kinds).await?;
    house.engine.run_due().await?;
    Ok((user, connection))
}

pub(crate) async fn status(house: &House, user: UserId) -> anyhow::Result<Status> {
    Ok(house.engine.status(user, OURA).await?)
}

/// Everything in a person's log.
pub(crate) async fn log(house: &House, user: UserId) -> anyhow::Result<Vec<Change>> {
    let (events, _, head) = house.engine.events(user, None, &Filter::default(), 0, 1_000_000).await?;
    let positions: Vec<_> = events.iter().map(|event| event.position).collect();
    anyhow::ensure!(positions == (1..=head).collect::<Vec<_>>(), "the log has gaps");
    Ok(events)
}

/// All of a person's records.
pub(crate) async fn records(house: &House, user: UserId) -> anyhow::Result<Vec<StoredRecord>> {
    let wanted = RecordQuery { limit: 1_000_000, ..RecordQuery::default() };
    Ok(house.engine.records(user, None, wanted).await?)
}

/// Syncs now and waits for what it brings.
pub(crate) async fn sync(house: &House, user: UserId, days: u32, collection: &str) -> engine::Result<Outcome> {
    sync_with(&house.engine, user, days, collection).await
}

pub(crate) async fn sync_with(
    engine: &engine::Engine,
    user: UserId,
    days: u32,
    collection: &str,
) -> engine::Result<Outcome> {
    let request = SyncRequest { days, collection: collection.to_owned(), wait: true };
    match engine.ask_sync(&Actor::User(user), user, OURA, &request).await? {
        Asked::Done(outcome) => Ok(outcome),
        Asked::Queued(id) => panic!("{id} was queued although somebody waits"),
    }
}

/// How often a race is run: a few times, or many when `TEST_LONG` is set.
pub(crate) fn rounds(few: usize) -> usize {
    if std::env::var_os("TEST_LONG").is_some() { 20 * few } else { few }
}
