//! What the demo must find again at its second start: kept in a file for its owner alone.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use model::Random;
use serde::{Deserialize, Serialize};
use store::MasterKeys;

/// What the demo must find again. Written whole to a file of mode 0600 and printed nowhere else.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Keepsake {
    pub(super) encryption_key: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) admin_email: String,
    pub(super) admin_password: String,
    pub(super) email: String,
    pub(super) password: String,
    /// Empty until the first start has added the person.
    pub(super) user_id: String,
    pub(super) api_token: String,
    pub(super) service_token: String,
}

impl Keepsake {
    /// Finds what an earlier start kept, or begins anew.
    pub(super) fn open(data: &Path) -> anyhow::Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .with_context(|| data.display().to_string())?;
        let file = file(data);
        if file.exists() {
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            return serde_json::from_str(&text).with_context(|| format!("{} cannot be read", file.display()));
        }
        let keepsake = Self::new(&Random::system());
        keepsake.keep(data)?;
        Ok(keepsake)
    }

    fn new(random: &Random) -> Self {
        let secret = || random.secret().expose().to_owned();
        let password = || secret()[..16].to_owned();
        Self {
            encryption_key: MasterKeys::generate("demo", random).expose().to_owned(),
            client_id: "afferent-demo".into(),
            client_secret: secret(),
            admin_email: "admin@example.org".into(),
            admin_password: password(),
            email: "ada@example.org".into(),
            password: password(),
            user_id: String::new(),
            api_token: String::new(),
            service_token: String::new(),
        }
    }

    /// Writes it, so that a crash leaves either the old or the new one.
    pub(super) fn keep(&self, data: &Path) -> anyhow::Result<()> {
        let (file, new) = (file(data), data.join("demo.json.new"));
        let _ = std::fs::remove_file(&new);
        let mut writer = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        writer.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        writer.sync_all()?;
        std::fs::rename(&new, &file).with_context(|| file.display().to_string())
    }
}

fn file(data: &Path) -> PathBuf {
    data.join("demo.json")
}
