//! `mpgen schema` and `mpgen check`.
//!
//! In: a selection of interfaces. Out: their schema text on stdout or in a folder, or the list of
//! files in a folder that say something else.

use std::path::Path;

use crate::driver::{self, Answer, Task};
use crate::selection;
use crate::{Failure, arguments, terminal};

/// Runs `mpgen schema`.
pub(crate) fn run(command: &arguments::Schema) -> Result<(), Failure> {
    let selected = selection::select(&command.selection)?;
    let Some(folder) = &command.write else {
        return match driver::run(&selected, &command.selection, Task::Print)? {
            Answer::Done(text) => terminal::print(&text),
            Answer::Stale(_) => Ok(()),
            Answer::Mistake(text) => Err(mistake(&text)),
        };
    };
    let folder = selected.folder(folder.as_deref(), "--write")?;
    match driver::run(&selected, &command.selection, Task::Write(&folder))? {
        Answer::Mistake(text) => Err(mistake(&text)),
        Answer::Done(written) | Answer::Stale(written) => {
            if written.is_empty() {
                terminal::say(&format!("the files in {} are up to date", folder.display()));
            }
            for path in written.lines() {
                terminal::say(&format!("wrote {path}"));
            }
            Ok(())
        }
    }
}

/// Runs `mpgen check`.
pub(crate) fn check(command: &arguments::Check) -> Result<(), Failure> {
    let selected = selection::select(&command.selection)?;
    let folder = selected.folder(command.schemas.as_deref(), "--schemas")?;
    match driver::run(&selected, &command.selection, Task::Check(&folder))? {
        Answer::Mistake(text) => Err(mistake(&text)),
        Answer::Done(_) => {
            terminal::say(&format!("the files in {} are up to date", folder.display()));
            Ok(())
        }
        Answer::Stale(stale) => {
            for file in stale.lines() {
                terminal::error(file);
            }
            let again = again(&command.selection, command.schemas.as_deref());
            terminal::help(&format!("`{again}` writes them anew"));
            Err(Failure::Findings)
        }
    }
}

pub(crate) fn mistake(text: &str) -> Failure {
    terminal::error(text.trim_end());
    Failure::Findings
}

/// The command that writes what was checked.
fn again(selection: &arguments::Selection, schemas: Option<&Path>) -> String {
    let mut words = vec!["mpgen schema".to_owned()];
    let mut add = |option: &str, value: String| words.push(format!("{option} {value}"));
    if let Some(path) = &selection.manifest_path {
        add("--manifest-path", path.display().to_string());
    }
    for package in &selection.package {
        add("--package", package.clone());
    }
    for root in &selection.root {
        add("--root", root.clone());
    }
    words.extend(selection.build_options().into_iter().map(str::to_owned));
    words.push("--write".into());
    words.extend(schemas.map(|folder| folder.display().to_string()));
    words.join(" ")
}
