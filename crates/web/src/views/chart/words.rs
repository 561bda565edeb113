//! Charts in words: numbers, summaries, tables.

use jiff::civil::Date;

use super::{Band, Row, Series, baseline};

/// A number for people: thousands apart, a true minus sign.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_nought = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_nought { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

/// How the newest value compares with the days before it: "12 % under your baseline".
pub(crate) fn against_baseline(series: &Series) -> Option<String> {
    let at = series.points.iter().rposition(|point| point.finite().is_some())?;
    let value = series.points[at].finite()?;
    let usual = baseline(&series.points[..at])?;
    if usual.mean.abs() < f64::EPSILON {
        return None;
    }
    let percent = ((value - usual.mean) / usual.mean.abs() * 100.0).round();
    Some(match percent {
        p if p > 0.0 => format!("{}\u{a0}% over your baseline", number(p, 0)),
        p if p < 0.0 => format!("{}\u{a0}% under your baseline", number(-p, 0)),
        _ => "at your baseline".to_owned(),
    })
}

/// A value beside a hairline: no more decimals than it needs, and thousands as "5k".
pub(super) fn tick(value: f64) -> String {
    if value.abs() >= 1000.0 {
        return format!("{}k", tick(value / 1000.0));
    }
    let decimals = (0..3).find(|&decimals| {
        let scaled = value * 10_f64.powi(decimals);
        (scaled - scaled.round()).abs() < 1e-6
    });
    number(value, usize::try_from(decimals.unwrap_or(3)).unwrap_or(3))
}

/// A value and its day: "85 on 26 Jan".
pub(super) fn on(day: Date, value: f64, decimals: usize) -> String {
    format!("{} on {}", number(value, decimals), short(day))
}

/// The first and the last day shown.
pub(super) fn ends(series: &Series) -> Option<(String, String)> {
    let days = series.visible();
    Some((short(days.first()?.day), short(days.last()?.day)))
}

/// The table behind the drawing.
pub(super) fn rows(series: &Series) -> Vec<Row> {
    let row = |(point, band): (&super::Point, Option<Band>)| Row {
        day: point.day,
        words: short(point.day),
        value: point.finite().map(|value| number(value, series.decimals)),
        usual: band.map(|band| usual(band, series.decimals)),
    };
    series.visible().iter().zip(series.bands()).map(row).collect()
}

/// What the drawing shows, for those who cannot see it.
pub(super) fn summary(series: &Series) -> String {
    let values: Vec<f64> = series.visible().iter().filter_map(super::Point::finite).collect();
    let (Some((first, last)), Some((day, latest))) = (ends(series), series.latest()) else {
        return format!("{}: nothing measured", series.title);
    };
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let unit = if series.unit.is_empty() { String::new() } else { format!(" {}", series.unit) };
    let n = |value| number(value, series.decimals);
    let mut text = format!("{}, {first} to {last}: between {} and {}{unit}", series.title, n(low), n(high));
    text += &format!(", latest {}", on(day, latest, series.decimals));
    if let Some(band) = series.bands().into_iter().flatten().last() {
        text += &format!(", usually {}", usual(band, series.decimals));
    }
    match series.visible().len() - values.len() {
        0 => {}
        1 => text += ", 1 day without a value",
        missing => text += &format!(", {missing} days without a value"),
    }
    text
}

fn usual(band: Band, decimals: usize) -> String {
    format!("{} to {}", number(band.low(), decimals), number(band.high(), decimals))
}

fn short(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}
