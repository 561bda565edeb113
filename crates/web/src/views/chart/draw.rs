//! Where lines, bands, bars and dots go.

use std::fmt::Write;

use super::{
    Band, Bar, Dot, Point, Series, Svg, Tick,
    scale::{BOTTOM, LEFT, RIGHT, Scale, across, tenth},
    words,
};

/// A line with its baseline as a band; a day without a value is a gap.
pub(crate) fn line_chart(series: &Series) -> Svg {
    let values: Vec<_> = series.visible().iter().map(Point::finite).collect();
    let bands = series.bands();
    let edges = bands.iter().flatten().flat_map(|band| [band.low(), band.high()]);
    let scale = match Scale::over(values.iter().flatten().copied().chain(edges)) {
        Some(scale) if series.latest().is_some() => scale,
        // A band alone draws nothing.
        _ => return empty(series),
    };
    let places = Places::of(values.len());
    let heights: Vec<_> = values.iter().map(|value| value.map(|value| scale.y(value))).collect();
    Svg {
        band: band_path(&bands, &places, &scale),
        line: line_path(&heights, &places),
        dot: today(series, &scale, places.x(values.len() - 1)),
        ..frame(series, &scale, &heights, places)
    }
}

/// A bar for each day, from nought; a day without a value has none.
pub(crate) fn bar_chart(series: &Series) -> Svg {
    let values: Vec<_> = series.visible().iter().map(|point| point.finite().map(|value| value.max(0.0))).collect();
    let scale = match Scale::over(values.iter().flatten().copied().chain([0.0, 1.0])) {
        Some(scale) if series.latest().is_some() => scale,
        _ => return empty(series),
    };
    let slot = (RIGHT - LEFT) / values.len() as f64;
    let places = Places { first: LEFT + slot / 2.0, step: slot };
    let heights: Vec<_> = values.iter().map(|value| value.map(|value| scale.y(value))).collect();
    Svg {
        bars: bars(&heights, &places),
        dot: today(series, &scale, RIGHT - slot / 2.0),
        ..frame(series, &scale, &heights, places)
    }
}

/// Where the days are, from left to right.
struct Places {
    first: f64,
    step: f64,
}

impl Places {
    fn of(count: usize) -> Self {
        let (first, step) = across(count);
        Self { first, step }
    }

    fn x(&self, at: usize) -> f64 {
        tenth(self.first + self.step * at as f64)
    }
}

fn empty(series: &Series) -> Svg {
    Svg {
        label: words::summary(series),
        ticks: Vec::new(),
        ends: None,
        band: String::new(),
        line: String::new(),
        bars: Vec::new(),
        dot: None,
        across: (0.0, 0.0),
        heights: String::new(),
    }
}

fn frame(series: &Series, scale: &Scale, heights: &[Option<f64>], places: Places) -> Svg {
    let tick = |value: f64| Tick { y: scale.y(value), label: words::tick(value) };
    let heights: Vec<_> = heights.iter().map(|y| y.map(|y| y.to_string()).unwrap_or_default()).collect();
    Svg {
        ticks: scale.ticks().into_iter().map(tick).collect(),
        ends: words::ends(series),
        across: (tenth(places.first), (places.step * 100.0).round() / 100.0),
        heights: heights.join(","),
        ..empty(series)
    }
}

fn today(series: &Series, scale: &Scale, x: f64) -> Option<Dot> {
    let value = series.visible().last()?.finite()?;
    Some(Dot { x: tenth(x), y: scale.y(value), label: words::number(value, series.decimals) })
}

fn bars(heights: &[Option<f64>], places: &Places) -> Vec<Bar> {
    let width = tenth((places.step * 0.7).max(1.5));
    let bar = |(at, y): (usize, &Option<f64>)| {
        let y = (*y)?;
        let x = tenth(places.x(at) - width / 2.0);
        Some(Bar { x, y, width, height: tenth(BOTTOM - y), today: at + 1 == heights.len() })
    };
    heights.iter().enumerate().filter_map(bar).collect()
}

/// Lines through neighbours; a lone day is a line of no length, which a round cap makes visible.
fn line_path(heights: &[Option<f64>], places: &Places) -> String {
    let mut path = String::new();
    for run in runs(heights) {
        for (nth, (at, y)) in run.iter().enumerate() {
            let _ = write!(path, "{}{} {y}", if nth == 0 { 'M' } else { 'L' }, places.x(*at));
        }
        if run.len() == 1 {
            path.push_str("h0");
        }
    }
    path
}

/// Along the upper edge, and back along the lower one.
fn band_path(bands: &[Option<Band>], places: &Places, scale: &Scale) -> String {
    let mut path = String::new();
    for run in runs(bands) {
        let there = run.iter().map(|(at, band)| (places.x(*at), scale.y(band.high())));
        let back = run.iter().rev().map(|(at, band)| (places.x(*at), scale.y(band.low())));
        for (nth, (x, y)) in there.chain(back).enumerate() {
            let _ = write!(path, "{}{x} {y}", if nth == 0 { 'M' } else { 'L' });
        }
        path.push('Z');
    }
    path
}

/// The stretches without a gap, each with its places.
fn runs<T: Copy>(items: &[Option<T>]) -> Vec<Vec<(usize, T)>> {
    let numbered: Vec<_> = items.iter().enumerate().map(|(at, item)| item.map(|item| (at, item))).collect();
    let stretches = numbered.split(Option::is_none).filter(|stretch| !stretch.is_empty());
    stretches.map(|stretch| stretch.iter().copied().flatten().collect()).collect()
}
