//! The first start: an administrator, a person, and a token for each.

use std::path::Path;

use identity::{NewAccount, TokenRequest};
use model::{Actor, Role, Scopes, Secret, Sharing, User};

use super::keepsake::Keepsake;
use crate::house::House;

/// Adds whoever and whatever is not there yet; a start that was cut off is completed by the next.
pub(super) async fn prepare(house: &House, mut keepsake: Keepsake, data: &Path) -> anyhow::Result<Keepsake> {
    let admin = person(house, &keepsake.admin_email, &keepsake.admin_password, Role::Admin).await?;
    let user = person(house, &keepsake.email, &keepsake.password, Role::Member).await?;
    if keepsake.service_token.is_empty() {
        keepsake.service_token = token(house, &admin, "Demo app", true).await?;
    }
    if keepsake.api_token.is_empty() {
        keepsake.api_token = token(house, &user, "Demo agent", false).await?;
    }
    keepsake.user_id = user.id.to_string();
    keepsake.keep(data)?;
    Ok(keepsake)
}

async fn person(house: &House, email: &str, password: &str, role: Role) -> anyhow::Result<User> {
    if let Some(known) = house.db.read().await?.find_user_by_email(email).await? {
        return Ok(known);
    }
    let new = NewAccount {
        external_id: None,
        email: Some(email.to_owned()),
        password: Some(Secret::new(password)),
        role,
        zone: "UTC".to_owned(),
    };
    Ok(house.identity.add_user(&Actor::System, new).await?)
}

async fn token(house: &House, owner: &User, name: &str, service: bool) -> anyhow::Result<String> {
    let request = TokenRequest {
        owner: owner.id,
        service,
        name: name.to_owned(),
        scopes: if service { Scopes::all() } else { Scopes::personal() },
        sharing: Sharing::default(),
        expires_in: None,
    };
    let (_, secret) = house.identity.create_token(&Actor::System, request).await?;
    Ok(secret.expose().to_owned())
}
