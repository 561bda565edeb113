//! The doors: pages, JSON API, the way back from providers. They translate HTTP and decide nothing.

mod aliases;
mod api;
mod auth;
mod body;
mod callback;
mod declared;
mod docs;
mod extract;
pub mod fuzzing;
mod health;
mod idempotency;
mod limit;
mod manners;
mod metrics;
mod pages;
mod problem;
mod state;
mod stream;
mod views;
mod webhook;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::{
    aliases::Aliased,
    docs::{openapi, problems_reference},
    metrics::collect as collect_metrics,
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
    let api = api.merge(changing_api().route_layer(once)).merge(receiving()).merge(reading_api()).merge(operations());
    let (api, document) = api.split_for_parts();
    let routes = Router::new().merge(api).merge(pages(&state)).merge(docs::routes(document));
    let routes = manners::wrap(routes, &state);
    Aliased::new(routes.with_state(state.clone()), &state)
}

/// For programs: an app's backend, an agent, a script. What makes or ends something, which a key does once.
fn changing_api() -> OpenApiRouter<State> {
    use crate::api::{connect, deliveries, disconnect, links, status, subscriptions, sync, users, webhooks};

    let routes = OpenApiRouter::new()
        .routes(routes!(sync::ask))
        .routes(routes!(status::change, disconnect::delete))
        .routes(routes!(disconnect::post))
        .routes(routes!(connect::confirm))
        .routes(routes!(deliveries::replay))
        .routes(routes!(links::create))
        .routes(routes!(links::redeem))
        .routes(routes!(users::list, users::create))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::replay))
        .routes(routes!(subscriptions::list, subscriptions::create))
        .routes(routes!(subscriptions::reconcile))
        .routes(routes!(subscriptions::renew))
        .routes(routes!(subscriptions::end));
    docs::with_keys(docs::with_problems(routes))
}

/// For providers: what they send by themselves. Nobody signs in, and nobody is limited: a provider has few addresses.
fn receiving() -> OpenApiRouter<State> {
    docs::with_problems(OpenApiRouter::new().routes(routes!(webhook::answer, webhook::receive)))
}

/// For programs too: what tells of a person. It is never answered from memory: sharing may have changed since.
fn reading_api() -> OpenApiRouter<State> {
    use crate::{
        api::{audit, context, deliveries, events, jobs, records, retention, sharing, status, users, webhooks},
        stream::{live, socket, sse},
    };

    let routes = OpenApiRouter::new()
        // how things stand
        .routes(routes!(status::list))
        .routes(routes!(status::show))
        .routes(routes!(jobs::show))
        // what was collected
        .routes(routes!(records::list))
        .routes(routes!(records::show))
        .routes(routes!(events::list))
        .routes(routes!(sse::show))
        .routes(routes!(live::show))
        .routes(routes!(socket::open))
        .routes(routes!(context::show))
        .routes(routes!(context::inject))
        // what providers sent
        .routes(routes!(deliveries::list))
        // people and what they share
        .routes(routes!(users::me))
        .routes(routes!(sharing::show, sharing::change))
        .routes(routes!(retention::show, retention::change))
        .routes(routes!(webhooks::attempts))
        .routes(routes!(audit::list));
    docs::with_problems(routes)
}

/// For programs too, and limited per address: connecting, from a browser as well, tokens, and what has us send something.
fn guarded_api() -> OpenApiRouter<State> {
    use crate::{
        api::{connect, tokens, webhooks},
        pages::disclosure,
    };

    let routes = OpenApiRouter::new()
        .routes(routes!(connect::begin, disclosure::show_to_caller))
        .routes(routes!(callback::finish))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(webhooks::test))
        .routes(routes!(tokens::change, tokens::revoke));
    docs::with_limits(docs::with_keys(docs::with_problems(routes)))
}

/// For people in a browser.
fn pages(state: &State) -> Router<State> {
    use crate::pages::{
        agents, assets, audit, connections, dashboard, disclosure, events, link, replace, server, settings, sign_in,
        webhooks,
    };

    let guarded = Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/connections/{provider}/connect", get(disclosure::show).post(disclosure::submit))
        .route("/link/{token}", get(link::show).post(link::open))
        .route("/link/{token}/{provider}", get(link::disclose).post(link::connect))
        .route("/agents/webhooks/{webhook}/test", post(webhooks::test))
        .route_layer(middleware::from_fn_with_state(state.clone(), limit::guard));
    Router::new()
        .merge(guarded)
        .route("/", get(dashboard::show))
        .route("/dashboard", get(dashboard::show))
        .route("/events", get(events::show))
        .route("/connections", get(connections::show))
        .route("/connections/{provider}/sync", post(connections::sync))
        .route("/connections/{provider}/disconnect", post(connections::disconnect))
        .route("/connections/{provider}/replace", get(replace::show).post(replace::submit))
        .route("/sharing", post(connections::share))
        .route("/agents", get(agents::show).post(agents::create))
        .route("/agents/{token}/sharing", post(agents::share))
        .route("/agents/{token}/revoke", post(agents::revoke))
        .route("/agents/webhooks", get(webhooks::show).post(webhooks::create))
        .route("/agents/webhooks/{webhook}/state", post(webhooks::change))
        .route("/agents/webhooks/{webhook}/rotate", post(webhooks::rotate))
        .route("/agents/webhooks/{webhook}/delete", post(webhooks::delete))
        .route("/audit", get(audit::show))
        .route("/settings", get(settings::show).post(settings::change_zone))
        .route("/settings/retention", post(settings::change_retention))
        .route("/settings/password", post(settings::change_password))
        .route("/server", get(server::overview::show))
        .route("/server/deliveries", get(server::deliveries::show))
        .route("/server/deliveries/{delivery}/replay", post(server::deliveries::replay))
        .route("/server/subscriptions", get(server::subscriptions::show))
        .route("/server/subscriptions/{provider}/check", post(server::subscriptions::check))
        .route("/server/subscriptions/renew", post(server::subscriptions::renew))
        .route("/server/subscriptions/end", post(server::subscriptions::end))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/assets/{file}", get(assets::show))
}

/// For whoever watches over this server.
fn operations() -> OpenApiRouter<State> {
    let routes = OpenApiRouter::new()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::show))
        .routes(routes!(api::sizes::show));
    docs::with_problems(routes)
}
