//! The small pages: signing in, agreeing, replacing, links, settings, messages.

use model::Kind;

use super::{connections::loss, html, moment, nobody, page};
use crate::views::{
    Asking, DeadLink, Disclosure, LinkPage, LinkProvider, Message, Nav, Refusal, Replace, Settings, SignIn, Tone,
    TopicKinds, Way, WhyDead, ZoneGroup,
};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let disclosure = Disclosure { page: page("Connect Halo", Nav::Connections), asking: asking() };
    let choosing = LinkPage { asking: None, ..link() };
    let dead = |why, app: Option<&str>| DeadLink { page: nobody("Link"), app_name: app.map(str::to_owned), why };
    vec![
        ("sign-in", html(&sign_in(None, None))),
        ("sign-in-wrong", html(&sign_in(Some(Refusal::Wrong), None))),
        ("sign-in-locked", html(&sign_in(Some(Refusal::Locked { until: moment("in 4 minutes") }), None))),
        ("sign-in-first", html(&sign_in(None, Some("afferent user add you@example.org --role admin")))),
        ("disclosure", html(&disclosure)),
        ("replace", html(&replace())),
        ("link", html(&link())),
        ("link-choosing", html(&choosing)),
        ("link-expired", html(&dead(WhyDead::Expired, Some("Bedside")))),
        ("link-used", html(&dead(WhyDead::Used, None))),
        ("link-unknown", html(&dead(WhyDead::Unknown, None))),
        ("settings", html(&settings())),
        ("message-state", html(&foreign_state())),
        ("message-500", html(&failure())),
    ]
}

fn sign_in(refusal: Option<Refusal>, first_run: Option<&str>) -> SignIn {
    let email = if refusal.is_some() { "robin@example.org" } else { "" };
    SignIn {
        page: nobody("Sign in"),
        email: email.to_owned(),
        return_to: "/".to_owned(),
        refusal,
        first_run: first_run.map(str::to_owned),
    }
}

pub(in crate::views::tests) fn asking() -> Asking {
    Asking {
        provider: "Halo".to_owned(),
        action: "/connections/halo/connect".to_owned(),
        topics: TopicKinds::group(Kind::ALL.iter().copied()),
        chosen: Kind::ALL.iter().copied().filter(|&kind| kind != Kind::Tag).collect(),
        purpose: "To show you your own days, and to tell them to the agents that you allow.".to_owned(),
        recipient: "You, and the agents that you allow. Nobody else.".to_owned(),
        kept: "Until you disconnect and erase it.".to_owned(),
        days_back: 30,
        ending: "Disconnect here at any time, and choose whether the data goes or stays.".to_owned(),
        account_page: Some(Way::new("https://halo.example/account", "your account at Halo")),
        version: "2026-01".to_owned(),
        cancel: "/connections".to_owned(),
    }
}

fn replace() -> Replace {
    Replace {
        page: page("Replace your account?", Nav::Connections),
        provider: "Halo".to_owned(),
        current: "robin@example.org".to_owned(),
        since: moment("3 Jan"),
        other: "robin.work@example.com".to_owned(),
        loss: loss(),
        action: "/connections/halo/replace".to_owned(),
    }
}

fn link() -> LinkPage {
    let provider = |name: &str, about: &str| LinkProvider {
        id: name.to_lowercase(),
        name: name.to_owned(),
        about: about.to_owned(),
    };
    LinkPage {
        page: nobody("Connect"),
        app_name: "Bedside".to_owned(),
        recipient: "Bedside Health Ltd (bedside.example)".to_owned(),
        expires: moment("in 9 minutes"),
        action: "/link/example".to_owned(),
        providers: vec![provider("Halo", "A ring that measures sleep."), provider("Strand", "A band for recovery.")],
        asking: Some(Asking {
            recipient: "Bedside, and nobody else.".to_owned(),
            ending: "Ask Bedside to disconnect you.".to_owned(),
            ..asking()
        }),
        cancel: "https://bedside.example/back".to_owned(),
    }
}

fn settings() -> Settings {
    let zones = ["Europe/Lisbon", "Europe/Vienna", "America/Lima", "UTC"].map(str::to_owned);
    Settings {
        page: page("Settings", Nav::Settings).with(Tone::Neutral, "Nothing was changed."),
        email: "robin@example.org".to_owned(),
        zone: "Europe/Vienna".to_owned(),
        zones: ZoneGroup::group(zones),
        shortest_password: 12,
        keep_days: Some(365),
        server_keep_days: None,
    }
}

fn foreign_state() -> Message {
    Message {
        page: page("Not connected", Nav::Connections),
        heading: "This sign-in was begun elsewhere".to_owned(),
        happened: "Halo sent you back, but connecting was begun in another browser.".to_owned(),
        safe: Some("Nothing was stored, and nothing was collected.".to_owned()),
        advice: Some("Begin again here; it takes a minute.".to_owned()),
        way: Some(Way::new("/connections", "Back to connections")),
        request_id: None,
    }
}

fn failure() -> Message {
    Message {
        page: nobody("Something went wrong"),
        heading: "Something went wrong here".to_owned(),
        happened: "The server could not finish what you asked for.".to_owned(),
        safe: Some("What was stored before is safe.".to_owned()),
        advice: None,
        way: Some(Way::new("/", "Back to the dashboard")),
        request_id: Some("0199-4c1f".to_owned()),
    }
}
