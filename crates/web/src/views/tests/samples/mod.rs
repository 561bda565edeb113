//! Plausible people and their pages, for the tests and for looking at.

pub(super) mod agents;
pub(super) mod audit;
pub(super) mod connections;
pub(super) mod dashboard;
pub(super) mod events;
pub(super) mod server;
pub(super) mod small;
pub(super) mod webhooks;

use askama::Template;
use model::Role;

use crate::views::{Moment, Nav, Page, SignedIn};

/// Every page in every state, by name.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let mut pages = Vec::new();
    pages.extend(dashboard::pages());
    pages.extend(events::pages());
    pages.extend(connections::pages());
    pages.extend(agents::pages());
    pages.extend(audit::pages());
    pages.extend(server::pages());
    pages.extend(webhooks::pages());
    pages.extend(small::pages());
    pages
}

pub(super) fn html(view: &impl Template) -> String {
    view.render().unwrap()
}

pub(super) fn page(title: &str, here: Nav) -> Page {
    let user = SignedIn { email: "robin@example.org".to_owned(), role: Role::Member };
    Page::new(title, here, Some(user))
}

pub(super) fn nobody(title: &str) -> Page {
    Page::new(title, Nav::Elsewhere, None)
}

pub(super) fn moment(words: &str) -> Moment {
    Moment { exact: "2026-01-26 08:41:07+01:00".to_owned(), words: words.to_owned() }
}

pub(super) fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
