//! A provider whose office for subscriptions is of our own making: it does all it is asked, or refuses as it is told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use model::{Account, Clock, Operation};
use providers::{Api, Ask, Collection, Error, Manifest, Mapped, NewSubscription, Page, Provider, Subscription};
use testkit::{Disguise, Engine, House, Plan};

/// Where the house is while the office is asked to send something there.
pub(crate) const HERE: &str = "http://127.0.0.1:8080/";
/// How long a subscription lives.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// What the office has, and what it was asked. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Office(Arc<Mutex<Books>>);

/// What is refused: whatever of the calls begins so, and how.
type Refusal = (&'static str, fn() -> Error);

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) subscriptions: Vec<Subscription>,
    /// Verbs, with what they were about.
    pub(crate) calls: Vec<String>,
    refusals: Vec<Refusal>,
    made: usize,
}

impl Office {
    pub(crate) fn open(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A house whose provider has this office.
    pub(crate) async fn house(&self, database: Engine) -> House {
        House::planned(database, self.plan()).await.unwrap()
    }

    pub(crate) fn plan(&self) -> Plan {
        let office = self.clone();
        let disguise: Disguise = Arc::new(move |inner| {
            let office = office.clone();
            Arc::new(Clerk { inner, office })
        });
        Plan { disguise: Some(disguise), public_url: HERE.to_owned(), ..Plan::default() }
    }

    /// How often it was asked for something that begins so, since this was last asked.
    pub(crate) fn asked(&self, begins: &str) -> usize {
        self.open().calls.extract_if(.., |call| call.starts_with(begins)).count()
    }

    /// Somebody else's subscription.
    pub(crate) fn add_stranger(&self, data_type: &str) -> Subscription {
        let stranger = Subscription {
            provider_id: format!("stranger-{data_type}"),
            data_type: data_type.to_owned(),
            operation: Operation::Create,
            callback_url: "https://elsewhere.org/webhook".to_owned(),
            expires_at: None,
        };
        self.open().subscriptions.push(stranger.clone());
        stranger
    }

    /// From now on what begins so is refused.
    pub(crate) fn refuse(&self, begins: &'static str, error: fn() -> Error) {
        self.open().refusals.push((begins, error));
    }

    /// From now on nothing is refused.
    pub(crate) fn recover(&self) {
        self.open().refusals.clear();
    }

    /// What leads to an address.
    pub(crate) fn leading_to(&self, begins: &str) -> usize {
        self.open().subscriptions.iter().filter(|it| it.callback_url.starts_with(begins)).count()
    }
}

impl Books {
    fn called(&mut self, verb: &str, about: &str) -> Result<(), Error> {
        let call = format!("{verb} {about}");
        let refused = self.refusals.iter().find(|(begins, _)| call.starts_with(begins)).map(|(_, error)| error());
        self.calls.push(call);
        refused.map_or(Ok(()), Err)
    }

    fn of(&mut self, id: &str) -> Result<&mut Subscription, Error> {
        self.subscriptions.iter_mut().find(|it| it.provider_id == id).ok_or(Error::NotFound)
    }
}

struct Clerk {
    inner: Arc<dyn Provider>,
    office: Office,
}

fn ends(clock: &Clock) -> Option<Timestamp> {
    clock.now().checked_add(LIFE).ok()
}

#[async_trait]
impl Provider for Clerk {
    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    async fn identify(&self, api: &Api) -> Result<Account, Error> {
        self.inner.identify(api).await
    }

    async fn fetch(&self, api: &Api, ask: &Ask<'_>) -> Result<Page, Error> {
        self.inner.fetch(api, ask).await
    }

    async fn find(&self, api: &Api, collection: &Collection, provider_id: &str) -> Result<Option<Page>, Error> {
        self.inner.find(api, collection, provider_id).await
    }

    fn map(&self, collection: &str, body: &[u8]) -> Result<Mapped, Error> {
        self.inner.map(collection, body)
    }

    async fn subscriptions(&self, _: &Api) -> Result<Vec<Subscription>, Error> {
        let mut books = self.office.open();
        books.called("list", "")?;
        Ok(books.subscriptions.clone())
    }

    async fn subscribe(&self, api: &Api, wanted: &NewSubscription) -> Result<Subscription, Error> {
        let mut books = self.office.open();
        books.called("create", &format!("{} {}", wanted.data_type, wanted.operation))?;
        let taken = |it: &&Subscription| (&it.data_type, it.operation) == (&wanted.data_type, wanted.operation);
        if books.subscriptions.iter().any(|it| taken(&it)) {
            return Err(Error::Rejected(409));
        }
        assert_eq!(wanted.verification_token, api.application.verification_token());
        books.made += 1;
        let subscription = Subscription {
            provider_id: format!("s{}", books.made),
            data_type: wanted.data_type.clone(),
            operation: wanted.operation,
            callback_url: wanted.callback_url.to_string(),
            expires_at: ends(&api.clock),
        };
        books.subscriptions.push(subscription.clone());
        Ok(subscription)
    }

    async fn renew(&self, api: &Api, provider_id: &str) -> Result<Subscription, Error> {
        let mut books = self.office.open();
        books.called("renew", provider_id)?;
        let subscription = books.of(provider_id)?;
        subscription.expires_at = ends(&api.clock);
        Ok(subscription.clone())
    }

    async fn probe(&self, _: &Api, provider_id: &str, _: &NewSubscription) -> Result<Subscription, Error> {
        let mut books = self.office.open();
        books.called("probe", provider_id)?;
        Ok(books.of(provider_id)?.clone())
    }

    async fn unsubscribe(&self, _: &Api, provider_id: &str) -> Result<(), Error> {
        let mut books = self.office.open();
        books.called("delete", provider_id)?;
        books.subscriptions.retain(|it| it.provider_id != provider_id);
        Ok(())
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Error {
        self.inner.refusal(status, body)
    }

    async fn revoke(&self, api: &Api) -> Result<(), Error> {
        self.inner.revoke(api).await
    }
}
