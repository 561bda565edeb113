//! Days and counts in words.

use jiff::civil::Date;

use crate::views::chart::number;

/// Days from the first to the last: "28 Dec to 26 Jan", with the years where it spans most of one.
pub(super) fn span(from: Date, to: Date) -> String {
    let far = from.until(to).is_ok_and(|between| between.get_days() > 300);
    let format = if far { "%-d %b %Y" } else { "%-d %b" };
    match from == to {
        true => from.strftime(format).to_string(),
        false => format!("{} to {}", from.strftime(format), to.strftime(format)),
    }
}

/// A number of things: "1,204 records".
pub(super) fn count(things: i64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(things), if things == 1 { one } else { many })
}

/// "1,204".
pub(super) fn thousands(things: i64) -> String {
    number(things as f64, 0)
}

/// A sentence: begins with a capital, ends with a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn spans_name_years_only_where_they_matter() {
        assert_eq!(span(date(2025, 12, 28), date(2026, 1, 26)), "28 Dec to 26 Jan");
        assert_eq!(span(date(2024, 12, 28), date(2026, 1, 26)), "28 Dec 2024 to 26 Jan 2026");
        assert_eq!(span(date(2026, 1, 3), date(2026, 1, 3)), "3 Jan");
    }

    #[test]
    fn counts_and_sentences() {
        assert_eq!(count(1204, "record", "records"), "1,204 records");
        assert_eq!(count(1, "record", "records"), "1 record");
        assert_eq!(sentence("not connected"), "Not connected.");
        assert_eq!(sentence("Why?"), "Why?");
    }
}
