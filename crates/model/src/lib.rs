//! The words of the house: plain types, state machines, clock and randomness. No I/O.

mod audit;
mod change;
mod clock;
mod collection;
mod connection;
mod credential;
mod delivery;
mod id;
mod random;
pub mod record;
mod scope;
mod secret;
mod sharing;
mod sink;
mod subscription;
mod user;
mod words;

pub use audit::{Action, Actor, AuditEntry};
pub use change::{Change, ChangeType};
pub use clock::Clock;
pub use collection::{Period, Window};
pub use connection::{Account, Connection, ConnectionState, Consent, InvalidTransition, Reason};
pub use credential::{Credential, TokenSet};
pub use delivery::{DeliveryState, NoticeState, Operation};
pub use id::{
    BundleId, ConnectionId, ConsentId, DeliveryId, InvalidId, JobId, LinkId, NoticeId, PageId, RecordId, SessionId,
    SinkId, SubscriptionId, TokenId, UserId,
};
pub use random::Random;
pub use record::{Kind, Record, StoredRecord, Topic};
pub use scope::{Scope, Scopes};
pub use secret::Secret;
pub use sharing::Sharing;
pub use sink::{Audience, SinkReason, SinkState};
pub use subscription::{ListeningState, SubscriptionState};
pub use user::{Role, User};
pub use words::UnknownWord;
