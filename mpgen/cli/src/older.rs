//! `mpgen check --against`.
//!
//! In: a selection of interfaces, and an older version of their schema files: a folder, or a git revision. Out: every change
//! that peers of the older version would misunderstand, on stderr, and all that differs, on stdout.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::compatible::{Breaking, changes};
use crate::driver::{self, Answer, Task};
use crate::terminal::{self, FRAME};
use crate::{Failure, arguments, capnp, diff, schema, selection};

/// The texts of schema files, by their paths from the folder on.
type Texts = BTreeMap<String, String>;

/// How a file of ours begins.
const OURS: &str = "# Written by mpgen";

/// Runs the command.
pub(crate) fn check(command: &arguments::Check) -> Result<(), Failure> {
    let against = command.against.as_deref().unwrap_or_default();
    let selected = selection::select(&command.selection)?;
    let older = if Path::new(against).is_dir() {
        folder(Path::new(against))?
    } else {
        revision(&selected.folder(command.schemas.as_deref(), "--schemas")?, against)?
    };
    let now = selected.workspace.target.join("mpgen").join("schemas");
    // What an earlier run has left there. If that cannot be removed, writing says so.
    let _ = fs::remove_dir_all(&now);
    if let Answer::Mistake(text) = driver::run(&selected, &command.selection, Task::Write(&now))? {
        return Err(schema::mistake(&text));
    }
    let newer = folder(&now)?;
    let (mut breaking, mut additions) = (0, 0);
    for (path, old) in &older {
        match newer.get(path) {
            Some(new) if old == new => {}
            Some(new) => {
                let found = changes(&parsed(path, old)?, &parsed(path, new)?);
                difference(path, old, new)?;
                found.breaking.iter().for_each(|one| report(path, old, new, one));
                breaking += found.breaking.len();
                additions += found.additions;
            }
            // A part of the interfaces reaches a part of the files, and others may stand there too.
            None if command.selection.root.is_empty() && old.starts_with(OURS) => {
                terminal::error(&format!("{path} is gone"));
                breaking += 1;
            }
            None => {}
        }
    }
    additions += newer.keys().filter(|path| !older.contains_key(*path)).count();
    if breaking > 0 {
        terminal::help(
            "add methods, parameters and fields behind all others, keep those that nobody uses any more \
             (`#[ipc(deprecated)]`), or declare the older form with `versions(…)`",
        );
        return Err(Failure::Findings);
    }
    terminal::say(&format!("peers of {against} understand everything; {additions} additions"));
    Ok(())
}

fn parsed(path: &str, text: &str) -> Result<capnp::File, Failure> {
    capnp::parse(path, text).map_err(|(line, what)| {
        Failure::cannot(
            format!("{path}:{line}: {what}"),
            "only files that `mpgen schema` writes are compared",
        )
    })
}

/// Prints what differs.
fn difference(path: &str, old: &str, new: &str) -> Result<(), Failure> {
    let lines = diff::lines(old, new).into_iter().map(|(mark, line)| format!("{mark}{line}\n"));
    terminal::print(&format!("--- {path}\n+++ {path}\n{}", lines.collect::<String>()))
}

/// Says which change breaks peers, with its line.
fn report(path: &str, old: &str, new: &str, change: &Breaking) {
    let (text, version) = if change.gone { (old, " (older)") } else { (new, "") };
    let line = text.lines().nth(change.line - 1).unwrap_or_default();
    let number = change.line;
    terminal::error(&change.text);
    terminal::say(&format!(
        "{FRAME}-->{FRAME:#} {path}:{number}{version}\n{FRAME}{number} |{FRAME:#} {line}"
    ));
}

/// The schema files in a folder.
fn folder(root: &Path) -> Result<Texts, Failure> {
    fn collect(root: &Path, folder: &Path, texts: &mut Texts) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                collect(root, &path, texts)?;
            } else if path.extension().is_some_and(|extension| extension == "capnp") {
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                texts.insert(name, fs::read_to_string(&path)?);
            }
        }
        Ok(())
    }
    let mut texts = Texts::new();
    collect(root, root, &mut texts).map_err(|error| {
        Failure::cannot(format!("cannot read {}: {error}", root.display()), "make the folder readable")
    })?;
    Ok(texts)
}

/// The schema files that a folder had in a git revision.
fn revision(folder: &Path, revision: &str) -> Result<Texts, Failure> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
        let output = output.map_err(|error| {
            Failure::cannot(
                format!("cannot run git: {error}"),
                "install git, or give a folder to `--against`",
            )
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Failure::cannot(
            format!("`{revision}` is no folder and no revision of {}", folder.display()),
            String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
        ))
    };
    let names = git(&["ls-tree", "-r", "--name-only", "--end-of-options", revision, "."])?;
    let names = names.lines().filter(|name| name.ends_with(".capnp"));
    names
        .map(|name| {
            Ok((name.to_owned(), git(&["show", "--end-of-options", &format!("{revision}:./{name}")])?))
        })
        .collect()
}
