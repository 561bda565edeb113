//! Keeps the context within a number of tokens: the least important lines go first.

use std::cmp::Reverse;

use super::Context;

impl Context {
    /// How many tokens the text takes at most, whatever the model.
    pub fn estimated_tokens(&self) -> usize {
        estimate(&self.to_markdown())
    }

    /// What fits a budget: lines go before notes, since a text that hides its age is worse than a short one.
    /// `None` when not even one line fits.
    pub fn within(mut self, max_tokens: usize) -> Option<Self> {
        while self.estimated_tokens() > max_tokens {
            if self.lines() > 1 {
                self.drop_least();
            } else if !self.missing.is_empty() {
                self.missing.clear();
            } else {
                return None;
            }
        }
        Some(self)
    }

    fn lines(&self) -> usize {
        self.sections.iter().map(|section| section.lines.len()).sum()
    }

    /// Drops the least important line, the last among equals, and its section when nothing is left in it.
    fn drop_least(&mut self) {
        let places =
            self.sections.iter().enumerate().flat_map(|(section, it)| {
                it.lines.iter().enumerate().map(move |(line, it)| (it.priority, section, line))
            });
        let Some((_, section, line)) = places.min_by_key(|place| Reverse(*place)) else { return };
        self.sections[section].lines.remove(line);
        self.sections.retain(|section| !section.lines.is_empty());
    }
}

/// How many tokens a text takes at most. A rule such as a token for every four characters, made for prose, would
/// promise too much: this text is dates, figures and asterisks, where some tokenizers spend a token on each digit and
/// each mark. So: a token for each digit, for the space before a figure (elsewhere a space joins the word after it),
/// for each run of one mark, for every five letters begun, and for each byte beyond ASCII.
fn estimate(text: &str) -> usize {
    let bytes = text.as_bytes();
    let runs = bytes.chunk_by(|one, next| one == next || one.is_ascii_alphabetic() && next.is_ascii_alphabetic());
    let tokens = runs.map(|run| match run[0] {
        letter if letter.is_ascii_alphabetic() => run.len().div_ceil(5),
        b' ' => 0,
        digit if digit.is_ascii_digit() => run.len(),
        b'\n' | 128.. => run.len(),
        _ => 1,
    });
    let before_figures = bytes.windows(2).filter(|pair| pair[0] == b' ' && pair[1].is_ascii_digit()).count();
    tokens.sum::<usize>() + before_figures
}

#[cfg(test)]
mod tests {
    use super::estimate;

    /// Counted by hand for a tokenizer that splits figures into digits.
    #[test]
    fn does_not_promise_too_much() {
        assert!(estimate("- **Sleep Score**: 85/100") >= 12);
        assert!(estimate("## Last Night's Sleep (2026-01-26)") >= 18);
        assert!(estimate("# Health Data from Oura (synced 2 hours ago)") >= 13);
        assert!(estimate("- **Steps**: 8,543") >= 10);
        assert!(estimate("- **Schlafqualität**: 睡眠") >= 14);
    }

    #[test]
    fn counts_what_it_says() {
        assert_eq!(estimate(""), 0);
        assert_eq!(estimate("Sleep"), 1);
        assert_eq!(estimate("Restfulness"), 3);
        assert_eq!(estimate("**a** 42\n\n"), 1 + 1 + 1 + 1 + 2 + 2);
    }
}
