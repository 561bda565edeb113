//! The connections page: nothing, all well, syncing, in trouble.

use std::collections::BTreeSet;

use model::{Kind, Reason, Sharing, Topic};

use super::{dashboard::progress, html, moment, page, texts};
use crate::views::{
    CollectionRow, Connections, ConsentGiven, Details, HearingLine, Loss, Nav, ProviderRow, SharingForm, Standing,
    SyncRun, Tone, Way,
};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let of = |providers: Vec<ProviderRow>, shares: bool| Connections {
        page: page("Connections", Nav::Connections),
        providers,
        sharing: shares.then(sharing),
    };
    let standing = |standing| ProviderRow { standing, missing: Vec::new(), ..active() };
    let told = |tone, text: &str| Connections {
        page: page("Connections", Nav::Connections).with(tone, text),
        ..of(vec![active()], true)
    };
    let lost = Standing::NeedsConsent { since: moment("Tuesday"), reason: Reason::OutcomeLost };
    let refused = Standing::NeedsConsent { since: moment("Tuesday"), reason: Reason::Refused };
    let syncing =
        ProviderRow { progress: Some(progress()), details: None, ..standing(Standing::Active { synced: None }) };
    let well = told(Tone::Good, "Saved: agents are no longer told about your sleep.");
    let denied = Connections {
        page: page("Connections", Nav::Connections)
            .with(Tone::Bad, "Halo was not connected: you said no on its page. Nothing was collected."),
        ..of(vec![fresh()], false)
    };
    vec![
        ("connections", html(&of(vec![active(), fresh()], true))),
        ("connections-saved", html(&well)),
        ("connections-empty", html(&denied)),
        ("connections-syncing", html(&of(vec![syncing], true))),
        ("connections-refused", html(&of(vec![standing(refused)], true))),
        ("connections-lost", html(&of(vec![standing(lost)], true))),
        ("connections-none", html(&of(Vec::new(), false))),
        (
            "connections-open",
            html(&of(vec![active()], true))
                .replace("<details class=\"unfold\"", "<details open class=\"unfold\"")
                .replace("<details class=\"ending\"", "<details open class=\"ending\""),
        ),
    ]
}

pub(super) fn sharing() -> SharingForm {
    let mut sharing = Sharing::default();
    sharing.set(Topic::Body, false);
    let consented = Topic::ALL.iter().copied().filter(|&topic| topic != Topic::Stress).collect();
    SharingForm { action: "/sharing".to_owned(), agent: None, sharing, consented }
}

pub(super) fn loss() -> Loss {
    Loss { records: "1,204".to_owned(), span: Some("28 December to 26 January".to_owned()) }
}

pub(in crate::views::tests) fn active() -> ProviderRow {
    ProviderRow {
        id: "halo".to_owned(),
        name: "Halo".to_owned(),
        about: "A ring that measures sleep, readiness, activity and heart rate.".to_owned(),
        standing: Standing::Active { synced: Some(moment("12 minutes ago")) },
        account: Some("robin@example.org".to_owned()),
        missing: texts(&["blood oxygen", "tags and notes"]),
        hearing: Some(HearingLine {
            words: "Halo tells of what is new by itself.".to_owned(),
            last: Some(moment("2 minutes ago")),
            silent: false,
        }),
        progress: None,
        details: Some(details()),
    }
}

fn fresh() -> ProviderRow {
    ProviderRow {
        id: "band".to_owned(),
        name: "Strand".to_owned(),
        about: "A band that measures strain and recovery.".to_owned(),
        standing: Standing::NotConnected,
        account: None,
        missing: Vec::new(),
        hearing: None,
        progress: None,
        details: None,
    }
}

fn details() -> Details {
    let row = |kind: Kind, collection: &str, count: &str| CollectionRow {
        kind,
        collection: collection.to_owned(),
        count: count.to_owned(),
        covered: Some("28 Dec to 26 Jan".to_owned()),
        gaps: Vec::new(),
        error: None,
    };
    let run = |at: &str, cause: &str, result: &str, failed| SyncRun {
        at: moment(at),
        cause: cause.to_owned(),
        result: result.to_owned(),
        failed,
    };
    Details {
        granted: texts(&["daily sleep, readiness and activity", "heart rate", "workouts"]),
        collections: vec![
            row(Kind::Sleep, "sleep", "34"),
            CollectionRow { gaps: texts(&["3 to 5 Jan"]), ..row(Kind::SleepScore, "daily_sleep", "27") },
            row(Kind::Activity, "daily_activity", "30"),
            row(Kind::HeartRate, "heartrate", "30"),
            CollectionRow {
                covered: None,
                error: Some("not granted: blood oxygen".to_owned()),
                ..row(Kind::Spo2, "daily_spo2", "0")
            },
        ],
        history: vec![
            run("12 minutes ago", "You asked", "3 records added, 2 revised", false),
            run("4 hours ago", "Scheduled", "nothing new", false),
            run("8 hours ago", "Scheduled", "the provider did not answer; tried again 5 minutes later", true),
            run("yesterday", "First sync", "1,199 records added", false),
        ],
        consent: Some(ConsentGiven {
            kinds: BTreeSet::from([Kind::Sleep, Kind::SleepScore, Kind::Activity, Kind::HeartRate])
                .into_iter()
                .collect(),
            purpose: "To show you your own days, and to tell them to the agents that you allow.".to_owned(),
            version: "2026-01".to_owned(),
            at: moment("6 days ago"),
        }),
        account_page: Some(Way::new("https://halo.example/account", "your account at Halo")),
        loss: loss(),
    }
}
