//! Connect links: an app's user connects without an account here, and only who came back is confirmed.

use engine::{Begin, Callback, Confirm, Error, Finished, LinkProblem, LinkRequest, OpenedLink, Redeemed};
use model::{Actor, Secret, TokenId};
use store::{Principal, hash_secret};
use testkit::{Engine, House, count};
use url::Url;

use crate::people::{HOUR, MINUTE, OURA, log, records, status};

/// An app, and the browser of its user.
struct Visit {
    house: House,
    app: TokenId,
    opened: OpenedLink,
    cookie: Secret,
    secret: Secret,
}

fn request(app: TokenId, return_url: &str) -> LinkRequest {
    LinkRequest {
        token: app,
        app_name: "Journal".to_owned(),
        external_user_id: "reader-7".to_owned(),
        providers: Vec::new(),
        return_url: return_url.to_owned(),
    }
}

async fn open(house: &House, app: TokenId) -> (OpenedLink, Secret, Secret) {
    let link = house.engine.make_link(request(app, "https://app.test/back?tab=health")).await.unwrap();
    let secret = Secret::new(link.url.path_segments().unwrap().next_back().unwrap());
    let (opened, cookie) = house.engine.open_link(&secret).await.unwrap();
    (opened, cookie, secret)
}

impl Visit {
    async fn new(database: Engine) -> Self {
        let house = House::new(database).await.unwrap();
        let app: TokenId = house.test.db.random().id(house.now());
        let (opened, cookie, secret) = open(&house, app).await;
        Self { house, app, opened, cookie, secret }
    }

    fn begin(&self, cookie: &Secret) -> Begin {
        Begin {
            user: self.opened.user_id,
            actor: Actor::Link,
            principal: Principal::Link(hash_secret(cookie)),
            provider: OURA.to_owned(),
            kinds: vec!["sleep".to_owned()],
            link: Some(self.opened.id),
        }
    }

    /// The person decides at the provider; this is what the browser brings back.
    async fn decide(&self) -> Callback {
        let begin = self.begin(&self.cookie);
        let principal = begin.principal.clone();
        let begun = self.house.engine.begin(begin).await.unwrap();
        let back = self.house.decide(&begun.redirect_url, "", None).await.unwrap();
        self.house.callback(&back, &principal, Actor::Link)
    }

    async fn go_round(&self) -> Secret {
        match self.house.engine.finish(self.decide().await).await.unwrap() {
            Finished::Return { url } => code(&url),
            other => panic!("{other:?}"),
        }
    }

    async fn redeem(&self, code: &Secret) -> engine::Result<Redeemed> {
        self.house.engine.redeem_link(self.app, code, None).await
    }
}

fn code(url: &Url) -> Secret {
    assert!(url.as_str().starts_with("https://app.test/back?tab=health&code="), "{url}");
    Secret::new(url.query_pairs().find(|(name, _)| name == "code").unwrap().1)
}

fn problem<T: std::fmt::Debug>(result: engine::Result<T>) -> LinkProblem {
    match result {
        Err(Error::Link(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_app_s_user_connects_and_the_app_confirms() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let (house, user) = (&visit.house, visit.opened.user_id);
        assert_eq!(house.engine.find_opened_link(&visit.cookie).await.unwrap().unwrap().id, visit.opened.id);
        let code = visit.go_round().await;
        house.engine.run_due().await.unwrap();
        assert_eq!(status(house, user).await.unwrap().state, "pending");
        assert_eq!(log(house, user).await.unwrap(), [], "nothing is collected before the app confirms");
        let redeemed = visit.redeem(&code).await.unwrap();
        assert_eq!((redeemed.user.id, redeemed.provider.as_str()), (user, OURA));
        assert_eq!(redeemed.user.external_id.as_deref(), Some("reader-7"));
        house.engine.run_due().await.unwrap();
        let status = status(house, user).await.unwrap();
        assert_eq!(status.connection_id, Some(redeemed.connection));
        assert!(status.counts["daily_sleep"] >= 30);
        assert_eq!(problem(visit.redeem(&code).await), LinkProblem::Used);
    }
}

#[tokio::test]
async fn what_came_of_a_link_is_confirmed_by_its_code_alone() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let user = visit.opened.user_id;
        let code = visit.go_round().await;
        let pending = visit.house.test.db.read().await.unwrap().connections(user).await.unwrap().remove(0).id;
        let confirm = Confirm { user, actor: Actor::User(user), connection: pending, replace_preserving: Some(true) };
        assert!(matches!(visit.house.engine.confirm(confirm).await, Err(Error::NotFound(_))));
        assert_eq!(visit.redeem(&code).await.unwrap().connection, pending);
    }
}

#[tokio::test]
async fn a_link_is_opened_once_and_in_time() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let engine = &visit.house.engine;
        assert_eq!(problem(engine.open_link(&visit.secret).await), LinkProblem::Used);
        assert_eq!(problem(engine.look_at_link(&visit.secret).await), LinkProblem::Used);
        assert_eq!(problem(engine.open_link(&Secret::new("made up")).await), LinkProblem::Unknown);
        let late = engine.make_link(request(visit.app, "https://app.test/")).await.unwrap();
        let secret = Secret::new(late.url.path_segments().unwrap().next_back().unwrap());
        assert_eq!(engine.look_at_link(&secret).await.unwrap().app_name, "Journal");
        visit.house.clock.turn(10 * MINUTE);
        assert_eq!(problem(engine.open_link(&secret).await), LinkProblem::Expired);
        assert!(engine.find_opened_link(&visit.cookie).await.unwrap().is_none());
        assert_eq!(problem(engine.begin(visit.begin(&visit.cookie)).await), LinkProblem::Expired);
    }
}

#[tokio::test]
async fn only_the_browser_that_opened_the_link_can_go_on() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let other = Secret::new("the cookie of another browser");
        assert_eq!(problem(visit.house.engine.begin(visit.begin(&other)).await), LinkProblem::Unknown);
        let foreign = Begin {
            principal: Principal::Session(visit.house.test.db.random().id(visit.house.now())),
            ..visit.begin(&other)
        };
        assert_eq!(problem(visit.house.engine.begin(foreign).await), LinkProblem::Unknown);
        let somebody = visit.house.somebody().await.unwrap().id;
        let for_another = Begin { user: somebody, ..visit.begin(&visit.cookie) };
        assert_eq!(problem(visit.house.engine.begin(for_another).await), LinkProblem::Unknown);
        let callback = visit.decide().await;
        let stolen = Callback { principals: vec![(Principal::Link(hash_secret(&other)), Actor::Link)], ..callback };
        let stolen = visit.house.engine.finish(stolen).await;
        assert!(matches!(stolen, Err(Error::State(engine::StateProblem::Foreign))), "{stolen:?}");
        assert_eq!(count(&visit.house.test, "select count(*) from connections").await.unwrap(), 0);
    }
}

#[tokio::test]
async fn only_the_app_that_made_the_link_can_redeem_it_in_time() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let code = visit.go_round().await;
        let other: TokenId = visit.house.test.db.random().id(visit.house.now());
        let stolen = visit.house.engine.redeem_link(other, &code, None).await;
        assert_eq!(problem(stolen), LinkProblem::Unknown);
        assert_eq!(problem(visit.redeem(&Secret::new("made up")).await), LinkProblem::Unknown);
        visit.house.clock.turn(10 * MINUTE);
        assert_eq!(problem(visit.redeem(&code).await), LinkProblem::Expired);
        assert_eq!(status(&visit.house, visit.opened.user_id).await.unwrap().state, "pending");
    }
}

#[tokio::test]
async fn whoever_says_no_goes_back_with_that() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let denied = Callback { code: None, error: Some("access_denied".to_owned()), ..visit.decide().await };
        let Finished::Denied { link_return: Some(url) } = visit.house.engine.finish(denied).await.unwrap() else {
            panic!("there is a way back")
        };
        assert_eq!(url.as_str(), "https://app.test/back?tab=health&error=access_denied");
    }
}

#[tokio::test]
async fn what_no_app_redeems_is_swept_away() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let house = &visit.house;
        visit.go_round().await;
        let stop = tokio_util::sync::CancellationToken::new();
        stop.cancel();
        house.engine.work(stop).await;
        house.clock.turn(HOUR);
        house.engine.run_due().await.unwrap();
        assert_eq!(house.faults().stats().requests["/oauth/revoke"]["200"], 1);
        assert_eq!(count(&house.test, "select count(*) from credentials").await.unwrap(), 0);
        assert_eq!(
            count(&house.test, "select count(*) from connections where key_sealed is not null").await.unwrap(),
            0
        );
    }
}

#[tokio::test]
async fn the_same_account_once_more_goes_on_with_its_records() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let (house, user) = (&visit.house, visit.opened.user_id);
        let first = visit.redeem(&visit.go_round().await).await.unwrap().connection;
        house.engine.run_due().await.unwrap();
        let before = records(house, user).await.unwrap().len();
        house.engine.disconnect(&Actor::Link, user, OURA, true).await.unwrap();
        let (opened, cookie, secret) = open(house, visit.app).await;
        let visit = Visit { opened, cookie, secret, ..visit };
        let (house, user) = (&visit.house, visit.opened.user_id);
        assert_eq!(visit.redeem(&visit.go_round().await).await.unwrap().connection, first);
        house.engine.run_due().await.unwrap();
        assert_eq!(records(house, user).await.unwrap().len(), before);
    }
}

#[tokio::test]
async fn a_conflict_leaves_the_code_good() {
    for database in Engine::all() {
        let visit = Visit::new(database).await;
        let (house, user) = (&visit.house, visit.opened.user_id);
        house.connect_to(user, &["sleep"]).await.unwrap();
        testkit::run(&house.test, "update connections set account_id = 'another'").await.unwrap();
        let code = visit.go_round().await;
        assert!(matches!(visit.redeem(&code).await, Err(Error::AccountConflict)));
        let redeemed = house.engine.redeem_link(visit.app, &code, Some(false)).await.unwrap();
        assert_eq!(status(house, user).await.unwrap().connection_id, Some(redeemed.connection));
    }
}

#[tokio::test]
async fn a_link_leads_back_to_allowed_places_only() {
    let house = House::new(Engine::Sqlite).await.unwrap();
    let app: TokenId = house.test.db.random().id(house.now());
    for elsewhere in [
        "https://evil.test/",
        "http://app.test/",
        "https://app.test.evil.test/",
        "https://app.test/#x",
        "javascript:1",
        "",
    ] {
        let refused = house.engine.make_link(request(app, elsewhere)).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "return_url", .. })), "{elsewhere}: {refused:?}");
    }
    let unknown = LinkRequest { providers: vec!["whoop".to_owned()], ..request(app, "https://app.test/") };
    assert!(matches!(house.engine.make_link(unknown).await, Err(Error::Invalid { field: "providers", .. })));
    let nobody = LinkRequest { external_user_id: String::new(), ..request(app, "https://app.test/") };
    assert!(matches!(house.engine.make_link(nobody).await, Err(Error::Invalid { field: "external_user_id", .. })));
}
