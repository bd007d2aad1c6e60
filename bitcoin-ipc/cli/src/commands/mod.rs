//! The commands, one file each.
//!
//! In: what the command line says. Out: results on stdout.

mod bench;
mod combine_logs;
mod echo;
mod info;
mod mine;
mod rpc;
mod serve;
mod template;
mod tip;
mod top;
mod tx;

use crate::arguments::{Command, Global};
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;

/// Runs a command.
pub(crate) async fn run(
    command: &Command,
    global: &Global,
    node: &Node,
    output: Output,
) -> Result<(), Failure> {
    match command {
        Command::Info => info::run(node, output).await,
        Command::Tip(tip) => tip::run(tip, node, output).await,
        Command::Template(template) => template::run(template, node, output).await,
        Command::Mine(mine) => mine::run(mine, node, output).await,
        Command::Tx(tx) => tx::run(tx, node, output).await,
        Command::Rpc(rpc) => rpc::run(rpc, node, output).await,
        Command::Echo(echo) => echo::run(echo, node, output).await,
        Command::Bench(bench) => bench::run(bench, node, output).await,
        Command::Top(top) => top::run(top, node, output).await,
        Command::CombineLogs(logs) => combine_logs::run(logs),
        Command::Serve(serve) => serve::run(serve, global, node, output).await,
    }
}
