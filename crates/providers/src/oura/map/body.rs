//! Tags, the person, and the ring.

use model::record::{Body, Device, Profile, Tag};

use super::{Told, beginning, lasting, of_day, timeless};
use crate::oura::wire::{Item, Read};

/// What a person noted, possibly with an end.
pub(super) fn enhanced_tag(item: Item<'_>) -> Read<Told> {
    let body = Body::Tag(Tag {
        codes: item.text("tag_type_code")?.into_iter().collect(),
        name: item.text("custom_name")?,
        comment: item.text("comment")?,
    });
    lasting(of_day(item, "start_day", body)?, item, "start_time", "end_time").map(Told::from)
}

/// What a person noted, in the deprecated form.
pub(super) fn tag(item: Item<'_>) -> Read<Told> {
    let body = Body::Tag(Tag { codes: item.texts("tags")?, name: None, comment: item.text("text")? });
    beginning(of_day(item, "day", body)?, item, "timestamp").map(Told::from)
}

/// Who the person is. Fields whose scope was not granted are null.
pub(super) fn profile(item: Item<'_>) -> Read<Told> {
    let body = Body::Profile(Profile {
        age_years: item.whole("age")?,
        weight_kilograms: item.number("weight")?,
        height_metres: item.number("height")?,
        biological_sex: item.text("biological_sex")?,
        email: item.text("email")?,
    });
    Ok(timeless(item.id()?, body).into())
}

/// A ring.
pub(super) fn device(item: Item<'_>) -> Read<Told> {
    let body = Body::Device(Device {
        hardware: item.text("hardware_type")?,
        design: item.text("design")?,
        colour: item.text("color")?,
        size: item.whole("size")?,
        firmware: item.text("firmware_version")?,
        set_up_at: item.moment("set_up_at")?.map(|moment| moment.at),
    });
    Ok(timeless(item.id()?, body).into())
}
