//! Asks a provider for one page, with a token that is good.

use model::Connection;
use providers::{Ask, Collection, Page};

use crate::{Engine, Error, Result, credentials::Refreshed};

/// What a collection did not give, by what is to be done about it.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The grant lacks a scope: nothing to be done here.
    MissingScope(String),
    /// Only this collection is affected.
    Collection { why: String, passing: bool },
    /// No collection can be asked now.
    Connection(Error),
}

/// What became of a thing that a complete window did not bring.
pub(super) enum Found {
    Gone,
    There(Page),
    /// It cannot be asked for by itself.
    Unknown,
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
        use providers::Error::{MissingScope, RateLimited, Unavailable};
        match error {
            MissingScope(scope) => Self::MissingScope(scope),
            RateLimited(_) => Self::Connection(error.into()),
            Unavailable(why) => Self::Collection { why, passing: true },
            other => Self::Collection { why: other.to_string(), passing: false },
        }
    }
}

impl Engine {
    /// Fetches one page. A token that the provider does not accept is refreshed once in a run, not at each page:
    /// every refresh spends a rotation.
    pub(super) async fn fetch_page(
        &self,
        connection: &Connection,
        ask: &Ask<'_>,
        may_refresh: &mut bool,
    ) -> std::result::Result<Page, Trouble> {
        let access = self.access(connection).await?;
        let api = self.api(&connection.provider, access.token)?;
        match api.provider.clone().fetch(&api, ask).await {
            Err(providers::Error::Unauthorized) if *may_refresh => {
                *may_refresh = false;
                self.force_refresh(connection, access.rotation).await?;
                let api = self.api(&connection.provider, self.access(connection).await?.token)?;
                Ok(api.provider.clone().fetch(&api, ask).await?)
            }
            other => Ok(other?),
        }
    }

    /// Asks for one thing that a complete window did not bring.
    pub(super) async fn find_again(
        &self,
        connection: &Connection,
        collection: &Collection,
        id: &str,
    ) -> std::result::Result<Found, Trouble> {
        use providers::Error::{Forbidden, Malformed, Rejected};
        let access = self.access(connection).await?;
        let api = self.api(&connection.provider, access.token)?;
        match api.provider.clone().find(&api, collection, id).await {
            Ok(None) => Ok(Found::Gone),
            Ok(Some(page)) => Ok(Found::There(page)),
            Err(Malformed(_) | Rejected(_) | Forbidden(_)) => Ok(Found::Unknown),
            Err(error) => Err(error.into()),
        }
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
