//! `bitcoin-demo`: a node and its wallets at work, told as it happens.
//!
//! In: a command line. Out: scenario 1, and on request the calls between the two processes.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs, Way};
use bitcoin_demo::scenario::{story, thanks};
use bitcoin_demo::traffic::{Live, WALLET_METHOD, combined, sent};
use bitcoin_demo::{Failure, Result};
use bitcoin_init::shutdown::Shutdown;
use clap::Parser;

/// Runs a node with two wallets on a chain of its own, and shows how coins are mined, paid, paid
/// again with a higher fee, lost to another chain and won back, and guarded by a passphrase.
#[derive(Parser)]
#[command(name = "bitcoin-demo", version)]
struct Options {
    /// Run node and wallets in one process (bitcoind) instead of two (bitcoin-node, bitcoin-wallet).
    #[arg(long)]
    one_process: bool,
    /// Let the wallets attach to an unmodified Bitcoin Core, whose bitcoin-node (v32 and later) this is.
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["one_process", "ipc"])]
    core: Option<PathBuf>,
    /// Show the IPC calls of both processes while they happen, and at the end those of one payment.
    #[arg(long)]
    ipc: bool,
    /// Keep the data directory, and say where it is.
    #[arg(long)]
    keep: bool,
}

const STEP: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

fn say(style: Style, line: &str) {
    // Who does not read it need not.
    let _ = writeln!(anstream::stdout(), "{style}{line}{style:#}");
}

/// Steps stand at the margin, what comes of them does not.
fn tell(line: &str) {
    say(if line.starts_with(' ') { Style::new() } else { STEP }, line);
}

fn main() -> ExitCode {
    let options = Options::parse();
    let shutdown = Shutdown::new();
    let result = shutdown.on_signals().map_err(Failure::from).and_then(|_signals| run(&options, &shutdown));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if shutdown.requested() => {
            say(STEP, "Interrupted; everything that was started has been stopped.");
            ExitCode::from(130)
        }
        Err(error) => {
            let _ = writeln!(anstream::stderr(), "{BAD}Error:{BAD:#} {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options, shutdown: &Shutdown) -> Result<()> {
    let programs = Programs::beside()?;
    let form = match (&options.core, options.one_process) {
        (Some(core), _) if core.file_name() == Some("bitcoind".as_ref()) => Form::OnCore(Way::Http),
        (Some(_), _) => Form::OnCore(Way::Ipc),
        (None, true) => Form::OneProcess,
        (None, false) => Form::TwoProcesses,
    };
    let mut settings = NodeOptions::new(form).arg("-fallbackfee=0.0002");
    settings.core.clone_from(&options.core);
    settings.shutdown = shutdown.clone();
    if options.ipc {
        settings = settings.arg("-debug=ipc");
    }
    let mut node = Node::prepare(&programs, settings)?;
    if options.keep {
        tell(&format!("The data directory is {}.", node.keep().display()));
    }
    let told = show(options, form, &mut node);
    // After an error or Ctrl-C the node is still there.
    let stopped = if node.runs() { node.stop() } else { Ok(()) };
    told?;
    stopped?;
    say(GOOD, "All of it went well.");
    Ok(())
}

fn show(options: &Options, form: Form, node: &mut Node) -> Result<()> {
    let colour = std::io::stdout().is_terminal();
    let live = if options.ipc { Some(Live::start(node, colour, anstream::stdout())?) } else { None };
    tell(match form {
        Form::OneProcess => "Starting bitcoind: a node and its wallets in one process.",
        Form::TwoProcesses => "Starting bitcoin-node, which starts bitcoin-wallet.",
        Form::OnCore(_) => "Starting Bitcoin Core, and bitcoin-wallet, which attaches to it.",
    });
    node.start_again()?;
    story(node, &mut tell)?;
    drop(live);
    if options.ipc && form == Form::TwoProcesses {
        tell("What one payment takes: the shop says thanks with 0.1 BTC.");
        tell(&format!("  Sent as {}.", thanks(node)?));
        // The payment was the wallets' last command.
        let number = sent(node, WALLET_METHOD);
        combined(node, Some(&format!("{WALLET_METHOD}#{number}")), colour, &mut anstream::stdout())?;
    }
    Ok(())
}
