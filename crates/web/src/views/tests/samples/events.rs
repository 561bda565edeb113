//! The timeline: full, filtered, empty.

use model::Kind;

use super::{dashboard::events, html, page};
use crate::views::{EventFilter, Events, Nav};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let filtered = EventFilter { kind: Some(Kind::Sleep), sort: "changes".to_owned(), ..filter() };
    vec![
        ("events", html(&full())),
        ("events-older", html(&Events { head: None, older: Some("/events?before=x".to_owned()), ..full() })),
        ("events-empty", html(&Events { lines: Vec::new(), ..full() })),
        ("events-filtered", html(&Events { lines: Vec::new(), filter: filtered, ..full() })),
    ]
}

fn full() -> Events {
    Events { page: page("Events", Nav::Events), lines: events(), filter: filter(), head: Some(118), older: None }
}

fn filter() -> EventFilter {
    EventFilter { providers: vec![("halo".to_owned(), "Halo".to_owned())], ..EventFilter::default() }
}
