//! The reference of all settings, from the same table that they are read by.

use std::fmt::Write;

use super::keys::{Key, PROVIDER, SERVER};

/// Every setting, as Markdown.
pub(crate) fn reference() -> String {
    let mut text = String::from(
        "# Settings\n\nGenerated from the table by which settings are read. In the environment by these names; in \
         `afferent.toml` by the same in lower case, lists as lists, a provider's in a table of its id. \
         The environment wins. A name in the file that nobody knows stops the server.\n\n## Server\n\n",
    );
    table(&mut text, "", SERVER);
    text.push_str("\n## Each provider\n\n`ID` is the provider's id in upper case.\n\n");
    table(&mut text, "ID_", PROVIDER);
    text
}

fn table(text: &mut String, prefix: &str, keys: &[Key]) {
    text.push_str("| setting | without it | meaning |\n|---|---|---|\n");
    for key in keys {
        let default = match key.default {
            Some("") => "none".to_owned(),
            Some(default) => format!("`{default}`"),
            None => "–".to_owned(),
        };
        let also = key.also.map(|also| format!(" (also read as `{also}`)")).unwrap_or_default();
        let _ = writeln!(text, "| `{prefix}{}`{also} | {default} | {} |", key.name, key.about);
    }
}
