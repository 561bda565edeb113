//! API tokens: what each agent may see, when it last looked, and how to stop it.

use askama::Template;
use model::{Scope, Secret, TokenId};

use super::{Moment, Page, SharingForm};

/// The page of agents.
#[derive(Template)]
#[template(path = "agents.html")]
pub(crate) struct Agents {
    pub(crate) page: Page,
    pub(crate) agents: Vec<AgentRow>,
    /// A token that was just made: the only time that its secret is shown.
    pub(crate) created: Option<Created>,
    pub(crate) form: NewAgent,
}

/// One API token.
#[derive(Clone, Debug)]
pub(crate) struct AgentRow {
    pub(crate) id: TokenId,
    pub(crate) name: String,
    /// Whether it acts for an app rather than for one person.
    pub(crate) service: bool,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) created: Moment,
    pub(crate) expires: Option<Moment>,
    pub(crate) expired: bool,
    pub(crate) last_used: Option<Moment>,
    /// What it read lately, the newest first.
    pub(crate) reads: Vec<ReadLine>,
    /// Absent for tokens that read nothing of a person.
    pub(crate) sharing: Option<SharingForm>,
}

/// One thing that an agent read.
#[derive(Clone, Debug)]
pub(crate) struct ReadLine {
    pub(crate) at: Moment,
    /// "your context".
    pub(crate) what: String,
}

/// A token that was just made.
#[derive(Clone, Debug)]
pub(crate) struct Created {
    pub(crate) name: String,
    pub(crate) secret: Secret,
    /// An address that it can read, for the example.
    pub(crate) example_url: String,
}

/// The form that makes a token, as it was filled in before.
#[derive(Clone, Debug)]
pub(crate) struct NewAgent {
    pub(crate) name: String,
    /// Scopes that may be chosen.
    pub(crate) offered: Vec<Scope>,
    pub(crate) chosen: Vec<Scope>,
    /// Days that may be chosen; nought never expires.
    pub(crate) lifetimes: Vec<u32>,
    pub(crate) lifetime: u32,
    /// Whether service tokens may be made.
    pub(crate) may_serve: bool,
    pub(crate) problem: Option<String>,
}

impl Created {
    /// The secret, for the one person who may see it.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose()
    }
}

impl AgentRow {
    /// What stops when it is revoked, in words.
    pub(crate) fn scope_words(&self) -> String {
        let words: Vec<_> = self.scopes.iter().map(|scope| scope.describe()).collect();
        words.join(", ")
    }
}

impl NewAgent {
    /// Whether a scope is ticked.
    pub(crate) fn is_chosen(&self, scope: &Scope) -> bool {
        self.chosen.contains(scope)
    }

    /// Whether a lifetime is selected.
    pub(crate) fn is_lifetime(&self, days: &u32) -> bool {
        self.lifetime == *days
    }
}
