//! What the user sees besides results.
//!
//! In: texts. Out: lines on stderr, coloured where stderr is a terminal that wants it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};

use crate::Failure;

/// How errors stand out.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// How warnings stand out.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// How advice stands out.
pub(crate) const HELP: Style = AnsiColor::Cyan.on_default().bold();
/// How the frame around a piece of source stands back.
pub(crate) const FRAME: Style = AnsiColor::Blue.on_default().bold();

/// Says that something is wrong.
pub(crate) fn error(text: &str) {
    labelled(ERROR, "error", text);
}

/// Says that something may be wrong.
pub(crate) fn warning(text: &str) {
    labelled(WARNING, "warning", text);
}

/// Says what to do.
pub(crate) fn help(text: &str) {
    labelled(HELP, "help", text);
}

/// Says what was done.
pub(crate) fn say(text: &str) {
    anstream::eprintln!("{text}");
}

fn labelled(style: Style, label: &str, text: &str) {
    anstream::eprintln!("{style}{label}{style:#}: {text}");
}

/// Prints a result. A reader that has seen enough is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::cannot(format!("cannot write to stdout: {error}"), "send the output elsewhere"))
        }
        _ => Ok(()),
    }
}

/// A path as seen from the current folder, where it is below that.
pub(crate) fn nearby(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).to_owned()
}
