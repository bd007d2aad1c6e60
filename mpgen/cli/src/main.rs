//! The `mpgen` program.
//!
//! In: a command line. Out: Rust or schema text on stdout, everything else on stderr,
//! and an exit code that says whether something is wrong with the user's files (1) or whether the
//! question could not be answered (2).

mod arguments;
mod capnp;
mod compatible;
mod diagnostics;
mod diff;
mod discover;
mod driver;
mod expand;
mod id;
mod import;
mod metadata;
mod older;
mod schema;
mod selection;
mod terminal;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

/// Why a command did not come to a good end.
#[derive(Debug)]
enum Failure {
    /// The user's files have mistakes or are stale. They are reported already.
    Findings,
    /// The question could not be answered.
    Cannot {
        /// What went wrong.
        text: String,
        /// What to do.
        help: String,
    },
}

impl Failure {
    /// The question could not be answered.
    fn cannot(text: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::Cannot { text: text.into(), help: help.into() }
    }
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Expand(command) => expand::run(&command),
        Command::Schema(command) => schema::run(&command),
        Command::Check(command) if command.against.is_some() => older::check(&command),
        Command::Check(command) => schema::check(&command),
        Command::Import(command) => import::run(&command),
        Command::Id => id::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Findings) => ExitCode::from(1),
        Err(Failure::Cannot { text, help }) => {
            terminal::error(&text);
            terminal::help(&help);
            ExitCode::from(2)
        }
    }
}
