//! API tokens: who makes them, what they hold, and when they end.

use identity::{Error, TokenRequest};
use model::{Action, Actor, Scope, Scopes, Secret, Sharing, Topic, User};
use testkit::{Engine, run};

use crate::house::{DAY, House, MINUTE};

fn request(owner: &User, scopes: &str) -> TokenRequest {
    TokenRequest {
        owner: owner.id,
        service: false,
        name: "Coach agent".into(),
        scopes: Scopes::parse(scopes).expect("scopes of ours"),
        sharing: Sharing::default(),
        expires_in: None,
    }
}

#[tokio::test]
async fn a_token_is_found_by_its_text_and_by_nothing_else() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let wanted = request(&ada, "context:read");
        let (token, secret) = house.identity.create_token(&Actor::User(ada.id), wanted).await.unwrap();
        assert_eq!((secret.expose().len(), &secret.expose()[..6]), (49, "aff_u_"));
        let (found, owner) = house.identity.find_token(&secret).await.unwrap().unwrap();
        assert_eq!((found.id, owner.id), (token.id, ada.id));
        assert!(found.scopes.allow(Scope::ContextRead) && !found.scopes.allow(Scope::RecordsRead));
        for text in ["", "aff_u_", &secret.expose()[..48], &secret.expose()[6..], &secret.expose().to_uppercase()] {
            assert!(house.identity.find_token(&Secret::new(text)).await.unwrap().is_none());
        }
        assert!(!format!("{:?}", (&token, &secret)).contains(&secret.expose()[6..]));
    }
}

#[tokio::test]
async fn a_token_ends_when_it_expires_or_is_revoked() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let actor = Actor::User(ada.id);
        let short = TokenRequest { expires_in: Some(DAY), ..request(&ada, "context:read") };
        let (_, short) = house.identity.create_token(&actor, short).await.unwrap();
        let (long, long_secret) = house.identity.create_token(&actor, request(&ada, "context:read")).await.unwrap();
        house.clock.turn(DAY - std::time::Duration::from_millis(1));
        assert!(house.identity.find_token(&short).await.unwrap().is_some());
        house.clock.turn(std::time::Duration::from_millis(1));
        assert!(house.identity.find_token(&short).await.unwrap().is_none());
        assert!(house.identity.find_token(&long_secret).await.unwrap().is_some());
        house.next_door().await.unwrap().revoke_token(&actor, ada.id, long.id).await.unwrap();
        assert!(house.identity.find_token(&long_secret).await.unwrap().is_none(), "every process knows at once");
        let twice = house.identity.revoke_token(&actor, ada.id, long.id).await;
        assert!(matches!(twice, Err(Error::Store(store::Error::NotFound("token")))), "{twice:?}");
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let good = || request(&ada, "context:read");
        for wrong in [
            TokenRequest { name: "  ".into(), ..good() },
            TokenRequest { name: "a".repeat(101), ..good() },
            TokenRequest { name: "a\nb".into(), ..good() },
            TokenRequest { scopes: Scopes::default(), ..good() },
            TokenRequest { scopes: Scopes::all(), ..good() },
            TokenRequest { expires_in: Some(std::time::Duration::ZERO), ..good() },
            TokenRequest { expires_in: Some(std::time::Duration::MAX), ..good() },
        ] {
            let refused = house.identity.create_token(&Actor::User(ada.id), wrong).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        assert!(house.identity.tokens(ada.id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn service_tokens_are_for_administrators() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let (ada, admin) = (house.ada().await.unwrap(), house.admin().await.unwrap());
        let wanted = |owner| TokenRequest { service: true, ..request(owner, "users:write context:read") };
        let refused = house.identity.create_token(&Actor::User(ada.id), wanted(&ada)).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let (token, secret) = house.identity.create_token(&Actor::User(admin.id), wanted(&admin)).await.unwrap();
        assert!(token.service && secret.expose().starts_with("aff_s_"));
        assert!(house.identity.find_token(&secret).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn nobody_touches_the_tokens_of_another() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let (ada, admin) = (house.ada().await.unwrap(), house.admin().await.unwrap());
        let (hers, _) = house.identity.create_token(&Actor::Operator, request(&ada, "context:read")).await.unwrap();
        let (other, _) = house.identity.create_token(&Actor::Operator, request(&admin, "tokens:write")).await.unwrap();
        for actor in [Actor::User(admin.id), Actor::Token(other.id), Actor::Anonymous, Actor::Link] {
            let made = house.identity.create_token(&actor, request(&ada, "tokens:write")).await;
            assert!(matches!(made, Err(Error::Forbidden(_))), "{made:?}");
            let revoked = house.identity.revoke_token(&actor, ada.id, hers.id).await;
            assert!(matches!(revoked, Err(Error::Forbidden(_))), "{revoked:?}");
            let changed = house.identity.set_token_sharing(&actor, ada.id, hers.id, &Sharing::default()).await;
            assert!(matches!(changed, Err(Error::Forbidden(_))), "{changed:?}");
        }
        let elsewhere = house.identity.revoke_token(&Actor::User(admin.id), admin.id, hers.id).await;
        assert!(matches!(elsewhere, Err(Error::Store(store::Error::NotFound("token")))), "{elsewhere:?}");
        assert_eq!(house.identity.tokens(ada.id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_token_makes_none_that_may_do_more() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let mut sharing = Sharing::default();
        sharing.set(Topic::Sleep, false);
        let maker = TokenRequest { sharing, expires_in: Some(DAY), ..request(&ada, "tokens:write context:read") };
        let (maker, _) = house.identity.create_token(&Actor::User(ada.id), maker).await.unwrap();
        let actor = Actor::Token(maker.id);
        let more = house.identity.create_token(&actor, request(&ada, "context:read records:read")).await;
        assert!(matches!(more, Err(Error::Forbidden(_))), "{more:?}");
        let (made, _) = house.identity.create_token(&actor, request(&ada, "context:read")).await.unwrap();
        assert!(!made.sharing.allows(Topic::Sleep) && made.sharing.allows(Topic::Heart));
        assert_eq!(made.expires_at, maker.expires_at);
        house.identity.set_token_sharing(&actor, ada.id, maker.id, &Sharing::default()).await.unwrap();
        let kept = house.identity.tokens(ada.id).await.unwrap();
        assert!(kept.iter().all(|token| !token.sharing.allows(Topic::Sleep)), "it cannot widen what it sees");
        house.clock.turn(DAY);
        let late = house.identity.create_token(&actor, request(&ada, "context:read")).await;
        assert!(matches!(late, Err(Error::Forbidden(_))), "{late:?}");
    }
}

#[tokio::test]
async fn what_a_token_sees_can_be_changed() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let actor = Actor::User(ada.id);
        let (token, secret) = house.identity.create_token(&actor, request(&ada, "context:read")).await.unwrap();
        house.identity.set_token_sharing(&actor, ada.id, token.id, &Sharing::nothing()).await.unwrap();
        let (found, _) = house.identity.find_token(&secret).await.unwrap().unwrap();
        assert_eq!(found.sharing, Sharing::nothing());
        let last = house.trail(ada.id).await.unwrap().into_iter().find(|entry| entry.action == Action::SharingChanged);
        assert_eq!(last.unwrap().detail.as_deref(), Some("token “Coach agent” may see nothing"));
    }
}

#[tokio::test]
async fn its_use_is_noted_once_a_minute_in_all_processes() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let wanted = request(&ada, "context:read");
        let (token, secret) = house.identity.create_token(&Actor::User(ada.id), wanted).await.unwrap();
        assert_eq!(token.last_used_at, None);
        let next_door = house.next_door().await.unwrap();
        for minute in 1..=2 {
            for _ in 0..3 {
                assert!(house.identity.find_token(&secret).await.unwrap().is_some());
                assert!(next_door.find_token(&secret).await.unwrap().is_some());
            }
            assert_eq!(house.count(ada.id, Action::TokenUsed).await.unwrap(), minute);
            assert_eq!(house.identity.tokens(ada.id).await.unwrap()[0].last_used_at, Some(house.now()));
            house.clock.turn(MINUTE);
        }
        let used = house.trail(ada.id).await.unwrap().pop().unwrap();
        assert_eq!((used.actor.as_str(), used.actor_id), ("token", Some(token.id.to_string())));
        assert_eq!(used.detail.as_deref(), Some("token “Coach agent”"));
    }
}

#[tokio::test]
async fn who_stays_is_looked_at_again_without_leaving_a_trace() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let (ada, root) = (house.ada().await.unwrap(), house.admin().await.unwrap());
        let actor = Actor::User(ada.id);
        let mut tokens = Vec::new();
        for _ in 0..20 {
            tokens.push(house.identity.create_token(&actor, request(&ada, "records:read")).await.unwrap());
        }
        let service = TokenRequest { service: true, ..request(&root, "records:read") };
        let (_, service) = house.identity.create_token(&Actor::User(root.id), service).await.unwrap();
        let check = async |secret: &Secret| house.identity.check_token(secret).await.unwrap();
        let (revoked, _) = tokens[3].clone();
        house.identity.revoke_token(&actor, ada.id, revoked.id).await.unwrap();
        let found = futures::future::join_all(tokens.iter().map(|(_, secret)| check(secret))).await;
        for ((token, _), found) in tokens.iter().zip(found) {
            let expected = (token.id != revoked.id).then_some((token.id, ada.id));
            assert_eq!(found.map(|(token, owner)| (token.id, owner.id)), expected, "each gets its own");
        }
        assert!(check(&service).await.is_some());
        run(&house.test, format!("update users set role = 'member' where id = '{}'", root.id)).await.unwrap();
        assert!(check(&service).await.is_none(), "its maker is no administrator any more");
        assert_eq!(house.count(ada.id, Action::TokenUsed).await.unwrap(), 0);
        house.identity.find_token(&tokens[0].1).await.unwrap();
        assert_eq!(house.count(ada.id, Action::TokenUsed).await.unwrap(), 1);
    }
}
