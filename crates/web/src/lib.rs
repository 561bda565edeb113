//! The doors: pages, JSON API, the way back from providers. They translate HTTP and decide nothing.

mod aliases;
mod api;
mod auth;
mod callback;
mod docs;
mod extract;
mod health;
mod idempotency;
mod limit;
mod manners;
mod pages;
mod problem;
mod state;
mod views;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::{
    aliases::Aliased,
    docs::{openapi, problems_reference},
    problem::{Problem, ProblemId},
    state::{Settings, State},
};

/// All doors, with the paths that earlier integrations used leading to the same ones.
pub fn router(state: State) -> Aliased {
    let once = middleware::from_fn_with_state(state.clone(), idempotency::once);
    let limited = middleware::from_fn_with_state(state.clone(), limit::guard);
    // The limit stands in front: a repeated request costs one as well, and so does a guess at a token.
    let guarded = guarded_api().route_layer(once.clone()).route_layer(limited);
    let api = OpenApiRouter::with_openapi(docs::describe()).merge(guarded);
    let api = api.merge(changing_api().route_layer(once)).merge(reading_api()).merge(operations());
    let (api, document) = api.split_for_parts();
    let routes = Router::new().merge(api).merge(pages(&state)).merge(docs::routes(document));
    let routes = manners::wrap(routes, &state);
    Aliased::new(routes.with_state(state.clone()), &state)
}

/// For programs: an app's backend, an agent, a script. What makes or ends something, which a key does once.
fn changing_api() -> OpenApiRouter<State> {
    use crate::api::{connect, disconnect, links, status, sync, users};

    let routes = OpenApiRouter::new()
        .routes(routes!(sync::ask))
        .routes(routes!(status::change, disconnect::delete))
        .routes(routes!(disconnect::post))
        .routes(routes!(connect::confirm))
        .routes(routes!(links::create))
        .routes(routes!(links::redeem))
        .routes(routes!(users::list, users::create));
    docs::with_keys(routes)
}

/// For programs too: what tells of a person. It is never answered from memory: sharing may have changed since.
fn reading_api() -> OpenApiRouter<State> {
    use crate::api::{audit, context, events, jobs, records, sharing, status, users};

    OpenApiRouter::new()
        // how things stand
        .routes(routes!(status::list))
        .routes(routes!(status::show))
        .routes(routes!(jobs::show))
        // what was collected
        .routes(routes!(records::list))
        .routes(routes!(records::show))
        .routes(routes!(events::list))
        .routes(routes!(context::show))
        .routes(routes!(context::inject))
        // people and what they share
        .routes(routes!(users::me))
        .routes(routes!(sharing::show, sharing::change))
        .routes(routes!(audit::list))
}

/// For programs too, and limited per address: connecting, from a browser as well, and tokens.
fn guarded_api() -> OpenApiRouter<State> {
    use crate::{
        api::{connect, tokens},
        pages::disclosure,
    };

    let routes = OpenApiRouter::new()
        .routes(routes!(connect::begin, disclosure::show_to_caller))
        .routes(routes!(callback::finish))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::change, tokens::revoke));
    docs::with_limits(docs::with_keys(routes))
}

/// For people in a browser.
fn pages(state: &State) -> Router<State> {
    use crate::pages::{agents, assets, audit, connections, dashboard, disclosure, link, replace, settings, sign_in};

    let guarded = Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/connections/{provider}/connect", get(disclosure::show).post(disclosure::submit))
        .route("/link/{token}", get(link::show).post(link::open))
        .route("/link/{token}/{provider}", get(link::disclose).post(link::connect))
        .route_layer(middleware::from_fn_with_state(state.clone(), limit::guard));
    Router::new()
        .merge(guarded)
        .route("/", get(dashboard::show))
        .route("/connections", get(connections::show))
        .route("/connections/{provider}/sync", post(connections::sync))
        .route("/connections/{provider}/disconnect", post(connections::disconnect))
        .route("/connections/{provider}/replace", get(replace::show).post(replace::submit))
        .route("/sharing", post(connections::share))
        .route("/agents", get(agents::show).post(agents::create))
        .route("/agents/{token}/sharing", post(agents::share))
        .route("/agents/{token}/revoke", post(agents::revoke))
        .route("/audit", get(audit::show))
        .route("/settings", get(settings::show).post(settings::change_zone))
        .route("/settings/password", post(settings::change_password))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/assets/{file}", get(assets::show))
}

/// For whoever watches over this server.
fn operations() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(health::alive)).routes(routes!(health::ready))
}
