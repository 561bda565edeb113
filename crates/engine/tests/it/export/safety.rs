//! Nobody has this server send something into its own network, or more than its share.

use engine::{Error, NewWebhook, WebhookChange};
use model::Actor;
use testkit::Engine;

use super::{Scene, wanted};

const FORBIDDEN: [&str; 14] = [
    "http://10.0.0.1/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://3232235777/",
    "http://app.example/",
    "http://8.8.8.8/",
    "ftp://app.example/",
    "file:///etc/passwd",
    "https://app.example/#part",
    "nowhere",
];

#[tokio::test]
async fn addresses_in_the_own_network_are_refused() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let actor = Actor::User(scene.user);
        let (id, _) = scene.webhook().await;
        for url in FORBIDDEN {
            let new = NewWebhook { name: "Desk".to_owned(), url: url.to_owned(), ..NewWebhook::default() };
            let refused = scene.house.engine.create_webhook(&actor, scene.own(), &new).await;
            assert!(matches!(refused, Err(Error::Invalid { field: "url", .. })), "{url}");
            let change = WebhookChange { url: Some(url.to_owned()), ..WebhookChange::default() };
            let refused = scene.house.engine.change_webhook(&actor, scene.own(), id, &change).await;
            assert!(matches!(refused, Err(Error::Invalid { field: "url", .. })), "{url}");
        }
        assert_eq!(scene.show(id).await.url, scene.receiver.url.as_str());
    }
}

#[tokio::test]
async fn a_name_that_leads_into_the_own_network_is_refused_when_it_is_used() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let port = scene.receiver.url.port().unwrap();
        let mut told = Vec::new();
        for name in ["localhost", "nobody.invalid"] {
            let new = NewWebhook { url: format!("https://{name}:{port}/"), ..wanted(&scene.receiver, Some(0)) };
            let (webhook, _) = scene.make(&Actor::User(scene.user), scene.own(), new).await;
            scene.work().await;
            let tested = scene.house.engine.test_webhook(scene.own(), webhook.id).await.unwrap();
            assert!(!tested.taken && tested.status.is_none());
            told.push(tested.error.unwrap().replace(name, "…"));
        }
        assert!(told[0].contains("no public address"), "{told:?}");
        assert_eq!(told[0], told[1], "which names are known in the own network is nobody's business");
        assert!(scene.receiver.posts().is_empty());
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_told_by_field() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let actor = Actor::User(scene.user);
        let good = || wanted(&scene.receiver, None);
        let odd = [
            ("name", NewWebhook { name: " ".to_owned(), ..good() }),
            ("kinds", NewWebhook { kinds: vec!["dreams".to_owned()], ..good() }),
            ("providers", NewWebhook { providers: vec!["nobody".to_owned()], ..good() }),
            ("after", NewWebhook { after: Some(-1), ..good() }),
            ("after", NewWebhook { after: Some(1_000_000), ..good() }),
        ];
        for (wrong, new) in odd {
            let refused = scene.house.engine.create_webhook(&actor, scene.own(), &new).await;
            assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == wrong), "{wrong}");
        }
        assert!(scene.house.engine.webhooks(scene.own()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn nobody_has_more_than_twenty() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        for _ in 0..20 {
            scene.webhook().await;
        }
        let wanted = wanted(&scene.receiver, None);
        let refused = scene.house.engine.create_webhook(&Actor::User(scene.user), scene.own(), &wanted).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    }
}
