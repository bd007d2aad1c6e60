//! The `bitcoin-ipc` program.
//!
//! In: a command line. Out: what a running node says, on stdout; everything else on stderr; and an
//! exit code.

mod amounts;
mod arguments;
mod coinbase;
mod commands;
mod examples;
mod failure;
mod interruption;
mod log;
mod node;
mod output;
mod progress;
mod settings;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::commands::Run;
use crate::failure::Failure;
use crate::interruption::Signals;
use crate::node::Node;
use crate::output::Output;
use crate::settings::Asked;

fn main() -> ExitCode {
    bitcoin_init::owner::keep_to_owner();
    let arguments = Arguments::parse();
    arguments.global.color.choice().write_global();
    log::start(arguments.global.debug);
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Finds out what is to be done, and does it.
fn start(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    let output = Output { json: global.json };
    let (settings, words) = match &command {
        // These need no node. The first one does not wait for anything, so a signal may end it at once.
        Command::CombineLogs(logs) => return commands::combine_logs::run(logs),
        Command::Serve(_) => (None, Vec::new()),
        Command::Rpc(rpc) => match settings::load(&global, &rpc.words())? {
            Asked::Text(text) => return output::write(&text),
            Asked::Run(settings, _) if rpc.words().is_empty() => {
                output::write(&settings::rpc_help())?;
                drop(settings);
                return Err(Failure::plain("Error: too few parameters"));
            }
            Asked::Run(settings, words) => (Some(settings), words),
        },
        _ => match settings::load(&global, &[])? {
            Asked::Text(text) => return output::write(&text),
            Asked::Run(settings, _) => (Some(settings), Vec::new()),
        },
    };
    let node = Node::new(&global, settings.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::other(
            format!("the system refuses what the program needs to run: {error}"),
            "close other programs, or raise the limit of open files (ulimit -n)",
        )
    })?;
    let run = Run { global, settings, words, node: &node, output };
    runtime.block_on(run_until_signal(&command, run, &node))
}

/// Runs the command until it is done or a signal comes.
async fn run_until_signal(command: &Command, run: Run<'_>, node: &Node) -> Result<(), Failure> {
    let mut signals = Signals::heed()?;
    let ends_by_signal = matches!(command, Command::Top(_) | Command::Serve(_));
    let result = tokio::select! {
        result = commands::run(command, run) => result,
        // Dropping the command's future ends what it waits for.
        code = signals.next() => if ends_by_signal { Ok(()) } else { Err(Failure::Interrupted(code)) },
    };
    node.close().await;
    result
}
