//! The context as Markdown.

use super::{Context, Missing, Section, words};

impl Context {
    /// The text that an agent reads.
    pub fn to_markdown(&self) -> String {
        let missing = self.missing.iter().map(Missing::sentence);
        let notes: Vec<_> = self.notes.iter().cloned().chain(missing).map(|note| format!("_{note}_")).collect();
        let mut blocks = vec![format!("# {}", self.title)];
        if !notes.is_empty() {
            blocks.push(notes.join("\n"));
        }
        blocks.extend(self.sections.iter().map(Section::to_markdown));
        blocks.join("\n\n")
    }
}

impl Section {
    fn to_markdown(&self) -> String {
        let heading = format!("## {} ({})", self.title, self.day);
        let notes = self.notes.iter().map(|note| format!("_{note}_"));
        let lines = self.lines.iter().map(|line| format!("- **{}**: {}", line.label, line.text));
        let all: Vec<_> = [heading].into_iter().chain(notes).chain(lines).collect();
        all.join("\n")
    }
}

impl Missing {
    /// `Not available from PROVIDER: blood oxygen and VO2 max.`
    fn sentence(&self) -> String {
        let labels: Vec<_> = self.kinds.iter().map(|kind| kind.label()).collect();
        format!("Not available from {}: {}.", self.source, words::list(&labels))
    }
}
