//! The dashboard: empty, filling, full, sparse, in trouble.

use jiff::{ToSpan, civil::date};

use super::{html, moment, page};
use crate::views::{
    Dashboard, Figure, Line, Nav, Progress, Range, SourceLine, Told, Tone,
    chart::{Chart, Point, Series, against_baseline, number},
};

const CONTEXT: &str = "# Health Data from Halo (synced 12 minutes ago)

## Last Night's Sleep (2026-01-26)
- **Sleep Score**: 85/100
- **Deep Sleep**: 80/100 (1 h 12 min)
- **REM Sleep**: 74/100 (1 h 48 min)
- **Sleep Efficiency**: 91/100 (93%)
- **Restfulness**: 68/100

## Today's Readiness (2026-01-26)
- **Readiness Score**: 78/100
- **HRV Balance**: 77/100
- **Resting Heart Rate**: 82/100 (48 bpm)
- **Temperature Deviation**: 0.1C

## Yesterday's Activity (2026-01-25)
- **Activity Score**: 91/100
- **Steps**: 8,543
- **Active Calories**: 412
";

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let quarter = Dashboard { range: Range::Quarter, charts: charts(90, 90, &[]), ..full() };
    let week = Dashboard { range: Range::Week, charts: charts(7, 90, &[]), ..full() };
    vec![
        ("dashboard", html(&full())),
        ("dashboard-90", html(&quarter)),
        ("dashboard-7", html(&week)),
        ("dashboard-empty", html(&empty())),
        ("dashboard-filling", html(&filling())),
        ("dashboard-little", html(&little())),
        ("dashboard-trouble", html(&trouble())),
    ]
}

pub(in crate::views::tests) fn full() -> Dashboard {
    Dashboard {
        page: page("Dashboard", Nav::Dashboard),
        greeting: "Good morning.".to_owned(),
        sources: vec![source(None)],
        progress: Vec::new(),
        figures: vec![
            figure("Sleep", "Sleep score", ""),
            figure("Readiness", "Readiness", ""),
            figure("Activity", "Activity", ""),
            figure("HRV", "HRV", "ms"),
        ],
        range: Range::Month,
        charts: charts(30, 90, &[9, 10, 11, 22]),
        told: Told { markdown: Some(CONTEXT.to_owned()), tokens: 312, readers: "2 agents".to_owned() },
        events: events(),
        head: 118,
    }
}

fn empty() -> Dashboard {
    Dashboard { sources: Vec::new(), ..full() }
}

fn filling() -> Dashboard {
    let unknown = |label: &str| Figure {
        label: label.to_owned(),
        value: None,
        unit: String::new(),
        note: None,
        origin: "not arrived yet".to_owned(),
    };
    Dashboard {
        page: page("Dashboard", Nav::Dashboard)
            .with(Tone::Good, "Halo is connected. The last 30 days are on their way."),
        sources: vec![SourceLine { synced: None, heard: None, ..source(None) }],
        progress: vec![progress()],
        figures: ["Sleep", "Readiness", "Activity", "HRV"].map(unknown).to_vec(),
        charts: charts(30, 0, &[]),
        told: Told { markdown: None, tokens: 0, readers: "nobody".to_owned() },
        events: Vec::new(),
        ..full()
    }
}

fn little() -> Dashboard {
    Dashboard { charts: charts(30, 4, &[]), ..full() }
}

fn trouble() -> Dashboard {
    Dashboard {
        sources: vec![source(Some("no longer accepts our key"))],
        charts: charts(30, 90, &[25, 26, 27, 28, 29]),
        ..full()
    }
}

pub(in crate::views::tests) fn progress() -> Progress {
    Progress {
        name: "Halo".to_owned(),
        done: 4,
        total: 19,
        days_done: 18,
        days_total: 30,
        url: "/api/v1/jobs/0199/progress".to_owned(),
        here: "/connections".to_owned(),
    }
}

fn source(trouble: Option<&str>) -> SourceLine {
    SourceLine {
        name: "Halo".to_owned(),
        synced: Some(moment("12 minutes ago")),
        heard: Some(moment("2 minutes ago")),
        trouble: trouble.map(str::to_owned),
    }
}

fn figure(label: &str, title: &str, unit: &str) -> Figure {
    let series = measure(title, unit, 30, 90, &[]);
    Figure {
        label: label.to_owned(),
        value: series.latest().map(|(_, value)| number(value, 0)),
        unit: unit.to_owned(),
        note: against_baseline(&series),
        origin: "last night, from Halo".to_owned(),
    }
}

fn charts(shown: usize, known: usize, gaps: &[usize]) -> Vec<Chart> {
    let of = |title, unit| measure(title, unit, shown, known, gaps);
    vec![
        Chart::line(&of("Sleep score", "")),
        Chart::line(&of("Readiness", "")),
        Chart::line(&of("HRV", "ms")),
        Chart::bars(&of("Steps", "")),
    ]
}

/// A measure of 118 days, of which the last `known` have values and, of those shown, `gaps` have none.
fn measure(title: &str, unit: &str, shown: usize, known: usize, gaps: &[usize]) -> Series {
    let (mean, swing) = match title {
        "HRV" => (64.0, 11.0),
        "Steps" => (8200.0, 4100.0),
        _ => (79.0, 9.0),
    };
    let first = date(2025, 10, 1);
    let point = |at: usize| {
        let turn = at as f64 + title.len() as f64 * 1.7;
        let wave = ((turn * 0.9).sin() + (turn * 2.3).sin() * 0.6 + (turn * 0.17).cos() * 0.7) / 2.0;
        let hidden = at + known.max(shown.min(known)) < 118 || gaps.contains(&(at + shown).wrapping_sub(118));
        let day = first.saturating_add(i64::try_from(at).unwrap().days());
        Point { day, value: (!hidden).then_some(mean + swing * wave) }
    };
    let points = (0..118).map(point).collect();
    Series { title: title.to_owned(), unit: unit.to_owned(), decimals: 0, points, shown }
}

pub(super) fn events() -> Vec<Line> {
    let line = |at: &str, text: &str, aside: &str| Line {
        at: moment(at),
        text: text.to_owned(),
        aside: aside.to_owned(),
        trouble: text.contains("failed"),
    };
    vec![
        line("just now", "Sleep scores revised", "Halo · 26 Jan"),
        line("just now", "Readiness added", "Halo · 26 Jan"),
        line("2 minutes ago", "Sleep periods added", "Halo · 3 records"),
        line("2 minutes ago", "The regular sync of Halo is done", "41 records"),
        line("yesterday", "Workouts removed", "Halo · 25 Jan"),
        line("yesterday", "The regular sync of Halo failed: the provider is not available.", "0 records"),
        line("yesterday", "You connected Halo", ""),
    ]
}
