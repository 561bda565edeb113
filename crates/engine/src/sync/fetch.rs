//! Asks a provider for one page or one thing, with a token that is good.

use std::mem;

use model::Connection;
use providers::{Api, Ask, Collection, Page};

use crate::{Engine, Error, Result, credentials::Refreshed};

pub(crate) type Trial<T> = std::result::Result<T, Trouble>;

/// What a collection did not give, by what is to be done about it.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The grant lacks a scope: nothing to be done here.
    MissingScope(String),
    /// Only this collection is affected.
    Collection { why: String, passing: bool },
    /// No collection can be asked now.
    Connection(Error),
}

/// What became of a thing that was asked for by its identity.
pub(super) enum Found {
    Gone,
    There(Page),
    /// It cannot be asked for by itself, or the provider refuses to say.
    Refused(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Connection(error)
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        Self::Connection(error.into())
    }
}

impl From<providers::Error> for Trouble {
    fn from(error: providers::Error) -> Self {
        use providers::Error::{MissingScope, RateLimited, Unauthorized, Unavailable};
        match error {
            MissingScope(scope) => Self::MissingScope(scope),
            RateLimited(_) => Self::Connection(error.into()),
            Unavailable(why) => Self::Collection { why, passing: true },
            // A token that was refreshed just now, or could not be again so soon.
            Unauthorized => Self::Collection { why: error.to_string(), passing: true },
            other => Self::Collection { why: other.to_string(), passing: false },
        }
    }
}

impl Engine {
    /// Fetches one page. A token that the provider does not accept is refreshed once in a run, not at each page:
    /// every refresh spends a rotation.
    #[tracing::instrument(name = "fetch", skip_all, fields(provider = connection.provider, collection = ask.collection.id))]
    pub(super) async fn fetch_page(
        &self,
        connection: &Connection,
        ask: &Ask<'_>,
        may_refresh: &mut bool,
    ) -> Trial<Page> {
        let (api, rotation) = self.authorised(connection).await?;
        let provider = api.provider.clone();
        match provider.fetch(&api, ask).await {
            Err(providers::Error::Unauthorized) if mem::take(may_refresh) => {
                let api = self.authorised_anew(connection, rotation).await?;
                Ok(provider.fetch(&api, ask).await?)
            }
            other => Ok(other?),
        }
    }

    /// Asks for one thing by its identity.
    #[tracing::instrument(name = "find", skip_all, fields(provider = connection.provider, collection = collection.id))]
    pub(super) async fn find(
        &self,
        connection: &Connection,
        collection: &Collection,
        id: &str,
        may_refresh: &mut bool,
    ) -> Trial<Found> {
        use providers::Error::{Forbidden, Malformed, Rejected, Unauthorized};
        let (api, rotation) = self.authorised(connection).await?;
        let provider = api.provider.clone();
        let found = match provider.find(&api, collection, id).await {
            Err(Unauthorized) if mem::take(may_refresh) => {
                let api = self.authorised_anew(connection, rotation).await?;
                provider.find(&api, collection, id).await
            }
            other => other,
        };
        match found {
            Ok(None) => Ok(Found::Gone),
            Ok(Some(page)) => Ok(Found::There(page)),
            Err(error @ (Malformed(_) | Rejected(_) | Forbidden(_))) => Ok(Found::Refused(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// The provider's API with a token that is good, and which rotation that is of.
    async fn authorised(&self, connection: &Connection) -> Result<(Api, i64)> {
        let access = self.access(connection).await?;
        Ok((self.api(&connection.provider, access.token)?, access.rotation))
    }

    /// The provider's API with a newer token than one that it did not accept.
    async fn authorised_anew(&self, connection: &Connection, rotation: i64) -> Result<Api> {
        self.force_refresh(connection, rotation).await?;
        Ok(self.authorised(connection).await?.0)
    }

    async fn force_refresh(&self, connection: &Connection, rotation: i64) -> Result<()> {
        match self.refresh(connection, rotation).await {
            Refreshed::Done => Ok(()),
            Refreshed::NeedsConsent(reason) => Err(Error::NeedsConsent(reason)),
            Refreshed::Removed => Err(Error::NotConnected),
            Refreshed::Later(message) => Err(Error::Unavailable { message, retry_at: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_not_accepted_may_be_later() {
        let trouble = Trouble::from(providers::Error::Unauthorized);
        assert!(matches!(trouble, Trouble::Collection { passing: true, .. }), "{trouble:?}");
        let trouble = Trouble::from(providers::Error::Rejected(422));
        assert!(matches!(trouble, Trouble::Collection { passing: false, .. }), "{trouble:?}");
    }
}
