//! Sends one request and reads one answer, within bounds.

use std::{fmt, time::Duration};

use bytes::{Bytes, BytesMut};
use jiff::{SignedDuration, Timestamp};
use model::Secret;
use reqwest::{Method, header};
use serde_json::Value;
use url::Url;

use crate::Guard;

/// An answer larger than this is refused: a year of a dense series stays well below.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Of an answer whose words do not matter so much is read, so that its connection can be used again.
const MOST_DRAINED: usize = 16 * 1024;

/// Nobody means to be asked again after more than a year.
const MOST_SECONDS: i64 = 366 * 24 * 3600;

/// Some providers refuse the defaults of libraries; all want to know who asks.
const USER_AGENT: &str = concat!("Afferent/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one that may be reached. Nothing was sent.
    #[error("the address {0} may not be reached")]
    Forbidden(String),
    /// Nobody could be reached. Nothing was sent.
    #[error("{host} could not be reached: {cause}")]
    Unreachable { host: String, cause: String },
    /// The request may have been received, but no whole answer came back.
    #[error("{0} did not answer in time, or broke off")]
    Interrupted(String),
    /// The answer was larger than the cap.
    #[error("the answer of {0} is too large")]
    TooLarge(String),
    /// The client could not be built.
    #[error("no HTTP client: {0}")]
    Setup(String),
}

/// What to send.
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    /// Headers that no log may show.
    pub secret_headers: Vec<(&'static str, Secret)>,
    pub bearer: Option<Secret>,
    pub basic: Option<(String, Secret)>,
    pub form: Option<Vec<(&'static str, Secret)>>,
    pub json: Option<Value>,
    /// Bytes as they are, and their media type.
    pub body: Option<(Bytes, &'static str)>,
}

impl Request {
    /// A request of a method.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            secret_headers: Vec::new(),
            bearer: None,
            basic: None,
            form: None,
            json: None,
            body: None,
        }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST.
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }
}

/// What came back, whole.
pub struct Answer {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// When to come again, as RFC 9110 says it in section 10.2.3: after so many seconds, or at a date.
    pub fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        let said = self.header("retry-after")?.trim();
        if let Ok(date) = jiff::fmt::rfc2822::parse(said) {
            return Some(date.timestamp());
        }
        let seconds: i64 = said.parse().ok()?;
        now.checked_add(SignedDuration::from_secs(seconds.clamp(0, MOST_SECONDS))).ok()
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.body.len()).finish()
    }
}

/// The client. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    guard: Guard,
}

impl Client {
    /// A client that reaches what the guard permits, and waits so long for a whole answer.
    pub fn new(guard: Guard, deadline: Duration) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .dns_resolver(guard.clone())
            // A proxy would look names up in its own way, past the guard; the environment may name one.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(deadline.min(Duration::from_secs(10)))
            .timeout(deadline)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Self { http, guard })
    }

    /// Whether an address may be asked for at all; names are checked again once they are resolved.
    pub fn permits(&self, url: &Url) -> bool {
        self.guard.permits(url)
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub async fn send(&self, request: Request) -> Result<Answer, Error> {
        let (response, host) = self.ask(request).await?;
        read(response, &host).await
    }

    /// Sends a request of whose answer only the status and the headers matter; its body is not kept.
    pub async fn tell(&self, request: Request) -> Result<Answer, Error> {
        let (mut response, _) = self.ask(request).await?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        drain(response).await;
        Ok(Answer { status, headers, body: Bytes::new() })
    }

    async fn ask(&self, request: Request) -> Result<(reqwest::Response, String), Error> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        if !self.guard.permits(&request.url) {
            return Err(Error::Forbidden(host));
        }
        let response = self.prepare(request).send().await.map_err(|error| failure(&error, &host))?;
        Ok((response, host))
    }

    fn prepare(&self, request: Request) -> reqwest::RequestBuilder {
        let mut builder = self.http.request(request.method, request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        for (name, secret) in &request.secret_headers {
            builder = match header::HeaderValue::from_str(secret.expose()) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    builder.header(*name, value)
                }
                // Refused again, and then told to whom sends.
                Err(_) => builder.header(*name, secret.expose()),
            };
        }
        if let Some(token) = &request.bearer {
            builder = builder.bearer_auth(token.expose());
        }
        if let Some((user, password)) = &request.basic {
            builder = builder.basic_auth(user, Some(password.expose()));
        }
        if let Some(form) = &request.form {
            let pairs: Vec<_> = form.iter().map(|(name, value)| (*name, value.expose())).collect();
            builder = builder.form(&pairs);
        }
        if let Some((bytes, media_type)) = request.body {
            builder = builder.header(header::CONTENT_TYPE, media_type).body(bytes);
        }
        match &request.json {
            Some(json) => builder.json(json),
            None => builder,
        }
    }
}

/// Whatever goes wrong on the way, the status has been told.
async fn drain(mut response: reqwest::Response) {
    let mut left = MOST_DRAINED;
    while let Ok(Some(chunk)) = response.chunk().await {
        if chunk.len() > left {
            return;
        }
        left -= chunk.len();
    }
}

async fn read(mut response: reqwest::Response, host: &str) -> Result<Answer, Error> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Error::Interrupted(host.to_owned()))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Error::TooLarge(host.to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: body.freeze() })
}

/// reqwest's own message would carry the URL, and a URL can carry a token.
fn failure(error: &reqwest::Error, host: &str) -> Error {
    if error.is_connect() || error.is_builder() {
        Error::Unreachable { host: host.to_owned(), cause: root_cause(error) }
    } else {
        Error::Interrupted(host.to_owned())
    }
}

/// What lies at the bottom: "Connection refused". The layers above would repeat the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_when_to_come_again() {
        let now = Timestamp::from_second(1_769_414_400).unwrap();
        let at = |said: &str| {
            let headers = [(header::RETRY_AFTER, header::HeaderValue::from_str(said).unwrap())].into_iter().collect();
            let answer = Answer { status: 503, headers, body: Bytes::new() };
            Some(answer.retry_at(now)?.as_second() - now.as_second())
        };
        assert_eq!(at("120"), Some(120));
        assert_eq!(at("-3"), Some(0));
        assert_eq!(at("999999999999"), Some(MOST_SECONDS));
        assert_eq!(at("Mon, 26 Jan 2026 08:01:30 GMT"), Some(90));
        assert_eq!(at("Mon, 26 Jan 2026 07:59:00 GMT"), Some(-60), "what is past is past");
        for odd in ["", "soon", "1.5", "99999999999999999999"] {
            assert_eq!(at(odd), None, "{odd}");
        }
    }
}
