//! API tokens: what each agent may see, when it last looked, and how to stop it.

use askama::Template;
use model::{Scope, Secret, TokenId};

use super::{Moment, Page, SharingForm};

/// The page of agents.
#[derive(Template)]
#[template(path = "agents.html")]
pub struct Agents {
    pub page: Page,
    pub agents: Vec<AgentRow>,
    /// A token that was just made: the only time that its secret is shown.
    pub created: Option<Created>,
    pub form: NewAgent,
}

/// One API token.
#[derive(Clone, Debug)]
pub struct AgentRow {
    pub id: TokenId,
    pub name: String,
    /// Whether it acts for an app rather than for one person.
    pub service: bool,
    pub scopes: Vec<Scope>,
    pub created: Moment,
    pub expires: Option<Moment>,
    pub expired: bool,
    pub last_used: Option<Moment>,
    /// What it read lately, the newest first.
    pub reads: Vec<ReadLine>,
    /// Absent for tokens that read nothing of a person.
    pub sharing: Option<SharingForm>,
}

/// One thing that an agent read.
#[derive(Clone, Debug)]
pub struct ReadLine {
    pub at: Moment,
    /// "your context".
    pub what: String,
}

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct Created {
    pub name: String,
    pub secret: Secret,
    /// An address that it can read, for the example.
    pub example_url: String,
}

/// The form that makes a token, as it was filled in before.
#[derive(Clone, Debug)]
pub struct NewAgent {
    pub name: String,
    /// Scopes that may be chosen.
    pub offered: Vec<Scope>,
    pub chosen: Vec<Scope>,
    /// Days that may be chosen; nought never expires.
    pub lifetimes: Vec<u32>,
    pub lifetime: u32,
    /// Whether service tokens may be made.
    pub may_serve: bool,
    pub problem: Option<String>,
}

impl Created {
    /// The secret, for the one person who may see it.
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }
}

impl AgentRow {
    /// What stops when it is revoked, in words.
    pub fn scope_words(&self) -> String {
        let words: Vec<_> = self.scopes.iter().map(|scope| scope.describe()).collect();
        words.join(", ")
    }
}

impl NewAgent {
    /// Whether a scope is ticked.
    pub fn is_chosen(&self, scope: &Scope) -> bool {
        self.chosen.contains(scope)
    }

    /// Whether a lifetime is selected.
    pub fn is_lifetime(&self, days: &u32) -> bool {
        self.lifetime == *days
    }
}
