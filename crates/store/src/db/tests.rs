//! What is committed outlives the machine.

use super::*;

async fn embedded(folder: &Path) -> Db {
    let keys = MasterKeys::parse(&MasterKeys::generate("test", &Random::seeded(1))).unwrap();
    Db::open(&format!("sqlite:{}", folder.join("afferent.db").display()), keys, Random::system()).await.unwrap()
}

#[tokio::test]
async fn the_writer_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let db = embedded(folder.path()).await;
    let Pools::Sqlite { writer, .. } = &db.pools else { panic!("another engine") };
    let synchronous: i64 = sqlx::query_scalar("pragma synchronous").fetch_one(writer).await.unwrap();
    assert_eq!(synchronous, 2, "full");
    let journal: String = sqlx::query_scalar("pragma journal_mode").fetch_one(writer).await.unwrap();
    assert_eq!(journal, "wal");
}

#[tokio::test]
async fn who_reads_for_long_keeps_no_writer_out() {
    let folder = tempfile::tempdir().unwrap();
    let db = embedded(folder.path()).await;
    let log = folder.path().join("afferent.db-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let mut reader = db.read().await.unwrap();
    reader.users(None, 1).await.unwrap();
    let mut tx = db.write().await.unwrap();
    tx.note_public_url("https://afferent.example", jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    tx.commit().await.unwrap();
    db.truncate_log().await.unwrap();
    assert!(length() > 0, "somebody reads what is in it");
    drop(reader);
    db.truncate_log_again().await.unwrap();
    assert_eq!(length(), 0);
}
