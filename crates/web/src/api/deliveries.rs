//! What providers have sent, and what became of it.

use std::collections::BTreeSet;

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::StatusCode,
};
use engine::{Delivery, DeliveryQuery, ListedNotice};
use futures::future::try_join_all;
use jiff::Timestamp;
use model::{Action, Actor, DeliveryId, DeliveryState, NoticeState, Operation, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::{DeliveriesRead, DeliveriesWrite, Staff},
    declared::Problems,
    extract::Query,
    problem::Problem,
};

use super::{paging, words};

const MOST: i64 = 500;

/// Which deliveries to read.
#[derive(Deserialize, IntoParams)]
pub(crate) struct DeliveriesQuery {
    #[param(nullable = false)]
    provider: Option<String>,
    /// Only those that stand so.
    #[param(schema_with = words::delivery_state)]
    state: Option<String>,
    /// Only those before this one: what `next_cursor` said.
    #[param(required = false, value_type = String, format = Uuid)]
    cursor: Option<DeliveryId>,
    /// 1 to 500.
    #[param(nullable = false, minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Deliveries, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveriesAnswer {
    deliveries: Vec<DeliveryAnswer>,
    /// Null at the end.
    #[schema(required, nullable, value_type = Option<String>, format = Uuid)]
    next_cursor: Option<DeliveryId>,
}

/// A delivery, and what it tells of.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryAnswer {
    #[schema(value_type = String, format = Uuid)]
    id: DeliveryId,
    provider: String,
    #[schema(schema_with = words::delivery_state)]
    state: DeliveryState,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// By the provider's clock.
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    signed_at: Option<Timestamp>,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
    /// Why it stands as it does.
    #[schema(required, nullable)]
    why: Option<String>,
    /// What it tells of, for each person whom it concerns; empty until it is opened.
    notices: Vec<NoticeAnswer>,
}

/// What a delivery says has changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeAnswer {
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    collection: String,
    #[schema(schema_with = words::operation)]
    operation: Operation,
    /// The provider's own identity of the thing.
    #[schema(required, nullable)]
    object_id: Option<String>,
    #[schema(schema_with = words::notice_state)]
    state: NoticeState,
    #[schema(required, nullable)]
    why: Option<String>,
}

impl From<Delivery> for DeliveryAnswer {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            provider: delivery.provider,
            state: delivery.state,
            received_at: delivery.received_at,
            signed_at: delivery.signed_at,
            settled_at: delivery.settled_at,
            why: delivery.why,
            notices: delivery.notices.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ListedNotice> for NoticeAnswer {
    fn from(notice: ListedNotice) -> Self {
        Self {
            user_id: notice.user_id,
            collection: notice.collection,
            operation: notice.operation,
            object_id: notice.object_id,
            state: notice.state,
            why: notice.why,
        }
    }
}

/// Reads what providers have sent. For administrators and service tokens.
#[utoipa::path(get, path = "/api/v1/deliveries", operation_id = "list_deliveries", tag = "deliveries", params(DeliveriesQuery),
    responses((status = 200, body = DeliveriesAnswer), Problems))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    staff: Staff<DeliveriesRead>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Answer<DeliveriesAnswer>, Problem> {
    let limit = paging::limit(query.limit, MOST)?;
    let wanted = DeliveryQuery {
        provider: query.provider,
        state: read_state(query.state.as_deref())?,
        before: query.cursor,
        limit,
    };
    let deliveries = state.engine.deliveries(&wanted).await?;
    note_shown(&state, &staff.actor(), &deliveries).await?;
    let next_cursor = paging::go_on_after(&deliveries, limit).map(|delivery| delivery.id);
    Ok(Answer(DeliveriesAnswer { deliveries: deliveries.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Puts on record, for each person whom the deliveries concern, who is shown them.
pub(crate) async fn note_shown(state: &State, actor: &Actor, deliveries: &[Delivery]) -> Result<(), Problem> {
    let people: BTreeSet<UserId> =
        deliveries.iter().flat_map(|delivery| &delivery.notices).map(|notice| notice.user_id).collect();
    // All at once, so that one commit has many of them.
    try_join_all(people.iter().map(|user| state.engine.note_read(actor, *user, Action::DeliveriesRead))).await?;
    Ok(())
}

fn read_state(word: Option<&str>) -> Result<Option<DeliveryState>, Problem> {
    let state = word.map(str::parse).transpose();
    state.map_err(|unknown: model::UnknownWord| Problem::invalid("state", unknown.to_string()))
}

/// Does once more what a delivery calls for: it is opened again, or what it tells of is fetched again.
#[utoipa::path(post, path = "/api/v1/deliveries/{delivery}/replay", operation_id = "replay_delivery", tag = "deliveries",
    params(("delivery" = String, Path, format = Uuid)), responses((status = 202, body = DeliveryAnswer), Problems))]
pub(crate) async fn replay(
    Extract(state): Extract<State>,
    staff: Staff<DeliveriesWrite>,
    Path(delivery): Path<String>,
) -> Result<(StatusCode, Answer<DeliveryAnswer>), Problem> {
    let id: DeliveryId = delivery.parse().map_err(|_| engine::Error::NotFound("delivery"))?;
    state.engine.replay(&staff.actor(), id).await?;
    Ok((StatusCode::ACCEPTED, Answer(state.engine.delivery(id).await?.into())))
}
