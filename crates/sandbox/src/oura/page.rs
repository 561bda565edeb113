//! Pages of documents or rows.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    documents::Document,
    window::{Mark, Window},
};

/// What is always told besides the fields that were chosen.
const ALWAYS_TOLD: [&str; 5] = ["id", "day", "start_day", "timestamp", "timestamp_unix"];

/// The envelope of a page. `found` begins at the window's mark and may hold more than a page.
pub(super) fn envelope(window: Window, size: usize, found: Vec<Document>, fields: Option<&[&str]>) -> Value {
    let skipped = window.after.map_or(0, |mark| mark.told);
    let mut rest = found.into_iter().skip(skipped);
    let page: Vec<Document> = rest.by_ref().take(size).collect();
    let next = rest.next().is_some().then(|| token(Window { after: Some(mark(&page, window.after)), ..window }));
    let data: Vec<Value> = page.into_iter().map(|document| select(document.json, fields)).collect();
    json!({ "data": data, "next_token": next })
}

/// How many must be found to fill a page and to know whether another follows.
pub(super) fn enough(window: &Window, size: usize) -> usize {
    window.after.map_or(0, |mark| mark.told).saturating_add(size).saturating_add(1)
}

fn mark(page: &[Document], before: Option<Mark>) -> Mark {
    let at = page.last().map_or(Timestamp::MIN, |last| last.at);
    let told = page.iter().rev().take_while(|document| document.at == at).count();
    let earlier = before.filter(|mark| mark.at == at && told == page.len()).map_or(0, |mark| mark.told);
    Mark { at, told: told + earlier }
}

fn token(window: Window) -> String {
    let after = window.after.unwrap_or(Mark { at: Timestamp::MIN, told: 0 });
    let parts = [window.from, window.to, after.at].map(|at| at.as_millisecond().to_string());
    URL_SAFE_NO_PAD.encode(format!("{}.{}", parts.join("."), after.told))
}

/// The window that a page token stands for: its own, whatever dates are sent along.
pub(super) fn window(token: &str) -> Option<Window> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let numbers: Vec<i64> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let &[from, to, at, told] = numbers.as_slice() else { return None };
    let [from, to, at] = [from, to, at].map(instant);
    Some(Window { from, to, after: Some(Mark { at, told: usize::try_from(told).ok()? }) })
}

/// The end of time is written in whole milliseconds, which the calendar no longer holds.
fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A document with the chosen fields only.
pub(super) fn select(document: Value, fields: Option<&[&str]>) -> Value {
    match (document, fields) {
        (Value::Object(all), Some(fields)) => {
            let told = |name: &String| fields.contains(&name.as_str()) || ALWAYS_TOLD.contains(&name.as_str());
            Value::Object(all.into_iter().filter(|(name, _)| told(name)).collect())
        }
        (whole, _) => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(instants: &[i64]) -> Vec<Document> {
        let document = |(place, second): (usize, &i64)| Document {
            at: Timestamp::from_second(*second).unwrap(),
            id: None,
            json: json!(place),
        };
        instants.iter().enumerate().map(document).collect()
    }

    #[test]
    fn pages_tell_everything_once_even_at_one_instant() {
        let instants = [1, 2, 2, 2, 2, 2, 3];
        for size in 1..8 {
            let mut told = Vec::new();
            let mut asked = Window::ALWAYS;
            loop {
                let found = documents(&instants).into_iter().filter(|document| asked.holds(document.at)).collect();
                let page = envelope(asked, size, found, None);
                told.extend(page["data"].as_array().unwrap().iter().map(|each| each.as_i64().unwrap()));
                let Some(next) = page["next_token"].as_str() else { break };
                asked = window(next).unwrap();
            }
            assert_eq!(told, [0, 1, 2, 3, 4, 5, 6], "pages of {size}");
        }
    }

    #[test]
    fn nonsense_is_no_token() {
        assert_eq!(window("token123"), None);
        assert_eq!(window(&URL_SAFE_NO_PAD.encode("1.2.3")), None);
    }
}
