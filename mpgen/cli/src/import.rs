//! `mpgen import`.
//!
//! In: schema files, and those that they import. Out: the Rust source whose schema they are, with a module for each file,
//! on stdout; or where something has no form in Rust, every place where that is.

mod interface;
mod names;
mod source;
mod structure;
mod text;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::{Failure, arguments, capnp, terminal};
use source::Source;
use types::Known;

/// Files that come with the runtime and with Cap'n Proto.
const PROVIDED: &[&str] = &["mp/proxy.capnp", "capnp/c++.capnp"];

/// Runs the command.
pub(crate) fn run(command: &arguments::Import) -> Result<(), Failure> {
    let root = command.import_path.as_deref().unwrap_or(Path::new("."));
    let mut wanted: Vec<String> = Vec::new();
    for file in &command.files {
        wanted.push(name_of(root, file)?);
    }
    let mut files = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if files.contains_key(&name) || PROVIDED.contains(&name.as_str()) {
            continue;
        }
        let path = root.join(&name);
        let text = fs::read_to_string(&path).map_err(|error| {
            Failure::cannot(
                format!("cannot read {}: {error}", path.display()),
                "give the folder from which the files name each other with `-I DIR`",
            )
        })?;
        let file = capnp::parse(&name, &text).map_err(|(line, what)| {
            let help = "`capnp compile` says more about a text that is no schema";
            Failure::cannot(format!("{name}:{line}: {what}"), help)
        })?;
        wanted.extend(file.imports.iter().map(|import| normal(import)));
        files.insert(name, file);
    }
    let known = Known::new(&files);
    let mut source = Source::default();
    let mut mistakes = Vec::new();
    for (name, file) in &files {
        let text = source::file(&known, name, file, &mut mistakes);
        source.add(&names::module(name), text);
    }
    for (file, line, what) in &mistakes {
        terminal::error(&format!("{file}:{line}: {what}"));
    }
    if !mistakes.is_empty() {
        return Err(Failure::Findings);
    }
    for (file, line, name) in known.unseen() {
        terminal::warning(&format!("{file}:{line}: no interface passes `{name}`, so no schema shows it"));
    }
    terminal::print(&source.text())
}

/// What imports call a file, from the root on.
fn name_of(root: &Path, file: &Path) -> Result<String, Failure> {
    let absolute = |path: &Path| {
        path.canonicalize().map_err(|error| {
            Failure::cannot(
                format!("cannot read {}: {error}", path.display()),
                "give the path of a schema file",
            )
        })
    };
    // What is named from the root is meant so, also when it is not there from here.
    let beside = root.join(file);
    let file = if file.exists() || !beside.exists() { file } else { &beside };
    let (root, file) = (absolute(root)?, absolute(file)?);
    let name = file.strip_prefix(&root).map_err(|_| {
        Failure::cannot(
            format!("{} is not in {}", file.display(), root.display()),
            "give the folder from which the files name each other with `-I DIR`",
        )
    })?;
    Ok(name.display().to_string())
}

/// A path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut normal = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::Normal(part) => normal.push(part),
            _ => {}
        }
    }
    normal.display().to_string()
}
