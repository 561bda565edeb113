//! What the API answers when something is wrong: RFC 9457, with a closed list of ids.

use std::num::NonZeroI64;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, schema::Type},
};

macro_rules! problems {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal, $status:ident, $title:literal;)*) => {
        /// Every id there is. To add one: a line here; the documentation and the OpenAPI follow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemId {
            $($(#[doc = $doc])* $name,)*
        }

        impl ProblemId {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The id, its status, its title and its explanation.
            pub fn facts(self) -> (&'static str, StatusCode, &'static str, &'static str) {
                match self {
                    $(Self::$name => ($id, StatusCode::$status, $title, concat!($($doc),*)),)*
                }
            }
        }
    };
}

problems! {
    /// The request carries no session and no valid API token.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Who are you?";
    /// The e-mail address or the password is wrong.
    WrongCredentials = "wrong-credentials", UNAUTHORIZED, "Wrong e-mail address or password";
    /// Too many wrong passwords; `retry-after` says when to try again.
    Locked = "locked", TOO_MANY_REQUESTS, "Signing in is locked for a while";
    /// The session or token may not do this: the detail names the scope, role or person.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed";
    /// A browser sent the request on behalf of another site.
    CrossSite = "cross-site", FORBIDDEN, "Refused, because another site sent it";
    /// There is no such thing, or it is not theirs.
    NotFound = "not-found", NOT_FOUND, "Not found";
    /// The person is not connected to this provider.
    NotConnected = "not-connected", NOT_FOUND, "Not connected";
    /// The path exists, the method does not.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The body is not what its type says.
    Malformed = "malformed", BAD_REQUEST, "The request could not be read";
    /// A value makes no sense: the detail names the field.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "The request makes no sense";
    /// The body is larger than this route takes.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "Too large";
    /// The body did not come in time.
    TooSlow = "too-slow", REQUEST_TIMEOUT, "Too slow";
    /// The body is of a type that this route does not read.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Not a type that is read here";
    /// It exists already, or changed meanwhile.
    Conflict = "conflict", CONFLICT, "Conflict";
    /// Another account is connected: say that it is to be replaced.
    AccountConflict = "account-conflict", CONFLICT, "Another account is connected";
    /// The provider no longer accepts our grant: the person must connect again.
    NeedsConsent = "needs-consent", CONFLICT, "The person must connect again";
    /// The way back from the provider is unknown, used, expired or somebody else's.
    InvalidState = "invalid-state", BAD_REQUEST, "This way back from the provider is not good";
    /// The person, or the provider, said no.
    AccessDenied = "access-denied", FORBIDDEN, "Access was denied at the provider";
    /// The connect link or its code is unknown, used or expired.
    DeadLink = "dead-link", GONE, "This link is not good any more";
    /// The `Idempotency-Key` was used for another request, or its first request is being carried out.
    Idempotency = "idempotency", CONFLICT, "The idempotency key is taken";
    /// Events up to `floor` are not kept any more: read the records and go on after `head`.
    CursorExpired = "cursor-expired", GONE, "Events have been pruned";
    /// Too many requests; `retry-after` says when to try again.
    RateLimited = "rate-limited", TOO_MANY_REQUESTS, "Too many requests";
    /// The provider gave nothing this time; `retry-after` says when to try again.
    ProviderUnavailable = "provider-unavailable", SERVICE_UNAVAILABLE, "The provider is not available";
    /// The provider refused, and asking again would not help.
    ProviderRefused = "provider-refused", BAD_GATEWAY, "The provider refused";
    /// A delivery's signature is missing, wrong or too old, or a challenge's token is wrong.
    NotTheProvider = "not-the-provider", UNAUTHORIZED, "Not from the provider";
    /// Whether the delivery was kept is not known: send it again.
    NotKept = "not-kept", SERVICE_UNAVAILABLE, "Not kept";
    /// Too much waits to be done here; `retry-after` says when to try again.
    Busy = "busy", SERVICE_UNAVAILABLE, "Too much at once";
    /// The database is away or its disk is full; `retry-after` says when to try again. What was asked may have been done.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The database is not available";
    /// A fault of ours. The log has it under the request's id.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something broke here";
}

/// A problem as it is answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Where the id is explained.
    #[serde(rename = "type")]
    #[schema(schema_with = addresses)]
    type_url: Box<str>,
    #[serde(skip)]
    #[schema(ignore)]
    pub id: ProblemId,
    title: &'static str,
    status: u16,
    /// What is wrong this time, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    detail: Option<Box<str>>,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    field: Option<Box<str>>,
    /// Of a cursor that has expired: up to where events were pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    floor: Option<NonZeroI64>,
    /// Of a cursor that has expired: the position of the newest event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    head: Option<NonZeroI64>,
    #[serde(skip)]
    #[schema(ignore)]
    retry: Option<Retry>,
}

/// When to try again.
#[derive(Clone, Copy, Debug)]
enum Retry {
    InSeconds(i64),
    At(Timestamp),
}

fn addresses() -> Object {
    let addresses = ProblemId::ALL.iter().map(|id| id.problem().type_url.into_string());
    let description = "Where the id is explained; it ends with the id.";
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(addresses)).description(Some(description)).build()
}

impl ProblemId {
    /// A problem of this id.
    pub fn problem(self) -> Problem {
        let (id, status, title, _) = self.facts();
        Problem {
            type_url: format!("/docs/problems#{id}").into(),
            id: self,
            title,
            status: status.as_u16(),
            detail: None,
            field: None,
            floor: None,
            head: None,
            retry: None,
        }
    }

    /// A problem of this id, explained.
    pub fn because(self, detail: impl Into<String>) -> Problem {
        Problem { detail: Some(detail.into().into()), ..self.problem() }
    }
}

impl Problem {
    /// A field that makes no sense.
    pub fn invalid(field: &str, why: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..ProblemId::Invalid.because(format!("{field}: {}", why.into())) }
    }

    /// Says when to try again.
    pub fn retry_at(self, at: Timestamp) -> Self {
        Self { retry: Some(Retry::At(at)), ..self }
    }

    /// Says in how many seconds to try again.
    pub fn retry_in(self, seconds: i64) -> Self {
        Self { retry: Some(Retry::InSeconds(seconds)), ..self }
    }

    /// In how many seconds to try again, where that is known.
    pub(crate) fn retry_after(&self, now: Timestamp) -> Option<i64> {
        self.retry
            .map(|retry| match retry {
                // A part of a second is waited for, too.
                Retry::At(at) => (at.duration_since(now).as_millis() + 999) / 1_000,
                Retry::InSeconds(seconds) => seconds.into(),
            })
            .map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX).max(1))
    }

    /// What is wrong, as one word or sentence for a page.
    pub fn words(&self) -> (&'static str, Option<&str>) {
        (self.title, self.detail.as_deref())
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.id.facts().1
    }

    fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = chain(error), "a request failed");
        ProblemId::Internal.problem()
    }

    fn unavailable(error: &store::Error) -> Self {
        tracing::warn!(error = chain(error), "the database is not available");
        ProblemId::Unavailable.problem().retry_in(5)
    }
}

/// An error and all that led to it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        chain = format!("{chain}: {cause}");
        source = cause.source();
    }
    chain
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound(what) => ProblemId::NotFound.because(format!("there is no such {what}")),
            store::Error::Conflict(what) => ProblemId::Conflict.because(format!("{what} exists already")),
            store::Error::Busy => ProblemId::Busy.problem().retry_in(5),
            outage if outage.is_outage() => Self::unavailable(&outage),
            other => Self::internal(&other),
        }
    }
}

impl From<engine::Error> for Problem {
    fn from(error: engine::Error) -> Self {
        use engine::Error;
        let message = error.to_string();
        match error {
            Error::NotFound(_) => ProblemId::NotFound.because(message),
            Error::Invalid { field, why } => Self::invalid(field, why),
            Error::Forbidden(text) => ProblemId::Forbidden.because(text),
            Error::Expired { floor, head } => Self {
                floor: NonZeroI64::new(floor),
                head: NonZeroI64::new(head),
                ..ProblemId::CursorExpired.because(message)
            },
            Error::Unsigned(_) | Error::Stale | Error::WrongToken => ProblemId::NotTheProvider.because(message),
            Error::NotKept(error) => {
                tracing::error!(%error, "a delivery was not kept");
                ProblemId::NotKept.problem().retry_in(5)
            }
            Error::NotConnected => ProblemId::NotConnected.problem(),
            Error::NeedsConsent(reason) => ProblemId::NeedsConsent.because(reason.as_str()),
            Error::AccountConflict => ProblemId::AccountConflict.problem(),
            Error::State(_) => ProblemId::InvalidState.because(message),
            Error::Link(_) => ProblemId::DeadLink.because(message),
            Error::Idempotency(_) => ProblemId::Idempotency.because(message),
            Error::Unavailable { retry_at: Some(at), .. } => {
                ProblemId::ProviderUnavailable.because(message).retry_at(at)
            }
            Error::Unavailable { retry_at: None, .. } => ProblemId::ProviderUnavailable.because(message).retry_in(60),
            Error::Refused(_) => ProblemId::ProviderRefused.because(message),
            Error::Chat(_) => Self::invalid("messages", message),
            Error::Store(error) => error.into(),
        }
    }
}

impl From<identity::Error> for Problem {
    fn from(error: identity::Error) -> Self {
        use identity::Error;
        match error {
            Error::WrongCredentials => ProblemId::WrongCredentials.problem(),
            Error::Locked { until } => ProblemId::Locked.because(format!("until {until}")).retry_at(until),
            Error::Invalid(text) => ProblemId::Invalid.because(text),
            Error::Forbidden(text) => ProblemId::Forbidden.because(text),
            error @ Error::Hashing => Self::internal(&error),
            Error::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_the_database_is_no_fault_of_ours() {
        let lost = store::Error::OutcomeUnknown;
        for outage in [store::Error::Batch(std::sync::Arc::new(lost)), store::Error::OutcomeUnknown] {
            let problem = Problem::from(engine::Error::Store(outage));
            assert_eq!((problem.id, problem.retry_after(Timestamp::UNIX_EPOCH)), (ProblemId::Unavailable, Some(5)));
        }
        assert_eq!(Problem::from(store::Error::Sealed("a record")).id, ProblemId::Internal);
    }

    #[test]
    fn one_is_told_when_to_come_again() {
        let now = Timestamp::UNIX_EPOCH;
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        let unavailable = |retry_at| engine::Error::Unavailable { message: String::new(), retry_at };
        assert_eq!(Problem::from(unavailable(Some(at(90_500)))).retry_after(now), Some(91));
        assert_eq!(Problem::from(unavailable(Some(at(-5_000)))).retry_after(now), Some(1), "at once, and not before");
        assert_eq!(Problem::from(unavailable(None)).retry_after(now), Some(60));
        let locked = identity::Error::Locked { until: at(120_000) };
        assert_eq!(Problem::from(locked).retry_after(now), Some(120));
        assert_eq!(Problem::from(engine::Error::NotConnected).retry_after(now), None);
    }
}
