//! Tells a database in trouble from a request in trouble, and remembers whether what is written lasts.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::Error;

/// Whether what is written lasts: on a full disk all can be read, and whoever only reads would not know.
#[derive(Default)]
pub(crate) struct Writes(AtomicBool);

impl Writes {
    /// Remembers it when the disk is full or fails.
    pub(crate) fn hear<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        done.inspect_err(|error| {
            if of_disk(error) {
                self.0.store(true, Ordering::Relaxed);
            }
        })
    }

    /// Something that was changed has lasted.
    pub(crate) fn last(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(crate) fn fail(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether the database is away or cannot write, whatever it is asked.
pub(crate) fn is_outage(error: &Error) -> bool {
    match error {
        Error::PoolTimedOut | Error::PoolClosed | Error::Io(_) | Error::WorkerCrashed => true,
        // Connections fail, resources are short, an operator intervenes (PostgreSQL, appendix A).
        Error::Database(database) => {
            of_disk(error) || database.code().is_some_and(|code| is_of(&code, &["08", "53", "57P"]))
        }
        _ => false,
    }
}

/// Whether the disk is full or fails.
fn of_disk(error: &Error) -> bool {
    let Some(code) = error.as_database_error().and_then(|error| error.code()) else { return false };
    is_of(&code, &["53100", "58030"]) || is_full_or_io(&code)
}

/// PostgreSQL's codes have five signs.
fn is_of(code: &str, classes: &[&str]) -> bool {
    code.len() == 5 && classes.iter().any(|class| code.starts_with(class))
}

/// SQLite's codes are numbers, whose lowest byte says what kind they are: `SQLITE_IOERR` and `SQLITE_FULL`.
fn is_full_or_io(code: &str) -> bool {
    code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 10 | 13))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_of_the_disk_is_known_by_either_engines_codes() {
        assert!(["10", "13", "778"].into_iter().all(is_full_or_io), "SQLITE_IOERR_WRITE is 778");
        assert!(!["5", "19", "2067", "53100", "58P01", ""].into_iter().any(is_full_or_io));
        assert!(is_of("57P01", &["57P"]) && !is_of("57014", &["57P"]), "a query that was cancelled is no outage");
        assert!(is_outage(&Error::PoolTimedOut) && !is_outage(&Error::RowNotFound));
    }
}
