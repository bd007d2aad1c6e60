//! Running the program.
//!
//! In: arguments and standard input. Out: exit code and output.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const RUNTIME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../mp-runtime");
pub(crate) const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
/// Built once and kept for the next run of the tests.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/schema");

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, in a surrounding that does not change what it prints.
pub(crate) fn mpgen<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpgen"));
    command.args(arguments).stdin(Stdio::null());
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "CARGO_TERM_COLOR"] {
        command.env_remove(variable);
    }
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    let output = command.output().expect("mpgen starts");
    finished(output)
}

/// Runs it with words on the command line.
pub(crate) fn words(line: &str) -> Run {
    run(&mut mpgen(line.split_whitespace()))
}

/// Runs it in a folder.
pub(crate) fn inside(folder: &Path, line: &str) -> Run {
    run(mpgen(line.split_whitespace()).current_dir(folder))
}

/// Runs it with a text on standard input.
pub(crate) fn with_stdin(line: &str, text: &str) -> Run {
    let mut command = mpgen(line.split_whitespace());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("mpgen starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("mpgen reads");
    drop(stdin);
    finished(child.wait_with_output().expect("mpgen ends"))
}

fn finished(output: Output) -> Run {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("an exit code");
    Run { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Writes a file, and the folders around it.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// A package on the runtime, with `more` in its manifest.
pub(crate) fn package(name: &str, more: &str, lib: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = toml::Value::from(RUNTIME);
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n{more}\n[dependencies]\nmp-runtime = {{ path = {runtime} }}\n"
    );
    write(folder.path(), "Cargo.toml", &manifest);
    fs::copy(LOCK, folder.path().join("Cargo.lock")).expect("the versions of this workspace");
    write(folder.path(), "src/lib.rs", lib);
    folder
}

/// Runs it in the folder of such a package, which it may build.
pub(crate) fn building(folder: &Path, line: &str) -> Run {
    let line = format!("{line} --offline --quiet");
    let mut command = mpgen(line.split_whitespace());
    command.current_dir(folder).env("CARGO_TARGET_DIR", TARGET);
    // Nobody debugs what is built here.
    run(command.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_INCREMENTAL", "0"))
}
