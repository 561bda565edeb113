//! Oura, stood in for: its OAuth screens and rules, its data routes, its ways of failing.

mod account;
mod api;
mod changes;
mod collection;
mod documents;
mod errors;
mod oauth;
mod page;
mod query;
mod recorded;
mod syncing;
mod webhooks;
mod window;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use model::{Clock, Random, Secret};
use serde_json::Value;
use tower_http::compression::CompressionLayer;

use self::{
    account::Account,
    collection::Collection,
    oauth::{Book, Reader},
    recorded::Recorded,
    webhooks::{Subscriptions, Teller},
};
use crate::{
    ClientApp, Error, Options,
    faults::Faults,
    outbox::Outbox,
    person::Person,
    reach::Reach,
    stand_in::{Manners, Resident, StandIn, Trouble},
};

/// The stand-in.
pub(crate) struct Oura {
    clock: Clock,
    random: Random,
    client: Option<ClientApp>,
    /// The first is the person behind the demo; the second is somebody else to connect as.
    accounts: [Account; 2],
    /// Who the mirror under `/v2/sandbox` tells of.
    sample: Account,
    book: Book,
    faults: Faults,
    subscriptions: Subscriptions,
    outbox: Outbox,
    reach: Reach,
}

impl Oura {
    const ID: &'static str = "oura";

    /// Opens the stand-in; reads the recorded answers, if there are to be any.
    pub(crate) fn open(options: &Options, faults: Faults) -> Result<Self, Error> {
        let now = options.clock.now();
        let living =
            |number| Person::new(options.seed, number, now, options.days).map(|person| Account::living(person, now));
        let mut first = living(0)?;
        if let Some(folder) = &options.replay {
            first = Account::recorded(Recorded::read(folder)?, first.id);
        }
        let client = options.clients.get(Self::ID).cloned();
        Ok(Self {
            clock: options.clock.clone(),
            random: Random::system(),
            book: Book::new(options.seed, client.as_ref()),
            client,
            accounts: [first, living(1)?],
            sample: living(2)?,
            faults,
            subscriptions: Subscriptions::default(),
            outbox: Outbox::default(),
            reach: Reach::new(options.clock.clone())?,
        })
    }

    fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// Who reads with an access token, if it is good.
    fn reader(&self, token: &str) -> Option<Reader> {
        self.obey();
        self.book.reader(token, self.clock.now())
    }

    fn teller(&self) -> Teller<'_> {
        let Self { subscriptions, book, outbox, faults, random, .. } = self;
        Teller { subscriptions, book, outbox, faults, random }
    }

    /// Ends a subscription with what waits for it. Whether it was there.
    fn unsubscribe(&self, id: &str) -> bool {
        let cancelled = self.outbox.cancel(id);
        self.faults.count(|stats| stats.webhooks.cancelled += cancelled);
        self.subscriptions.end(id, self.clock.now())
    }

    fn new_id(&self) -> String {
        uuid::Builder::from_random_bytes(self.random.bytes()).into_uuid().to_string()
    }

    /// Adds the headers that recorded answers all have.
    fn with_usual_headers(&self, mut response: Response) -> Response {
        let trace: String = self.random.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
        let headers = response.headers_mut();
        if let Ok(trace) = HeaderValue::from_str(&trace) {
            headers.insert(HeaderName::from_static("x-trace-id"), trace);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    /// Carries out what was decreed from outside since the last look.
    fn obey(&self) {
        for decree in self.faults.take_decrees() {
            self.book.obey(decree, self.clock.now());
        }
    }
}

impl StandIn for Oura {
    fn id(&self) -> &'static str {
        Self::ID
    }

    fn routes(self: Arc<Self>) -> Router {
        let data = Router::new()
            .route("/v2/usercollection/{collection}", get(api::list))
            .route("/v2/usercollection/{collection}/{document_id}", get(api::single))
            .route("/v2/sandbox/usercollection/{collection}", get(api::sample_list))
            .route("/v2/sandbox/usercollection/{collection}/{document_id}", get(api::sample_single));
        data.merge(oauth::routes())
            .merge(webhooks::routes())
            .fallback(async || api::not_found())
            .method_not_allowed_fallback(async || errors::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"))
            .layer(CompressionLayer::new())
            .layer(middleware::from_fn_with_state(Arc::clone(&self), with_usual_headers))
            .with_state(self)
    }

    fn people(&self) -> Vec<Resident> {
        let now = self.clock.now();
        let resident = |account: &Account| {
            let person = account.person();
            Resident {
                provider: Self::ID,
                account_id: account.id.clone(),
                name: account.name.clone(),
                living: person.is_some(),
                last_sync_at: person.map(|person| person.known_until(now)),
            }
        };
        self.accounts.iter().map(resident).collect()
    }

    fn sync(&self, account_id: &str, delay: Duration) -> Option<Value> {
        self.account(account_id).map(|account| self.asked_sync(account, delay))
    }

    fn remove(&self, account_id: &str, collection: &str, id: &str, delay: Duration) -> bool {
        let found = self.account(account_id).zip(Collection::named(collection));
        found.is_some_and(|(account, collection)| self.take_away(account, collection, id, delay))
    }

    fn live(&self, moment: u64) {
        self.small_thing(&self.accounts[0], moment);
    }

    fn pass(&self, now: Timestamp) -> Option<Timestamp> {
        self.accounts.iter().filter_map(|account| self.syncs_by_themselves(account, now)).min()
    }

    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn manners(&self) -> &'static Manners {
        &webhooks::MANNERS
    }

    fn sign(&self, body: &[u8], at: Timestamp, forged: bool) -> Vec<(&'static str, String)> {
        let known = self.client.as_ref().map(|client| &client.client_secret).filter(|_| !forged);
        webhooks::sign(known.unwrap_or(&Secret::new("a guess")), body, at)
    }

    fn unsubscribed(&self, subscription_id: &str) {
        self.unsubscribe(subscription_id);
    }

    fn trouble(&self, trouble: Trouble) -> Response {
        self.with_usual_headers(errors::trouble(trouble, self.clock.now().as_second()))
    }
}

async fn with_usual_headers(State(oura): State<Arc<Oura>>, request: Request, next: Next) -> Response {
    oura.with_usual_headers(next.run(request).await)
}
