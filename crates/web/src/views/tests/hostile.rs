//! Text from elsewhere stays text.

use askama::Template;

use super::samples::{agents, connections, dashboard, html, small};
use crate::views::{
    Disclosure, Moment, Nav, Page, SignIn,
    chart::{Chart, Point, Series},
};

const HOSTILE: &str = r#""><script>alert(1)</script><svg onload='x'>"#;

fn assert_tame(html: &str) {
    assert!(html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"), "the text is shown, as text: {html}");
    assert!(!html.contains("<script>"), "{html}");
    assert!(!html.contains("<svg onload"), "{html}");
    assert!(!html.contains(r#"="">"#), "{html}");
}

#[test]
fn a_hostile_context() {
    let mut view = dashboard::full();
    view.told.markdown = Some(HOSTILE.to_owned());
    view.sources[0].name = HOSTILE.to_owned();
    view.figures[0].value = Some(HOSTILE.to_owned());
    assert_tame(&html(&view));
}

#[test]
fn a_hostile_account() {
    let mut row = connections::active();
    row.account = Some(HOSTILE.to_owned());
    row.missing = vec![HOSTILE.to_owned()];
    if let Some(details) = &mut row.details {
        details.collections[0].error = Some(HOSTILE.to_owned());
        details.collections[0].gaps = vec![HOSTILE.to_owned()];
        details.history[0].result = HOSTILE.to_owned();
    }
    let page = Page::new(HOSTILE, Nav::Connections, None);
    assert_tame(&html(&crate::views::Connections { page, providers: vec![row], sharing: None }));
}

#[test]
fn a_hostile_agent() {
    let mut view = agents::some();
    view.agents[0].name = HOSTILE.to_owned();
    view.form.name = HOSTILE.to_owned();
    assert_tame(&html(&view));
}

#[test]
fn a_hostile_way_back() {
    let page = Page::new("Sign in", Nav::Elsewhere, None);
    let view =
        SignIn { page, email: HOSTILE.to_owned(), return_to: HOSTILE.to_owned(), refusal: None, first_run: None };
    assert_tame(&html(&view));
}

#[test]
fn a_hostile_provider() {
    let mut asking = small::asking();
    asking.provider = HOSTILE.to_owned();
    asking.action = HOSTILE.to_owned();
    assert_tame(&html(&Disclosure { page: Page::new("Connect", Nav::Connections, None), asking }));
}

#[test]
fn a_hostile_chart_and_a_hostile_moment() {
    let point = Point { day: jiff::civil::date(2026, 1, 26), value: Some(1.0) };
    let series =
        Series { title: HOSTILE.to_owned(), unit: HOSTILE.to_owned(), decimals: 0, points: vec![point], shown: 1 };
    assert_tame(&Chart::line(&series).render().unwrap());
    assert_tame(&Moment { exact: HOSTILE.to_owned(), words: HOSTILE.to_owned() }.render().unwrap());
}
