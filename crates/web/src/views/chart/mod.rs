//! Charts: figures of one person's days, drawn on the server and said in words.

mod baseline;
mod draw;
mod scale;
#[cfg(test)]
mod tests;
mod words;

use askama::{Template, filters::HtmlSafe};
use jiff::civil::Date;

pub(crate) use self::words::{against_baseline, number};
use self::{
    baseline::{Band, baseline},
    draw::{bar_chart, line_chart},
};

/// One measure over days: one point for each day, in ascending order, none left out.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// "Sleep score".
    pub(crate) title: String,
    /// Said once; empty for scores.
    pub(crate) unit: String,
    pub(crate) decimals: usize,
    /// The days before those shown make the baseline.
    pub(crate) points: Vec<Point>,
    /// How many of the last points are shown.
    pub(crate) shown: usize,
}

/// One day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) day: Date,
    /// Absent where nothing was measured.
    pub(crate) value: Option<f64>,
}

/// A chart as a figure: the drawing, its caption, and the same figures as a table.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/chart.html")]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) unit: String,
    /// "85 on 26 Jan"; absent when nothing was measured.
    pub(crate) latest: Option<String>,
    pub(crate) svg: Svg,
    pub(crate) rows: Vec<Row>,
}

// Its template escapes every field.
impl HtmlSafe for Chart {}

/// A row of a chart's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) day: Date,
    /// "26 Jan".
    pub(crate) words: String,
    pub(crate) value: Option<String>,
    /// "74 to 86".
    pub(crate) usual: Option<String>,
}

/// A drawing, as the numbers and paths that its template writes down.
#[derive(Clone, Debug, PartialEq, Template)]
#[template(path = "parts/svg.html")]
pub(crate) struct Svg {
    /// What the drawing shows, in words.
    pub(crate) label: String,
    pub(crate) ticks: Vec<Tick>,
    /// The first and the last day.
    pub(crate) ends: Option<(String, String)>,
    /// The path of the baseline.
    pub(crate) band: String,
    /// The path of the line: a new beginning after every gap.
    pub(crate) line: String,
    pub(crate) bars: Vec<Bar>,
    /// Today, when it has a value.
    pub(crate) dot: Option<Dot>,
    /// Where the points are, for the script that reads values: the first, and the step from one to the next.
    pub(crate) across: (f64, f64),
    /// The height of each point; empty where there is none.
    pub(crate) heights: String,
}

// Its template escapes every field.
impl HtmlSafe for Svg {}

/// A hairline and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) y: f64,
    pub(crate) label: String,
}

/// One day of a bar chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) today: bool,
}

/// Today's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dot {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) label: String,
}

impl Series {
    /// The days that are shown.
    pub(crate) fn visible(&self) -> &[Point] {
        &self.points[self.hidden()..]
    }

    /// The newest day shown that has a value.
    pub(crate) fn latest(&self) -> Option<(Date, f64)> {
        self.visible().iter().rev().find_map(|point| Some((point.day, point.finite()?)))
    }

    /// The baseline of each day that is shown.
    pub(crate) fn bands(&self) -> Vec<Option<Band>> {
        (self.hidden()..self.points.len()).map(|at| baseline(&self.points[..at])).collect()
    }

    fn hidden(&self) -> usize {
        self.points.len().saturating_sub(self.shown)
    }
}

impl Point {
    /// The value, if it is a number that can be drawn.
    pub(crate) fn finite(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite())
    }
}

impl Chart {
    /// A line with its baseline.
    pub(crate) fn line(series: &Series) -> Self {
        Self::around(series, line_chart(series))
    }

    /// A bar for each day.
    pub(crate) fn bars(series: &Series) -> Self {
        Self::around(series, bar_chart(series))
    }

    fn around(series: &Series, svg: Svg) -> Self {
        let latest = series.latest().map(|(day, value)| words::on(day, value, series.decimals));
        Self { title: series.title.clone(), unit: series.unit.clone(), latest, svg, rows: words::rows(series) }
    }

    /// Whether nothing was measured on any day.
    pub(crate) fn is_empty(&self) -> bool {
        self.latest.is_none()
    }

    /// Whether any day has a baseline.
    pub(crate) fn has_baseline(&self) -> bool {
        self.rows.iter().any(|row| row.usual.is_some())
    }
}
