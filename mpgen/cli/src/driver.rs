//! The small program that knows the schema.
//!
//! In: the selected interfaces and a task. Out: a package in the target folder, built and run by
//! cargo, and what it answers.

mod manifest;

use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Stdio;

use crate::metadata;
use crate::selection::Selected;
use crate::{Failure, arguments};

/// The program, but for its roots.
const MAIN: &str = include_str!("driver/main.rs.txt");

/// Exit codes of the program; others are cargo's.
const STALE: i32 = 31;
const MISTAKE: i32 = 32;
const TROUBLE: i32 = 33;

/// What the program does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task<'p> {
    /// Prints the text.
    Print,
    /// Writes the files into a folder.
    Write(&'p Path),
    /// Compares the files with those in a folder.
    Check(&'p Path),
}

/// What the program says.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The text, or the files that were written.
    Done(String),
    /// The files that differ, and how.
    Stale(String),
    /// There is no schema, and why.
    Mistake(String),
}

/// Builds and runs the program.
pub(crate) fn run(
    selected: &Selected,
    options: &arguments::Selection,
    task: Task<'_>,
) -> Result<Answer, Failure> {
    let folder = selected.workspace.target.join("mpgen");
    let package = folder.join("driver");
    let trouble = |error: io::Error| {
        Failure::cannot(
            format!("cannot write to {}: {error}", folder.display()),
            "make the folder writable, or choose another target folder with CARGO_TARGET_DIR",
        )
    };
    let manifest = manifest::text(selected)?;
    let lock = prepare(selected, &manifest, &folder, &package).map_err(trouble)?;
    let mut cargo = metadata::cargo();
    cargo.arg("run").arg("--manifest-path").arg(package.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(&selected.workspace.target);
    if options.offline {
        cargo.arg("--offline");
    }
    if options.quiet {
        cargo.arg("--quiet");
    }
    cargo.arg("--");
    match task {
        Task::Print => cargo.arg("print"),
        Task::Write(folder) => cargo.arg("write").arg(folder),
        Task::Check(folder) => cargo.arg("check").arg(folder),
    };
    let output = cargo.stderr(Stdio::inherit()).output();
    drop(lock);
    let output = output.map_err(|error| {
        Failure::cannot(format!("cannot run cargo: {error}"), "put cargo on the search path")
    })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Ok(Answer::Done(said)),
        Some(STALE) => Ok(Answer::Stale(said)),
        Some(MISTAKE) => Ok(Answer::Mistake(said)),
        Some(TROUBLE) => Err(Failure::cannot(said.trim_end(), "check the folder and its permissions")),
        _ => Err(Failure::cannot(
            "the program that knows the schema could not be built or run; what cargo said is above",
            "if a package does not compile, `cargo check` shows the same; if a root was not found, give the path of a `pub trait` with `#[ipc_interface]` in the library",
        )),
    }
}

/// Writes the package. The file that is returned keeps other mpgen processes out while it is open.
fn prepare(selected: &Selected, manifest: &str, folder: &Path, package: &Path) -> io::Result<File> {
    fs::create_dir_all(package.join("src"))?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    write(&package.join("Cargo.toml"), manifest)?;
    write(&package.join("src/main.rs"), &main(&selected.roots))?;
    // The same versions as in the user's own builds.
    match fs::read_to_string(selected.workspace.folder.join("Cargo.lock")) {
        Ok(versions) => write(&package.join("Cargo.lock"), &versions)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(lock)
}

/// Writes a file unless it is the same, so that cargo sees what changed.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text)
}

fn main(roots: &[String]) -> String {
    let mut lines = String::new();
    for root in roots {
        let _ = writeln!(lines, "        schema::interface::<dyn {root}>(),");
    }
    MAIN.replace("        // ROOTS\n", &lines)
}
