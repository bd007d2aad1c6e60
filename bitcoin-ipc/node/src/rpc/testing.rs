//! Commands for tests of the program around the node.
//!
//! In: calls. Out: echoes through another process, later times, and the end of notifications.

use std::time::{Duration, Instant};

use bitcoin::Network;
use serde_json::Value;

use super::command::Kind::{Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, failed};
use super::lock;

const HIDDEN: &str = "hidden";
/// How long an answer may be held up by those who hear of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How far the schedulers go at once, in seconds.
const FARTHEST: i64 = 3600;

pub(super) const COMMANDS: &[Command] = &[
    command(HIDDEN, "echoipc", "Gives back its argument, by way of a process of its own.", echo_ipc)
        .args(&[arg("arg", Text, "The text.")]),
    command(HIDDEN, "mockscheduler", "Has what is due later happen now, on regtest.", mock_scheduler)
        .args(&[arg("delta_time", Number, "How much later, in seconds; at most an hour.")]),
    command(
        HIDDEN,
        "syncwithvalidationinterfacequeue",
        "Waits until everybody has been told of what happened so far.",
        |call| {
            wait_until_told(call)?;
            Ok(Value::Null)
        },
    ),
];

fn echo_ipc(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    match &*lock(&call.shared.echo) {
        Some(echo) => Ok(echo(text)?.into()),
        // As with Bitcoin Core's `bitcoind`, which has no other process.
        None => Ok(text.into()),
    }
}

fn wait_until_told(call: &Call<'_>) -> Answer<()> {
    match call.state.wait_until_told(&|| call.is_over()) {
        true => Ok(()),
        false => Err(RpcError::new(Code::ClientNotConnected, "Shutting down")),
    }
}

/// Lets everybody hear of what a command did before its answer is known, as Bitcoin Core does. Whoever
/// hangs holds the answer up for a while only.
pub(super) fn let_hear(call: &Call<'_>) {
    let until = Instant::now() + PATIENCE;
    call.state.wait_until_told(&|| call.is_over() || Instant::now() > until);
}

/// The node itself does everything at once; only wallets have something to do later.
fn mock_scheduler(call: &Call<'_>) -> Answer {
    if call.state.network() != Network::Regtest {
        return failed("mockscheduler is for regression testing (-regtest mode) only");
    }
    let seconds: i64 = call.int(0)?;
    let seconds = u64::try_from(seconds).ok().filter(|_| (1..=FARTHEST).contains(&seconds));
    let Some(seconds) = seconds else {
        return failed("delta_time must be between 1 and 3600 seconds (1 hr)");
    };
    wait_until_told(call)?;
    if let Some(forward) = &*lock(&call.shared.mock_forward) {
        forward(Duration::from_secs(seconds));
    }
    Ok(Value::Null)
}
