//! What is counted is what happened.

use std::time::Duration;

use metrics::set_default_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use sandbox::{Fault, FaultKind};
use testkit::{Engine, House};

use crate::{
    people::{MINUTE, connected_to},
    refresh::{FEW, REFRESH_DUE, use_token},
};

/// A counter or a gauge, as it is told.
fn value(text: &str, metric: &str) -> f64 {
    let told = text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
    told.unwrap_or_else(|| panic!("{metric} is not told in {text}")).parse().unwrap()
}

#[tokio::test]
async fn jobs_calls_and_refreshes_are_counted_by_what_came_of_them() {
    for database in Engine::all() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let _here = set_default_local_recorder(&recorder);
        let house = House::new(database).await.unwrap();
        house.engine.begin_measuring();
        let refreshed = |outcome| {
            value(&handle.render(), &format!("afferent_refreshes_total{{provider=\"oura\",outcome=\"{outcome}\"}}"))
        };
        let called = |outcome| {
            value(
                &handle.render(),
                &format!("afferent_provider_calls_total{{provider=\"oura\",outcome=\"{outcome}\"}}"),
            )
        };
        assert_eq!((refreshed("done"), refreshed("failed"), refreshed("refused")), (0.0, 0.0, 0.0));

        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let done = value(&handle.render(), "afferent_jobs_total{type=\"sync\",outcome=\"done\"}");
        assert!(done >= 1.0 && called("ok") > 0.0);
        assert_eq!(called("unavailable"), 0.0);

        house.clock.turn(REFRESH_DUE);
        house.faults().inject(Fault::of(FaultKind::Error).on("/oauth/token"));
        use_token(&house, user).await.unwrap();
        assert_eq!((refreshed("done"), refreshed("failed")), (0.0, 1.0));
        house.clock.turn(MINUTE);
        use_token(&house, user).await.unwrap();
        assert_eq!((refreshed("done"), refreshed("failed")), (1.0, 1.0));
    }
}

#[tokio::test]
async fn the_queue_is_as_old_as_its_oldest_job() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        connected_to(&house, FEW).await.unwrap();
        house.clock.turn(Duration::from_hours(6));
        let seen = house.engine.look_around().await;
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || seen.show());
        let text = recorder.handle().render();
        assert!(value(&text, "afferent_jobs_due{type=\"sync\"}") >= 1.0);
        let oldest = value(&text, "afferent_jobs_oldest_due_seconds{type=\"sync\"}");
        assert!(oldest > 3600.0, "{oldest}");
        assert_eq!(value(&text, "afferent_jobs_running{type=\"sync\"}"), 0.0);
    }
}
