//! Charts: figures of one person's days, drawn on the server and said in words.

mod baseline;
mod draw;
mod scale;
#[cfg(test)]
mod tests;
mod words;

use askama::{Template, filters::HtmlSafe};
use jiff::civil::Date;

pub use self::{
    baseline::{Band, baseline},
    draw::{bar_chart, line_chart},
    words::{against_baseline, number},
};

/// One measure over days: one point for each day, in ascending order, none left out.
#[derive(Clone, Debug)]
pub struct Series {
    /// "Sleep score".
    pub title: String,
    /// Said once; empty for scores.
    pub unit: String,
    pub decimals: usize,
    /// The days before those shown make the baseline.
    pub points: Vec<Point>,
    /// How many of the last points are shown.
    pub shown: usize,
}

/// One day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub day: Date,
    /// Absent where nothing was measured.
    pub value: Option<f64>,
}

/// A chart as a figure: the drawing, its caption, and the same figures as a table.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/chart.html")]
pub struct Chart {
    pub title: String,
    pub unit: String,
    /// "85 on 26 Jan"; absent when nothing was measured.
    pub latest: Option<String>,
    pub svg: Svg,
    pub rows: Vec<Row>,
}

// Its template escapes every field.
impl HtmlSafe for Chart {}

/// A row of a chart's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub day: Date,
    /// "26 Jan".
    pub words: String,
    pub value: Option<String>,
    /// "74 to 86".
    pub usual: Option<String>,
}

/// A drawing, as the numbers and paths that its template writes down.
#[derive(Clone, Debug, PartialEq, Template)]
#[template(path = "parts/svg.html")]
pub struct Svg {
    /// What the drawing shows, in words.
    pub label: String,
    pub ticks: Vec<Tick>,
    /// The first and the last day.
    pub ends: Option<(String, String)>,
    /// The path of the baseline.
    pub band: String,
    /// The path of the line: a new beginning after every gap.
    pub line: String,
    pub bars: Vec<Bar>,
    /// Today, when it has a value.
    pub dot: Option<Dot>,
    /// Where the points are, for the script that reads values: the first, and the step from one to the next.
    pub across: (f64, f64),
    /// The height of each point; empty where there is none.
    pub heights: String,
}

// Its template escapes every field.
impl HtmlSafe for Svg {}

/// A hairline and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub y: f64,
    pub label: String,
}

/// One day of a bar chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub today: bool,
}

/// Today's value.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    pub x: f64,
    pub y: f64,
    pub label: String,
}

impl Series {
    /// The days that are shown.
    pub fn visible(&self) -> &[Point] {
        &self.points[self.hidden()..]
    }

    /// The newest day shown that has a value.
    pub fn latest(&self) -> Option<(Date, f64)> {
        self.visible().iter().rev().find_map(|point| Some((point.day, point.finite()?)))
    }

    /// The baseline of each day that is shown.
    pub fn bands(&self) -> Vec<Option<Band>> {
        (self.hidden()..self.points.len()).map(|at| baseline(&self.points[..at])).collect()
    }

    fn hidden(&self) -> usize {
        self.points.len().saturating_sub(self.shown)
    }
}

impl Point {
    /// The value, if it is a number that can be drawn.
    pub fn finite(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite())
    }
}

impl Chart {
    /// A line with its baseline.
    pub fn line(series: &Series) -> Self {
        Self::around(series, line_chart(series))
    }

    /// A bar for each day.
    pub fn bars(series: &Series) -> Self {
        Self::around(series, bar_chart(series))
    }

    fn around(series: &Series, svg: Svg) -> Self {
        let latest = series.latest().map(|(day, value)| words::on(day, value, series.decimals));
        Self { title: series.title.clone(), unit: series.unit.clone(), latest, svg, rows: words::rows(series) }
    }

    /// Whether nothing was measured on any day.
    pub fn is_empty(&self) -> bool {
        self.latest.is_none()
    }

    /// Whether any day has a baseline.
    pub fn has_baseline(&self) -> bool {
        self.rows.iter().any(|row| row.usual.is_some())
    }
}
