//! Who may do what to whom.

use jiff::Timestamp;
use model::{Actor, Role, UserId};
use store::{ApiToken, Tx, Write};

use crate::{Error, Result};

/// Administrators and operators add people; an app adds members.
pub(crate) async fn may_add(tx: &mut Tx<Write>, actor: &Actor, role: Role) -> Result<()> {
    let may = match actor {
        Actor::System | Actor::Operator => true,
        Actor::User(id) => tx.user(*id).await?.role == Role::Admin,
        // The door has seen that the token's scopes allow it.
        Actor::Token(_) => role == Role::Member,
        Actor::Link | Actor::Anonymous => false,
    };
    if may { Ok(()) } else { Err(Error::Forbidden("only an administrator may add this person")) }
}

/// A password is set by its owner or at the command line: whoever else could set it could be that person.
pub(crate) fn may_set_password(actor: &Actor, user: UserId) -> Result<()> {
    match actor {
        Actor::System | Actor::Operator => Ok(()),
        Actor::User(id) if *id == user => Ok(()),
        _ => Err(Error::Forbidden("only the person may change this password")),
    }
}

/// A person's tokens are made and changed by that person, their tokens and service tokens. Yields the token that
/// acts, since it cannot give more than it has.
pub(crate) async fn may_change_tokens(
    tx: &mut Tx<Write>,
    actor: &Actor,
    owner: UserId,
    now: Timestamp,
) -> Result<Option<ApiToken>> {
    match actor {
        Actor::System | Actor::Operator => return Ok(None),
        Actor::User(id) if *id == owner => return Ok(None),
        Actor::Token(id) => {
            let acting = tx.acting_token(*id, now).await?;
            if let Some(token) = acting.filter(|token| token.service || token.user_id == owner) {
                return Ok(Some(token));
            }
        }
        Actor::User(_) | Actor::Link | Actor::Anonymous => {}
    }
    Err(Error::Forbidden("only the person may change these tokens"))
}
