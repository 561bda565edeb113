//! What was measured, as a table for people and as JSON for programs.

use std::{fmt::Write as _, fs, path::Path};

use serde::Serialize;
use serde_json::{Map, Value};

/// All that was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    machine: Value,
    tables: Vec<Table>,
    goals: Vec<Goal>,
}

/// Measurements of one thing. Every row has the same columns.
#[derive(Serialize)]
pub(crate) struct Table {
    title: String,
    rows: Vec<Map<String, Value>>,
}

/// What was hoped for, and what came of it.
#[derive(Serialize)]
struct Goal {
    what: String,
    wanted: String,
    measured: Value,
    met: bool,
}

impl Report {
    pub(crate) fn new(machine: Value) -> Self {
        Self { machine, tables: Vec::new(), goals: Vec::new() }
    }

    /// Adds a row to the table of a title, and shows it at once: measuring takes long.
    #[expect(clippy::print_stdout, reason = "whoever started it wants to see how it goes on")]
    pub(crate) fn add(&mut self, title: &str, row: Value) {
        let Value::Object(row) = row else { return };
        let row: Map<_, _> = row.into_iter().map(|(name, value)| (name, rounded(value))).collect();
        let cells: Vec<_> = row.iter().map(|(name, value)| format!("{name} {}", cell(value))).collect();
        println!("{title}: {}", cells.join(", "));
        match self.tables.iter_mut().find(|table| table.title == title) {
            Some(table) => table.rows.push(row),
            None => self.tables.push(Table { title: title.to_owned(), rows: vec![row] }),
        }
    }

    /// Holds a measurement against a goal: at most so much.
    pub(crate) fn at_most(&mut self, what: impl Into<String>, measured: f64, most: f64, unit: &str) {
        let wanted = format!("at most {most} {unit}");
        self.goals.push(Goal { what: what.into(), wanted, measured: rounded(measured.into()), met: measured <= most });
    }

    /// Holds a measurement against a goal: at least so much.
    pub(crate) fn at_least(&mut self, what: impl Into<String>, measured: f64, least: f64, unit: &str) {
        let wanted = format!("at least {least} {unit}");
        self.goals.push(Goal { what: what.into(), wanted, measured: rounded(measured.into()), met: measured >= least });
    }

    /// Shows everything, and keeps it in a folder under a name.
    #[expect(clippy::print_stdout, reason = "the table is what was asked for")]
    pub(crate) fn write(&self, folder: &Path, name: &str) -> anyhow::Result<()> {
        let text = self.markdown();
        fs::write(folder.join(name).with_extension("md"), &text)?;
        fs::write(folder.join(name).with_extension("json"), serde_json::to_string_pretty(self)?)?;
        println!("\n{text}");
        Ok(())
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        let about: Vec<_> = self.machine.as_object().into_iter().flatten().collect();
        for (name, value) in about {
            let _ = writeln!(text, "- {name}: {}", cell(value));
        }
        for table in &self.tables {
            let _ = write!(text, "\n### {}\n\n{}", table.title, markdown(&table.rows));
        }
        let goals: Vec<Map<String, Value>> = self.goals.iter().filter_map(Goal::row).collect();
        if !goals.is_empty() {
            let _ = write!(text, "\n### Goals\n\n{}", markdown(&goals));
        }
        text
    }
}

impl Goal {
    fn row(&self) -> Option<Map<String, Value>> {
        serde_json::to_value(self).ok()?.as_object().cloned()
    }
}

fn markdown(rows: &[Map<String, Value>]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let mut text = line(first.keys().cloned());
    text += &line(first.values().map(|value| if value.is_number() { "---:" } else { "---" }.to_owned()));
    for row in rows {
        text += &line(first.keys().map(|name| cell(row.get(name).unwrap_or(&Value::Null))));
    }
    text
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "**no**".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Three digits say as much as a measurement knows.
fn rounded(value: Value) -> Value {
    let Some(number) = value.as_f64().filter(|number| value.is_f64() && *number != 0.0) else { return value };
    let digits = (2.0 - number.abs().log10().floor()).max(0.0);
    let scale = 10_f64.powf(digits);
    let number = (number * scale).round() / scale;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of a few digits")]
    if digits == 0.0 { (number as i64).into() } else { number.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (exact, shown) in [(0.012_345, "0.0123"), (1.2345, "1.23"), (98.76, "98.8"), (12_345.6, "12346")] {
            assert_eq!(cell(&rounded(exact.into())), shown);
        }
        assert_eq!(cell(&rounded(12_345.into())), "12345");
        assert_eq!(cell(&rounded(f64::NAN.into())), "–");
    }

    #[test]
    fn rows_of_a_title_are_one_table() {
        let mut report = Report::new(json!({ "cores": 2 }));
        report.add("reads", json!({ "what": "context", "per second": 10.5 }));
        report.add("reads", json!({ "what": "me", "per second": 20 }));
        report.at_most("start", 301.0, 300.0, "ms");
        let text = report.markdown();
        assert!(text.contains("### reads\n\n| what | per second |\n| --- | ---: |\n| context | 10.5 |\n| me | 20 |\n"));
        assert!(text.contains("| start | at most 300 ms | 301 | **no** |"), "{text}");
    }
}
