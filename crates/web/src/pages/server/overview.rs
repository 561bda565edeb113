//! How the server fares.

use axum::extract::State as Extract;
use engine::{Check, Sizes, TableSize};

use super::Admin;
use crate::{
    State,
    pages::{Answer, Person, render, words::thousands},
    views::{CheckRow, Nav, Server, SizeRow, Tab},
};

/// The biggest tables tell where the space goes.
const MOST_TABLES: usize = 10;

/// Shows how the server fares.
pub(crate) async fn show(Extract(state): Extract<State>, Admin(person): Admin) -> Answer {
    let readiness = state.engine.readiness().await;
    let sizes = state.engine.sizes().await?;
    render(&Server {
        page: person.page("Server", Nav::Elsewhere),
        tab: Tab::Overview,
        ready: readiness.ready,
        checks: readiness.checks.into_iter().map(|it| check(&person, it)).collect(),
        sizes: sizes.tables.iter().take(MOST_TABLES).map(size).collect(),
        sizes_note: in_all(&sizes),
    })
}

/// An instant at the end is shown as the person reads instants.
fn check(person: &Person, check: Check) -> CheckRow {
    let read = |(words, last): (&str, &str)| Some((words.to_owned(), last.parse().ok()?));
    let (detail, at) = match check.detail.rsplit_once(' ').and_then(read) {
        Some((words, at)) => (words, Some(person.moment(at))),
        None => (check.detail, None),
    };
    CheckRow { name: check.name.replace(':', ": "), ok: check.ok, detail, at }
}

fn size(table: &TableSize) -> SizeRow {
    SizeRow { name: table.name.replace('_', " "), rows: thousands(table.rows), bytes: table.bytes.map(bytes) }
}

fn in_all(sizes: &Sizes) -> String {
    let free = sizes.free_bytes.filter(|free| *free > 0).map(|free| format!(", of which {} are free", bytes(free)));
    let smaller = match sizes.tables.len().saturating_sub(MOST_TABLES) {
        0 => String::new(),
        smaller => format!(", with {smaller} smaller tables"),
    };
    format!("{} in all{smaller}{}. Looked at within the last minute.", bytes(sizes.bytes), free.unwrap_or_default())
}

/// "1.1 MB".
fn bytes(count: i64) -> String {
    let steps = ["kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = "bytes";
    for step in steps {
        if value < 1_000.0 {
            break;
        }
        value /= 1_000.0;
        unit = step;
    }
    if unit == "bytes" || value >= 100.0 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let said: Vec<_> = [0, 999, 1_000, 123_456, 1_100_000, 2_000_000_000_000].map(bytes).into();
        assert_eq!(said, ["0 bytes", "999 bytes", "1.0 kB", "123 kB", "1.1 MB", "2.0 TB"]);
    }
}
