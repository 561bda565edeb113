//! Webhooks as received: kept together, sealed, before they are answered; opened afterwards, into a row for each.

mod bundle;
mod keep;
mod list;
mod open;

pub use self::{
    bundle::{Bundle, NewDelivery},
    list::{Delivery, DeliveryCount, DeliveryQuery},
    open::Unopened,
};
use crate::row::Row;

const ROW: Row = Row("deliveries");

fn place(id: &str) -> String {
    format!("delivery:{id}")
}
