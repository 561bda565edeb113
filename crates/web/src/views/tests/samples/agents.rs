//! The agents page: none, some, one just made, a form that was filled in wrongly.

use model::{Role, Scope, Scopes, Secret, TokenId};

use super::{connections::sharing, html, moment, page};
use crate::views::{AgentRow, Agents, Created, Nav, NewAgent, Page, ReadLine, SharingForm, SignedIn};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let none = Agents { agents: Vec::new(), ..some() };
    let created = Agents { created: Some(created()), ..some() };
    let problem = Some("Choose at least one thing that it may do.".to_owned());
    let admin = SignedIn { email: "robin@example.org".to_owned(), role: Role::Admin };
    let wrong = Agents {
        page: Page::new("Agents", Nav::Agents, Some(admin)),
        form: NewAgent { name: "Coach".to_owned(), problem, may_serve: true, offered: Scope::ALL.to_vec(), ..form() },
        ..some()
    };
    vec![
        ("agents", html(&some())),
        ("agents-empty", html(&none)),
        ("agents-created", html(&created)),
        ("agents-wrong", html(&wrong)),
        ("agents-open", html(&some()).replacen("<details class=\"unfold\"", "<details open class=\"unfold\"", 1)),
    ]
}

pub(in crate::views::tests) fn some() -> Agents {
    let coach = AgentRow {
        id: id(1),
        name: "Coach agent".to_owned(),
        service: false,
        scopes: vec![Scope::RecordsRead, Scope::ContextRead],
        created: moment("6 days ago"),
        expires: Some(moment("in 84 days")),
        expired: false,
        last_used: Some(moment("4 minutes ago")),
        reads: vec![read("4 minutes ago", "your context, 3 times"), read("2 hours ago", "your records: sleep")],
        sharing: Some(switches("Coach agent", 1)),
    };
    let app = AgentRow {
        id: id(2),
        name: "Bedside app".to_owned(),
        service: true,
        scopes: vec![Scope::LinksWrite],
        last_used: None,
        expires: None,
        reads: Vec::new(),
        sharing: None,
        ..coach.clone()
    };
    let old = AgentRow {
        id: id(3),
        name: "Trial".to_owned(),
        expired: true,
        expires: Some(moment("3 days ago")),
        sharing: Some(switches("Trial", 3)),
        ..coach.clone()
    };
    Agents { page: page("Agents", Nav::Agents), agents: vec![coach, app, old], created: None, form: form() }
}

fn created() -> Created {
    Created {
        name: "Coach agent".to_owned(),
        secret: Secret::new("afferent_u_n0t-a-real-t0ken-3xample-0nly-Zm9yIHNob3c"),
        example_url: "https://afferent.example/api/v1/context".to_owned(),
    }
}

fn switches(agent: &str, n: u128) -> SharingForm {
    SharingForm { action: format!("/agents/{}/sharing", id(n)), agent: Some(agent.to_owned()), ..sharing() }
}

fn form() -> NewAgent {
    NewAgent {
        name: String::new(),
        offered: Scopes::personal().0.into_iter().collect(),
        chosen: vec![Scope::ContextRead],
        lifetimes: vec![7, 30, 90, 365, 0],
        lifetime: 90,
        may_serve: false,
        problem: None,
    }
}

fn id(n: u128) -> TokenId {
    format!("01990000-0000-7000-8000-{n:012}").parse().unwrap()
}

fn read(at: &str, what: &str) -> ReadLine {
    ReadLine { at: moment(at), what: what.to_owned() }
}
