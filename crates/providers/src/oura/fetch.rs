//! Asks Oura's API, and reads its refusals.

use jiff::{ToSpan, civil::Date};
use model::Account;
use outbound::Request;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use url::Url;

use super::wire;
use crate::{Api, Ask, Collection, Dates, Error, Page};

const PREFIX: &str = "/v2/usercollection";
const PERSONAL_INFO: &str = "personal_info";

/// One page of a collection.
pub(super) async fn page(api: &Api, ask: &Ask<'_>) -> Result<Page, Error> {
    let body = api.get(&format!("{PREFIX}/{}", ask.collection.id), &query(ask)).await?;
    let next = if ask.collection.id == PERSONAL_INFO { None } else { next(&body)? };
    if next.is_some() && next.as_deref() == ask.next {
        return Err(Error::Malformed("a page names itself as the next".into()));
    }
    Ok(Page { body, next })
}

/// What to ask for: the window, widened by the collection's margins.
pub(super) fn query(ask: &Ask<'_>) -> Vec<(&'static str, String)> {
    let Collection { dates, margin_before_days, margin_after_days, .. } = ask.collection;
    let from = ask.window.from.saturating_sub(margin_before_days.days());
    let to = ask.window.to.saturating_add(margin_after_days.days());
    let mut query = match dates {
        Dates::Days => vec![("start_date", from.to_string()), ("end_date", to.to_string())],
        Dates::Instants => {
            let end = to.saturating_add(1.day());
            vec![("start_datetime", midnight(from)), ("end_datetime", midnight(end))]
        }
        Dates::None => Vec::new(),
    };
    query.extend(ask.next.map(|next| ("next_token", next.to_owned())));
    query
}

fn midnight(day: Date) -> String {
    format!("{day}T00:00:00Z")
}

/// One document; `None` when it is gone.
pub(super) async fn document(api: &Api, collection: &Collection, id: &str) -> Result<Option<Page>, Error> {
    let path = document_path(collection, id)?;
    match api.get(&path, &[]).await {
        Ok(body) => Ok(Some(Page { body, next: None })),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The path of a document. What cannot be asked for is an error, because `None` would say that it is gone.
pub(super) fn document_path(collection: &Collection, id: &str) -> Result<String, Error> {
    let name = &collection.id;
    if name == PERSONAL_INFO {
        return Ok(format!("{PREFIX}/{name}"));
    }
    // A day stands in for the id that old documents lack; Oura does not know it.
    let made_up = id.parse::<Date>().is_ok();
    if !collection.documents || made_up || !is_plain(id) {
        return Err(Error::Malformed(format!("{name} has no document of this identity")));
    }
    Ok(format!("{PREFIX}/{name}/{id}"))
}

/// Whether an identity can stand in a path as it is.
pub(super) fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// Whose account it is. The id can be read with any token, the address only with its scope.
pub(super) async fn account(api: &Api) -> Result<Account, Error> {
    let body = api.get(&format!("{PREFIX}/{PERSONAL_INFO}"), &[]).await?;
    let body = wire::json(&body)?;
    let unreadable = |error: wire::Unreadable| Error::Malformed(error.to_string());
    let item = wire::Item::new(&body).map_err(unreadable)?;
    Ok(Account { id: item.id().map_err(unreadable)?, label: item.text("email").map_err(unreadable)? })
}

/// Ends the grant. Sent again without harm: a token that is already dead stays dead.
pub(super) async fn revoke(api: &Api) -> Result<(), Error> {
    let (Some(url), Some(access)) = (&api.application.revoke_url, &api.access) else { return Ok(()) };
    let mut url = url.clone();
    // Oura takes the token nowhere but in the query. It is dead once the request is answered.
    url.query_pairs_mut().append_pair("access_token", access.expose());
    let answer = match ask_to_revoke(api, &url, Request::post).await {
        // Oura does not document the method: clients send POST or GET.
        Err(Error::NotFound | Error::Rejected(405)) => ask_to_revoke(api, &url, Request::get).await,
        answer => answer,
    };
    match answer {
        Err(Error::Unauthorized) => Ok(()),
        answer => answer,
    }
}

async fn ask_to_revoke(api: &Api, url: &Url, request: fn(Url) -> Request) -> Result<(), Error> {
    api.send(|| request(url.clone())).await.map(drop)
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "data")]
    _data: Vec<IgnoredAny>,
    next_token: Option<String>,
}

fn next(body: &[u8]) -> Result<Option<String>, Error> {
    let envelope: Envelope =
        serde_json::from_slice(body).map_err(|_| Error::Malformed("the answer is no list of documents".into()))?;
    Ok(envelope.next_token.filter(|token| !token.is_empty()))
}

/// What an answer without success means.
pub(super) fn refusal(status: u16, body: &[u8]) -> Error {
    match (status, missing_scope(body)) {
        // Measured by others: a missing scope is a 401, as an expired token is. Oura's own table says 403.
        (401 | 403, Some(scope)) => Error::MissingScope(scope),
        // Oura's API specification 1.37: 403 usually means that the membership has lapsed.
        (403, None) => {
            Error::Forbidden("Oura does not give out this account's data; its membership may have lapsed".into())
        }
        _ => Error::from_status(status),
    }
}

/// The scope in "Token is not authorized access spo2 scope.", whether the body is bare or a problem document.
fn missing_scope(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let (_, words) = body.get("detail")?.as_str()?.split_once("not authorized")?;
    let words: Vec<_> = words.split_whitespace().map(|word| word.trim_end_matches('.')).collect();
    let [scope, _] = words.windows(2).find(|pair| pair[1].eq_ignore_ascii_case("scope"))? else { return None };
    is_scope(scope).then(|| (*scope).to_owned())
}

fn is_scope(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-' | '.'))
}
