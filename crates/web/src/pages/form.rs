//! A form as a browser sends it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use model::{Secret, Sharing, Topic};

use crate::{
    State,
    problem::{Problem, ProblemId},
};

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The fields of a form, in the order in which they were sent.
pub(crate) struct Fields(Vec<(String, String)>);

impl FromRequest<State> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        if !is_form(request.headers()) {
            return Err(ProblemId::UnsupportedMediaType.because(format!("send {MEDIA_TYPE}")));
        }
        let body = Bytes::from_request(request, state).await.map_err(|_| ProblemId::TooLarge.problem())?;
        Ok(Self(url::form_urlencoded::parse(&body).into_owned().collect()))
    }
}

/// A form without fields may come without a type.
fn is_form(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    sent.is_none_or(|sent| sent.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(MEDIA_TYPE))
}

impl Fields {
    /// The first value of a field; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Every value of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// Whether a box was ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// A value that must not be shown.
    pub(crate) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.text(name))
    }

    /// What cannot be undone is done only when the person said yes to just that.
    pub(crate) fn require_yes(&self) -> Result<(), Problem> {
        if self.is_ticked("confirm") {
            Ok(())
        } else {
            Err(ProblemId::Invalid.because("Tick the box to say that you mean it. Nothing was changed."))
        }
    }

    /// The switches of sharing, all of them: a box that is not ticked is not sent.
    pub(crate) fn sharing(&self) -> Result<Sharing, Problem> {
        let topics: Result<_, _> = self.all("topics").iter().map(|word| word.parse::<Topic>()).collect();
        let topics = topics.map_err(|unknown| Problem::invalid("topics", unknown.to_string()))?;
        Ok(Sharing { everything: self.is_ticked("everything"), topics })
    }
}
