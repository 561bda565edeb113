//! Adds people.

use std::io::{IsTerminal, Read};

use anyhow::Context;
use identity::NewAccount;
use model::{Actor, Secret};

use super::say;
use crate::{cli::UserCommand, config::Config, house::House};

/// Adds somebody.
pub(crate) async fn run(command: UserCommand, config: &Config) -> anyhow::Result<()> {
    let UserCommand::Add { email, role, zone } = command;
    let role = role.parse().map_err(|error| anyhow::anyhow!("{error}: member, auditor or admin"))?;
    let password = password()?;
    let house = House::from_config(config).await?;
    let new = NewAccount { external_id: None, email: Some(email), password: Some(password), role, zone };
    let user = house.identity.add_user(&Actor::Operator, new).await?;
    say(&format!("{} was added as {}, with the id {}", user.email.unwrap_or_default(), user.role, user.id));
    Ok(())
}

/// Asks at a terminal; otherwise the first line of standard input.
fn password() -> anyhow::Result<Secret> {
    if std::io::stdin().is_terminal() {
        return Ok(Secret::new(rpassword::prompt_password("Password: ")?));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(Secret::new).context("give the password at a terminal or on standard input")
}
