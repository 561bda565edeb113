//! Who calls, as extractors that are permissions: what a handler takes says who may call it.

mod caller;
mod cookie;
mod subject;

pub(crate) use self::{
    caller::{Caller, Visitor},
    cookie::{Cookies, LINK, SESSION, set as set_cookie},
    subject::{
        AuditRead, ConnectionsRead, ConnectionsWrite, ContextRead, For, LinksWrite, RecordsRead, Service, SharingWrite,
        Staff, TokensWrite, UsersWrite, require_scope,
    },
};
