//! `/metrics`: who may read it, what it tells, and that the alerts ask for what is there.

use std::collections::{BTreeMap, BTreeSet};

use model::{Role, Scope, Scopes, Secret};
use serde::Deserialize;
use testkit::Engine;

use crate::doors::{Doors, get};

const ALERTS: &str = include_str!("../../../../docs/prometheus/alerts.yml");
const MANUAL: &str = include_str!("../../../../docs/seeing.md");

/// What Prometheus knows by itself of what it scrapes.
const ITS_OWN: [&str; 1] = ["up"];

async fn scraper(doors: &Doors) -> Secret {
    let admin = doors.somebody("admin@example.org", Role::Admin).await;
    doors.service_token(&admin, Scopes([Scope::MetricsRead].into())).await
}

/// What is told, line by line: name, labels and value, without what describes them.
fn samples(text: &str) -> Vec<(&str, f64)> {
    let told = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    told.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name, value.parse().unwrap())).collect()
}

fn names(text: &str) -> BTreeSet<&str> {
    samples(text).into_iter().map(|(name, _)| name.split('{').next().unwrap()).collect()
}

#[tokio::test]
async fn it_is_for_administrators_and_for_who_has_the_scope() {
    let doors = Doors::open().await;
    let token = scraper(&doors).await;
    let (admin, cookie) = doors.visitor("root@example.org", Role::Admin).await;
    let (member, their_cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let other = doors.service_token(&admin, Scopes([Scope::UsersWrite].into())).await;
    let own = doors.token(&member, Scopes::personal()).await;
    let table = [
        (get("/metrics"), 401),
        (get("/metrics").bearer(&own), 403),
        (get("/metrics").bearer(&other), 403),
        (get("/metrics").cookie(&their_cookie), 403),
        (get("/metrics").cookie(&cookie), 200),
        (get("/metrics").bearer(&token), 200),
    ];
    for (number, (ask, status)) in table.into_iter().enumerate() {
        assert_eq!(doors.send(ask).await.status, status, "case {number}");
    }
}

#[tokio::test]
async fn it_tells_what_happens_here_and_names_nobody() {
    for engine in Engine::all() {
        let doors = Doors::of(engine, |_| ()).await;
        let token = scraper(&doors).await;
        let user = doors.somebody("ada@example.org", Role::Member).await;
        let connection = doors.house.connect(user.id).await.unwrap();
        doors.work().await;
        let own = doors.token(&user, Scopes::personal()).await;
        assert_eq!(doors.send(get("/api/v1/records/unheard-of").bearer(&own)).await.status, 404);
        assert_eq!(doors.send(get("/a/zebra/was/here")).await.status, 404);
        let answer = doors.send(get("/metrics").bearer(&token)).await;
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        let text = answer.text;
        for part in [
            "http_requests_total{method=\"GET\",route=\"/api/v1/records/{record}\",status=\"404\"}",
            "http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}",
            "http_request_duration_seconds_bucket{method=\"GET\",route=\"none\",status=\"404\",le=\"0.001\"}",
            "afferent_jobs_total{type=\"sync\",outcome=\"done\"}",
            "afferent_job_duration_seconds_count{type=\"sync\"}",
            "afferent_provider_calls_total{provider=\"oura\",outcome=\"ok\"}",
            "afferent_refreshes_total{provider=\"oura\",outcome=\"outcome_lost\"}",
            "afferent_webhook_deliveries{provider=\"oura\",state=\"dead\"} 0",
            "afferent_provider_budget_left{provider=\"oura\"}",
            "afferent_check{check=\"database\",required=\"true\"} 1",
            "afferent_table_rows{table=\"users\"} 2",
            "# TYPE afferent_jobs_due gauge",
            "# TYPE afferent_webhook_lag_seconds histogram",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        for odd in [user.id.to_string(), connection.to_string(), "unheard".into(), "zebra".into(), "@".into()] {
            assert!(!text.contains(&odd), "{odd} is in {text}");
        }
        let every_metric_once: BTreeMap<_, _> = samples(&text).into_iter().collect();
        assert_eq!(every_metric_once.len(), samples(&text).len());
    }
}

#[tokio::test]
async fn who_scrapes_while_the_database_is_away_is_told_so() {
    let doors = Doors::open().await;
    let token = scraper(&doors).await;
    assert_eq!(doors.send(get("/metrics").bearer(&token)).await.status, 200);
    doors.house.test.db.close().await;
    // Nobody can be let in any more: that the scrape fails is what the first alert is for.
    assert!(doors.send(get("/metrics").bearer(&token)).await.status >= 500);
    doors.house.clock.turn(std::time::Duration::from_secs(2));
    let seen = doors.house.engine.look_around().await;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || seen.show());
    let text = recorder.handle().render();
    assert!(text.contains("afferent_check{check=\"database\",required=\"true\"} 0"), "{text}");
    assert!(names(&text).contains("process_resident_memory_bytes"), "{text}");
}

#[derive(Deserialize)]
struct Alerts {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    alert: String,
    expr: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl Rule {
    /// The metrics that it asks for: what is followed by labels, a range, a comparison or the end of a bracket, and is
    /// named as metrics are.
    fn metrics(&self) -> BTreeSet<&str> {
        let part = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_');
        let words = self.expr.split(part);
        words.filter(|word| ["afferent_", "http_", "process_"].iter().any(|begin| word.starts_with(begin))).collect()
    }
}

#[tokio::test]
async fn every_alert_asks_for_metrics_that_there_are_and_is_explained() {
    let doors = Doors::open().await;
    let token = scraper(&doors).await;
    doors.send(get("/health")).await;
    let text = doors.send(get("/metrics").bearer(&token)).await.text;
    let known = names(&text);
    let alerts: Alerts = serde_saphyr::from_str(ALERTS).unwrap();
    let rules: Vec<_> = alerts.groups.into_iter().flat_map(|group| group.rules).collect();
    assert!(rules.len() > 15);
    for rule in rules {
        let asked = rule.metrics();
        assert!(!asked.is_empty() || ITS_OWN.iter().any(|own| rule.expr.contains(own)), "{} asks nothing", rule.alert);
        for metric in asked {
            assert!(known.contains(metric), "{} asks for {metric}, which nobody tells", rule.alert);
        }
        assert!(["page", "ticket"].contains(&rule.labels["severity"].as_str()), "{}", rule.alert);
        assert!(rule.annotations["summary"].ends_with('.'), "{}", rule.alert);
        assert!(MANUAL.contains(&rule.alert), "{} is not explained", rule.alert);
    }
}

#[tokio::test]
async fn every_metric_of_ours_is_in_the_manual() {
    let doors = Doors::open().await;
    let token = scraper(&doors).await;
    let text = doors.send(get("/metrics").bearer(&token)).await.text;
    for name in names(&text).into_iter().filter(|name| name.starts_with("afferent_")) {
        let whole = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(MANUAL.contains(&format!("`{whole}`")), "{whole} is not in docs/seeing.md");
    }
}
