//! Who may use whom, and who holds which power.

use super::Finding;
use crate::workspace::{Dependency, Package, Workspace};

/// Which crates of ours each crate may use. One that is not listed is refused until it is given a floor here.
const FLOORS: [(&str, &[&str]); 13] = [
    ("model", &[]),
    ("store", &["model"]),
    ("outbound", &["model"]),
    ("providers", &["model", "outbound"]),
    ("sinks", &["model", "outbound"]),
    ("engine", &["model", "outbound", "providers", "sinks", "store"]),
    ("identity", &["model", "outbound", "store"]),
    ("web", &["engine", "identity", "model", "store"]),
    // Never `providers`, not even in tests: a shared bug would hide itself.
    ("sandbox", &["model"]),
    ("afferent", &["engine", "identity", "model", "outbound", "providers", "sandbox", "store", "web"]),
    // Only tests use it, so it may use all that they do.
    ("testkit", &["engine", "identity", "model", "outbound", "providers", "sandbox", "store", "web"]),
    // Measures, and makes databases to measure on as tests do.
    ("bench", &["model", "store", "testkit"]),
    ("xtask", &[]),
];

/// A library that is a power: which crates hold it, and whether tests may borrow it.
struct Power {
    library: &'static str,
    holders: &'static [&'static str],
    lent_to_tests: bool,
}

const POWERS: [Power; 5] = [
    Power { library: "sqlx", holders: &["store", "testkit"], lent_to_tests: false },
    // The sandbox stands for other people's machines: what they send does not leave by this house's door.
    Power { library: "reqwest", holders: &["outbound", "sandbox"], lent_to_tests: true },
    Power { library: "axum", holders: &["web", "sandbox", "afferent", "testkit"], lent_to_tests: true },
    // Traces leave by a way of their own, which only the operator's settings open.
    Power { library: "opentelemetry", holders: &["afferent"], lent_to_tests: false },
    Power { library: "clap", holders: &["afferent", "bench", "xtask"], lent_to_tests: false },
];

/// Finds crates that use a crate above them.
pub(super) fn arrows(workspace: &Workspace) -> Vec<Finding> {
    workspace.packages.iter().flat_map(arrows_of).collect()
}

fn arrows_of(package: &Package) -> Vec<Finding> {
    let Some((_, below)) = FLOORS.iter().find(|(name, _)| *name == package.name) else {
        return vec![Finding::of_file(manifest(package), "has no floor: give it one in xtask/src/tidy/floors.rs")];
    };
    let ours = package.dependencies.iter().filter(|dependency| dependency.source.is_none());
    let upward = ours.filter(|dependency| !may_use(package, below, dependency));
    upward.map(|dependency| Finding::of_file(manifest(package), format!("may not use {}", dependency.name))).collect()
}

fn may_use(package: &Package, below: &[&str], dependency: &Dependency) -> bool {
    let name = dependency.name.as_str();
    if dependency.is_dev() {
        return package.name != "sandbox" || name != "providers";
    }
    below.contains(&name)
}

/// Finds crates that use a power that is not theirs.
pub(super) fn powers(workspace: &Workspace) -> Vec<Finding> {
    let pairs = workspace.packages.iter().flat_map(|package| POWERS.iter().map(move |power| (package, power)));
    let taken = pairs.filter(|(package, power)| takes(package, power));
    taken.map(|(package, power)| Finding::of_file(manifest(package), taken_words(power))).collect()
}

fn takes(package: &Package, power: &Power) -> bool {
    let is_it = |dependency: &&Dependency| {
        let name = dependency.name.as_str();
        name == power.library || name.strip_prefix(power.library).is_some_and(|rest| rest.starts_with('-'))
    };
    let excused = |dependency: &Dependency| power.lent_to_tests && dependency.is_dev();
    let held = power.holders.contains(&package.name.as_str());
    !held && package.dependencies.iter().filter(is_it).any(|dependency| !excused(dependency))
}

fn taken_words(power: &Power) -> String {
    format!("uses {}, which belongs to {}", power.library, power.holders.join(", "))
}

fn manifest(package: &Package) -> String {
    if package.name == "xtask" { "xtask/Cargo.toml".to_owned() } else { format!("crates/{}/Cargo.toml", package.name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn using(name: &str, dependencies: &[(&str, Option<&str>)]) -> Workspace {
        let dependencies = dependencies.iter().map(|(name, kind)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
            source: (!FLOORS.iter().any(|(ours, _)| ours == name)).then(|| "registry".to_owned()),
        });
        let package = Package { name: name.to_owned(), dependencies: dependencies.collect() };
        Workspace { packages: vec![package], ..Workspace::default() }
    }

    #[test]
    fn an_arrow_up_is_found() {
        assert_eq!(arrows(&using("store", &[("engine", None)])).len(), 1);
        assert!(arrows(&using("engine", &[("store", None)])).is_empty());
    }

    #[test]
    fn the_kit_of_tests_is_for_tests() {
        assert_eq!(arrows(&using("store", &[("testkit", None)])).len(), 1);
        assert!(arrows(&using("store", &[("testkit", Some("dev"))])).is_empty());
    }

    #[test]
    fn a_stand_in_never_meets_the_provider() {
        assert_eq!(arrows(&using("sandbox", &[("providers", Some("dev"))])).len(), 1);
    }

    #[test]
    fn an_unknown_crate_needs_a_floor() {
        assert_eq!(arrows(&using("attic", &[])).len(), 1);
    }

    #[test]
    fn a_power_taken_is_found() {
        assert_eq!(powers(&using("engine", &[("sqlx", None)])).len(), 1);
        assert_eq!(powers(&using("engine", &[("axum-extra", None)])).len(), 1);
        assert_eq!(powers(&using("engine", &[("clap", Some("dev"))])).len(), 1);
        assert!(powers(&using("engine", &[("reqwest", Some("dev"))])).is_empty());
        assert!(powers(&using("store", &[("sqlx", None)])).is_empty());
    }
}
