//! What the command line can do, a file per command.

mod check;
mod deliveries;
mod demo;
mod key;
mod migrate;
mod openapi;
mod rederive;
mod sandbox;
mod serve;
mod sync;
mod token;
mod user;

use std::{io::Write, process::ExitCode};

use crate::{
    cli::{Cli, Command},
    config::{self, Config},
};

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = || Config::read(cli.config.as_deref());
    match cli.command {
        Command::Demo(options) => demo::run(options).await?,
        Command::Serve => serve::run(&config()?).await?,
        Command::Sandbox(options) => sandbox::run(options).await?,
        Command::Migrate => migrate::run(&config()?).await?,
        Command::Check => return check::run(cli.config.as_deref()).await,
        Command::Key(command) => key::run(command, config).await?,
        Command::User(command) => user::run(command, &config()?).await?,
        Command::Token(command) => token::run(command, &config()?).await?,
        Command::Sync(options) => return sync::run(options, &config()?).await,
        Command::Deliveries(command) => deliveries::run(command, &config()?).await?,
        Command::Rederive(options) => rederive::run(options, &config()?).await?,
        Command::Openapi => openapi::run()?,
        Command::Reference { what } if what == "problems" => say(&web::problems_reference()),
        Command::Reference { .. } => say(config::reference().trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for whoever called. A reader that has gone away is no trouble of ours.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
