//! Who calls, as extractors that are permissions: what a handler takes says who may call it.

mod caller;
mod cookie;
mod stay;
mod subject;

pub(crate) use self::{
    caller::{Caller, Visitor},
    cookie::{Cookies, LINK, SESSION, set as set_cookie},
    stay::Stay,
    subject::{
        AuditRead, ConnectionsRead, ConnectionsWrite, ContextRead, DeliveriesRead, DeliveriesWrite, For, LinksWrite,
        MetricsRead, RecordsRead, Service, SharingWrite, Staff, SubscriptionsRead, SubscriptionsWrite, TokensWrite,
        UsersWrite, WebhooksWrite, require_scope,
    },
};
