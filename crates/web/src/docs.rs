//! The API, described: `/openapi.json`, and `/docs` to browse it offline.

use axum::{Json as Answer, Router, response::Html, routing::get};
use utoipa::{
    OpenApi,
    openapi::{
        Components, OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{State, auth::SESSION, problem::ProblemId};

#[derive(OpenApi)]
#[openapi(info(
    title = "Afferent",
    description = "Carries what people's devices and accounts sense to the apps and agents that act on it."
))]
struct Description;

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
        .route("/docs/problems", get(async || Html(problems())))
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
fn problems() -> String {
    let mut html = String::from("<!doctype html><html lang=\"en\"><title>Problems</title><h1>Problems</h1><dl>");
    for problem in ProblemId::ALL {
        let (id, status, title, text) = problem.facts();
        html.push_str(&format!("<dt id=\"{id}\"><code>{id}</code> {status}: {title}</dt><dd>{text}</dd>"));
    }
    html.push_str("</dl></html>");
    html
}
