//! Outgoing webhooks: none, some in every state, one just made.

use model::{Secret, SinkId};
use uuid::Uuid;

use super::{html, moment, page};
use crate::views::{AttemptLine, Nav, NewSecret, WebhookForm, WebhookRow, Webhooks};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let secret = NewSecret { name: "Coach".to_owned(), secret: Secret::new("whsec_c2FtcGxl"), rotated: true };
    let refused = WebhookForm {
        name: "Coach".to_owned(),
        url: "http://10.0.0.1/".to_owned(),
        problem: Some("The address leads into a private network.".to_owned()),
    };
    vec![
        ("webhooks", html(&full())),
        ("webhooks-made", html(&Webhooks { created: Some(secret), ..full() })),
        ("webhooks-empty", html(&Webhooks { rows: Vec::new(), ..full() })),
        ("webhooks-refused", html(&Webhooks { form: refused, ..full() })),
    ]
}

fn full() -> Webhooks {
    let row = |number: u128, mark, words: &str, active| WebhookRow {
        id: SinkId(Uuid::from_u128(number)),
        name: format!("Coach {number}"),
        url: "https://coach.example/hooks".to_owned(),
        what: "sleep and readiness".to_owned(),
        mark,
        words: words.to_owned(),
        active,
        attempts: vec![
            AttemptLine { at: moment("just now"), words: "delivered in 41 ms".to_owned(), failed: false },
            AttemptLine { at: moment("1 hour ago"), words: "answered 500".to_owned(), failed: true },
        ],
    };
    Webhooks {
        page: page("Webhooks", Nav::Agents),
        rows: vec![
            row(1, "active", "Delivered just now", true),
            row(2, "partial", "Failing since yesterday, 12 events wait", true),
            row(3, "trouble", "Disabled: it answered 410", false),
        ],
        created: None,
        form: WebhookForm::default(),
    }
}
