//! Oura's subscriptions: they belong to the application, which speaks for itself (Oura).

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use model::Operation;
use outbound::Request;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::fetch::is_plain;
use crate::{Api, Error, NewSubscription, Subscription};

const PATH: &str = "/v2/webhook/subscription";

/// Everything that the application is subscribed to.
pub(super) async fn list(api: &Api) -> Result<Vec<Subscription>, Error> {
    read_list(&api.send(request(api, Request::get, PATH)?).await?.body)
}

/// What cannot be read is not ours: we made none of it.
pub(super) fn read_list(body: &[u8]) -> Result<Vec<Subscription>, Error> {
    let list: Vec<Value> = read(body)?;
    Ok(list
        .into_iter()
        .filter_map(|item| serde_json::from_value(item).ok())
        .filter_map(WireSubscription::told)
        .collect())
}

/// Subscribes. Oura challenges the address before it answers, which may take its time (measured).
pub(super) async fn create(api: &Api, wanted: &NewSubscription) -> Result<Subscription, Error> {
    let mut request = request(api, Request::post, PATH)?();
    request.json = Some(body(wanted));
    subscription(&api.send_once(request).await?.body)
}

/// Subscribes anew under the same identity. Whether Oura challenges the address then is a guess.
pub(super) async fn update(api: &Api, id: &str, wanted: &NewSubscription) -> Result<Subscription, Error> {
    let mut request = request(api, put, &path("", id)?)?();
    request.json = Some(body(wanted));
    subscription(&gone(api.send_once(request).await)?.body)
}

/// Lengthens a subscription's life; wants no body (specification).
pub(super) async fn renew(api: &Api, id: &str) -> Result<Subscription, Error> {
    let answer = gone(api.send(request(api, put, &path("/renew", id)?)?).await)?;
    subscription(&answer.body)
}

/// Ends a subscription.
pub(super) async fn delete(api: &Api, id: &str) -> Result<(), Error> {
    let delete = |url| Request::new(http::Method::DELETE, url);
    match gone(api.send(request(api, delete, &path("", id)?)?).await) {
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

fn put(url: url::Url) -> Request {
    Request::new(http::Method::PUT, url)
}

/// A request in the application's own name.
fn request(api: &Api, make: impl Fn(url::Url) -> Request, path: &str) -> Result<impl Fn() -> Request, Error> {
    let url = api.url(path)?;
    let application = api.application.clone();
    Ok(move || {
        let mut request = make(url.clone());
        request.headers.push(("x-client-id", application.client_id.clone()));
        request.secret_headers.push(("x-client-secret", application.client_secret.clone()));
        request
    })
}

fn path(verb: &str, id: &str) -> Result<String, Error> {
    if !is_plain(id) {
        return Err(Error::Malformed("no subscription has this identity".into()));
    }
    Ok(format!("{PATH}{verb}/{id}"))
}

fn body(wanted: &NewSubscription) -> Value {
    json!({
        "callback_url": wanted.callback_url,
        "verification_token": wanted.verification_token.expose(),
        "event_type": wanted.operation,
        "data_type": wanted.data_type,
    })
}

/// An identity that nobody knows is refused with 403 (specification) or 404 (clients).
fn gone<T>(answer: Result<T, Error>) -> Result<T, Error> {
    answer.map_err(|error| match error {
        Error::Forbidden(_) => Error::NotFound,
        other => other,
    })
}

#[derive(Deserialize)]
struct WireSubscription {
    id: String,
    callback_url: String,
    event_type: String,
    data_type: String,
    expiration_time: Option<String>,
}

impl WireSubscription {
    fn told(self) -> Option<Subscription> {
        let operation: Operation = self.event_type.parse().ok()?;
        Some(Subscription {
            provider_id: self.id,
            data_type: self.data_type,
            operation,
            callback_url: self.callback_url,
            expires_at: self.expiration_time.as_deref().and_then(instant),
        })
    }
}

/// An instant; one without an offset is read as UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let civil = || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse().ok().or_else(civil)
}

fn subscription(body: &[u8]) -> Result<Subscription, Error> {
    let wire: WireSubscription = read(body)?;
    wire.told().ok_or_else(unreadable)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::Malformed("the answer tells of no subscription".into())
}
