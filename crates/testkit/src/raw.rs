//! Looks at rows and changes them behind the store's back, as somebody with the file or the server would.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query, query_scalar};

use crate::TestDb;

/// Runs a statement, and says how many rows it changed.
pub async fn run(test: &TestDb, sql: impl Into<String>) -> anyhow::Result<u64> {
    let sql = AssertSqlSafe(sql.into());
    let changed = if test.db.is_embedded() {
        let mut connection = SqliteConnection::connect(&test.url).await?;
        query(sql).execute(&mut connection).await?.rows_affected()
    } else {
        let mut connection = PgConnection::connect(&test.url).await?;
        query(sql).execute(&mut connection).await?.rows_affected()
    };
    Ok(changed)
}

/// Runs a statement that yields one whole number.
pub async fn count(test: &TestDb, sql: impl Into<String>) -> anyhow::Result<i64> {
    let sql = AssertSqlSafe(sql.into());
    let number = if test.db.is_embedded() {
        let mut connection = SqliteConnection::connect(&test.url).await?;
        query_scalar(sql).fetch_one(&mut connection).await?
    } else {
        let mut connection = PgConnection::connect(&test.url).await?;
        query_scalar(sql).fetch_one(&mut connection).await?
    };
    Ok(number)
}
