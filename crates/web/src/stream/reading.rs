//! One reader of one person's events: what comes next is told only while the reader may read.

use std::sync::Arc;

use engine::{Filter, Follow, OpenStream, Said, Via};
use model::{Action, Actor, Sharing, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::End;
use crate::{
    State,
    api::Wanted,
    auth::{For, RecordsRead, Stay},
    problem::Problem,
};

/// Where to begin, and which events are wanted. Who misspells a filter is told so, not everything.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// The position of the last event read; without it, from now on.
    #[param(nullable = false, minimum = 0)]
    pub(super) after: Option<i64>,
    /// Kinds with commas between; none: all.
    #[param(nullable = false)]
    kinds: Option<String>,
    /// Providers with commas between; none: all.
    #[param(nullable = false)]
    providers: Option<String>,
    /// Read by the permission extractor.
    #[param(ignore)]
    #[serde(rename = "user_id")]
    _user_id: Option<String>,
}

impl StreamQuery {
    pub(crate) fn filter(self) -> Result<Filter, Problem> {
        Wanted { kinds: self.kinds, providers: self.providers }.filter()
    }
}

/// One reader of one person's events.
pub(super) struct Reading {
    pub(super) state: State,
    stay: Stay,
    user: UserId,
    actor: Actor,
    follow: Follow,
    pub(super) open: Arc<OpenStream>,
}

impl Reading {
    /// Begins to read.
    pub(super) async fn begin(
        state: State,
        subject: &For<RecordsRead>,
        stay: Stay,
        filter: Filter,
        after: Option<i64>,
        via: Via,
    ) -> Result<Self, Problem> {
        let (user, actor) = (subject.user, subject.actor());
        state.engine.note_read(&actor, user, Action::EventsRead).await?;
        let follow = state.engine.follow(user, filter, after).await?;
        Ok(Self { state, stay, user, actor, follow, open: Arc::new(OpenStream::new(via)) })
    }

    /// How far the reader is.
    pub(super) fn position(&self) -> i64 {
        self.follow.position()
    }

    /// What comes next. May be given up and called again.
    pub(super) async fn next(&mut self) -> Result<Vec<Said>, End> {
        self.follow.ready().await?;
        let sharing = self.still_may().await?;
        self.state.engine.note_read(&self.actor, self.user, Action::EventsRead).await?;
        let said = self.follow.take(sharing.as_ref()).await?;
        self.open.sent(said.iter().filter(|said| matches!(said, Said::Event(_))).count());
        Ok(said)
    }

    /// The reader's own switches as they are now, if it may still read.
    pub(super) async fn still_may(&self) -> Result<Option<Sharing>, End> {
        match self.stay.may::<RecordsRead>(self.user).await {
            Ok(Some(caller)) => Ok(caller.sharing().cloned()),
            Ok(None) => Err(End::NoLonger),
            // The problem has been logged where it was made.
            Err(_) => Err(End::Trouble),
        }
    }
}
