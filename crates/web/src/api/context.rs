//! What an agent is told of a person.

use axum::{
    Json as Answer,
    extract::State as Extract,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use engine::context::{Context, inject as put_in, last_human};
use model::{Action, UserId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::{Caller, ContextRead, For, require_scope},
    declared::Problems,
    extract::{Json, Query, accepts},
    problem::Problem,
};

use super::Subject;

static INJECTED: HeaderName = HeaderName::from_static("x-context-injected");

/// How long the text may be.
#[derive(Deserialize, IntoParams)]
pub(crate) struct ContextQuery {
    /// A hard budget; the least important lines go first.
    #[param(nullable = false, minimum = 1)]
    max_tokens: Option<usize>,
}

impl ContextQuery {
    fn budget(&self) -> Result<Option<usize>, Problem> {
        match self.max_tokens {
            Some(0) => Err(Problem::invalid("max_tokens", "is at least 1")),
            most => Ok(most),
        }
    }
}

fn within(context: Option<Context>, budget: Option<usize>) -> Option<Context> {
    match budget {
        Some(most) => context?.within(most),
        None => context,
    }
}

/// What an agent is told, as data.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the engine's own type makes")]
pub(crate) struct ContextAnswer {
    title: String,
    #[schema(format = DateTime)]
    synced_at: String,
    /// Whether something is still to come.
    partial: bool,
    /// Whether something may be out of date.
    stale: bool,
    notes: Vec<String>,
    #[schema(value_type = Vec<Object>)]
    missing: Value,
    /// Each with its topic, title, day, freshness and lines: label, text, value, unit, source.
    #[schema(value_type = Vec<Object>)]
    sections: Value,
    /// The same as text.
    markdown: String,
    /// About how many tokens the text costs.
    tokens: usize,
}

/// The context: as `text/markdown`, or as JSON for who asks for that.
#[utoipa::path(get, path = "/api/v1/context", operation_id = "read_context", tag = "context", params(ContextQuery, Subject),
    responses((status = 200, content((String = "text/markdown"), (ContextAnswer = "application/json"))),
        (status = 204, description = "There is nothing to say, or nothing is shared"),
        Problems))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    subject: For<ContextRead>,
    Query(query): Query<ContextQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let budget = query.budget()?;
    state.engine.note_read(&subject.actor(), subject.user, Action::ContextRead).await?;
    let context = state.engine.tell(subject.user, subject.sharing()).await?.context;
    let Some(context) = within(context, budget) else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    if accepts(&headers, "application/json") {
        return Ok(Answer(as_data(&context)).into_response());
    }
    let markdown = HeaderValue::from_static("text/markdown; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, markdown)], context.to_markdown()).into_response())
}

fn as_data(context: &Context) -> Value {
    let mut value = serde_json::to_value(context).unwrap_or_default();
    value["markdown"] = context.to_markdown().into();
    value["tokens"] = context.estimated_tokens().into();
    value
}

/// A chat as models take it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; every other field is passed on as it is")]
pub(crate) struct Chat {
    messages: Vec<ChatMessage>,
}

/// One message of a chat.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; every other field is passed on as it is")]
pub(crate) struct ChatMessage {
    /// `system`, `user`, `assistant` …
    role: String,
    /// A text, or parts.
    #[schema(required = false)]
    content: Value,
    /// Who speaks, of several people: our id or the app's own.
    #[schema(required = false)]
    user_id: Option<String>,
}

/// Puts the context of the most recent human participant into the system message.
///
/// If that one shares nothing, nothing is put in: never somebody else's. `x-context-injected` says whether something was.
#[utoipa::path(post, path = "/api/v1/context/inject", operation_id = "inject_context", tag = "context", params(ContextQuery, Subject), request_body = Chat,
    responses((status = 200, body = Chat), Problems))]
pub(crate) async fn inject(
    Extract(state): Extract<State>,
    caller: Caller,
    Query(query): Query<ContextQuery>,
    Query(named): Query<Named>,
    Json(chat): Json<Value>,
) -> Result<Response, Problem> {
    require_scope::<ContextRead>(&caller)?;
    let budget = query.budget()?;
    let told = match listener(&state, &caller, &chat, named.user_id).await? {
        Some(user) => tell(&state, &caller, user, budget).await?,
        None => None,
    };
    let injected = HeaderValue::from_static(if told.is_some() { "true" } else { "false" });
    let chat = match told {
        Some(markdown) => put_in(chat, &markdown).map_err(engine::Error::from)?,
        None => chat,
    };
    Ok(([(INJECTED.clone(), injected)], Answer(chat)).into_response())
}

/// Whom a service token means when the chat does not say.
#[derive(Deserialize)]
pub(crate) struct Named {
    user_id: Option<String>,
}

/// Whether somebody whom a chat does not name can be taken for the caller's own person: where others are named,
/// the nameless one may be anybody. A service token says itself whom it means.
fn speaks_alone(chat: &Value, caller: &Caller) -> bool {
    let own = caller.user();
    let is_own =
        |name: &str| name.parse().is_ok_and(|id: UserId| id == own.id) || own.external_id.as_deref() == Some(name);
    let messages = chat["messages"].as_array().into_iter().flatten();
    let mut names = messages.filter_map(|message| message["user_id"].as_str());
    caller.only_reaches().is_none() || names.all(is_own)
}

/// Whose context it is: the last person's who spoke. A user token injects only its own person's.
async fn listener(
    state: &State,
    caller: &Caller,
    chat: &Value,
    named: Option<String>,
) -> Result<Option<UserId>, Problem> {
    let Some(human) = last_human(chat).map_err(engine::Error::from)? else { return Ok(None) };
    if human.user_id.is_none() && !speaks_alone(chat, caller) {
        return Ok(None);
    }
    let found = match human.user_id.or(named) {
        Some(speaker) => state.engine.find_user(&speaker).await?.map(|user| user.id),
        None => caller.only_reaches(),
    };
    Ok(found.filter(|user| caller.only_reaches().is_none_or(|own| own == *user)))
}

async fn tell(state: &State, caller: &Caller, user: UserId, budget: Option<usize>) -> Result<Option<String>, Problem> {
    state.engine.note_read(&caller.actor(), user, Action::ContextRead).await?;
    let context = state.engine.tell(user, caller.sharing()).await?.context;
    Ok(within(context, budget).map(|context| context.to_markdown()))
}
