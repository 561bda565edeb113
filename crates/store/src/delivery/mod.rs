//! Webhooks as received: kept sealed before they are answered, opened afterwards.

mod keep;
mod list;
mod open;

pub use self::{
    keep::{Arrival, NewDelivery},
    list::{Delivery, DeliveryCount, DeliveryQuery},
    open::Unopened,
};
use crate::row::Row;

const ROW: Row = Row("deliveries");

fn place(id: &str) -> String {
    format!("delivery:{id}")
}
