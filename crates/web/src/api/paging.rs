//! How many are read at a time, and whether there may be more.

use crate::problem::Problem;

const USUAL: i64 = 100;

/// How many to read: as many as were asked for, within reason.
pub(super) fn limit(asked: Option<i64>, most: i64) -> Result<i64, Problem> {
    match asked.unwrap_or(USUAL) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(Problem::invalid("limit", format!("is between 1 and {most}"))),
    }
}

/// The item to go on after: the last one of a full page. After fewer there is nothing.
pub(super) fn go_on_after<T>(items: &[T], limit: i64) -> Option<&T> {
    let full = i64::try_from(items.len()).is_ok_and(|read| read >= limit);
    items.last().filter(|_| full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_item_at_least_and_not_too_many() {
        assert_eq!(limit(None, 500).unwrap(), 100);
        assert_eq!(limit(Some(500), 500).unwrap(), 500);
        for odd in [0, -1, 501] {
            assert!(limit(Some(odd), 500).is_err(), "{odd}");
        }
    }

    #[test]
    fn one_goes_on_after_a_full_page_only() {
        assert_eq!(go_on_after(&[1, 2], 2), Some(&2));
        assert_eq!(go_on_after(&[1], 2), None);
        assert_eq!(go_on_after::<i64>(&[], 2), None);
    }
}
