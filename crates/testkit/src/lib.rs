//! What tests share: databases of their own on both engines.

mod database;

pub use database::{Engine, TestDb};
