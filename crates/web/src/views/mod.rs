//! The pages as plain data: one file a page, each with its template; nothing here asks the house anything.

mod agents;
pub(crate) mod assets;
mod audit;
pub(crate) mod chart;
mod connections;
mod dashboard;
mod disclosure;
mod events;
mod link;
mod message;
mod moment;
mod page;
mod problems;
mod progress;
mod replace;
mod server;
mod settings;
mod sharing;
mod sign_in;
#[cfg(test)]
pub(crate) mod tests;
mod webhooks;

pub(crate) use self::{
    agents::{AgentRow, Agents, Created, NewAgent, ReadLine},
    audit::{Audit, AuditDay, AuditLine, Chain, Who},
    connections::{
        CollectionRow, Connections, ConsentGiven, Details, HearingLine, Loss, ProviderRow, Standing, SyncRun,
    },
    dashboard::{Dashboard, Figure, Range, SourceLine, Told},
    disclosure::{Asking, Disclosure, TopicKinds},
    events::{EventFilter, Events, Line},
    link::{DeadLink, LinkPage, LinkProvider, WhyDead},
    message::{Message, Way},
    moment::Moment,
    page::{Nav, Page, SignedIn, Tone},
    problems::{ProblemRow, Problems},
    progress::Progress,
    replace::Replace,
    server::{
        CheckRow, Deliveries, DeliveryRow, Listening, NoticeRow, Server, SizeRow, SubscriptionRow, Subscriptions, Tab,
    },
    settings::{Settings, ZoneGroup},
    sharing::SharingForm,
    sign_in::{Refusal, SignIn},
    webhooks::{AttemptLine, NewSecret, WebhookForm, WebhookRow, Webhooks},
};
