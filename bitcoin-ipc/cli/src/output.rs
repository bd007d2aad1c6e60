//! Results on stdout.
//!
//! In: a result in a form for people and in a form for scripts. Out: the one that is wanted.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::Value;

use crate::failure::Failure;

/// Where results go, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON object per line, for scripts.
    pub(crate) json: bool,
}

impl Output {
    /// Prints a result: a line or several for people, or an object for scripts.
    pub(crate) fn result(self, human: impl Display, json: impl FnOnce() -> Value) -> Result<(), Failure> {
        if self.json { self.line(json()) } else { self.line(human) }
    }

    /// Prints a text, and ends the line.
    pub(crate) fn line(self, text: impl Display) -> Result<(), Failure> {
        write(&format!("{text}\n"))
    }
}

/// Writes a text to stdout. A reader that has seen enough is no failure.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::other(format!("cannot write to stdout: {error}"), "send the output elsewhere"),
    })
}
