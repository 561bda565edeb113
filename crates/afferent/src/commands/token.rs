//! Makes, lists and revokes API tokens.

use std::time::Duration;

use identity::TokenRequest;
use model::{Actor, Scopes, Sharing};

use super::say;
use crate::{cli::TokenCommand, config::Config, house::House};

/// Makes, lists or revokes.
pub(crate) async fn run(command: TokenCommand, config: &Config) -> anyhow::Result<()> {
    let house = House::from_config(config).await?;
    match command {
        TokenCommand::New { user, name, scopes, service, expires_in } => {
            let all = if service { Scopes::all() } else { Scopes::personal() };
            let request = TokenRequest {
                owner: house.person(&user).await?.id,
                service,
                name,
                scopes: scopes.map_or(Ok(all), |words| Scopes::parse(&words))?,
                sharing: Sharing::default(),
                expires_in: expires_in.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
            };
            let (token, secret) = house.identity.create_token(&Actor::Operator, request).await?;
            say(secret.expose());
            eprintln!("{} was made; its secret is not kept anywhere else", token.id);
        }
        TokenCommand::List { user } => {
            let user = house.person(&user).await?;
            for token in house.identity.tokens(user.id).await? {
                let used = token.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
                say(&format!("{}  {}  {}  {used}", token.id, token.name, token.scopes));
            }
        }
        TokenCommand::Revoke { user, id } => {
            let user = house.person(&user).await?;
            house.identity.revoke_token(&Actor::Operator, user.id, id.parse()?).await?;
            say("revoked");
        }
    }
    Ok(())
}
