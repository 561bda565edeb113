//! The audit page: lively, empty, broken.

use model::Action;

use super::{html, moment, page};
use crate::views::{Audit, AuditDay, AuditLine, Chain, Nav, Who};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let empty = Audit { days: Vec::new(), older: None, chain: Chain::Intact { entries: 0 }, ..lively() };
    let none = Audit { days: Vec::new(), older: None, filter: Some(Action::Disconnected), ..lively() };
    let broken = Audit { chain: Chain::Broken { position: 17 }, ..lively() };
    vec![
        ("audit", html(&lively())),
        ("audit-empty", html(&empty)),
        ("audit-filtered", html(&none)),
        ("audit-broken", html(&broken)),
    ]
}

fn lively() -> Audit {
    let coach = Who::Agent("Coach agent".to_owned());
    let line = |at: &str, who: &Who, action, detail| AuditLine { at: moment(at), sentence: who.did(action, detail) };
    let today = vec![
        line("08:52", &coach, Action::ContextRead, Some("3 times since 08:40")),
        line("08:40", &Who::You, Action::SharingChanged, Some("body and device off")),
        line("08:39", &Who::You, Action::SyncAsked, Some("Halo")),
        line("08:38", &Who::You, Action::SignedIn, None),
        line("03:12", &Who::Somebody, Action::SignInFailed, None),
    ];
    let earlier = vec![
        line("21:10", &Who::You, Action::TokenCreated, Some("token “Coach agent”")),
        line("21:04", &Who::You, Action::Connected, Some("Halo")),
        line("21:03", &Who::You, Action::ConnectBegun, Some("Halo")),
        line("21:00", &Who::Operator, Action::UserCreated, None),
    ];
    Audit {
        page: page("Audit", Nav::Audit),
        days: vec![
            AuditDay { day: "Monday 26 January".to_owned(), lines: today },
            AuditDay { day: "Sunday 25 January".to_owned(), lines: earlier },
        ],
        filter: None,
        chain: Chain::Intact { entries: 43 },
        older: Some("/audit?before=34".to_owned()),
        export: "/api/v1/audit".to_owned(),
    }
}
