//! What tests share: databases of their own on both engines, and a house with the sandbox that it connects people to.

mod database;
#[cfg(feature = "house")]
mod house;
#[cfg(feature = "house")]
mod provider;
mod raw;
#[cfg(feature = "house")]
mod street;

pub use self::{
    database::{Engine, TestDb},
    raw::{count, run},
};
#[cfg(feature = "house")]
pub use self::{
    house::{House, Plan},
    street::{Life, Street},
};
