//! How big the database is.

use testkit::{Engine, TestDb};

use crate::people::add;

#[tokio::test]
async fn every_table_tells_its_rows_and_bytes() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        for name in ["ada", "bob"] {
            add(&test.db, &format!("{name}@example.org")).await.unwrap();
        }
        let mut tx = test.db.read().await.unwrap();
        let mut sizes = tx.whole_size().await.unwrap();
        sizes.tables = tx.table_sizes(sizes.bytes).await.unwrap();
        let table = |name: &str| sizes.tables.iter().find(|table| table.name == name).unwrap();
        assert_eq!((table("users").rows, table("logs").rows, table("changes").rows), (2, 2, 0));
        assert!(sizes.tables.iter().all(|table| table.bytes.is_some_and(|bytes| bytes > 0)), "{:?}", sizes.tables);
        let sum: i64 = sizes.tables.iter().filter_map(|table| table.bytes).sum();
        assert!(sum <= sizes.bytes, "{sum} of {}", sizes.bytes);
        assert_eq!(sizes.free_bytes.is_some(), test.db.is_embedded());
        let names: Vec<_> = sizes.tables.iter().map(|table| table.name.as_str()).collect();
        assert!(!names.iter().any(|name| name.starts_with("sqlite") || name.starts_with("_sqlx")), "{names:?}");
        assert!(sizes.tables.is_sorted_by_key(|table| std::cmp::Reverse(table.bytes)));
    }
}
