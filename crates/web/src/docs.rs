//! The API, described: `/openapi.json`, and `/docs` to browse it offline.

use axum::{Json as Answer, Router, routing::get};
use utoipa::{
    OpenApi,
    openapi::{
        Components, OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    State,
    auth::SESSION,
    pages,
    problem::ProblemId,
    views::{Nav, Page, ProblemRow, Problems},
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Afferent", description = INTRODUCTION),
    tags(
        (name = "integrations", description = "Connecting providers, syncing, disconnecting."),
        (name = "records", description = "What was collected, and the log of its changes."),
        (name = "context", description = "What an agent is told of a person."),
        (name = "sharing", description = "What a person lets every reader see; a token's own switches can only narrow it."),
        (name = "audit", description = "Who did what to whose data."),
        (name = "tokens", description = "What apps and agents show to come in."),
        (name = "users", description = "People, for administrators and embedding apps."),
        (name = "connect links", description = "Connecting an embedding app's users, who have no account here.")
    )
)]
struct Description;

const INTRODUCTION: &str = "\
Carries what people's devices and accounts sense to the apps and agents that act on it.

Send `Authorization: Bearer TOKEN`. A user token is for its own person; a service token names the person in `user_id`. \
What is wrong is answered as `application/problem+json`, with an id of [a closed list](/docs/problems). A POST with an \
`Idempotency-Key` that is sent again is answered as before. Connecting and tokens are limited: `ratelimit-remaining` \
says how much is left, `retry-after` when to come again. Every answer has an `x-request-id`, which the server's log has, too.";

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
    OpenApiRouter::with_openapi(describe()).merge(crate::guarded_api()).merge(crate::api()).into_openapi()
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
