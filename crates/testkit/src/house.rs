//! An engine on a database of its own, with the sandbox next to it and people who connect their accounts.

use std::{sync::Arc, time::Duration};

use engine::{Begin, Begun, Callback, Configured, Finished, Rules, Setup};
use jiff::{SignedDuration, Timestamp, civil::date};
use model::{Actor, Clock, ConnectionId, Random, Role, Secret, User, UserId};
use outbound::{Client, Guard, Request};
use providers::{Application, Manifest, Provider};
use sandbox::Faults;
use store::{Db, NewUser, Principal};
use url::Url;

use crate::{
    Engine, Life, Receiver, Street, TestDb,
    provider::Restyled,
    street::{CALLBACK, CLIENT_ID, CLIENT_SECRET},
};

/// The only provider that the sandbox stands in for.
const PROVIDER: &str = "oura";

/// Makes a provider into another.
pub type Disguise = Arc<dyn Fn(Arc<dyn Provider>) -> Arc<dyn Provider> + Send + Sync>;

/// What a house is built from.
pub struct Plan {
    /// When both clocks begin. They stand still.
    pub now: Timestamp,
    /// What the sandbox's people have lived.
    pub life: Life,
    /// How long the house waits for an answer.
    pub deadline: Duration,
    /// What is changed in the provider's manifest.
    pub manifest: fn(&mut Manifest),
    /// What is put in the provider's place, made of it.
    pub disguise: Option<Disguise>,
    /// Where people and providers reach the house; by default nobody does.
    pub public_url: String,
    /// How often everything is asked for, where nothing is to be told.
    pub polling: Option<SignedDuration>,
    /// How long things are kept.
    pub rules: Rules,
}

impl Default for Plan {
    fn default() -> Self {
        let now = date(2026, 1, 26).at(15, 0, 0, 0).in_tz("UTC").map(|zoned| zoned.timestamp());
        Self {
            now: now.unwrap_or_default(),
            life: Life { seed: 1, days: 40 },
            deadline: Duration::from_secs(30),
            manifest: |_| (),
            disguise: None,
            public_url: "http://afferent.test/".to_owned(),
            polling: None,
            rules: Rules::default(),
        }
    }
}

/// An engine, its database and the sandbox.
pub struct House {
    pub test: TestDb,
    pub clock: Clock,
    pub street: Street,
    pub engine: engine::Engine,
    plan: Plan,
}

impl House {
    /// A house on an engine of database.
    pub async fn new(database: Engine) -> anyhow::Result<Self> {
        Self::planned(database, Plan::default()).await
    }

    /// A house of one's own plan.
    pub async fn planned(database: Engine, plan: Plan) -> anyhow::Result<Self> {
        let clock = Clock::stopped_at(plan.now);
        let test = TestDb::new(database).await?;
        let street = Street::open(clock.clone(), plan.life).await?;
        let engine = build(test.db.clone(), &clock, &street, &plan, CLIENT_SECRET)?;
        Ok(Self { test, clock, street, engine, plan })
    }

    /// The same house in another process: the same database, nothing else in common.
    pub async fn next_door(&self) -> anyhow::Result<engine::Engine> {
        build(self.test.again().await?, &self.clock, &self.street, &self.plan, CLIENT_SECRET)
    }

    /// The same house in another process with another plan.
    pub async fn rebuilt(&self, plan: &Plan) -> anyhow::Result<engine::Engine> {
        build(self.test.again().await?, &self.clock, &self.street, plan, CLIENT_SECRET)
    }

    /// The same house in a process on a machine with a clock of its own.
    pub async fn by_its_own_clock(&self, clock: &Clock) -> anyhow::Result<engine::Engine> {
        build(self.test.again().await?, clock, &self.street, &self.plan, CLIENT_SECRET)
    }

    /// The same house in a process whose disk is full.
    pub async fn out_of_room(&self) -> anyhow::Result<engine::Engine> {
        build(self.test.again_full().await?, &self.clock, &self.street, &self.plan, CLIENT_SECRET)
    }

    /// The same house in a process that was given a wrong client secret.
    pub async fn misconfigured(&self) -> anyhow::Result<engine::Engine> {
        build(self.test.again().await?, &self.clock, &self.street, &self.plan, "wrong")
    }

    /// Refreshes at the provider what it is given, as a process would that is killed before it can store the answer.
    pub async fn refresh_and_forget(&self, refresh: &Secret) -> anyhow::Result<()> {
        let application = self.engine.provider(PROVIDER)?.application.clone();
        application.refresh(&client(&self.street.url, self.plan.deadline)?, refresh).await?;
        Ok(())
    }

    /// The troubles and counts of the provider.
    pub fn faults(&self) -> Faults {
        self.street.faults(PROVIDER)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Somebody new, in the zone of the sandbox's first person.
    pub async fn somebody(&self) -> anyhow::Result<User> {
        let mut tx = self.test.db.write().await?;
        let new = NewUser {
            external_id: None,
            email: None,
            password_hash: None,
            role: Role::Member,
            zone: "Europe/Berlin".to_owned(),
        };
        let user = tx.add_user(self.now(), new).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// A person begins to connect; an empty list consents to everything.
    pub async fn begin(&self, user: UserId, kinds: &[&str]) -> anyhow::Result<(Principal, Begun)> {
        let principal = Principal::Session(self.test.db.random().id(self.now()));
        let kinds = kinds.iter().map(ToString::to_string).collect();
        let actor = Actor::User(user);
        let begin =
            Begin { user, actor, principal: principal.clone(), provider: PROVIDER.to_owned(), kinds, link: None };
        Ok((principal, self.engine.begin(begin).await?))
    }

    /// The person decides at the provider; says with what the provider sends them back.
    pub async fn decide(&self, redirect: &Url, account: &str, scopes: Option<&str>) -> anyhow::Result<Url> {
        let mut form: Vec<(&'static str, Secret)> = Vec::new();
        for name in ["response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"] {
            form.extend(told(redirect, name).map(|value| (name, value)));
        }
        let scopes = scopes.map(Secret::new).or_else(|| told(redirect, "scope"));
        form.extend(scopes.map(|scopes| ("scope", scopes)));
        form.extend([("account", Secret::new(account)), ("decision", Secret::new("allow"))]);
        let mut decision = redirect.clone();
        decision.set_query(None);
        let mut request = Request::post(decision);
        request.form = Some(form);
        let answer = client(&self.street.url, self.plan.deadline)?.send(request).await?;
        let location = answer.header("location").ok_or_else(|| anyhow::anyhow!("no way back: {}", answer.status))?;
        Ok(Url::parse(location)?)
    }

    /// The page on which the person decides.
    pub async fn consent_page(&self, redirect: &Url) -> anyhow::Result<String> {
        let answer = client(&self.street.url, self.plan.deadline)?.send(Request::get(redirect.clone())).await?;
        Ok(String::from_utf8(answer.body.to_vec())?)
    }

    /// The way back as the engine is told of it.
    pub fn callback(&self, back: &Url, principal: &Principal, actor: Actor) -> Callback {
        let text = |name| told(back, name).map(|value| value.expose().to_owned());
        Callback {
            provider: PROVIDER.to_owned(),
            principals: vec![(principal.clone(), actor)],
            state: told(back, "state"),
            code: told(back, "code"),
            scope: text("scope"),
            error: text("error"),
        }
    }

    /// A person goes all the way round, as an account and with scopes of their choice.
    pub async fn round_trip(
        &self,
        user: UserId,
        kinds: &[&str],
        account: &str,
        scopes: Option<&str>,
    ) -> anyhow::Result<Finished> {
        let (principal, begun) = self.begin(user, kinds).await?;
        let back = self.decide(&begun.redirect_url, account, scopes).await?;
        Ok(self.engine.finish(self.callback(&back, &principal, Actor::User(user))).await?)
    }

    /// A person connects the sandbox's first account with all that is offered.
    pub async fn connect(&self, user: UserId) -> anyhow::Result<ConnectionId> {
        self.connect_to(user, &[]).await
    }

    /// A person connects the sandbox's first account with some kinds only.
    pub async fn connect_to(&self, user: UserId, kinds: &[&str]) -> anyhow::Result<ConnectionId> {
        match self.round_trip(user, kinds, "", None).await? {
            Finished::Connected { connection } => Ok(connection),
            other => anyhow::bail!("not connected: {other:?}"),
        }
    }

    /// Does the work that is due while the clock moves on in small steps, so that short waits end.
    pub async fn while_time_passes<T>(&self, work: impl Future<Output = T>) -> T {
        let passing = async {
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.clock.turn(Duration::from_millis(200));
            }
        };
        tokio::select! {
            done = work => done,
            () = passing => unreachable!("time does not end"),
        }
    }
}

fn told(url: &Url, name: &str) -> Option<Secret> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| Secret::new(value))
}

fn client(url: &Url, deadline: Duration) -> anyhow::Result<Client> {
    Ok(Client::new(Guard::trusting([url]), deadline)?)
}

fn build(db: Db, clock: &Clock, street: &Street, plan: &Plan, secret: &str) -> anyhow::Result<engine::Engine> {
    let oura: Arc<dyn Provider> = Arc::new(providers::oura::Oura::new());
    let provider = Restyled::of(oura, plan.manifest);
    let provider = plan.disguise.as_ref().map_or(provider.clone(), |disguise| disguise(provider));
    let at = |path: &str| street.url.join(path);
    let redirect_uri = Url::parse(CALLBACK)?;
    let secret = Secret::new(secret);
    let application = Application {
        authorize_url: at("/oura/oauth/authorize")?,
        token_url: at("/oura/oauth/token")?,
        revoke_url: Some(at("/oura/oauth/revoke")?),
        api_url: at("/oura")?,
        ..Application::new(provider.manifest(), CLIENT_ID.to_owned(), secret, redirect_uri.clone())
    };
    Ok(engine::Engine::new(Setup {
        db,
        clock: clock.clone(),
        random: Random::system(),
        http: client(&street.url, plan.deadline)?,
        sink_http: Client::new(Guard::trusting_hosts([Receiver::HOST.to_owned()]), plan.deadline)?,
        providers: vec![Configured { provider, application: Arc::new(application) }],
        public_url: Url::parse(&plan.public_url)?,
        polling: plan.polling,
        return_origins: vec!["https://app.test".to_owned()],
        rules: plan.rules,
    }))
}
