//! What administrators watch.

use engine::AuditQuery;
use model::{Action, Kind, Role, Scopes};
use testkit::Engine;

use crate::{
    doors::{Doors, get},
    listener::{Listener, grow},
};

const LIVE: &str = "/api/v1/events/live";

#[tokio::test]
async fn administrators_see_that_something_happens_and_people_see_who_watched() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let (ada, ben) = (
            doors.somebody("ada@example.org", Role::Member).await,
            doors.somebody("ben@example.org", Role::Member).await,
        );
        let (root, cookie) = doors.visitor("root@example.org", Role::Admin).await;
        let mut listener = Listener::open(&doors, get(LIVE).cookie(&cookie)).await;
        grow(&doors, ada.id, &[Kind::Sleep, Kind::Activity]).await;
        for (position, kind) in [(1, "sleep"), (2, "activity")] {
            let heard = listener.next().await.unwrap();
            let seen = heard.json();
            assert_eq!((heard.event.as_str(), heard.id.as_str()), ("added", ""), "there is no cursor");
            assert_eq!((&seen["user_id"], &seen["position"]), (&ada.id.to_string().into(), &position.into()));
            assert_eq!((&seen["kind"], &seen["record_id"]), (&kind.into(), &serde_json::Value::Null));
        }
        grow(&doors, ada.id, &[Kind::Sleep]).await;
        assert_eq!(listener.next().await.unwrap().json()["position"], 3);
        let wanted = AuditQuery { limit: 9, action: Some(Action::EventsWatched), ..AuditQuery::default() };
        let watched = doors.house.engine.audit(ada.id, &wanted).await.unwrap();
        assert_eq!((watched.len(), watched[0].actor_id.clone()), (1, Some(root.id.to_string())));
        assert!(doors.house.engine.audit(ben.id, &wanted).await.unwrap().is_empty(), "nothing of Ben was shown");
        doors.send(crate::doors::post("/sign-out").cookie(&cookie)).await;
        grow(&doors, ada.id, &[Kind::Sleep]).await;
        assert!(listener.ends().await);
    }
}

#[tokio::test]
async fn nobody_else_watches() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let root = doors.somebody("root@example.org", Role::Admin).await;
    let token = doors.token(&ada, Scopes::personal()).await;
    let narrow = doors.service_token(&root, Scopes::parse("users:write").unwrap()).await;
    for (ask, status) in [
        (get(LIVE), 401),
        (get(LIVE).cookie(&cookie), 403),
        (get(LIVE).bearer(&token), 403),
        (get(LIVE).bearer(&narrow), 403),
    ] {
        assert_eq!(doors.send(ask).await.status, status);
    }
}
