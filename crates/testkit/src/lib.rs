//! What tests share: databases of their own on both engines, and a house with the sandbox that it connects people to.

mod corpus;
mod database;
#[cfg(feature = "house")]
mod delivery;
#[cfg(feature = "house")]
mod house;
mod postgres;
#[cfg(feature = "house")]
mod provider;
mod raw;
#[cfg(feature = "house")]
mod receiver;
#[cfg(feature = "house")]
mod street;

pub use self::{
    corpus::{corpora, corpus},
    database::{Engine, TestDb},
    postgres::{Postgres, Stop},
    raw::{count, run},
};
#[cfg(feature = "house")]
pub use self::{
    delivery::SignedDelivery,
    house::{Disguise, House, Plan},
    receiver::{Post, Receiver, Reply},
    street::{Life, Street},
};
