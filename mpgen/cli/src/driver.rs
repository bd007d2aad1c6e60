//! The small program that knows the schema.
//!
//! In: the selected interfaces and a task. Out: a package in the target folder that depends on the
//! user's packages and on their mp-runtime, built and run by cargo, and what it answers.

use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Stdio;

use crate::metadata::{self, Runtime};
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
    let lock = prepare(selected, &folder, &package).map_err(trouble)?;
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
fn prepare(selected: &Selected, folder: &Path, package: &Path) -> io::Result<File> {
    fs::create_dir_all(package.join("src"))?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    write(&package.join("Cargo.toml"), &manifest(selected))?;
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

fn manifest(selected: &Selected) -> String {
    let mut text = String::from(
        "# Written by `mpgen`, which overwrites it.\n\
         [package]\nname = \"mpgen-schema-driver\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [workspace]\n\n[dependencies]\n",
    );
    let _ = writeln!(text, "mp-runtime = {}", requirement(&selected.runtime));
    for package in selected.packages() {
        let folder = quoted(&package.folder().display().to_string());
        let _ = writeln!(text, "{} = {{ path = {folder} }}", package.name);
    }
    text
}

/// The dependency on exactly this mp-runtime. The features are those that the packages choose.
fn requirement(runtime: &Runtime) -> String {
    let place = match runtime.source.as_deref() {
        None => format!("path = {}", quoted(&runtime.folder.display().to_string())),
        Some(source) => match source.strip_prefix("git+") {
            Some(git) => repository(git),
            None => registry(source, &runtime.version),
        },
    };
    format!("{{ {place}, default-features = false }}")
}

/// A source like `https://host/repository?branch=main#0123abcd`.
fn repository(source: &str) -> String {
    let source = source.split_once('#').map_or(source, |(source, _)| source);
    let (url, query) = source.split_once('?').unwrap_or((source, ""));
    let mut text = format!("git = {}", quoted(url));
    if let Some((kind @ ("branch" | "tag" | "rev"), value)) = query.split_once('=') {
        let _ = write!(text, ", {kind} = {}", quoted(value));
    }
    text
}

fn registry(source: &str, version: &str) -> String {
    let version = quoted(&format!("={version}"));
    if source == "registry+https://github.com/rust-lang/crates.io-index" {
        return format!("version = {version}");
    }
    let index = source.strip_prefix("registry+").unwrap_or(source);
    format!("version = {version}, registry-index = {}", quoted(index))
}

/// A TOML string. What JSON escapes, TOML escapes in the same way.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Runtime, requirement};

    fn of(source: &str) -> String {
        let source = Some(source.to_owned());
        requirement(&Runtime { folder: "/r".into(), version: "1.2.3".into(), source })
    }

    #[test]
    fn mp_runtime_is_named_by_its_source() {
        let folder = Runtime { folder: "/a \"b\"".into(), version: "1.2.3".into(), source: None };
        assert_eq!(requirement(&folder), r#"{ path = "/a \"b\"", default-features = false }"#);
        assert_eq!(
            of("registry+https://github.com/rust-lang/crates.io-index"),
            r#"{ version = "=1.2.3", default-features = false }"#
        );
        assert_eq!(
            of("sparse+https://crates.example/"),
            r#"{ version = "=1.2.3", registry-index = "sparse+https://crates.example/", default-features = false }"#
        );
        assert_eq!(
            of("git+https://git.example/r?branch=main#0123"),
            r#"{ git = "https://git.example/r", branch = "main", default-features = false }"#
        );
        assert_eq!(
            of("git+https://git.example/r#0123"),
            r#"{ git = "https://git.example/r", default-features = false }"#
        );
    }
}
