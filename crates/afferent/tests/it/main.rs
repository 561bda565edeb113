//! The program as strangers meet it: started, used, killed, started again. A file per story.

mod api;
mod bootstrap;
mod collector;
mod corpus;
mod courier;
mod demo;
mod documents;
mod full;
mod keys;
mod killed;
mod lost;
mod operator;
mod outage;
mod program;
mod quiet;
mod reader;
mod replay;
mod replicas;
mod scene;
mod settings;
mod stand_in;
mod stopping;
mod storm;
mod telling;
mod traces;
mod wire;

/// How many rounds: a few, or many when `TEST_LONG` is set.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
fn rounds(few: usize, many: usize) -> usize {
    if std::env::var("TEST_LONG").is_ok() { many } else { few }
}
