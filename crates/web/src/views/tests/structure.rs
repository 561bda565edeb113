//! What holds for every page in every state.

use std::collections::BTreeSet;

use super::samples::pages;

/// The values of an attribute, wherever it occurs.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let opening = format!(" {attribute}=\"");
    html.split(&opening).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn nothing_is_inline_or_from_elsewhere() {
    for (name, html) in pages() {
        for forbidden in ["<style", " style=", " onclick=", " onsubmit=", "javascript:", "<iframe", "<img"] {
            assert!(!html.contains(forbidden), "{name} has {forbidden}");
        }
        assert!(html.split("<script").skip(1).all(|rest| rest.starts_with(" src=\"/assets/")), "{name}: a script");
        let sources = values(&html, "src").into_iter().filter(|url| !url.starts_with("/assets/"));
        assert_eq!(sources.count(), 0, "{name} loads something");
    }
}

#[test]
fn a_page_has_one_heading_of_the_first_rank_and_a_language() {
    for (name, html) in pages() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main ").count(), 1, "{name}");
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{name}");
    }
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    for (name, html) in pages() {
        let ids = values(&html, "id");
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name} has an id twice");
        for attribute in ["aria-labelledby", "aria-describedby", "data-copy", "for"] {
            for id in values(&html, attribute) {
                assert!(unique.contains(id), "{name}: {attribute} leads to no {id}");
            }
        }
    }
}

#[test]
fn tags_are_closed_in_their_order() {
    const VOID: [&str; 5] = ["meta", "link", "input", "!doctype", "br"];
    for (name, html) in pages() {
        let mut open = Vec::new();
        for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            let word = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(word), "{name}: </{word}>");
            } else if !tag.ends_with('/') && !VOID.contains(&word) {
                open.push(word);
            }
        }
        assert!(open.is_empty(), "{name} leaves {open:?} open");
    }
}

#[test]
fn every_field_has_a_label() {
    for (name, html) in pages() {
        for (at, _) in html.match_indices("<input").chain(html.match_indices("<select")) {
            let hidden = html[at..].starts_with("<input type=\"hidden\"");
            let before = &html[..at];
            let labelled = before.rfind("<label").is_some_and(|open| open > before.rfind("</label>").unwrap_or(0));
            assert!(hidden || labelled, "{name}: {}", &html[at..at + 60]);
        }
    }
}
