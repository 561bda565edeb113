//! How a person's connection to a provider fares.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use model::{Account, ConnectionId, ConnectionState, Consent, Reason, Sharing, UserId, Window};
use serde::Serialize;

use crate::{Engine, Result, listen::Hearing, sync};

/// How a person's connection to a provider fares.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    pub provider: String,
    pub name: String,
    pub connected: bool,
    /// `not_connected`, or the state of the connection.
    pub state: &'static str,
    pub reason: Option<Reason>,
    /// Since when it is in its state.
    pub state_since: Option<Timestamp>,
    pub connection_id: Option<ConnectionId>,
    pub account: Option<Account>,
    /// Absent when the provider did not say what it granted.
    pub scopes_granted: Option<BTreeSet<String>>,
    pub scopes_missing: BTreeSet<String>,
    pub connected_at: Option<Timestamp>,
    pub last_sync_at: Option<Timestamp>,
    pub token_expires_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Records of each collection.
    pub counts: BTreeMap<String, i64>,
    pub coverage: BTreeMap<String, CollectionStatus>,
    pub sharing: Sharing,
    pub consent: Option<Consent>,
    /// The last syncs, the newest first.
    pub syncs: Vec<sync::JobReport>,
    /// How the connection learns of what is new.
    pub listening: Option<Hearing>,
}

/// What was fetched of a collection.
#[derive(Clone, Debug, Serialize)]
pub struct CollectionStatus {
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Days between that were never fetched completely.
    pub gaps: Vec<Window>,
    pub last_success_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub missing_scope: Option<String>,
}

impl Engine {
    /// How a person's connection to a provider fares.
    pub async fn status(&self, user: UserId, provider: &str) -> Result<Status> {
        let manifest = self.provider(provider)?.manifest();
        let mut tx = self.db.read().await?;
        let mut status = Status::unconnected(&manifest.id, &manifest.name, tx.sharing(user).await?);
        let Some(connection) = tx.find_connection(user, provider).await? else {
            if tx.has_pending_connection(user, provider).await? {
                status.state = ConnectionState::Pending.as_str();
            }
            return Ok(status);
        };
        let id = connection.id;
        status.coverage = self.coverage(&mut tx, user, id).await?;
        status.counts = tx.count_records(user, id).await?;
        status.token_expires_at = tx.token_expiry(user, id).await?;
        status.consent = tx.find_consent(user, id).await?;
        status.syncs = Self::report_all(tx.recent_jobs(user, id, 10).await?);
        drop(tx);
        sync::bring_forward(self, &connection).await?;
        status.scopes_missing = self.missing_scopes(&connection, &status);
        status.listening = Some(self.hearing(&connection).await?);
        Ok(Status {
            connected: connection.state == ConnectionState::Active,
            state: connection.state.as_str(),
            reason: connection.reason,
            state_since: Some(connection.state_since),
            connection_id: Some(id),
            account: Some(connection.account),
            scopes_granted: connection.scopes_granted,
            connected_at: connection.connected_at,
            last_sync_at: connection.last_sync_at,
            last_error: connection.last_error,
            ..status
        })
    }

    /// How all of a person's connections fare, configured providers without one included.
    pub async fn statuses(&self, user: UserId) -> Result<Vec<Status>> {
        let mut statuses = Vec::new();
        for id in self.providers.keys() {
            statuses.push(self.status(user, id).await?);
        }
        Ok(statuses)
    }

    /// What was not granted at the start, and what the provider has refused since.
    fn missing_scopes(&self, connection: &model::Connection, status: &Status) -> BTreeSet<String> {
        let refused = status.coverage.values().filter_map(|collection| collection.missing_scope.clone());
        connection.scopes_missing().into_iter().chain(refused).collect()
    }

    async fn coverage(
        &self,
        tx: &mut store::Tx<store::Read>,
        user: UserId,
        connection: ConnectionId,
    ) -> Result<BTreeMap<String, CollectionStatus>> {
        let covered = tx.coverage(user, connection).await?;
        let states = tx.collection_states(user, connection).await?;
        Ok(states
            .into_iter()
            .map(|state| {
                let windows = covered.get(&state.collection).map(Vec::as_slice).unwrap_or_default();
                let (from, to) = (windows.first().map(|first| first.from), windows.last().map(|last| last.to));
                let gaps = from.zip(to).map(|(from, to)| Window { from, to }.gaps(windows)).unwrap_or_default();
                let status = CollectionStatus {
                    from,
                    to,
                    gaps,
                    last_success_at: state.last_success_at,
                    last_error: state.last_error.filter(|_| state.missing_scope.is_none()),
                    missing_scope: state.missing_scope,
                };
                (state.collection, status)
            })
            .collect())
    }
}

impl Status {
    fn unconnected(provider: &str, name: &str, sharing: Sharing) -> Self {
        Self {
            provider: provider.to_owned(),
            name: name.to_owned(),
            connected: false,
            state: "not_connected",
            reason: None,
            state_since: None,
            connection_id: None,
            account: None,
            scopes_granted: None,
            scopes_missing: BTreeSet::new(),
            connected_at: None,
            last_sync_at: None,
            token_expires_at: None,
            last_error: None,
            counts: BTreeMap::new(),
            coverage: BTreeMap::new(),
            sharing,
            consent: None,
            syncs: Vec::new(),
            listening: None,
        }
    }
}
