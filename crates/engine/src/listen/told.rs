//! What people are told of whether providers tell us of changes.

use jiff::Timestamp;
use model::{Connection, ListeningState};
use serde::Serialize;
use store::Subscription;

use super::silence;
use crate::{Engine, Result};

/// Whether a provider tells us of changes by itself.
#[derive(Clone, Debug, Serialize)]
pub struct Listening {
    pub provider: String,
    pub state: ListeningState,
    /// What keeps it from more.
    pub why: Option<String>,
    pub since: Option<Timestamp>,
    /// When what it has was last compared with what we want.
    pub reconciled_at: Option<Timestamp>,
    /// When it last made sure of our address because of somebody's silence.
    pub probed_at: Option<Timestamp>,
    /// Active connections, and those of them that are not told of what is new: asking has brought it.
    pub connections: i64,
    pub silent: i64,
    /// Whether no more connections are told of what is new than are silent.
    pub is_widespread: bool,
}

/// How a connection learns of what is new.
#[derive(Clone, Debug, Serialize)]
pub struct Hearing {
    /// `webhooks`, `polling`, or `silent`: asking has brought something that it was not told of.
    pub how: &'static str,
    /// The same in a sentence.
    pub words: String,
    pub last_notice_at: Option<Timestamp>,
    pub silent_since: Option<Timestamp>,
}

impl Listening {
    /// Whether nothing is amiss: not with the provider, and not with most of those who would notice.
    pub fn is_well(&self) -> bool {
        use ListeningState::{Active, Idle, Polling, Unsupported};
        match self.state {
            Active => !self.is_widespread,
            other => matches!(other, Idle | Polling | Unsupported),
        }
    }

    /// How things stand, in words for an operator.
    pub fn in_words(&self) -> String {
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        match (self.state, self.silent) {
            (ListeningState::Active | ListeningState::Partial, 1..) => {
                format!("{}{why}; {} of {} connections are silent", self.state, self.silent, self.connections)
            }
            _ => format!("{}{why}", self.state),
        }
    }
}

impl Engine {
    /// What a provider was asked to send us, and how the asking went.
    pub async fn subscriptions(&self, provider: &str) -> Result<Vec<Subscription>> {
        self.provider(provider)?;
        Ok(self.db.read().await?.subscriptions(provider).await?)
    }

    /// Whether a provider tells us of changes by itself.
    pub async fn listening(&self, provider: &str) -> Result<Listening> {
        let manifest = self.provider(provider)?.manifest();
        let mut tx = self.db.read().await?;
        let known = tx.listening(provider).await?;
        let (connections, silent) = tx.count_silent(provider).await?;
        let is_widespread = silence::is_widespread(&mut tx, provider, silent, self.clock.now()).await?;
        let unknown = if manifest.webhooks.is_some() { ListeningState::Idle } else { ListeningState::Unsupported };
        Ok(Listening {
            provider: provider.to_owned(),
            state: known.as_ref().map_or(unknown, |known| known.state),
            why: known.as_ref().and_then(|known| known.why.clone()),
            since: known.as_ref().map(|known| known.since),
            reconciled_at: known.as_ref().and_then(|known| known.reconciled_at),
            probed_at: known.as_ref().and_then(|known| known.probed_at),
            connections,
            silent,
            is_widespread,
        })
    }

    /// How a connection learns of what is new.
    pub(crate) async fn hearing(&self, connection: &Connection) -> Result<Hearing> {
        let name = &self.provider(&connection.provider)?.manifest().name;
        let mut tx = self.db.read().await?;
        let listening = tx.listening(&connection.provider).await?;
        let hearing = tx.hearing(connection.user_id, connection.id).await?;
        let state = match &listening {
            _ if self.polling.is_some() => ListeningState::Polling,
            Some(listening) => listening.state,
            None => ListeningState::Idle,
        };
        let is_silent = hearing.silent_since.is_some();
        let why = listening.and_then(|listening| listening.why).unwrap_or_default();
        Ok(Hearing {
            how: match state {
                ListeningState::Active | ListeningState::Partial if is_silent => "silent",
                ListeningState::Active | ListeningState::Partial => "webhooks",
                _ => "polling",
            },
            words: self.in_words(name, state, is_silent, &why),
            last_notice_at: hearing.last_notice_at,
            silent_since: hearing.silent_since,
        })
    }

    fn in_words(&self, name: &str, state: ListeningState, is_silent: bool, why: &str) -> String {
        use ListeningState::{Active, Failed, Idle, Partial, Polling, Unreachable, Unsupported};
        match (state, self.polling) {
            (Polling, Some(every)) => format!("{name} is asked every {}.", span(every.as_secs())),
            (Active | Partial, _) if is_silent => {
                format!("{name} did not tell of something new. It is asked every few hours meanwhile.")
            }
            (Active, _) => format!("{name} tells of what is new by itself."),
            (Partial, _) => format!("{name} tells of much of what is new by itself, and is asked for the rest."),
            (Unreachable, _) => format!("{name} cannot reach this server ({why}) and is asked every few hours."),
            (Failed, _) => format!("{name} does not tell of what is new ({why}) and is asked every few hours."),
            (Unsupported | Idle | Polling, _) => format!("{name} is asked every few hours."),
        }
    }
}

fn span(seconds: i64) -> String {
    let of = |count: i64, unit: &str| match count {
        1 => unit.to_owned(),
        _ => format!("{count} {unit}s"),
    };
    match seconds {
        whole if whole % 3600 == 0 => of(whole / 3600, "hour"),
        whole if whole % 60 == 0 => of(whole / 60, "minute"),
        other => of(other, "second"),
    }
}
