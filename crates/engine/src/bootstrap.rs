//! Begins one person's connection from a refresh token that the operator has, without a browser.

use std::time::Duration;

use jiff::SignedDuration;
use model::{Account, Actor, Connection, ConnectionId, ConnectionState, Secret, TokenSet, UserId};
use store::NewConnection;

use crate::{
    Confirm, Engine, Error, Result,
    connect::{PURPOSE, VERSION, plain_scopes},
};

/// Another process may have begun and not stored its tokens yet; after this long it has failed.
const ANOTHER_AT_IT: SignedDuration = SignedDuration::from_mins(2);
/// The new tokens exist only in our memory: storing them is worth trying for long.
const STORE_TRIES: u32 = 20;
const STORE_AGAIN: Duration = Duration::from_millis(200);

impl Engine {
    /// Connects a person by a refresh token, unless they were ever connected. The token is used until a first
    /// rotation has been stored; from there on a later call goes on. The operator answers for the person's consent.
    pub async fn bootstrap(&self, user: UserId, provider: &str, refresh: &Secret) -> Result<Option<ConnectionId>> {
        let Some(pending) = self.begin_bootstrap(user, provider).await? else { return Ok(None) };
        let now = self.clock.now();
        if self.db.read().await?.find_credential(user, pending.id, now).await?.is_none() {
            let application = self.provider(provider)?.application.clone();
            let tokens = application.refresh(&self.http, refresh).await?;
            self.store_first_rotation(&pending, &tokens).await?;
        }
        let access = self.access(&pending).await?;
        let account = self.identify(provider, access.token).await?;
        self.end_bootstrap(&pending, &account).await.map(Some)
    }

    /// The connection that waits for the token's account: a new one, or the one that an earlier call left.
    async fn begin_bootstrap(&self, user: UserId, provider: &str) -> Result<Option<Connection>> {
        let now = self.clock.now();
        let manifest = self.provider(provider)?.manifest();
        let mut tx = self.db.write().await?;
        tx.lock_log(user).await?;
        let known = tx.connections(user).await?.into_iter().find(|connection| connection.provider == provider);
        if let Some(known) = known {
            let waits = known.state == ConnectionState::Pending && known.account.id.is_empty();
            let stored = tx.find_credential(user, known.id, now).await?.is_some();
            if waits && !stored && now.duration_since(known.created_at) < ANOTHER_AT_IT {
                return Err(Error::Unavailable { message: "another process is at it".into(), retry_at: None });
            }
            return Ok(waits.then_some(known));
        }
        let new = NewConnection {
            user_id: user,
            provider: provider.to_owned(),
            account: Account { id: String::new(), label: None },
            scopes_asked: manifest.scopes(&manifest.kinds()),
            scopes_granted: None,
        };
        let id = tx.add_connection(now, new).await?;
        let pending = tx.connection(user, id).await?;
        tx.commit().await?;
        Ok(Some(pending))
    }

    async fn store_first_rotation(&self, pending: &Connection, tokens: &TokenSet) -> Result<()> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_to_store(pending, tokens).await {
                Err(error) if tries < STORE_TRIES => {
                    tracing::error!(connection.id = %pending.id, %error, "the first tokens could not be stored yet");
                    tokio::time::sleep(STORE_AGAIN * tries).await;
                }
                other => return other,
            }
        }
    }

    async fn try_to_store(&self, pending: &Connection, tokens: &TokenSet) -> Result<()> {
        let manifest = self.provider(&pending.provider)?.manifest();
        let granted = tokens.scopes.clone().map(|scopes| plain_scopes(manifest, scopes));
        let mut tx = self.db.write().await?;
        tx.keep_credential(pending.user_id, pending.id, tokens, self.clock.now()).await?;
        tx.set_scopes(pending.user_id, pending.id, &pending.scopes_asked, granted.as_ref()).await?;
        Ok(tx.commit().await?)
    }

    async fn end_bootstrap(&self, pending: &Connection, account: &Account) -> Result<ConnectionId> {
        let (user, id, now) = (pending.user_id, pending.id, self.clock.now());
        let kinds = self.provider(&pending.provider)?.manifest().kinds();
        let mut tx = self.db.write().await?;
        tx.set_account(user, id, account).await?;
        tx.give_consent(user, id, &pending.provider, &kinds, PURPOSE, VERSION, now).await?;
        let confirm = Confirm { user, actor: Actor::Operator, connection: id, replace_preserving: None };
        let confirmed = self.confirm_in(&mut tx, &confirm).await?;
        tx.commit().await?;
        Ok(self.after_confirming(confirmed).await)
    }
}
