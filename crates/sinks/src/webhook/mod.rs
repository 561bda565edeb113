//! A webhook by the Standard Webhooks specification: each event is a signed POST to an address.

mod message;
mod settings;
mod signature;

use async_trait::async_trait;
use model::Secret;
use outbound::{Answer, Request};

use self::message::Message;
pub use self::{settings::Settings, signature::new_secret};
use crate::{Event, InvalidSettings, Outside, Sink, Verdict, Written};

/// Its name in the database.
pub const NAME: &str = "webhook";

/// An address that events are posted to.
pub struct Webhook;

#[async_trait]
impl Sink for Webhook {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn write(&self, outside: &Outside<'_>, settings: &Secret, event: &Event) -> Result<Written, InvalidSettings> {
        let settings = Settings::read(settings)?;
        let message = Message::of(event, outside.now);
        let seconds = outside.now.as_second();
        let secrets = settings.secrets_at(outside.now);
        let signature = signature::sign(&secrets, &message.id, seconds, &message.payload)?;
        let mut request = Request::post(settings.url);
        request.headers = vec![("webhook-id", message.id.clone()), ("webhook-timestamp", seconds.to_string())];
        request.secret_headers = vec![("webhook-signature", signature)];
        request.body = Some((message.payload, "application/json"));
        let answer = outside.http.tell(request).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        Ok(Written { message: message.id, status, verdict: judge(answer, outside) })
    }
}

/// Only a status of success means that it was taken: a redirect is followed nowhere.
fn judge(answer: Result<Answer, outbound::Error>, outside: &Outside<'_>) -> Verdict {
    match answer {
        Ok(answer) if answer.is_success() => Verdict::Taken,
        Ok(answer) if answer.status == 410 => Verdict::Gone,
        Ok(answer) => {
            let why = format!("the receiver answered with status {}", answer.status);
            Verdict::Refused { why, not_before: answer.retry_at(outside.now) }
        }
        Err(error) => Verdict::Refused { why: error.to_string(), not_before: None },
    }
}
