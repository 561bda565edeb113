//! The pages for who runs the server: well, in trouble, empty.

use model::{DeliveryState, NoticeState, Operation, SubscriptionState};

use super::{html, moment, page};
use crate::views::{
    CheckRow, Deliveries, DeliveryRow, Listening, Nav, NoticeRow, Server, SizeRow, SubscriptionRow, Subscriptions, Tab,
};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("server", html(&server(true))),
        ("server-trouble", html(&server(false))),
        ("deliveries", html(&deliveries(DeliveryState::ALL))),
        ("deliveries-empty", html(&deliveries(&[]))),
        ("subscriptions", html(&subscriptions())),
        ("subscriptions-empty", html(&Subscriptions { providers: Vec::new(), ..subscriptions() })),
    ]
}

fn server(ready: bool) -> Server {
    let check =
        |name: &str, ok, detail: &str| CheckRow { name: name.to_owned(), ok, detail: detail.to_owned(), at: None };
    let size = |name: &str, rows: &str, bytes: Option<&str>| SizeRow {
        name: name.to_owned(),
        rows: rows.to_owned(),
        bytes: bytes.map(str::to_owned),
    };
    Server {
        page: page("Server", Nav::Elsewhere),
        tab: Tab::Overview,
        ready,
        checks: vec![
            check("database", true, "embedded SQLite answers"),
            check("worker", ready, if ready { "lag 0 s" } else { "work has waited for 400 s" }),
            CheckRow { at: Some(moment("4 minutes ago")), ..check("provider: halo", true, "last success") },
        ],
        sizes: vec![size("records", "2,412", Some("1.1 MB")), size("changes", "3,018", None)],
        sizes_note: "14.2 MB in all; counted just now.".to_owned(),
    }
}

fn deliveries(states: &[DeliveryState]) -> Deliveries {
    let row = |state: &DeliveryState| DeliveryRow {
        id: format!("0000-{state}"),
        at: moment("4 minutes ago"),
        provider: "Halo".to_owned(),
        state: *state,
        why: (*state == DeliveryState::Dead).then(|| "it is no JSON".to_owned()),
        notices: vec![NoticeRow {
            what: "daily_sleep update".to_owned(),
            object_id: "8f0e6a52-0000".to_owned(),
            state: NoticeState::Applied,
            why: None,
        }],
    };
    Deliveries {
        page: page("Deliveries", Nav::Elsewhere),
        tab: Tab::Deliveries,
        rows: states.iter().map(row).collect(),
        state: None,
        provider: String::new(),
        providers: vec![("halo".to_owned(), "Halo".to_owned())],
        older: (!states.is_empty()).then(|| "/server/deliveries?cursor=x".to_owned()),
    }
}

fn subscriptions() -> Subscriptions {
    let row = |data_type: &str, error: Option<&str>| SubscriptionRow {
        ids: vec![format!("0000-{data_type}")],
        is_there: error.is_none(),
        data_type: data_type.to_owned(),
        operations: Operation::ALL.to_vec(),
        state: if error.is_some() { SubscriptionState::Failed } else { SubscriptionState::Active },
        expires: error.is_none().then(|| moment("in 80 days")),
        error: error.map(str::to_owned),
    };
    let listening = |id: &str, mark, words: &str| Listening {
        id: id.to_owned(),
        name: id.to_uppercase(),
        mark,
        words: words.to_owned(),
        last_heard: (mark == "active").then(|| moment("4 minutes ago")),
        checked: Some(moment("2 hours ago")),
        callback_url: format!("https://afferent.example/api/v1/integrations/{id}/webhook"),
        count: 6,
        rows: vec![row("daily_sleep", None), row("workout", Some("somebody else has it"))],
    };
    Subscriptions {
        page: page("Subscriptions", Nav::Elsewhere),
        tab: Tab::Subscriptions,
        providers: vec![
            listening("halo", "active", "It tells us of changes within a minute."),
            listening("orbit", "trouble", "Nothing has come for two days. We look by ourselves meanwhile."),
        ],
    }
}
