//! What a person shares, and with which agent.

use axum::{Json as Answer, extract::State as Extract};
use model::{Action, Actor, Sharing, Topic, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    State,
    auth::{ConnectionsRead, For, SharingWrite},
    declared::Problems,
    extract::Json,
    problem::Problem,
};

use super::Subject;

/// The switches of sharing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Switches {
    /// Off: nothing is shared, whatever the topics say.
    everything: bool,
    sleep: bool,
    readiness: bool,
    activity: bool,
    heart: bool,
    stress: bool,
    body: bool,
}

impl Switches {
    pub(crate) fn of(sharing: &Sharing) -> Self {
        let on = |topic| sharing.topics.contains(&topic);
        Self {
            everything: sharing.everything,
            sleep: on(Topic::Sleep),
            readiness: on(Topic::Readiness),
            activity: on(Topic::Activity),
            heart: on(Topic::Heart),
            stress: on(Topic::Stress),
            body: on(Topic::Body),
        }
    }
}

/// Switches to turn; those that are not named stay.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharingChange {
    /// Off: nothing is shared, whatever the topics say.
    pub(crate) everything: Option<bool>,
    sleep: Option<bool>,
    readiness: Option<bool>,
    activity: Option<bool>,
    heart: Option<bool>,
    stress: Option<bool>,
    body: Option<bool>,
}

impl SharingChange {
    /// The switches after the change.
    pub(crate) fn turn(&self, mut sharing: Sharing) -> Sharing {
        sharing.everything = self.everything.unwrap_or(sharing.everything);
        for (topic, on) in Topic::ALL.iter().filter_map(|topic| Some((*topic, self.of(*topic)?))) {
            sharing.set(topic, on);
        }
        sharing
    }

    fn of(&self, topic: Topic) -> Option<bool> {
        match topic {
            Topic::Sleep => self.sleep,
            Topic::Readiness => self.readiness,
            Topic::Activity => self.activity,
            Topic::Heart => self.heart,
            Topic::Stress => self.stress,
            Topic::Body => self.body,
        }
    }

    /// Turns a person's switches; yields them as they are kept.
    pub(crate) async fn apply(&self, state: &State, actor: &Actor, user: UserId) -> Result<Sharing, Problem> {
        let wanted = self.turn(state.engine.sharing(user).await?);
        state.engine.set_sharing(actor, user, &wanted).await?;
        Ok(state.engine.sharing(user).await?)
    }
}

/// What is shared with every reader.
#[utoipa::path(get, path = "/api/v1/sharing", operation_id = "read_sharing", tag = "sharing", params(Subject),
    responses((status = 200, body = Switches), Problems))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    subject: For<ConnectionsRead>,
) -> Result<Answer<Switches>, Problem> {
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    Ok(Answer(Switches::of(&state.engine.sharing(subject.user).await?)))
}

/// Turns switches for every reader.
#[utoipa::path(patch, path = "/api/v1/sharing", operation_id = "change_sharing", tag = "sharing", params(Subject), request_body = SharingChange,
    responses((status = 200, body = Switches), Problems))]
pub(crate) async fn change(
    Extract(state): Extract<State>,
    subject: For<SharingWrite>,
    Json(change): Json<SharingChange>,
) -> Result<Answer<Switches>, Problem> {
    Ok(Answer(Switches::of(&change.apply(&state, &subject.actor(), subject.user).await?)))
}
