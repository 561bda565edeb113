//! Lists of values and rows in a few fixed sizes, so that few statements have to be prepared.

/// Sizes of lists; what is left of one is filled up with its last value.
const SIZES: [usize; 5] = [1, 4, 16, 64, 256];

/// Cuts values into lists of the fixed sizes. A value that fills up is there more than once: that changes no `in`.
pub(crate) fn lists<T: Clone>(values: &[T]) -> impl Iterator<Item = Vec<T>> {
    let most = SIZES[SIZES.len() - 1];
    values.chunks(most).map(move |chunk| {
        let size = SIZES.into_iter().find(|size| *size >= chunk.len()).unwrap_or(most);
        chunk.iter().chain(chunk.last().into_iter().cycle()).take(size).cloned().collect()
    })
}

/// As many placeholders, beginning with a number.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// More rows than this take another statement.
const MOST_ROWS: usize = 64;

/// Cuts rows into pieces of 64, and what is left into pieces of smaller powers of two.
pub(crate) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = MOST_ROWS.min(1 << rows.len().checked_ilog2()?);
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        Some(piece)
    })
}

/// The placeholders of so many rows of so many columns.
pub(crate) fn rows(columns: usize, count: usize) -> String {
    let row = |row: usize| format!("({})", placeholders(1 + row * columns, columns));
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

/// The same for an engine that counts placeholders without a number.
pub(crate) fn unnamed_rows(columns: usize, count: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; count].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_sizes_and_lose_nothing() {
        for count in [0, 1, 2, 16, 17, 256, 257, 600] {
            let values: Vec<_> = (0..count).collect();
            let lists: Vec<_> = lists(&values).collect();
            assert!(lists.iter().all(|list| SIZES.contains(&list.len())), "{count}");
            let mut all: Vec<_> = lists.concat();
            all.dedup();
            assert_eq!(all, values);
        }
        assert_eq!(placeholders(2, 3), "$2, $3, $4");
    }
    #[test]
    fn pieces_have_few_sizes_and_lose_nothing() {
        for count in 0..200 {
            let all: Vec<_> = (0..count).collect();
            let pieces: Vec<_> = pieces(&all).collect();
            assert!(pieces.iter().all(|piece| piece.len().is_power_of_two() && piece.len() <= MOST_ROWS));
            assert_eq!(pieces.concat(), all);
        }
        assert_eq!((rows(2, 2), unnamed_rows(2, 2)), ("($1, $2), ($3, $4)".into(), "(?, ?), (?, ?)".into()));
    }
}
