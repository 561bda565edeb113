//! What records tell that nobody else may hear: of their bodies all that cannot stand in a log by chance.

use std::collections::BTreeSet;

use serde_json::Value;

/// A number of so many digits, behind the point as well, is nobody else's.
const DIGITS: usize = 6;
/// So many numbers in a row are a measurement.
const ROW: usize = 6;
/// A word may be one of ours; so long a text with a blank in it is somebody's.
const LETTERS: usize = 8;

/// Everything in these bodies that is telling.
pub(crate) fn telling<'a>(bodies: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    bodies.into_iter().for_each(|body| search(body, &mut found));
    found
}

fn search(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                // As JSON, and as programs print what they hold.
                if name.contains('_') {
                    found.extend([format!("{name}\":"), format!("{name}: ")]);
                }
                search(value, found);
            }
        }
        Value::Array(items) => {
            let row: Option<Vec<f64>> = items.iter().take(ROW).map(Value::as_f64).collect();
            let row = row.filter(|row| row.len() == ROW && row.iter().any(|number| *number != row[0]));
            found.extend(row.iter().flat_map(|row| rows(row)));
            items.iter().for_each(|item| search(item, found));
        }
        Value::Number(number) => {
            let text = number.to_string();
            let is_long = text.bytes().filter(u8::is_ascii_digit).count() >= DIGITS;
            found.extend(Some(text).filter(|text| is_long && text.contains('.')));
        }
        Value::String(text) => {
            let is_long = text.len() >= LETTERS && text.contains(' ');
            found.extend(Some(text.clone()).filter(|_| is_long));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// A row as JSON has it, and as programs print it.
fn rows(row: &[f64]) -> impl Iterator<Item = String> {
    let with_points: Vec<_> = row.iter().map(|number| format!("{number:?}")).collect();
    let without: Vec<_> = row.iter().map(f64::to_string).collect();
    let joined = |row: Vec<String>| [",", ", "].map(|blank| row.join(blank));
    joined(with_points).into_iter().chain(joined(without))
}
