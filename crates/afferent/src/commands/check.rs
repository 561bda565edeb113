//! A doctor: looks at everything that a server needs, and says what is wrong.

use std::{path::Path, process::ExitCode, time::Duration};

use engine::Sizes;
use jiff::{SignedDuration, fmt::rfc2822};
use model::Clock;
use outbound::{Answer, Client, Guard, Request};
use providers::Application;

use super::say;
use crate::{config::Config, explain, house::House};

const DEADLINE: Duration = Duration::from_secs(10);
/// Signatures and token lives are judged by the clock.
const MOST_SKEW: SignedDuration = SignedDuration::from_secs(30);

/// What was found, as it is printed.
#[derive(Default)]
struct Findings {
    failed: bool,
}

impl Findings {
    fn note(&mut self, name: &str, found: anyhow::Result<String>) {
        match found {
            Ok(detail) => say(&format!("ok      {name:22} {detail}")),
            Err(error) => {
                self.failed = true;
                say(&format!("WRONG   {name:22} {}", explain(&error)));
            }
        }
    }
}

/// Looks at settings, database, keys, clock and providers.
pub(crate) async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    match Config::read(file) {
        Ok(config) => check(&config, &mut findings).await,
        Err(error) => findings.note("settings", Err(error)),
    }
    Ok(if findings.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn check(config: &Config, findings: &mut Findings) {
    let missing = config.missing();
    let settings = if missing.is_empty() {
        Ok("complete".into())
    } else {
        Err(anyhow::anyhow!("missing: {}", missing.join("; ")))
    };
    findings.note("settings", settings);
    if config.encryption_key.is_some() {
        match House::from_config(config).await {
            Ok(house) => look_inside(&house, findings).await,
            Err(error) => findings.note("database", Err(error)),
        }
    }
    let guard = Guard::trusting(config.applications.values().flat_map(|it| [&it.token_url, &it.api_url]));
    let Ok(http) = Client::new(guard, DEADLINE) else { return };
    for (id, application) in &config.applications {
        let answer = reach(&http, application).await;
        if let Ok(answer) = &answer {
            findings.note("clock", skew(answer));
        }
        let reached = answer.map(|answer| format!("answers with status {}", answer.status));
        findings.note(&format!("provider {id}"), reached.map_err(Into::into));
    }
}

async fn look_inside(house: &House, findings: &mut Findings) {
    let readiness = house.engine.readiness().await;
    for check in readiness.checks.into_iter().filter(|check| check.required && check.name != "worker") {
        findings.note(&check.name, if check.ok { Ok(check.detail) } else { Err(anyhow::anyhow!(check.detail)) });
    }
    match house.engine.sizes().await {
        Ok(sizes) => say_sizes(&sizes, findings),
        Err(error) => findings.note("size", Err(error.into())),
    }
}

fn say_sizes(sizes: &Sizes, findings: &mut Findings) {
    let free = sizes.free_bytes.map(|free| format!(", {} of it free", in_units(free))).unwrap_or_default();
    findings.note("size", Ok(format!("{}{free}", in_units(sizes.bytes))));
    for table in sizes.tables.iter().filter(|table| table.rows > 0) {
        let bytes = table.bytes.map(|bytes| format!(", {}", in_units(bytes))).unwrap_or_default();
        findings.note(&format!("  {}", table.name), Ok(format!("{} rows{bytes}", table.rows)));
    }
}

fn in_units(bytes: i64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    let fits = units.into_iter().find(|(_, size)| bytes >= 10 * size);
    fits.map_or_else(|| format!("{bytes} bytes"), |(unit, size)| format!("{} {unit}", bytes / size))
}

/// Any answer will do: without a token none can be good.
async fn reach(http: &Client, application: &Application) -> Result<Answer, outbound::Error> {
    http.send(Request::get(application.api_url.clone())).await
}

fn skew(answer: &Answer) -> anyhow::Result<String> {
    let Some(theirs) = answer.header("date").and_then(|date| rfc2822::parse(date).ok()) else {
        return Ok("the provider does not tell the time".into());
    };
    let skew = Clock::system().now().duration_since(theirs.timestamp());
    anyhow::ensure!(skew.abs() <= MOST_SKEW, "differs by {} s from the provider's", skew.as_secs());
    Ok(format!("within {} s of the provider's", skew.as_secs().abs() + 1))
}
