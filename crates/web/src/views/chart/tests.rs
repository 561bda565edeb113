//! Gaps stay gaps, baselines come from the days before, and everything is said in words.

use askama::Template;
use jiff::{ToSpan, civil::date};

use super::{Chart, Point, Series, against_baseline, bar_chart, baseline, line_chart, number};

fn series(values: &[Option<f64>], shown: usize) -> Series {
    let day = |at: usize| date(2026, 1, 1).saturating_add(i64::try_from(at).unwrap().days());
    let points = values.iter().enumerate().map(|(at, &value)| Point { day: day(at), value }).collect();
    Series { title: "HRV".to_owned(), unit: "ms".to_owned(), decimals: 0, points, shown }
}

#[test]
fn a_small_chart() {
    let values = [Some(50.0), Some(60.0), None, Some(40.0), None, Some(70.0), Some(62.0)];
    insta::assert_snapshot!(line_chart(&series(&values, 7)).render().unwrap(), @r#"
    <svg class="chart" viewBox="0 0 280 132" role="img" aria-label="HRV, 1 Jan to 7 Jan: between 40 and 70 ms, latest 62 on 7 Jan, 2 days without a value" data-first="36" data-step="31.67" data-heights="78.7,45.3,,112,,12,38.7">
    <path class="grid" d="M36 112H226"/><text class="end" x="29" y="112" dy="4">40</text>
    <path class="grid" d="M36 78.7H226"/><text class="end" x="29" y="78.7" dy="4">50</text>
    <path class="grid" d="M36 45.3H226"/><text class="end" x="29" y="45.3" dy="4">60</text>
    <path class="grid" d="M36 12H226"/><text class="end" x="29" y="12" dy="4">70</text>
    <path class="line" d="M36 78.7L67.7 45.3M131 112h0M194.3 12L226 38.7"/>
    <circle class="dot" cx="226" cy="38.7" r="4"/>
    <text class="now" x="233" y="38.7" dy="4">62</text>
    <text x="36" y="129">1 Jan</text><text class="end" x="226" y="129">7 Jan</text>
    </svg>
    "#);
}

#[test]
fn small_bars() {
    let values = [Some(8543.0), None, Some(0.0), Some(12_000.0)];
    insta::assert_snapshot!(bar_chart(&series(&values, 4)).render().unwrap(), @r#"
    <svg class="chart" viewBox="0 0 280 132" role="img" aria-label="HRV, 1 Jan to 4 Jan: between 0 and 12,000 ms, latest 12,000 on 4 Jan, 1 day without a value" data-first="59.8" data-step="47.5" data-heights="55,,112,32">
    <path class="grid" d="M36 112H226"/><text class="end" x="29" y="112" dy="4">0</text>
    <path class="grid" d="M36 78.7H226"/><text class="end" x="29" y="78.7" dy="4">5k</text>
    <path class="grid" d="M36 45.3H226"/><text class="end" x="29" y="45.3" dy="4">10k</text>
    <path class="grid" d="M36 12H226"/><text class="end" x="29" y="12" dy="4">15k</text>
    <rect class="day" x="43.2" y="55" width="33.3" height="57"/>
    <rect class="day" x="138.2" y="112" width="33.3" height="0"/>
    <rect class="day today" x="185.7" y="32" width="33.3" height="80"/>
    <text class="now" x="233" y="32" dy="4">12,000</text>
    <text x="36" y="129">1 Jan</text><text class="end" x="226" y="129">4 Jan</text>
    </svg>
    "#);
}

#[test]
fn gaps_are_never_joined() {
    let values = [Some(1.0), Some(2.0), None, Some(3.0), None, Some(4.0), Some(5.0)];
    let line = line_chart(&series(&values, 7)).line;
    assert_eq!(line.matches('M').count(), 3, "three stretches: {line}");
    assert_eq!(line.matches('L').count(), 2, "only neighbours are joined: {line}");
    assert_eq!(line.matches("h0").count(), 1, "a lone day is still seen: {line}");
}

#[test]
fn a_gap_has_no_bar_and_nought_has_one_without_height() {
    let bars = bar_chart(&series(&[Some(3.0), None, Some(0.0)], 3)).bars;
    assert_eq!(bars.len(), 2);
    assert_eq!(bars[1].height, 0.0);
    assert!(bars[1].today && !bars[0].today);
}

#[test]
fn today_without_a_value_has_no_dot() {
    let svg = line_chart(&series(&[Some(1.0), Some(2.0), None], 3));
    assert!(svg.dot.is_none());
    assert!(line_chart(&series(&[None, Some(2.0)], 2)).dot.is_some());
}

#[test]
fn a_baseline_needs_a_week_and_never_knows_the_day_itself() {
    let mut values = vec![Some(10.0); 6];
    assert!(baseline(&series(&values, 0).points).is_none());
    values.push(Some(10.0));
    let before = baseline(&series(&values, 0).points).unwrap();
    assert_eq!((before.mean, before.deviation), (10.0, 0.0));
    values.push(Some(1000.0));
    let bands = series(&values, 1).bands();
    assert_eq!(bands, [Some(before)]);
}

#[test]
fn the_baseline_forgets_what_is_older_than_four_weeks() {
    let mut values = vec![Some(1000.0); 10];
    values.extend([Some(10.0); 28]);
    assert_eq!(baseline(&series(&values, 0).points).unwrap().mean, 10.0);
}

#[test]
fn the_newest_value_is_compared_with_the_days_before_it() {
    let mut values = vec![Some(50.0); 10];
    values.push(Some(44.0));
    assert_eq!(against_baseline(&series(&values, 7)).as_deref(), Some("12\u{a0}% under your baseline"));
    values.push(None);
    assert_eq!(against_baseline(&series(&values, 7)).as_deref(), Some("12\u{a0}% under your baseline"));
    assert_eq!(against_baseline(&series(&values[..3], 3)), None);
}

#[test]
fn a_chart_says_in_words_what_it_shows() {
    let values = [Some(50.0), Some(60.0), None, Some(62.0)];
    assert_eq!(
        line_chart(&series(&values, 4)).label,
        "HRV, 1 Jan to 4 Jan: between 50 and 62 ms, latest 62 on 4 Jan, 1 day without a value"
    );
    assert_eq!(line_chart(&series(&[None, None], 2)).label, "HRV: nothing measured");
}

#[test]
fn the_table_has_every_day_that_is_shown() {
    let values = [Some(50.0), Some(60.0), None, Some(1062.0)];
    let rows = Chart::line(&series(&values, 3)).rows;
    let cells: Vec<_> = rows.iter().map(|row| (row.words.as_str(), row.value.as_deref())).collect();
    assert_eq!(cells, [("2 Jan", Some("60")), ("3 Jan", None), ("4 Jan", Some("1,062"))]);
}

#[test]
fn nothing_one_thing_and_nonsense_are_drawn() {
    for values in
        [vec![], vec![None], vec![Some(5.0)], vec![Some(0.0), Some(0.0)], vec![Some(f64::NAN), Some(f64::INFINITY)]]
    {
        for shown in [0, 1, 90] {
            for chart in [Chart::line(&series(&values, shown)), Chart::bars(&series(&values, shown))] {
                let html = chart.render().unwrap();
                assert!(!html.contains("NaN") && !html.contains("inf\""), "{html}");
            }
        }
    }
}

#[test]
fn numbers_for_people() {
    assert_eq!(number(1_234_567.0, 0), "1,234,567");
    assert_eq!(number(999.5, 0), "1,000");
    assert_eq!(number(-0.14, 1), "−0.1");
    assert_eq!(number(-0.01, 1), "0.0");
}
