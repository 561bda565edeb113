//! The API, described: `/openapi.json`, and `/docs` to browse it offline.

use axum::{Json as Answer, Router, routing::get};
use utoipa::{
    OpenApi,
    openapi::{
        Components, Header, ObjectBuilder, OpenApi as Document, RefOr,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        response::Response,
        schema::{Schema, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    State,
    auth::SESSION,
    declared, pages,
    problem::{Problem, ProblemId},
    views::{Nav, Page, ProblemRow, Problems},
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Afferent", description = INTRODUCTION),
    components(schemas(Problem)),
    tags(
        (name = "integrations", description = "Connecting providers, syncing, disconnecting."),
        (name = "records", description = "What was collected, and the log of its changes."),
        (name = "context", description = "What an agent is told of a person."),
        (name = "sharing", description = "What a person lets every reader see; a token's own switches can only narrow it."),
        (name = "audit", description = "Who did what to whose data."),
        (name = "tokens", description = "What apps and agents show to come in."),
        (name = "users", description = "People, for administrators and embedding apps."),
        (name = "connect links", description = "Connecting an embedding app's users, who have no account here."),
        (name = "deliveries", description = "What providers send by themselves, and what became of it."),
        (name = "webhooks", description = WEBHOOKS),
        (name = "operations", description = "Whether this server lives and can do its work.")
    )
)]
struct Description;

const INTRODUCTION: &str = "\
Carries what people's devices and accounts sense to the apps and agents that act on it.

Send `Authorization: Bearer TOKEN`. A user token is for its own person; a service token names the person in `user_id`. \
What is wrong is answered as `application/problem+json`, with an id of [a closed list](/docs/problems). Where a POST takes \
an `Idempotency-Key`, it is answered as before when it is sent again. Connecting and tokens are limited: `ratelimit-remaining` \
says how much is left, `retry-after` when to come again. Every answer has an `x-request-id`, which the server's log has, too.";

const WEBHOOKS: &str = "\
Having events sent to an address, by the [Standard Webhooks](https://www.standardwebhooks.com) specification. A message \
tells that something changed, not what it says: `{\"type\": \"sleep.revised\", \"timestamp\": …, \"data\": {\"user_id\": …, \
\"external_id\": …, …}}`, where the rest of `data` is the event as `/api/v1/events` has it. `events.reset` tells that events up \
to its `floor` were pruned before they could be sent. Answer with a status of success within 15 seconds; otherwise the \
message comes again, under the same `webhook-id`, later and later for five days.";

/// What the document says besides its routes.
pub(crate) fn describe() -> Document {
    let mut document = Description::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token.")).build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION))));
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new("token", none), SecurityRequirement::new("session", none)]);
    document
}

/// The whole document.
pub fn openapi() -> Document {
    let routes = OpenApiRouter::with_openapi(describe()).merge(crate::guarded_api()).merge(crate::changing_api());
    routes.merge(crate::receiving()).merge(crate::reading_api()).merge(crate::operations()).into_openapi()
}

/// Describes what can be wrong with requests to these routes.
pub(crate) fn with_problems(mut routes: OpenApiRouter<State>) -> OpenApiRouter<State> {
    for operation in routes.get_openapi_mut().paths.paths.values_mut().flat_map(operations) {
        let statuses = declared::of_requests(operation);
        declared::add(operation, statuses);
    }
    routes
}

/// Describes the key that the POSTs of these routes take.
pub(crate) fn with_keys(mut routes: OpenApiRouter<State>) -> OpenApiRouter<State> {
    let items = routes.get_openapi_mut().paths.paths.values_mut();
    for post in items.filter_map(|item| item.post.as_mut()) {
        post.parameters.get_or_insert_default().push(key_parameter().into());
        // The request is read as a whole, whatever the door itself reads, and may be another one under the same key.
        declared::add(post, [408, 409, 413, 422]);
        let replayed = "`true` when this is the answer to an earlier request with the same key.";
        for response in responses(post, "2") {
            response.headers.insert("idempotency-replayed".to_owned(), header(Type::Boolean, replayed));
        }
    }
    routes
}

fn key_parameter() -> Parameter {
    let text = "Any text of the client's own, up to 200 characters of ASCII. Sent again with the same request within a \
        day, it has no effect again: the answer is the first one's. What failed may be tried again.";
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(200));
    let named = ParameterBuilder::new().name("idempotency-key").parameter_in(ParameterIn::Header);
    named.schema(Some(schema)).description(Some(text)).build()
}

/// Describes what these routes' answers say of how often one may come.
pub(crate) fn with_limits(mut routes: OpenApiRouter<State>) -> OpenApiRouter<State> {
    let told = [
        ("ratelimit-limit", "Requests a minute from one address."),
        ("ratelimit-remaining", "How many are left."),
        ("ratelimit-reset", "In how many seconds there is one more; 0 when some are left."),
    ];
    for operation in routes.get_openapi_mut().paths.paths.values_mut().flat_map(operations) {
        declared::add(operation, [429]);
        for response in responses(operation, "") {
            let headers = told.map(|(name, about)| (name.to_owned(), header(Type::Integer, about)));
            response.headers.extend(headers);
        }
    }
    routes
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, patch, delete, .. } = item;
    [get, post, patch, delete].into_iter().flatten()
}

/// The answers of an operation whose status begins so.
fn responses<'a>(operation: &'a mut Operation, begins: &'a str) -> impl Iterator<Item = &'a mut Response> {
    let found = operation.responses.responses.iter_mut().filter(move |(status, _)| status.starts_with(begins));
    found.filter_map(|(_, response)| match response {
        RefOr::T(response) => Some(response),
        RefOr::Ref(_) => None,
    })
}

fn header(kind: Type, about: &str) -> RefOr<Header> {
    let schema: Schema = ObjectBuilder::new().schema_type(kind).build().into();
    let mut header = Header::new(schema);
    header.description = Some(about.to_owned());
    RefOr::T(header)
}

pub(crate) fn routes(document: Document) -> Router<State> {
    let ui: Router<State> = SwaggerUi::new("/docs").config(Config::new(["/openapi.json"])).into();
    Router::new()
        .route("/openapi.json", get(move || async move { Answer(document) }))
        .route("/docs/problems", get(problems))
        .merge(ui)
}

/// Every problem id, as Markdown.
pub fn problems_reference() -> String {
    let mut text = String::from(
        "# Problems\n\nGenerated from the list in the code. Answers are `application/problem+json` (RFC 9457); \
        `type` ends with the id.\n\n| id | status | title | meaning |\n|---|---|---|---|\n",
    );
    for problem in ProblemId::ALL {
        let (id, status, title, meaning) = problem.facts();
        text.push_str(&format!("| `{id}` | {} | {title} | {} |\n", status.as_u16(), meaning.trim()));
    }
    text.trim_end().to_owned()
}

/// Every problem id, explained.
async fn problems() -> pages::Answer {
    let rows = ProblemId::ALL.iter().map(|problem| {
        let (id, status, title, meaning) = problem.facts();
        ProblemRow { id, status: status.as_u16(), title, meaning: meaning.trim() }
    });
    pages::render(&Problems { page: Page::new("Problems", Nav::Elsewhere, None), problems: rows.collect() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, to_value};

    use super::*;

    #[test]
    fn every_operation_has_an_id_of_its_own_and_a_tag_that_is_explained() {
        let document = to_value(openapi()).unwrap();
        let named = |tag: &Value| tag["name"].as_str().unwrap().to_owned();
        let tags: BTreeSet<_> = document["tags"].as_array().unwrap().iter().map(named).collect();
        let paths = document["paths"].as_object().unwrap();
        let mut ids = BTreeSet::new();
        for operation in paths.values().flat_map(|path| path.as_object().unwrap().values()) {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id} is there twice");
            assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{id}");
        }
        assert!(ids.len() > 20);
    }

    #[test]
    fn a_service_token_names_its_person_in_the_query() {
        let document = to_value(openapi()).unwrap();
        let named = &document["paths"]["/api/v1/records"]["get"]["parameters"].as_array().unwrap().last().unwrap();
        assert_eq!((&named["name"], &named["in"]), (&"user_id".into(), &"query".into()));
    }
}
