//! What providers are asked to send us deliveries for, and how the asking went. It concerns the application, no person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Operation, SubscriptionId, SubscriptionState};
use sqlx::{AssertSqlSafe, FromRow, query, query_as};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// What is asked for: deliveries of one kind, to one address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubscriptionKey {
    pub provider: String,
    /// What the provider's notices call the collection.
    pub data_type: String,
    pub operation: Operation,
    pub callback_url: String,
}

/// What was asked for, and what became of it.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub key: SubscriptionKey,
    /// The provider's own identity of it; absent while there is none.
    pub provider_id: Option<String>,
    pub state: SubscriptionState,
    pub last_error: Option<String>,
    /// How often asking failed since it last went well, and until when it is put off.
    pub tries: i64,
    pub retry_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub renewed_at: Option<Timestamp>,
    /// When the provider last said that it has it.
    pub checked_at: Option<Timestamp>,
}

/// How asking went.
#[derive(Clone, Debug)]
pub enum Subscribed {
    /// The provider has it: under which identity, and until when.
    Had { provider_id: String, expires_at: Option<Timestamp>, renewed: bool },
    /// It was not done. What the provider had before, it still has.
    Failed { state: SubscriptionState, why: String, retry_at: Timestamp },
    /// It was not done, and the provider has nothing of it.
    Missing { state: SubscriptionState, why: String, retry_at: Timestamp },
}

#[derive(FromRow)]
struct SubscriptionRow {
    id: String,
    provider: String,
    data_type: String,
    operation: String,
    callback_url: String,
    provider_id: Option<String>,
    state: String,
    last_error: Option<String>,
    tries: i64,
    retry_at: Option<i64>,
    expires_at: Option<i64>,
    created_at: i64,
    renewed_at: Option<i64>,
    checked_at: Option<i64>,
}

const ROW: Row = Row("subscriptions");
const COLUMNS: &str = "id, provider, data_type, operation, callback_url, provider_id, state, last_error, tries, \
                       retry_at, expires_at, created_at, renewed_at, checked_at";

impl SubscriptionRow {
    fn read(self) -> Result<Subscription> {
        Ok(Subscription {
            id: ROW.parse("id", &self.id)?,
            key: SubscriptionKey {
                provider: self.provider,
                data_type: self.data_type,
                operation: ROW.parse("operation", &self.operation)?,
                callback_url: self.callback_url,
            },
            provider_id: self.provider_id,
            state: ROW.parse("state", &self.state)?,
            last_error: self.last_error,
            tries: self.tries,
            retry_at: ROW.time_opt("retry_at", self.retry_at)?,
            expires_at: ROW.time_opt("expires_at", self.expires_at)?,
            created_at: ROW.time("created_at", self.created_at)?,
            renewed_at: ROW.time_opt("renewed_at", self.renewed_at)?,
            checked_at: ROW.time_opt("checked_at", self.checked_at)?,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// Everything that is asked of a provider, whatever became of it.
    pub async fn subscriptions(&mut self, provider: &str) -> Result<Vec<Subscription>> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from subscriptions where provider = $1 order by data_type, operation, id"
        ));
        let rows: Vec<SubscriptionRow> = on!(self, |db| query_as(sql).bind(provider).fetch_all(&mut **db))?;
        rows.into_iter().map(SubscriptionRow::read).collect()
    }

    /// One of the things that were asked for.
    pub async fn subscription(&mut self, id: SubscriptionId) -> Result<Subscription> {
        let sql = AssertSqlSafe(format!("select {COLUMNS} from subscriptions where id = $1"));
        let row: Option<SubscriptionRow> =
            on!(self, |db| query_as(sql).bind(id.to_string()).fetch_optional(&mut **db))?;
        row.ok_or(Error::NotFound("subscription"))?.read()
    }

    /// How many operations of each data type a provider tells an address of.
    pub async fn told(&mut self, provider: &str, callback_url: &str, now: Timestamp) -> Result<BTreeMap<String, i64>> {
        const SQL: &str = "select data_type, count(*) from subscriptions where provider = $1 and callback_url = $2 \
            and provider_id is not null and state = 'active' and (expires_at is null or expires_at > $3) \
            group by data_type";
        let rows: Vec<(String, i64)> = on!(self, |db| query_as(SQL)
            .bind(provider)
            .bind(callback_url)
            .bind(now.as_millisecond())
            .fetch_all(&mut **db))?;
        Ok(rows.into_iter().collect())
    }
}

impl Tx<Write> {
    /// Notes how asking for something went.
    pub async fn note_subscription(&mut self, now: Timestamp, key: &SubscriptionKey, asked: &Subscribed) -> Result<()> {
        const SQL: &str = "insert into subscriptions (id, provider, data_type, operation, callback_url, provider_id, state, \
            last_error, tries, retry_at, expires_at, created_at, renewed_at, checked_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $15) \
            on conflict (provider, data_type, operation, callback_url) do update set \
            provider_id = case when $14 then subscriptions.provider_id else excluded.provider_id end, \
            expires_at = case when $14 then subscriptions.expires_at else excluded.expires_at end, \
            state = excluded.state, last_error = excluded.last_error, \
            tries = case when excluded.tries = 0 then 0 else subscriptions.tries + 1 end, \
            retry_at = excluded.retry_at, renewed_at = coalesce(excluded.renewed_at, subscriptions.renewed_at), \
            checked_at = coalesce(excluded.checked_at, subscriptions.checked_at)";
        let id: SubscriptionId = self.random.id(now);
        let columns = Columns::of(asked, now);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(&key.provider)
            .bind(&key.data_type)
            .bind(key.operation.as_str())
            .bind(&key.callback_url)
            .bind(columns.provider_id)
            .bind(columns.state.as_str())
            .bind(columns.why)
            .bind(columns.tries)
            .bind(columns.retry_at)
            .bind(columns.expires_at)
            .bind(now.as_millisecond())
            .bind(columns.renewed_at)
            .bind(columns.stays)
            .bind(columns.checked_at)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Notes that a provider has said that it still has what it had.
    pub async fn check_subscriptions(&mut self, provider: &str, now: Timestamp) -> Result<()> {
        const SQL: &str = "update subscriptions set checked_at = $2 where provider = $1 and provider_id is not null \
                           and state = 'active' and last_error is null";
        change!(self, |db| query(SQL).bind(provider).bind(now.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }

    /// Forgets what is no longer asked for.
    pub async fn forget_subscription(&mut self, id: SubscriptionId) -> Result<()> {
        const SQL: &str = "delete from subscriptions where id = $1";
        change!(self, |db| query(SQL).bind(id.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Puts nothing that is asked of a provider off any longer.
    pub async fn retry_subscriptions(&mut self, provider: &str) -> Result<()> {
        const SQL: &str = "update subscriptions set retry_at = null where provider = $1";
        change!(self, |db| query(SQL).bind(provider).execute(&mut **db))?;
        Ok(())
    }
}

/// What is written down of how asking went.
struct Columns<'a> {
    provider_id: Option<&'a str>,
    state: SubscriptionState,
    why: Option<&'a str>,
    tries: i64,
    retry_at: Option<i64>,
    expires_at: Option<i64>,
    renewed_at: Option<i64>,
    checked_at: Option<i64>,
    /// Whether what the provider had before stays.
    stays: bool,
}

impl<'a> Columns<'a> {
    fn of(asked: &'a Subscribed, now: Timestamp) -> Self {
        match asked {
            Subscribed::Had { provider_id, expires_at, renewed } => Self {
                provider_id: Some(provider_id),
                state: SubscriptionState::Active,
                why: None,
                tries: 0,
                retry_at: None,
                expires_at: expires_at.map(Timestamp::as_millisecond),
                renewed_at: renewed.then_some(now.as_millisecond()),
                checked_at: Some(now.as_millisecond()),
                stays: false,
            },
            Subscribed::Failed { state, why, retry_at } | Subscribed::Missing { state, why, retry_at } => Self {
                provider_id: None,
                state: *state,
                why: Some(why),
                tries: 1,
                retry_at: Some(retry_at.as_millisecond()),
                expires_at: None,
                renewed_at: None,
                checked_at: None,
                stays: matches!(asked, Subscribed::Failed { .. }),
            },
        }
    }
}
