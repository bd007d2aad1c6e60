//! Wallets as a program: `bitcoin-wallet`, and the wallets inside `bitcoind`.
//!
//! In: arguments, files and signals, and a node: one that spawned this process, one that listens on a
//! socket, one in this process, or none. Out: wallets that follow it, and an exit code.

mod attached;
mod core;
mod genesis;
mod offline;
mod settings;
mod socket;
mod spawned;
mod split;
mod window;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bitcoin_backend::Present;
use bitcoin_init::arguments::{Arguments, Invocation, parse};
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::logging::{EarlyLog, LogOptions};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_init::{Error, datadir, owner, sockets};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::WalletLoader;
use bitcoin_ipc::interfaces::watch::AnyChain;
use bitcoin_ipc::types::GlobalArgs;
use mp_runtime::EventLoop;

use core::CoreNodes;
use offline::Command;
use settings::{Connection, LOG_SUFFIX};
use split::SplitNodes;

type Failure = Box<dyn std::error::Error>;

/// Runs the wallets until their node or the user ends them. This is `main` of `bitcoin-wallet`.
///
/// The exit code is 0 after an end in order and 1 after an error, whose text goes to standard error.
pub fn main() -> ExitCode {
    owner::keep_to_owner();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(target: "wallet", "{error}");
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    match parse(&settings::program(), std::env::args_os())? {
        Invocation::Print(text) => {
            print!("{text}");
            Ok(())
        }
        Invocation::Spawned { .. } => spawned::run(),
        Invocation::Run(arguments) => run_by_hand(arguments),
        _ => Err(Error::new("bitcoin-wallet cannot be started in this way").into()),
    }
}

/// What a user starts: one command without a node, or wallets that follow a node which listens.
fn run_by_hand(arguments: Arguments) -> Result<(), Failure> {
    if arguments.positional == ["doctor"] {
        return doctor(&settings::look(arguments)?);
    }
    let command = Command::read(&arguments.positional)?;
    let settings = settings::load(arguments)?;
    match (settings::connection(&settings)?, command) {
        (Connection::None | Connection::Default, Some(command)) if !settings.is_set("core") => Ok(command.run(&settings)?),
        (Connection::None, None) => {
            Err(Error::new("without a node there has to be a command: info, create or list").into())
        }
        (_, Some(command)) => Err(Error::new(format!(
            "{command} works on files and needs no node: leave -ipcconnect and -core out; with a node, use its RPC"
        ))
        .into()),
        (connection, None) => attach(&settings, connection),
    }
}

/// Looks at the Bitcoin Core that `-core` names.
fn doctor(settings: &Settings) -> Result<(), Failure> {
    let address =
        core::address(settings)?.ok_or_else(|| Error::new("doctor needs a node: give it with -core"))?;
    let settings = SharedSettings::new(settings.clone());
    let nodes = CoreNodes::new(&settings, address, &Shutdown::new(), Present::default(), Signals::default())?;
    match nodes.examine() {
        true => Ok(()),
        false => Err(Error::new("wallets cannot work with this node yet; see the lines with FAIL").into()),
    }
}

fn attach(settings: &Settings, connection: Connection) -> Result<(), Failure> {
    let early_log = EarlyLog::start()?;
    if settings.bool("disablewallet", false) {
        return Err(Error::new("-disablewallet leaves nothing to do for a process of wallets").into());
    }
    let trust = settings::trust(settings)?;
    let core = core::address(settings)?;
    if core.is_some() && connection != Connection::Default {
        return Err(Error::new("-core and -ipcconnect name two nodes: choose one").into());
    }
    // What is wrong with the settings or the directories is seen before anything is written.
    settings::options(settings)?;
    let directory = datadir::prepare(settings)?;
    let log_options = LogOptions::new(settings, LOG_SUFFIX, true)?;
    let _log = early_log.open(&log_options)?;
    let shutdown = Shutdown::new();
    let _signals = shutdown.on_signals()?;
    settings::tell(settings, &log_options);
    let event_loop = EventLoop::new("bitcoin-wallet").map_err(for_user)?;
    let nobody = socket::nobody(&event_loop).map_err(for_user)?;
    let loader = settings::loader(settings, nobody.into(), Duration::ZERO).map_err(for_user)?;
    let followed = match core {
        Some(address) => {
            let shared = SharedSettings::new(settings.clone());
            let nodes = CoreNodes::new(&shared, address, &shutdown, Present::default(), Signals::default())?;
            let servers = nodes.listen(&event_loop, settings, &loader, &shutdown).map_err(for_user)?;
            let followed = attached::run(Arc::new(nodes), loader, &shutdown);
            sockets::close(servers);
            followed
        }
        None => {
            let socket = connection.address().socket(&directory).map_err(for_user)?;
            attached::run(Arc::new(SplitNodes { event_loop, socket, trust }), loader, &shutdown)
        }
    };
    followed.map_err(for_user)?;
    tracing::info!(target: "wallet", "Shutdown: done");
    Ok(())
}

/// What a user needs of an error: its text says what to do.
fn for_user(error: bitcoin_ipc::Error) -> Error {
    Error::new(error.text())
}

/// The wallets of a node in the same process, with the settings and the log of that process.
///
/// # Errors
///
/// A setting has no meaning, or the directory of wallets is in use or cannot be written.
pub fn local_wallets(settings: GlobalArgs, chain: impl Into<AnyChain>) -> Result<Arc<dyn WalletLoader>> {
    let settings = settings::from_node(settings)?;
    Ok(Arc::new(settings::loader(&settings, chain.into(), settings::LOCK_PATIENCE)?))
}
