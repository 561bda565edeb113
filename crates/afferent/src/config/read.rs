//! Reads settings from the environment and from the settings file; the environment wins.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, bail};
use model::Secret;
use url::Url;

use super::keys::{PROVIDER, SERVER};

/// Read where no other file is named.
const USUAL_FILE: &str = "afferent.toml";

/// Settings as they were found, by their names. They cannot print themselves: some are secrets.
pub(crate) struct Found(BTreeMap<String, Secret>);

impl Found {
    /// Reads both sources. A name in the file that nobody knows is an error: a typo would otherwise do nothing.
    /// Where a setting is there under two names, its own name wins wherever it stands.
    pub(crate) fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        providers: &[String],
    ) -> anyhow::Result<Self> {
        let known = known_names(providers);
        let mut found = read_file(file, &known)?;
        let said = environment.filter(|(name, value)| known.contains_key(name) && !value.is_empty());
        found.extend(said.map(|(name, value)| (name, Secret::new(value))));
        let (own, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| known[name] == *name);
        let kept = other.into_iter().chain(own).map(|(name, value)| (known[&name].clone(), value));
        Ok(Self(kept.collect()))
    }

    /// A setting's text, or what holds without it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let default = || SERVER.iter().find(|key| key.name == name)?.default;
        self.0.get(name).map(Secret::expose).or_else(default).filter(|text| !text.is_empty())
    }

    /// A setting that is a secret.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        self.0.get(name).cloned()
    }

    /// A setting read as something, with a message that names it when it is not.
    pub(crate) fn parse<T: std::str::FromStr>(&self, name: &str) -> anyhow::Result<Option<T>>
    where
        T::Err: std::fmt::Display,
    {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|error| anyhow::anyhow!("{name} cannot be read: {error}"))
    }

    /// A list with commas between.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',')
            .map(|part| part.trim().trim_end_matches('/').to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// A list of origins as browsers spell them; those that end in `any_port` are for every port.
    pub(crate) fn origins(&self, name: &str, any_port: Option<&str>) -> anyhow::Result<Vec<String>> {
        let origins = self.list(name);
        let bare = |origin: &'_ String| any_port.and_then(|end| origin.strip_suffix(end)).unwrap_or(origin).to_owned();
        if let Some(odd) = origins.iter().find(|origin| !is_origin(&bare(origin))) {
            bail!("{name}: \"{odd}\" is not an origin, such as https://app.example");
        }
        Ok(origins)
    }
}

fn is_origin(text: &str) -> bool {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.is_some_and(|url| url.origin().ascii_serialization() == text)
}

/// Every name that is read, with the name that it is kept under.
fn known_names(providers: &[String]) -> BTreeMap<String, String> {
    let server =
        SERVER.iter().flat_map(|key| [Some(key.name), key.also].into_iter().flatten().map(|name| (name, key.name)));
    let server = server.map(|(name, kept)| (name.to_owned(), kept.to_owned()));
    let of_provider = |id: &String| {
        let prefix = id.to_uppercase();
        PROVIDER.iter().map(move |key| format!("{prefix}_{}", key.name))
    };
    server.chain(providers.iter().flat_map(of_provider).map(|name| (name.clone(), name))).collect()
}

/// A file that is named must be there; the usual one may be missing.
fn read_file(named: Option<&Path>, known: &BTreeMap<String, String>) -> anyhow::Result<BTreeMap<String, Secret>> {
    let file = named.unwrap_or(Path::new(USUAL_FILE));
    if named.is_none() && !file.exists() {
        return Ok(BTreeMap::new());
    }
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(name)?;
    parse(&text, known).with_context(name)
}

fn parse(text: &str, known: &BTreeMap<String, String>) -> anyhow::Result<BTreeMap<String, Secret>> {
    let table: toml::Table = text.parse().map_err(|error| misread(text, &error))?;
    let mut pairs = Vec::new();
    flatten("", &table, &mut pairs)?;
    if let Some((odd, _)) = pairs.iter().find(|(name, _)| !known.contains_key(name)) {
        bail!("unknown setting \"{}\"{}", odd.to_lowercase(), suggestion(odd, known));
    }
    // As in the environment, what is empty is not said.
    let said = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    Ok(said.map(|(name, value)| (name, Secret::new(value))).collect())
}

/// Says where, and not what: the library would show the whole line, which may hold a secret.
fn misread(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    anyhow::anyhow!("line {} is not TOML", before.matches('\n').count() + 1)
}

/// `[acme] client_id = …` is `acme_client_id = …`.
fn flatten(prefix: &str, table: &toml::Table, pairs: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.to_uppercase());
        let text = match value {
            toml::Value::Table(table) => {
                flatten(&format!("{name}_"), table, pairs)?;
                continue;
            }
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => {
                let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
                texts.with_context(|| format!("{key} is a list of texts"))?.join(",")
            }
            other => other.to_string(),
        };
        pairs.push((name, text));
    }
    Ok(())
}

fn suggestion(name: &str, known: &BTreeMap<String, String>) -> String {
    let likeness = |other: &str| name.bytes().zip(other.bytes()).filter(|(a, b)| a == b).count();
    let best = known.keys().max_by_key(|other| likeness(other)).filter(|other| likeness(other) * 2 > name.len());
    best.map(|name| format!(" (did you mean \"{}\"?)", name.to_lowercase())).unwrap_or_default()
}

/// What the fuzzer and the replay of its corpus call: a settings file is read or refused, and what is refused is not shown.
#[cfg_attr(not(test), expect(dead_code, reason = "the fuzzer includes this file"))]
pub(crate) fn survive(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let known = known_names(&["acme".to_owned()]);
    match parse(&text, &known) {
        Ok(pairs) => {
            let found = Found(pairs.into_iter().map(|(name, value)| (known[&name].clone(), value)).collect());
            for name in known.values() {
                let _ = (found.list(name), found.origins(name, Some(":*")).is_ok(), found.parse::<Url>(name).is_ok());
            }
        }
        Err(error) => {
            let values = text.lines().filter_map(|line| line.split_once('=')).map(|(_, value)| value.trim());
            // No name of a setting has this sign, so what has it can only be a value.
            let telling = |value: &str| value.len() > 8 && value.contains('$');
            assert!(values.filter(|value| telling(value)).all(|value| !format!("{error:#}").contains(value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(file: &str, environment: &[(&str, &str)]) -> anyhow::Result<Found> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("afferent.toml");
        std::fs::write(&path, file)?;
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Found::read(Some(&path), environment, &["acme".to_owned()])
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let found =
            read("public_url = 'https://file'\nlisten = '0.0.0.0:1'", &[("PUBLIC_URL", "https://env")]).unwrap();
        assert_eq!(found.text("PUBLIC_URL"), Some("https://env"));
        assert_eq!(found.text("LISTEN"), Some("0.0.0.0:1"));
    }

    #[test]
    fn tables_lists_and_other_names_are_understood() {
        let found = read(
            "cors_origins = ['https://a', 'https://b']\n[acme]\nclient_id = 'x'",
            &[("CREDENTIAL_MASTER_KEY", "k")],
        );
        let found = found.unwrap();
        assert_eq!(found.list("CORS_ORIGINS"), ["https://a", "https://b"]);
        assert_eq!(found.text("ACME_CLIENT_ID"), Some("x"));
        assert_eq!(found.text("INTEGRATION_ENCRYPTION_KEY"), Some("k"));
    }

    #[test]
    fn a_settings_own_name_wins_wherever_it_stands() {
        let key = |file: &str, environment: &[(&str, &str)]| {
            read(file, environment).unwrap().text("INTEGRATION_ENCRYPTION_KEY").map(str::to_owned)
        };
        let both = [("INTEGRATION_ENCRYPTION_KEY", "own"), ("CREDENTIAL_MASTER_KEY", "other")];
        assert_eq!(key("", &both).as_deref(), Some("own"));
        assert_eq!(key("", &[both[1], both[0]]).as_deref(), Some("own"));
        let file = "integration_encryption_key = 'own'\ncredential_master_key = 'other'";
        assert_eq!(key(file, &[]).as_deref(), Some("own"));
        assert_eq!(key("integration_encryption_key = 'own'", &both[1..]).as_deref(), Some("own"));
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let error = Found::read(Some(&path), std::iter::empty(), &[]).err().unwrap();
        assert!(error.to_string().contains("mine.toml"), "{error}");
        assert!(Found::read(None, std::iter::empty(), &[]).is_ok(), "the usual one may be missing");
    }

    #[test]
    fn what_no_browser_calls_an_origin_is_an_error() {
        let found = |text: &str| read("", &[("CORS_ORIGINS", text)]).unwrap();
        assert_eq!(found("https://a, http://b:1/").origins("CORS_ORIGINS", None).unwrap(), ["https://a", "http://b:1"]);
        assert!(found("http://a:*").origins("CORS_ORIGINS", Some(":*")).is_ok());
        for odd in ["*", "null", "a.example", "http://a:*", "https://a/path", "HTTPS://A", "ftp://a", "https://a:443"] {
            let error = found(odd).origins("CORS_ORIGINS", None).unwrap_err().to_string();
            assert!(error.contains("CORS_ORIGINS") && error.contains(odd), "{error}");
        }
    }

    #[test]
    fn an_unknown_name_in_the_file_is_an_error_that_helps() {
        let error = format!("{:#}", read("acme_client_idd = 'x'", &[]).err().unwrap());
        assert!(error.contains("acme_client_idd") && error.contains("did you mean \"acme_client_id\""), "{error}");
    }

    #[test]
    fn a_line_that_is_no_toml_is_named_and_not_shown() {
        let error = read("listen = '0.0.0.0:1'\nacme_client_secret = 'a-long-secret\n", &[]).err().unwrap();
        let said = format!("{error:#}");
        assert!(said.contains("line 2") && !said.contains("secret"), "{said}");
    }

    /// What an operator may write: names that are known and that are not, of texts, lists, numbers and tables.
    fn line() -> impl Strategy<Value = String> {
        let names = SERVER.iter().map(|key| key.name.to_lowercase()).chain(["acme_client_id".into(), "odd".into()]);
        let value = prop_oneof![
            any::<String>().prop_map(|text| toml::Value::from(text).to_string()),
            prop::collection::vec("[a-z:/.*$]{0,9}", 0..3).prop_map(|list| toml::Value::from(list).to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            "[ -~]{0,20}",
        ];
        (prop::sample::select(names.collect::<Vec<_>>()), value).prop_map(|(name, value)| format!("{name} = {value}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_written_is_read_or_refused_without_being_shown(lines in prop::collection::vec(line(), 0..6)) {
            survive(lines.join("\n").as_bytes());
        }

        #[test]
        fn a_text_is_read_as_it_was_written(text in "[^\u{0}]{1,40}") {
            let file = format!("acme_client_secret = {}", toml::Value::from(text.clone()));
            let found = read(&file, &[]).unwrap();
            prop_assert_eq!(found.text("ACME_CLIENT_SECRET"), Some(text.as_str()));
        }

        #[test]
        fn the_environment_is_not_misread(text in "[^\u{0}]{1,40}") {
            let found = read("", &[("CORS_ORIGINS", &text)]).unwrap();
            prop_assert!(found.list("CORS_ORIGINS").iter().all(|part| !part.is_empty() && !part.contains(',')));
        }
    }

    #[test]
    fn what_the_fuzzer_has_found_is_survived() {
        for (_, data) in testkit::corpus("settings").unwrap() {
            survive(&data);
        }
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let found = read("", &[("LISTEN", "")]).unwrap();
        assert_eq!(found.text("LISTEN"), Some("127.0.0.1:8080"));
        assert_eq!(found.text("CORS_ORIGINS"), None);
    }

    #[test]
    fn what_is_empty_is_not_said_wherever_it_stands() {
        let empty = "listen = ''\n[acme]\nclient_secret = ''\nwebhook_secret = ''\nwebhook_verification_token = ''";
        let found = read(empty, &[("ACME_WEBHOOK_SECRET", "")]).unwrap();
        for name in ["ACME_CLIENT_SECRET", "ACME_WEBHOOK_SECRET", "ACME_WEBHOOK_VERIFICATION_TOKEN"] {
            assert!(found.secret(name).is_none(), "{name}");
        }
        assert_eq!(found.text("LISTEN"), Some("127.0.0.1:8080"));
    }
}
