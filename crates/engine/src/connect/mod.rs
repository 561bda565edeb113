//! Connecting: from the disclosure to the sealed credential, and back out again.

mod begin;
mod callback;
mod confirm;
mod disclosure;
mod disconnect;
mod link;

pub use self::{
    begin::{Begin, Begun},
    callback::{Callback, Finished},
    confirm::Confirm,
    disclosure::Disclosure,
    disconnect::{Disconnected, Revocation},
    link::{LinkRequest, NewLink, OpenedLink, Redeemed},
};
pub(crate) use self::{
    callback::plain_scopes,
    disclosure::{PURPOSE, VERSION},
};
