//! A person's own settings.

use askama::Template;

use super::Page;

/// The page of a person's settings.
#[derive(Template)]
#[template(path = "settings.html")]
pub(crate) struct Settings {
    pub(crate) page: Page,
    pub(crate) email: String,
    /// The IANA name of the person's zone.
    pub(crate) zone: String,
    pub(crate) zones: Vec<ZoneGroup>,
    /// How short a password may be.
    pub(crate) shortest_password: usize,
    /// Days after which records are removed, as the person wants it and as the server does.
    pub(crate) keep_days: Option<u32>,
    pub(crate) server_keep_days: Option<u32>,
}

/// The zones of one part of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ZoneGroup {
    pub(crate) area: String,
    pub(crate) zones: Vec<String>,
}

impl ZoneGroup {
    /// Groups IANA names by their first part, in alphabetical order.
    pub(crate) fn group(names: impl IntoIterator<Item = String>) -> Vec<Self> {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort();
        names.dedup();
        let mut groups: Vec<Self> = Vec::new();
        for name in names {
            let area = name.split_once('/').map_or("Other", |(area, _)| area).to_owned();
            match groups.iter_mut().find(|group| group.area == area) {
                Some(group) => group.zones.push(name),
                None => groups.push(Self { area, zones: vec![name] }),
            }
        }
        groups
    }
}

impl Settings {
    /// Whether a zone is the person's.
    pub(crate) fn is_mine(&self, zone: &str) -> bool {
        self.zone == zone
    }

    /// Whether the person's zone is among those offered.
    pub(crate) fn is_offered(&self) -> bool {
        self.zones.iter().any(|group| group.zones.contains(&self.zone))
    }
}
