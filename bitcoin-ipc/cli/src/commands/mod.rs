//! The commands, one file each.
//!
//! In: what the command line says. Out: results on stdout.

mod bench;
pub(crate) mod combine_logs;
mod echo;
mod info;
mod mine;
pub(crate) mod rpc;
mod serve;
mod template;
mod tip;
mod top;
mod tx;

use bitcoin_init::config::Settings;

use crate::arguments::{Command, Global};
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;

/// What a command has at hand.
pub(crate) struct Run<'n> {
    pub(crate) global: Global,
    /// The settings, for commands that talk to a node.
    pub(crate) settings: Option<Box<Settings>>,
    /// What follows the options of `rpc`.
    pub(crate) words: Vec<String>,
    pub(crate) node: &'n Node,
    pub(crate) output: Output,
}

/// Runs a command.
pub(crate) async fn run(command: &Command, run: Run<'_>) -> Result<(), Failure> {
    let Run { global, settings, words, node, output } = run;
    match (command, settings) {
        (Command::Info, _) => info::run(node, output).await,
        (Command::Tip(tip), _) => tip::run(tip, node, output).await,
        (Command::Template(template), _) => template::run(template, node, output).await,
        (Command::Mine(mine), _) => mine::run(mine, node, output).await,
        (Command::Tx(tx), _) => tx::run(tx, node, output).await,
        (Command::Rpc(_), Some(settings)) => rpc::run(&settings, &words, node, output).await,
        (Command::Rpc(_), None) => Ok(()),
        (Command::Echo(echo), _) => echo::run(echo, node, output).await,
        (Command::Bench(bench), _) => bench::run(bench, node, output).await,
        (Command::Top(top), _) => top::run(top, node, output).await,
        (Command::CombineLogs(logs), _) => combine_logs::run(logs),
        (Command::Serve(serve), _) => serve::run(serve, &global, node, output).await,
    }
}
