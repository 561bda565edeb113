//! Who answers for a sink, and what they may see: a sink is told no more than its keeper could read.

use jiff::Timestamp;
use model::{Action, Actor, Audience, Role, Scope, Sharing, SinkReason, TokenId, UserId};
use store::{ApiToken, Mode, Sink, Tx, Write};

use crate::{Error, Result};

/// The token that acts, if it is one.
pub(super) fn token_of(actor: &Actor) -> Option<TokenId> {
    match actor {
        Actor::Token(id) => Some(*id),
        _ => None,
    }
}

/// By whose key a new sink is sealed, and in whose audit trail it is: the person's, or whose service token made it.
pub(super) async fn keeper_of<M: Mode>(
    tx: &mut Tx<M>,
    actor: &Actor,
    audience: Audience,
    now: Timestamp,
) -> Result<UserId> {
    match (audience, token_of(actor)) {
        (Audience::Person(user), _) => Ok(user),
        (Audience::Everybody, Some(token)) => match tx.acting_token(token, now).await? {
            Some(ApiToken { service: true, user_id, .. }) => Ok(user_id),
            _ => Err(Error::NotFound("token")),
        },
        (Audience::Everybody, None) => Err(Error::invalid("user_id", "only a service token makes one for everybody")),
    }
}

/// Who is sent events reads them: a token that may not read them has none sent.
pub(super) async fn require_reader<M: Mode>(tx: &mut Tx<M>, actor: &Actor, now: Timestamp) -> Result<()> {
    let Some(id) = token_of(actor) else { return Ok(()) };
    match tx.acting_token(id, now).await? {
        Some(token) if token.scopes.allow(Scope::RecordsRead) => Ok(()),
        Some(_) => Err(Error::Forbidden(format!("this token lacks the scope {}", Scope::RecordsRead))),
        None => Err(Error::NotFound("token")),
    }
}

/// What a sink may be told of a person; none when the token that answers for it is good no more.
pub(super) async fn sharing_with<M: Mode>(
    tx: &mut Tx<M>,
    sink: &Sink,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Sharing>> {
    let shared = tx.sharing(user).await?;
    let Some(id) = sink.token_id else { return Ok(Some(shared)) };
    let Some(token) = tx.acting_token(id, now).await? else { return Ok(None) };
    if !token.scopes.allow(Scope::RecordsRead) {
        return Ok(None);
    }
    if token.service && tx.user(token.user_id).await?.role != Role::Admin {
        return Ok(None);
    }
    Ok(Some(shared.stricter(&token.sharing)))
}

/// Turns a sink off by ourselves, and puts it on record.
pub(super) async fn turn_off(tx: &mut Tx<Write>, sink: &Sink, reason: SinkReason, now: Timestamp) -> Result<()> {
    if tx.stop_sink(sink.audience, sink.id, reason).await? {
        let detail = format!("{} turned off: {}", describe(sink), words(reason));
        tx.append_audit(sink.user_id, now, &Actor::System, Action::WebhookChanged, Some(&detail)).await?;
        tracing::warn!(sink.id = %sink.id, %reason, "a sink was turned off");
    }
    Ok(())
}

/// A sink in words for the audit trail.
pub(super) fn describe(sink: &Sink) -> String {
    format!("webhook “{}”", sink.name)
}

fn words(reason: SinkReason) -> &'static str {
    match reason {
        SinkReason::Asked => "as asked",
        SinkReason::Gone => "the receiver wants no more",
        SinkReason::Failing => "nothing was taken for five days",
        SinkReason::TokenEnded => "the token that it was made with is revoked, has expired or may not read events",
    }
}
