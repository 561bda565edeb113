//! Paths that earlier integrations used, from the providers' manifests: they reach the same handlers.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{Method, Uri},
    response::Response,
    routing::future::RouteFuture,
};
use std::convert::Infallible;
use std::task::{Context, Poll};
use tower::Service;

use crate::State;

/// The doors, with the aliases in front.
#[derive(Clone)]
pub struct Aliased {
    routes: Router,
    table: Arc<HashMap<(Method, String), String>>,
}

impl Aliased {
    pub(crate) fn new(routes: Router, state: &State) -> Self {
        let mut table = HashMap::new();
        for configured in state.engine.providers() {
            let manifest = configured.manifest();
            for alias in &manifest.aliases {
                if let Ok(method) = alias.method.parse() {
                    table.insert((method, alias.path.clone()), path_of(&manifest.id, alias.door));
                }
            }
        }
        Self { routes, table: Arc::new(table) }
    }

    /// The doors as a router, for serving.
    pub fn into_router(self) -> Router {
        Router::new().fallback_service(self)
    }

    fn translate(&self, request: &mut Request) {
        let key = (request.method().clone(), request.uri().path().to_owned());
        if let Some(path) = self.table.get(&key) {
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            if let Ok(uri) = format!("{path}{query}").parse::<Uri>() {
                *request.uri_mut() = uri;
            }
        }
    }
}

impl Service<Request> for Aliased {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        self.translate(&mut request);
        self.routes.call(request)
    }
}

fn path_of(provider: &str, door: engine::Door) -> String {
    use engine::Door::{Callback, Connect, Disclosure, Disconnect, Settings, Status, Subscriptions, Sync, Webhook};
    let rest = match door {
        Disclosure | Connect => "/auth",
        Callback => "/callback",
        Webhook => "/webhook",
        Status => "/status",
        Sync => "/sync",
        Settings | Disconnect => "",
        Subscriptions => return "/api/v1/subscriptions".to_owned(),
    };
    format!("/api/v1/integrations/{provider}{rest}")
}
