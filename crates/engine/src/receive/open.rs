//! Opens deliveries: what each says has changed becomes a notice for every connection that stands on its account.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use model::{ConnectionId, ConnectionState, DeliveryId, DeliveryState, Kind, NoticeState, UserId};
use providers::{Manifest, Notice};
use store::{NewNotice, Reached, Tx, Unopened, Write};
use tokio_util::sync::CancellationToken;

use super::Fate;
use crate::{
    Engine, Error, Result, jobs,
    measure::{self, Delivered},
};

/// Few enough that those who keep deliveries meanwhile need not wait for long.
pub(super) const AT_ONCE: usize = 256;
/// Deliveries seldom come alone: what comes within this time is opened together. And in between, those who keep more of
/// them have the embedded engine's one writer for themselves.
const A_MOMENT: Duration = Duration::from_millis(5);
/// Another process may have kept something that it could not open.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(2);

/// A delivery that could be read.
struct Opened<'a> {
    delivery: &'a Unopened,
    notices: Vec<Notice>,
}

/// What a batch of deliveries comes to.
#[derive(Default)]
struct Yield<'a> {
    notices: Vec<NewNotice>,
    settled: BTreeMap<DeliveryState, Vec<&'a Unopened>>,
    /// Connections that were told of something, when, and whether there is something to fetch for them now.
    told: BTreeMap<(UserId, ConnectionId), (Timestamp, bool)>,
}

impl Engine {
    /// Opens deliveries as they come, until told to stop.
    pub(crate) async fn open_as_they_come(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let opened = self.open_received().await.unwrap_or_else(|error| {
                tracing::error!(%error, "deliveries could not be opened");
                0
            });
            let rest = async {
                match opened {
                    0 => self.await_arrival().await,
                    _ => tokio::time::sleep(A_MOMENT).await,
                }
            };
            tokio::select! {
                () = rest => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn await_arrival(&self) {
        let after = |span| self.clock.now().saturating_add(span).unwrap_or(Timestamp::MAX);
        let next = async { self.db.read().await?.next_unopened().await };
        let next = next.await.ok().flatten().unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = self.clock.sleep_until(next.clamp(after(SignedDuration::from_millis(50)), after(LOOK_AGAIN))) => {}
            () = self.arrived.notified() => tokio::time::sleep(A_MOMENT).await,
        }
    }

    /// Opens some of what was received. Says how many deliveries; 0 when nothing is left.
    pub(crate) async fn open_received(&self) -> Result<usize> {
        match self.open_some(None).await {
            Err(error) => {
                tracing::warn!(%error, "deliveries are opened one by one");
                self.lay_out().await?;
                self.open_one_by_one().await
            }
            opened => opened,
        }
    }

    /// What is wrong with one delivery keeps no other closed.
    async fn open_one_by_one(&self) -> Result<usize> {
        let ids = self.db.read().await?.due_deliveries(self.clock.now(), AT_ONCE as i64).await?;
        let mut opened = 0;
        for id in ids {
            opened += match self.open_some(Some(id)).await {
                Ok(count) => count,
                Err(error) => self.open_later(id, &error).await?,
            };
        }
        Ok(opened)
    }

    async fn open_later(&self, id: DeliveryId, error: &Error) -> Result<usize> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let Some(delivery) = tx.take_deliveries(Some(id), now, 1).await?.pop() else { return Ok(0) };
        let passing = matches!(error, Error::Store(store::Error::Database(_)));
        match self.fate(delivery.tries, delivery.received_at, passing) {
            Fate::Again(at) => tx.put_off_delivery(id, &error.to_string(), at).await?,
            Fate::GivenUp => self.bury(&mut tx, &delivery, &error.to_string(), now).await?,
        }
        tx.commit().await?;
        Ok(1)
    }

    async fn bury(&self, tx: &mut Tx<Write>, delivery: &Unopened, why: &str, now: Timestamp) -> Result<()> {
        tracing::warn!(delivery.id = %delivery.id, why, "a delivery is given up");
        measure::delivery(&delivery.provider, Delivered::Dead);
        Ok(tx.give_up_delivery(delivery, why, now).await?)
    }

    async fn open_some(&self, one: Option<DeliveryId>) -> Result<usize> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let mut taken = tx.take_deliveries(one, now, AT_ONCE as i64).await?;
        if one.is_none() {
            taken.extend(self.unbundle(&mut tx, now).await?);
        }
        let mut by_provider: BTreeMap<&str, Vec<Opened<'_>>> = BTreeMap::new();
        for delivery in &taken {
            match self.read_notices(&mut tx, delivery).await? {
                Ok(notices) => by_provider.entry(&delivery.provider).or_default().push(Opened { delivery, notices }),
                Err(why) => self.bury(&mut tx, delivery, &why, now).await?,
            }
        }
        for (provider, opened) in by_provider {
            let came_to = self.hand_out(&mut tx, provider, &opened).await?;
            self.write_notices(&mut tx, provider, came_to, now).await?;
        }
        tx.commit().await?;
        if !taken.is_empty() {
            self.wake.notify_one();
        }
        Ok(taken.len())
    }

    /// What a delivery says has changed, or why that cannot be told.
    async fn read_notices(
        &self,
        tx: &mut Tx<Write>,
        delivery: &Unopened,
    ) -> Result<std::result::Result<Vec<Notice>, String>> {
        let Ok(configured) = self.provider(&delivery.provider) else {
            return Ok(Err("the provider is not configured".to_owned()));
        };
        match tx.open_delivery(delivery).await {
            Ok(body) => Ok(configured.provider.notices(&body).map_err(|error| match error {
                providers::Error::Malformed(why) => format!("the delivery could not be read: {why}"),
                other => other.to_string(),
            })),
            Err(error @ (store::Error::Sealed(_) | store::Error::KeyMissing(_))) => Ok(Err(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Finds whom the notices of a provider concern, and what of them those people have consented to.
    async fn hand_out<'a>(&self, tx: &mut Tx<Write>, provider: &str, opened: &[Opened<'a>]) -> Result<Yield<'a>> {
        let manifest = self.provider(provider)?.manifest();
        let accounts: BTreeSet<_> = opened.iter().flat_map(|it| &it.notices).map(|it| it.account_id.clone()).collect();
        let reached = whom(tx, provider, &accounts.into_iter().collect::<Vec<_>>()).await?;
        let mut kinds = HashMap::new();
        for it in reached.values().flatten() {
            let consent = tx.find_consent(it.user_id, it.connection_id).await?;
            kinds.insert(it.connection_id, consent.map(|consent| consent.kinds).unwrap_or_default());
        }
        let mut came_to = Yield::default();
        for Opened { delivery, notices } in opened {
            let before = came_to.notices.len();
            for notice in notices {
                for it in reached.get(&notice.account_id).into_iter().flatten() {
                    came_to.add(delivery, notice, it, unwanted(manifest, notice, &kinds[&it.connection_id]), manifest);
                }
            }
            let state = state_of(notices, &came_to.notices[before..]);
            came_to.settled.entry(state).or_default().push(delivery);
        }
        Ok(came_to)
    }

    async fn write_notices(
        &self,
        tx: &mut Tx<Write>,
        provider: &str,
        came_to: Yield<'_>,
        now: Timestamp,
    ) -> Result<()> {
        for (state, deliveries) in &came_to.settled {
            tx.settle_opened(deliveries, *state, now).await?;
            if *state == DeliveryState::Unmatched {
                deliveries.iter().for_each(|_| measure::delivery(provider, Delivered::Unmatched));
            }
        }
        tx.add_notices(now, &came_to.notices).await?;
        for ((user, connection), (at, fetch)) in came_to.told {
            tx.note_notice(user, connection, at).await?;
            if fetch {
                tx.enqueue(now, jobs::attend(user, connection, now)).await?;
            }
        }
        Ok(())
    }
}

impl Yield<'_> {
    fn add(
        &mut self,
        delivery: &Unopened,
        notice: &Notice,
        reached: &Reached,
        unwanted: Option<&'static str>,
        manifest: &Manifest,
    ) {
        let (user_id, connection_id, received_at) = (reached.user_id, reached.connection_id, delivery.received_at);
        let collection = manifest.noticed_collection(&notice.data_type).map_or(&notice.data_type, |it| &it.id);
        self.notices.push(NewNotice {
            delivery_id: delivery.id,
            user_id,
            connection_id,
            collection: collection.clone(),
            operation: notice.operation,
            object_id: notice.object_id.clone(),
            state: if unwanted.is_some() { NoticeState::Ignored } else { NoticeState::Waiting },
            why: unwanted,
            received_at,
        });
        let (at, fetch) = self.told.entry((user_id, connection_id)).or_insert((received_at, false));
        *at = received_at.max(*at);
        // Whoever must connect again is attended to then.
        *fetch |= unwanted.is_none() && reached.state == ConnectionState::Active;
    }
}

/// The connections of some accounts. Their people's logs are locked, so that none is removed meanwhile.
async fn whom(tx: &mut Tx<Write>, provider: &str, accounts: &[String]) -> Result<HashMap<String, Vec<Reached>>> {
    let people: BTreeSet<_> = tx.reached(provider, accounts).await?.into_iter().map(|it| it.user_id).collect();
    for user in &people {
        tx.lock_log(*user).await?;
    }
    let mut by_account: HashMap<String, Vec<Reached>> = HashMap::new();
    for it in tx.reached(provider, accounts).await?.into_iter().filter(|it| people.contains(&it.user_id)) {
        by_account.entry(it.account_id.clone()).or_default().push(it);
    }
    Ok(by_account)
}

/// Why a notice is not followed.
fn unwanted(manifest: &Manifest, notice: &Notice, kinds: &BTreeSet<Kind>) -> Option<&'static str> {
    match manifest.noticed_collection(&notice.data_type) {
        None => Some("not collected here"),
        Some(collection) if !kinds.contains(&collection.kind) => Some("not consented to"),
        Some(_) => None,
    }
}

fn state_of(said: &[Notice], handed_out: &[NewNotice]) -> DeliveryState {
    if handed_out.iter().any(|notice| notice.state == NoticeState::Waiting) {
        DeliveryState::Waiting
    } else if handed_out.is_empty() && !said.is_empty() {
        DeliveryState::Unmatched
    } else {
        DeliveryState::Applied
    }
}
