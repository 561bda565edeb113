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
    let guarded = guarded_api().route_layer(middleware::from_fn_with_state(state.clone(), limit::guard));
    let once = middleware::from_fn_with_state(state.clone(), idempotency::once);
    let api = OpenApiRouter::with_openapi(docs::describe()).merge(guarded).merge(api()).route_layer(once);
    let (api, document) = api.split_for_parts();
    let routes = Router::new().merge(api).merge(pages(&state)).merge(operations()).merge(docs::routes(document));
    let routes = manners::wrap(routes, &state);
    Aliased::new(routes.with_state(state.clone()), &state)
}

/// For programs: an app's backend, an agent, a script. Documented at `/docs`.
fn api() -> OpenApiRouter<State> {
    use crate::api::{audit, connect, context, disconnect, events, jobs, links, records, sharing, status, sync, users};

    OpenApiRouter::new()
        // connecting
        .routes(routes!(status::list))
        .routes(routes!(status::show))
        .routes(routes!(sync::ask))
        .routes(routes!(status::change, disconnect::delete))
        .routes(routes!(disconnect::post))
        .routes(routes!(connect::confirm))
        .routes(routes!(jobs::show))
        .routes(routes!(links::create))
        .routes(routes!(links::redeem))
        // reading
        .routes(routes!(records::list))
        .routes(routes!(records::show))
        .routes(routes!(events::list))
        .routes(routes!(context::show))
        .routes(routes!(context::inject))
        // people and what they share
        .routes(routes!(users::me))
        .routes(routes!(users::list, users::create))
        .routes(routes!(sharing::show, sharing::change))
        .routes(routes!(audit::list))
}

/// For programs too, and limited per address: connecting, from a browser as well, and tokens.
fn guarded_api() -> OpenApiRouter<State> {
    use crate::{
        api::{connect, tokens},
        pages::disclosure,
    };

    OpenApiRouter::new()
        .routes(routes!(connect::begin, disclosure::show_to_caller))
        .routes(routes!(callback::finish))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::change, tokens::revoke))
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
fn operations() -> Router<State> {
    Router::new().route("/health", get(health::alive)).route("/ready", get(health::ready))
}
