//! The first page: what the sandbox serves.

use std::fmt::Write as _;

use axum::{extract::State, response::Response};
use http::StatusCode;

use crate::{Sandbox, html};

const CONTROLS: &str = "\
<h2>Control</h2><p>Answered only where the sandbox is bound to loopback.</p><table>\
<tr><td><code>GET /_control/clock</code></td><td>what time it is here</td></tr>\
<tr><td><code>POST /_control/clock</code></td><td><code>{\"advance_seconds\": 3600}</code></td></tr>\
<tr><td><code>GET /_control/stats</code></td><td>token calls, requests by path and status, webhooks</td></tr>\
<tr><td><code>POST /_control/faults</code></td><td><code>{\"provider\", \"kind\", \"times\", \"path\", \"seconds\"}</code>; kinds \
<code>rate_limit error slow drop malformed expire_tokens revoke_consent</code> and, for webhooks, \
<code>duplicate_webhook shuffle_webhooks drop_webhook forge_webhook stale_webhook delay_webhook</code>; also <code>page_size</code>, \
<code>refresh_grace_seconds</code>, <code>rate_limit</code></td></tr>\
<tr><td><code>DELETE /_control/faults</code></td><td>no more trouble</td></tr>\
<tr><td><code>GET /_control/people</code></td><td>who lives here</td></tr>\
<tr><td><code>POST /_control/people/{account_id}/sync</code></td><td>their device reaches the cloud now; <code>{\"delay_seconds\": 0}</code> sends \
webhooks at once</td></tr>\
<tr><td><code>DELETE /_control/people/{account_id}/documents/{collection}/{id}</code></td><td>they delete it</td></tr>\
<tr><td><code>GET /_control/deliveries</code></td><td>webhooks and what became of them</td></tr></table>";

/// Shows the first page.
pub(crate) async fn show(State(sandbox): State<Sandbox>) -> Response {
    let mut rows = String::new();
    for person in sandbox.rooms().iter().flat_map(|room| room.stand_in.people()) {
        let (provider, name, account) = (person.provider, html::escape(&person.name), html::escape(&person.account_id));
        let _ =
            write!(rows, "<tr><td><code>/{provider}</code></td><td>{name}</td><td><code>{account}</code></td></tr>");
    }
    let body = format!(
        "<p class=\"note\">Nothing here is real: these people are made up.</p>\
         <table><tr><th>Provider</th><th>Person</th><th>Account</th></tr>{rows}</table>{CONTROLS}"
    );
    html::page(StatusCode::OK, "The sandbox", &body)
}
