//! Running other programs.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context as _, bail};

/// A program with its arguments, from a line of words.
pub(crate) fn program(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// Runs a program to its end, showing what it says.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{} does not start", name(command)))?;
    if status.success() { Ok(()) } else { bail!("{} failed: {status}", spelled(command)) }
}

/// What a program says on its standard output.
pub(crate) fn read(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("{} does not start", name(command)))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        bail!("{}", complaint(command, &output))
    }
}

/// Whether a program runs and succeeds, whatever it says.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Where a program is, if it is on the path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// Whether this process is the superuser's.
pub(crate) fn is_root() -> bool {
    read(&mut program("id -u")).is_ok_and(|id| id.trim() == "0")
}

fn complaint(command: &Command, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    format!("{} failed: {}\n{}", spelled(command), output.status, said.trim())
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn spelled(command: &Command) -> String {
    let arguments = command.get_args().map(|word| format!(" {}", word.to_string_lossy()));
    name(command) + &arguments.collect::<String>()
}
