//! Why a command did not come to a good end.
//!
//! In: errors of the library, of the node's RPC methods, of the program. Out: lines on stderr that say
//! what to do, and an exit code.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use bitcoin_ipc::{Error, ErrorKind, RpcError};
use serde_json::Value;

/// How errors stand out.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// How advice stands out.
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Why a command did not come to a good end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A call failed.
    Ipc(Error),
    /// An RPC method failed, with this error object.
    Rpc(Value),
    /// Something that bitcoin-cli would say in these words.
    Plain(String),
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

    /// Something that bitcoin-cli would say in these words.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Failure::Plain(text.into())
    }

    /// The settings make no sense.
    pub(crate) fn from_settings(error: bitcoin_init::Error) -> Self {
        Failure::Plain(format!("error: {error}"))
    }

    /// What was still so when the time was up.
    pub(crate) fn timed_out(self) -> Self {
        match self {
            Failure::Plain(text) => {
                let text = text.strip_prefix("error: ").unwrap_or(&text);
                Failure::Plain(format!("error: timeout on transient error: {text}"))
            }
            Failure::Ipc(error) => {
                Failure::Plain(format!("error: timeout on transient error: {}", text(&error)))
            }
            other => other,
        }
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
            Failure::Rpc(error) => return rpc_error(error),
            Failure::Plain(text) => anstream::eprintln!("{text}"),
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
            Some("see in the node's debug.log whether it is busy or has hung; --timeout gives it more time")
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

/// Says what a method's error is, in bitcoin-cli's form. The exit code is the number of the error, as far as
/// exit codes go.
fn rpc_error(error: &Value) -> ExitCode {
    let code = error["code"].as_i64();
    if !error.is_object() {
        anstream::eprintln!("error: {error}");
        return ExitCode::from(1);
    }
    let mut said = String::new();
    if !error["code"].is_null() {
        said = format!("error code: {}\n", error["code"]);
    }
    if let Some(message) = error["message"].as_str() {
        said += &format!("error message:\n{message}");
    }
    if code == Some(WALLET_NOT_SPECIFIED) {
        said += " On the command line, name one with -rpcwallet=<name> before the method (listwallets shows which \
                 are loaded).";
    }
    anstream::eprintln!("{said}");
    match code.map(|code| code.unsigned_abs() & 0xff).and_then(|code| u8::try_from(code).ok()) {
        Some(code) if code > 0 => ExitCode::from(code),
        _ => ExitCode::from(1),
    }
}

/// The error of a node with several wallets that was not told which is meant.
const WALLET_NOT_SPECIFIED: i64 = -19;

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
            RpcError::Rpc { error, .. } => Failure::Rpc(error),
            RpcError::Ipc(error) => Failure::Ipc(error),
            other => Failure::other(other.to_string(), "see the node's debug.log"),
        }
    }
}
