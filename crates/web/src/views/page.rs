//! What every page has: a title, who is signed in, where one is, and what just happened.

use model::Role;

use super::assets;

/// The frame of a page.
#[derive(Clone, Debug)]
pub struct Page {
    pub title: String,
    pub user: Option<SignedIn>,
    pub here: Nav,
    pub notice: Option<Notice>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub email: String,
    pub role: Role,
}

/// What just happened, said once above the page.
#[derive(Clone, Debug)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

/// Whether a notice is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Neutral,
}

/// Where one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    Dashboard,
    Connections,
    Agents,
    Audit,
    Settings,
    /// None of the pages in the menu.
    Elsewhere,
}

impl Page {
    /// The frame of a page without a notice.
    pub fn new(title: impl Into<String>, here: Nav, user: Option<SignedIn>) -> Self {
        Self { title: title.into(), user, here, notice: None }
    }

    /// The same frame with a notice.
    pub fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.notice = Some(Notice { tone, text: text.into() });
        self
    }

    /// The pages in the menu.
    pub fn menu(&self) -> [Nav; 4] {
        [Nav::Dashboard, Nav::Connections, Nav::Agents, Nav::Audit]
    }

    /// Whether this is the page that one is on.
    pub fn is_here(&self, item: &Nav) -> bool {
        self.here == *item
    }

    /// Whether one is in the settings.
    pub fn in_settings(&self) -> bool {
        self.here == Nav::Settings
    }

    /// The address of the stylesheet.
    pub fn style(&self) -> String {
        assets::STYLE.url()
    }

    /// The address of the script.
    pub fn script(&self) -> String {
        assets::SCRIPT.url()
    }

    /// The address of the icon.
    pub fn icon(&self) -> String {
        assets::ICON.url()
    }
}

impl Nav {
    /// The page's address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Dashboard | Self::Elsewhere => "/",
            Self::Connections => "/connections",
            Self::Agents => "/agents",
            Self::Audit => "/audit",
            Self::Settings => "/settings",
        }
    }

    /// The page's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Dashboard | Self::Elsewhere => "Dashboard",
            Self::Connections => "Connections",
            Self::Agents => "Agents",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
        }
    }
}

impl Tone {
    /// The word in the stylesheet.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
        }
    }

    /// How a screen reader is told: bad news interrupts.
    pub fn aria_role(self) -> &'static str {
        match self {
            Self::Bad => "alert",
            Self::Good | Self::Neutral => "status",
        }
    }
}

impl SignedIn {
    /// Whether they manage users and service tokens.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}
