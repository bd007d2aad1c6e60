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
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;

fn main() -> ExitCode {
    bitcoin_common::owner::keep_to_owner();
    let arguments = Arguments::parse();
    arguments.global.color.choice().write_global();
    log::start(arguments.global.debug);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(Failure::other(
            format!("the system refuses what the program needs to run: {error}"),
            "close other programs, or raise the limit of open files (ulimit -n)",
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs the command until it is done or a signal comes.
async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    let output = Output { json: global.json };
    let node = Node::new(&global);
    let ends_by_signal = matches!(command, Command::Top(_) | Command::Serve(_));
    let result = tokio::select! {
        result = commands::run(&command, &global, &node, output) => result,
        // Dropping the command's future ends what it waits for.
        signal = interruption::signal() => match signal {
            Ok(_) if ends_by_signal => Ok(()),
            Ok(code) => Err(Failure::Interrupted(code)),
            Err(failure) => Err(failure),
        },
    };
    node.close().await;
    result
}
