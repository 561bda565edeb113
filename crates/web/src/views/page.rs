//! What every page has: a title, who is signed in, where one is, and what just happened.

use model::Role;

use super::assets;

/// The frame of a page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) user: Option<SignedIn>,
    pub(crate) here: Nav,
    pub(crate) notice: Option<Notice>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) email: String,
    pub(crate) role: Role,
}

/// What just happened, said once above the page.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// Whether a notice is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Neutral,
}

/// Where one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nav {
    Dashboard,
    Connections,
    Events,
    Agents,
    Audit,
    Settings,
    /// None of the pages in the menu.
    Elsewhere,
}

impl Page {
    /// The frame of a page without a notice.
    pub(crate) fn new(title: impl Into<String>, here: Nav, user: Option<SignedIn>) -> Self {
        Self { title: title.into(), user, here, notice: None }
    }

    /// The same frame with a notice.
    pub(crate) fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.notice = Some(Notice { tone, text: text.into() });
        self
    }

    /// The same frame, with a notice when there is something to say.
    pub(crate) fn noting(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.with(Tone::Neutral, text),
            None => self,
        }
    }

    /// The pages in the menu.
    pub(crate) fn menu(&self) -> [Nav; 5] {
        [Nav::Dashboard, Nav::Connections, Nav::Events, Nav::Agents, Nav::Audit]
    }

    /// Whether this is the page that one is on.
    pub(crate) fn is_here(&self, item: &Nav) -> bool {
        self.here == *item
    }

    /// Whether one is in the settings.
    pub(crate) fn in_settings(&self) -> bool {
        self.here == Nav::Settings
    }

    /// The address of the stylesheet.
    pub(crate) fn style(&self) -> String {
        assets::STYLE.url()
    }

    /// The address of the script.
    pub(crate) fn script(&self) -> String {
        assets::SCRIPT.url()
    }

    /// The address of the icon.
    pub(crate) fn icon(&self) -> String {
        assets::ICON.url()
    }
}

impl Nav {
    /// The page's address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Dashboard | Self::Elsewhere => "/",
            Self::Connections => "/connections",
            Self::Events => "/events",
            Self::Agents => "/agents",
            Self::Audit => "/audit",
            Self::Settings => "/settings",
        }
    }

    /// The page's name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Dashboard | Self::Elsewhere => "Dashboard",
            Self::Connections => "Connections",
            Self::Events => "Events",
            Self::Agents => "Agents",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
        }
    }
}

impl Tone {
    /// The word in the stylesheet.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
        }
    }

    /// How a screen reader is told: bad news interrupts.
    pub(crate) fn aria_role(self) -> &'static str {
        match self {
            Self::Bad => "alert",
            Self::Good | Self::Neutral => "status",
        }
    }
}

impl SignedIn {
    /// Whether they manage users and service tokens.
    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}
