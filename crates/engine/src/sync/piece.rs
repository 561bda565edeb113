//! Brings one collection in, piece by piece and page by page. After each page its place is kept.

use std::collections::HashSet;

use model::{Kind, Window};
use providers::{Ask, Collection, Dates, Mapped};

use super::{
    bring::{Brought, Looked},
    fetch::Trial,
    progress::Place,
    run::Run,
};
use crate::Result;

/// A window that lacks more than this is more likely a mistake than a person's tidying up: nothing is removed then.
const MOST_REMOVALS: usize = 50;

impl Run<'_> {
    pub(super) async fn collection(&mut self, collection: &Collection, window: Window) -> Trial<()> {
        let pieces =
            if collection.dates == Dates::None { vec![window] } else { window.pieces(collection.days_per_request) };
        let place = self.progress.place.take().filter(|_| self.progress.collection.as_ref() == Some(&collection.id));
        let resumed = place.as_ref().and_then(|place| pieces.iter().position(|piece| *piece == place.piece));
        let mut place = place.filter(|_| resumed.is_some());
        self.progress.place.clone_from(&place);
        if place.is_none() {
            self.progress.counts.insert(collection.id.clone(), 0);
        }
        self.progress.collection = Some(collection.id.clone());
        self.progress.days_total = window.days();
        self.progress.days_done = pieces.iter().take(resumed.unwrap_or(0)).map(Window::days).sum();
        self.say_progress().await?;
        let mut seen = HashSet::new();
        for piece in pieces.iter().skip(resumed.unwrap_or(0)) {
            self.piece(collection, *piece, place.take(), &mut seen).await?;
            self.progress.days_done += piece.days();
        }
        self.progress.done.insert(collection.id.clone());
        self.progress.place = None;
        Ok(self.note(&collection.id, None, None).await?)
    }

    async fn piece(
        &mut self,
        collection: &Collection,
        piece: Window,
        place: Option<Place>,
        seen: &mut HashSet<(Kind, String)>,
    ) -> Trial<()> {
        let mut place = match place {
            Some(place) => place,
            None => Place {
                piece,
                generation: self.engine.next_generation(&self.connection).await?,
                next: None,
                fetched: false,
            },
        };
        while !place.fetched {
            let ask = Ask { collection, window: piece, next: place.next.as_deref() };
            let brought = self.engine.bring(&self.connection, &ask, &mut self.may_refresh).await?;
            self.count(collection, &brought.mapped, piece, seen);
            place.next = brought.page.as_ref().and_then(|page| page.next.clone());
            place.fetched = place.next.is_none();
            self.progress.place = Some(place.clone());
            self.store(collection, brought).await?;
        }
        self.end_piece(collection, &place).await
    }

    /// Shows which collection is asked, before a slow answer leaves the one before on view.
    async fn say_progress(&self) -> Result<()> {
        let mut tx = self.engine.db.write().await?;
        self.keep_progress(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    fn count(&mut self, collection: &Collection, mapped: &Mapped, piece: Window, seen: &mut HashSet<(Kind, String)>) {
        let open_ended = piece.to >= self.user.today(self.engine.clock.now());
        let within = |record: &&model::Record| {
            record.day.is_none_or(|day| piece.contains(day) || (open_ended && day >= piece.from))
        };
        let within = mapped.records.iter().filter(within);
        let new = within.filter(|record| seen.insert((record.kind(), record.provider_id.clone()))).count();
        *self.progress.counts.entry(collection.id.clone()).or_default() += new;
    }

    /// The raw page, its records and our place are stored together.
    async fn store(&self, collection: &Collection, brought: Brought) -> Result<()> {
        let mut tx = self.engine.begin_on(&self.connection).await?;
        self.engine.write_down(&mut tx, &self.connection, collection, brought).await?;
        self.keep_progress(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// A piece is complete: what it did not bring may be gone, and its days are covered.
    async fn end_piece(&mut self, collection: &Collection, place: &Place) -> Trial<()> {
        if collection.dates == Dates::None {
            return Ok(());
        }
        let (user, id) = (self.user.id, self.connection.id);
        if collection.documents {
            let mut tx = self.engine.db.read().await?;
            let unseen = tx.unseen(user, id, &collection.id, place.piece, place.generation).await?;
            drop(tx);
            if unseen.len() > MOST_REMOVALS {
                tracing::warn!(
                    collection = collection.id,
                    missing = unseen.len(),
                    "too many are missing to be believed"
                );
            } else {
                for (kind, provider_id) in unseen {
                    self.ask_again(collection, kind, &provider_id).await?;
                }
            }
        }
        let mut tx = self.engine.begin_on(&self.connection).await?;
        tx.cover(user, id, &collection.id, place.piece).await?;
        Ok(tx.commit().await?)
    }

    /// Asks for what a complete window did not bring: only what is gone itself is removed.
    async fn ask_again(&mut self, collection: &Collection, kind: Kind, provider_id: &str) -> Trial<()> {
        let (engine, connection) = (self.engine, &self.connection);
        match engine.look_up(connection, collection, kind, provider_id, &mut self.may_refresh).await? {
            Looked::Told(brought) => Ok(self.store(collection, brought).await?),
            Looked::Refused(_) => Ok(()),
        }
    }
}
