//! What is counted and timed, named in one place. A label is one of a closed list: never a person, an address, or what
//! somebody outside chose.

mod happened;
mod process;
mod seen;

pub(crate) use self::happened::{Delivered, delivery, job, refresh, webhook_lag, written};
pub use self::{
    happened::{OpenStream, Via},
    seen::Seen,
};
