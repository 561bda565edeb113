//! What the suites need: installs what is missing where it may, else says what to install.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use super::{browser, postgres::Programs, python};
use crate::program::{find, is_root, program, read, run, succeeds};

/// What the browser's tests ask for.
const NODE: u32 = 20;

/// The programs that later stages start.
pub(super) struct Tools {
    pub(super) node: PathBuf,
    pub(super) chromium: PathBuf,
    /// With the packages of all that it runs.
    pub(super) python: PathBuf,
}

/// Installs everything that is missing.
pub(super) fn all(root: &Path, target: &Path) -> anyhow::Result<Tools> {
    toolchain(root)?;
    need("PostgreSQL", &["postgresql"], || Programs::find().map(|_| ()))?;
    let chromium = need("Chromium", &["chromium"], chromium)?;
    need("npm", &["nodejs", "npm"], || find("npm"))?;
    let node = node(target)?;
    packages(&root.join(browser::FOLDER))?;
    let python = packages_of_python(root, &target.join("xtask/python"))?;
    println!("everything is there");
    Ok(Tools { node, chromium, python })
}

fn toolchain(root: &Path) -> anyhow::Result<()> {
    for (component, asked) in [("rustfmt", "cargo fmt --version"), ("clippy", "cargo clippy --version")] {
        if !succeeds(program(asked).current_dir(root)) {
            println!("{component} is missing: adding it");
            let add = format!("rustup component add {component}");
            run(program(&add).current_dir(root)).with_context(|| format!("{component} is missing"))?;
        }
    }
    Ok(())
}

/// Looks for a thing, installs Debian's packages if it is not there, and looks again.
fn need<T>(thing: &str, packages: &[&str], look: impl Fn() -> Option<T>) -> anyhow::Result<T> {
    if let Some(found) = look() {
        return Ok(found);
    }
    println!("{thing} is missing: installing {}", packages.join(" "));
    let missing = || format!("{thing} is missing; as root: apt-get install {}", packages.join(" "));
    apt_get(&["update", "--quiet"]).with_context(missing)?;
    let install = ["install", "--quiet", "--yes", "--no-install-recommends"];
    apt_get(&[&install[..], packages].concat()).with_context(missing)?;
    look().with_context(missing)
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    if find("apt-get").is_none() {
        bail!("there is no apt-get here");
    }
    let mut command = match (is_root(), succeeds(&mut program("sudo -n true"))) {
        (true, _) => program("env"),
        (false, true) => program("sudo -n env"),
        (false, false) => bail!("only root may install it, and sudo asks for a password"),
    };
    run(command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments))
}

fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find)
}

/// Node, new enough. Where the system's is too old, npm brings one of its own into the target folder.
fn node(target: &Path) -> anyhow::Result<PathBuf> {
    let home = target.join("xtask/node");
    let own = home.join("node_modules/node/bin/node");
    let look = || find("node").into_iter().chain([own.clone()]).find(|node| is_new_enough(node));
    if let Some(node) = look() {
        return Ok(node);
    }
    println!("node {NODE} is missing: npm brings it");
    std::fs::create_dir_all(&home)?;
    let install = format!("npm install --no-audit --no-fund --no-save --prefix . node@{NODE}");
    run(program(&install).current_dir(&home)).with_context(|| format!("node {NODE} or newer is missing"))?;
    look().with_context(|| format!("node {NODE} or newer is missing"))
}

fn is_new_enough(node: &Path) -> bool {
    read(Command::new(node).arg("--version")).is_ok_and(|said| major(&said) >= NODE)
}

/// `v20.11.1` is 20.
fn major(version: &str) -> u32 {
    let digits = version.trim().trim_start_matches('v').split('.').next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// The packages of the browser's tests, to the letter of their lock file.
fn packages(folder: &Path) -> anyhow::Result<()> {
    if succeeds(program("npm ls").current_dir(folder)) {
        return Ok(());
    }
    run(program("npm ci --no-audit --no-fund").current_dir(folder))
}

/// A Python of our own with the packages of every folder's list, to the letter. What is there is not fetched again.
fn packages_of_python(root: &Path, home: &Path) -> anyhow::Result<PathBuf> {
    let own = home.join("bin/python");
    if !succeeds(Command::new(&own).arg("--version")) {
        let venv = || succeeds(program("python3 -c").arg("import ensurepip")).then_some(());
        need("Python's venv", &["python3", "python3-venv"], venv)?;
        run(program("python3 -m venv --clear").arg(home))?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let list = |folder| [PathBuf::from("--requirement"), root.join(folder).join("requirements.txt")];
    run(Command::new(&own).args(install).args(python::FOLDERS.into_iter().flat_map(list)))?;
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!((major("v20.11.1\n"), major("v8.0.0"), major("nonsense")), (20, 8, 0));
    }

    #[test]
    fn what_is_there_is_not_installed() {
        assert_eq!(need("a thing", &[], || Some(1)).unwrap(), 1);
    }
}
