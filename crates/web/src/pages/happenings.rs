//! The newest events, with those gathered into one line that happened at once to records of one kind.

use jiff::{Timestamp, civil::Date};
use model::{Change, ChangeType, Kind};

use super::{Person, provider_name, words::span};
use crate::{State, views::EventLine};

/// A first sync fills hundreds of them.
const EVENTS: i64 = 500;
const LINES: usize = 15;

/// Events of one kind, provider and minute.
struct Gathered {
    change: ChangeType,
    kind: Kind,
    provider: String,
    /// The newest one's.
    at: Timestamp,
    day: Option<Date>,
    records: usize,
}

/// What happened last, the newest first.
pub(super) async fn newest(state: &State, person: &Person) -> Result<Vec<EventLine>, engine::Error> {
    let user = person.user.id;
    let (_, _, head) = state.engine.events(user, None, 0, 1).await?;
    let (events, ..) = state.engine.events(user, None, (head - EVENTS).max(0), EVENTS).await?;
    let line = |gathered: Gathered| EventLine {
        at: person.moment(gathered.at),
        change: gathered.change,
        kind: gathered.kind,
        provider: provider_name(state, &gathered.provider).unwrap_or(gathered.provider),
        day: gathered.day.map(|day| span(day, day)),
        records: gathered.records,
    };
    Ok(gather(events.iter().rev()).into_iter().take(LINES).map(line).collect())
}

fn gather<'a>(newest_first: impl Iterator<Item = &'a Change>) -> Vec<Gathered> {
    let mut lines: Vec<Gathered> = Vec::new();
    for event in newest_first {
        match lines.iter_mut().find(|line| line.holds(event)) {
            Some(line) => line.records += 1,
            None => lines.push(Gathered::new(event)),
        }
    }
    lines
}

impl Gathered {
    fn new(event: &Change) -> Self {
        Self {
            change: event.change_type,
            kind: event.kind,
            provider: event.provider.clone(),
            at: event.at,
            day: event.day,
            records: 1,
        }
    }

    fn holds(&self, event: &Change) -> bool {
        let minute = |at: Timestamp| at.as_second() / 60;
        self.change == event.change_type
            && self.kind == event.kind
            && self.provider == event.provider
            && minute(self.at) == minute(event.at)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use model::{ConnectionId, RecordId};
    use uuid::Uuid;

    use super::*;

    fn event(kind: Kind, day: i8, second: i64) -> Change {
        Change {
            position: second,
            change_type: ChangeType::Added,
            provider: "halo".to_owned(),
            connection_id: ConnectionId(Uuid::nil()),
            record_id: RecordId(Uuid::nil()),
            kind,
            day: Some(date(2026, 1, day)),
            at: Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn what_happened_at_once_is_one_line() {
        let log = [
            event(Kind::Sleep, 3, 50),
            event(Kind::Battery, 2, 61),
            event(Kind::Sleep, 1, 62),
            event(Kind::Sleep, 2, 63),
        ];
        let lines = gather(log.iter().rev());
        let seen: Vec<_> = lines.iter().map(|line| (line.kind, line.records)).collect();
        assert_eq!(seen, [(Kind::Sleep, 2), (Kind::Battery, 1), (Kind::Sleep, 1)]);
    }
}
