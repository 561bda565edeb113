//! Begins one person's connection from a refresh token that the operator has, without a browser.

use model::{Actor, ConnectionId, Secret, UserId};
use store::NewConnection;

use crate::{
    Confirm, Engine, Result,
    connect::{PURPOSE, VERSION, plain_scopes},
};

impl Engine {
    /// Connects a person by a refresh token; does nothing when they were ever connected, because the token is
    /// used up by then. The operator answers for the person's consent.
    pub async fn bootstrap(&self, user: UserId, provider: &str, refresh: &Secret) -> Result<Option<ConnectionId>> {
        let configured = self.provider(provider)?.clone();
        let known = self.db.read().await?.connections(user).await?;
        if known.iter().any(|connection| connection.provider == provider) {
            return Ok(None);
        }
        let tokens = configured.application.refresh(&self.http, refresh).await?;
        let api = self.api(provider, tokens.access.clone())?;
        let account = configured.provider.identify(&api).await?;
        let manifest = configured.manifest();
        let kinds = manifest.kinds();
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let new = NewConnection {
            user_id: user,
            provider: provider.to_owned(),
            account,
            scopes_asked: manifest.scopes(&kinds),
            scopes_granted: tokens.scopes.clone().map(|scopes| plain_scopes(manifest, scopes)),
        };
        let connection = tx.add_connection(now, new).await?;
        tx.keep_credential(user, connection, &tokens, now).await?;
        tx.give_consent(user, connection, provider, &kinds, PURPOSE, VERSION, now).await?;
        let confirm = Confirm { user, actor: Actor::Operator, connection, replace_preserving: None };
        let confirmed = self.confirm_in(&mut tx, &confirm).await?;
        tx.commit().await?;
        Ok(Some(self.after_confirming(confirmed).await))
    }
}
