//! Gives deliveries rows of their own, each sealed by the key of its day where its body is still needed.

use jiff::Timestamp;
use model::{DeliveryId, DeliveryState};
use sqlx::{AssertSqlSafe, query};

use super::{Unopened, open::Contents, place};
use crate::{Result, Tx, Write, db::change, many::pieces};

const COLUMNS: usize = 11;

struct Sealed<'a> {
    id: String,
    delivery: &'a Unopened,
    digest: String,
    body: Option<Vec<u8>>,
}

impl Tx<Write> {
    /// Gives deliveries out of bundles rows of their own, which are opened one by one. Twins of what waits there already
    /// are dropped.
    pub async fn lay_out_deliveries(&mut self, deliveries: &[Unopened], now: Timestamp) -> Result<()> {
        let deliveries: Vec<_> = deliveries.iter().collect();
        self.insert_deliveries(&deliveries, DeliveryState::Received, None, now).await
    }

    /// Writes down what deliveries came to that were opened.
    pub async fn settle_opened(
        &mut self,
        deliveries: &[&Unopened],
        state: DeliveryState,
        now: Timestamp,
    ) -> Result<()> {
        let (new, known): (Vec<&Unopened>, Vec<&Unopened>) =
            deliveries.iter().partition(|delivery| delivery.is_of_a_bundle());
        self.insert_deliveries(&new, state, None, now).await?;
        let known: Vec<DeliveryId> = known.iter().map(|delivery| delivery.id).collect();
        self.move_opened(&known, state, now).await
    }

    /// Gives a delivery up that cannot be opened or understood. It is kept as it is.
    pub async fn give_up_delivery(&mut self, delivery: &Unopened, why: &str, now: Timestamp) -> Result<()> {
        if delivery.is_of_a_bundle() {
            return self.insert_deliveries(&[delivery], DeliveryState::Dead, Some(why), now).await;
        }
        const SQL: &str = "update deliveries set state = 'dead', why = $2, settled_at = $3, tries = tries + 1 \
                           where id = $1 and state = 'received'";
        let id = delivery.id.to_string();
        change!(self, |db| query(SQL).bind(id).bind(why).bind(now.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }

    async fn insert_deliveries(
        &mut self,
        deliveries: &[&Unopened],
        state: DeliveryState,
        why: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let mut sealed = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            sealed.push(self.seal_delivery(delivery, state).await?);
        }
        // By one order for everybody, or two that insert twins would block each other.
        sealed.sort_by(|one, other| one.digest.cmp(&other.digest));
        let open = matches!(state, DeliveryState::Received | DeliveryState::Waiting);
        let settled_at = (!open).then_some(now.as_millisecond());
        for piece in pieces(&sealed) {
            let sql = AssertSqlSafe(format!(
                "insert into deliveries (id, provider, state, digest, receive_day, received_at, signed_at, body_sealed, \
                 why, run_at, settled_at) values {} on conflict (provider, digest) where state = 'received' do nothing",
                self.rows(COLUMNS, piece.len())
            ));
            change!(self, |db| piece
                .iter()
                .fold(query(sql), |query, Sealed { id, delivery, digest, body }| {
                    query
                        .bind(id)
                        .bind(&delivery.provider)
                        .bind(state.as_str())
                        .bind(digest)
                        .bind(&delivery.day)
                        .bind(delivery.received_at.as_millisecond())
                        .bind(delivery.signed_at.map(Timestamp::as_millisecond))
                        .bind(body.as_deref())
                        .bind(why)
                        .bind(delivery.received_at.as_millisecond())
                        .bind(settled_at)
                })
                .execute(&mut **db))?;
        }
        Ok(())
    }

    /// The body is kept of what may yet be opened again: nobody here may have the account today and somebody tomorrow.
    async fn seal_delivery<'a>(&mut self, delivery: &'a Unopened, state: DeliveryState) -> Result<Sealed<'a>> {
        let id = delivery.id.to_string();
        let Contents::Plain(body) = &delivery.contents else {
            return Err(crate::Error::corrupt("deliveries", "body_sealed"));
        };
        let key = self.receive_key(&delivery.day).await?;
        let digest = key.digest_of(&[delivery.provider.as_bytes(), b"\n", body]);
        let is_needed = !matches!(state, DeliveryState::Waiting | DeliveryState::Applied);
        let body = if is_needed { Some(key.seal(&self.random, &place(&id), body)?) } else { None };
        Ok(Sealed { id, delivery, digest, body })
    }
}
