//! Why a command did not come to a good end.
//!
//! In: errors of the library, of the node's RPC methods, of the program. Out: lines on stderr that say
//! what to do, and an exit code.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use bitcoin_ipc::{Error, ErrorKind, RpcError};

/// How errors stand out.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// How advice stands out.
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Why a command did not come to a good end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A call failed.
    Ipc(Error),
    /// An RPC method failed.
    Rpc {
        /// The number of the error.
        code: i64,
        /// What the node says.
        message: String,
    },
    /// Something else.
    Other {
        /// What went wrong.
        text: String,
        /// What to do.
        help: String,
    },
    /// A signal came; this is the exit code for it.
    Interrupted(u8),
    /// Nobody reads the output any more, which is fine.
    OutputClosed,
}

impl Failure {
    /// Something went wrong in the program.
    pub(crate) fn other(text: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::Other { text: text.into(), help: help.into() }
    }

    /// Says it, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Failure::OutputClosed => return ExitCode::SUCCESS,
            Failure::Interrupted(code) => return ExitCode::from(*code),
            Failure::Ipc(error) => {
                labelled(ERROR, "error", &text(error));
                if let Some(help) = help(error) {
                    labelled(HELP, "help", help);
                }
            }
            Failure::Rpc { code, message } => {
                labelled(ERROR, &format!("error code {code}"), message);
            }
            Failure::Other { text, help } => {
                labelled(ERROR, "error", text);
                labelled(HELP, "help", help);
            }
        }
        ExitCode::from(1)
    }
}

/// The texts of the library's own errors about sockets and values stand for themselves.
fn text(error: &Error) -> String {
    let own = matches!(error.kind(), ErrorKind::Io | ErrorKind::BadValue | ErrorKind::Unimplemented);
    if own && error.interface().is_none() && error.field().is_empty() {
        error.text().to_owned()
    } else {
        error.to_string()
    }
}

/// What to do about an error whose text does not say it.
fn help(error: &Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::Disconnected => {
            Some("see in the node's debug.log whether it has ended; then start it again")
        }
        ErrorKind::Timeout => {
            Some("give the node more time with --timeout; while it loads its chain it does not answer")
        }
        ErrorKind::Failed if error.text().contains("bad-cb-length") => Some(
            "v31 makes no template for the first 16 blocks; make those with \
             bitcoin-cli -regtest generatetodescriptor 16 'raw(51)'",
        ),
        ErrorKind::Overloaded => Some("try again later"),
        ErrorKind::Unimplemented if error.interface().is_some() => {
            Some("leave --release out if it was given; otherwise the node is too old for this")
        }
        _ => None,
    }
}

fn labelled(style: Style, label: &str, text: &str) {
    anstream::eprintln!("{style}{label}{style:#}: {text}");
}

/// Says something that is not a result and not an error.
pub(crate) fn say(text: &str) {
    anstream::eprintln!("{text}");
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Ipc(error)
    }
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        match error {
            RpcError::Rpc { code, message, .. } => Failure::Rpc { code, message },
            RpcError::Ipc(error) => Failure::Ipc(error),
            other => Failure::other(other.to_string(), "see the node's debug.log"),
        }
    }
}
