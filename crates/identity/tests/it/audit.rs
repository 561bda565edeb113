//! What people and apps did is in the trail of the person, and the trail is whole.

use identity::TokenRequest;
use model::{Action, Actor, Scopes, Secret, Sharing};
use testkit::Engine;

use crate::house::{House, PASSWORD};

#[tokio::test]
async fn a_life_leaves_an_unbroken_trail() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let actor = Actor::User(ada.id);
        house.sign_in("not the password").await.unwrap_err();
        let come = house.sign_in(PASSWORD).await.unwrap();
        let wanted = TokenRequest {
            owner: ada.id,
            service: false,
            name: "Coach agent".into(),
            scopes: Scopes::parse("context:read").unwrap(),
            sharing: Sharing::default(),
            expires_in: None,
        };
        let (token, secret) = house.identity.create_token(&actor, wanted).await.unwrap();
        house.identity.find_token(&secret).await.unwrap().unwrap();
        house.identity.revoke_token(&actor, ada.id, token.id).await.unwrap();
        house.identity.set_password(&actor, ada.id, &Secret::new("another password")).await.unwrap();
        house.identity.sign_out(&come.session).await.unwrap();

        let trail = house.trail(ada.id).await.unwrap();
        let told: Vec<_> =
            trail.iter().map(|entry| (entry.actor.as_str(), entry.action, entry.detail.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("system", Action::UserCreated, Some("joined as member")),
                ("anonymous", Action::SignInFailed, Some("wrong password")),
                ("user", Action::SignedIn, None),
                ("user", Action::TokenCreated, Some("token “Coach agent” with context:read")),
                ("token", Action::TokenUsed, Some("token “Coach agent”")),
                ("user", Action::TokenRevoked, Some("token “Coach agent”")),
                ("user", Action::SettingsChanged, Some("password changed, signed out everywhere")),
                ("user", Action::SignedOut, None),
            ]
        );
        assert!(trail.iter().all(|entry| entry.at == house.now()));
        let length = house.test.db.read().await.unwrap().verify_audit(ada.id).await.unwrap();
        assert_eq!(length.unwrap(), 8);
    }
}

#[tokio::test]
async fn what_is_refused_leaves_no_entry() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let (ada, admin) = (house.ada().await.unwrap(), house.admin().await.unwrap());
        let new = Secret::new("another password");
        house.identity.set_password(&Actor::User(admin.id), ada.id, &new).await.unwrap_err();
        house.identity.set_password(&Actor::User(ada.id), ada.id, &Secret::new("short")).await.unwrap_err();
        assert_eq!(house.trail(ada.id).await.unwrap().len(), 1);
    }
}
