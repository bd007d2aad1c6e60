//! A node as a program: `bitcoin-node`, and `bitcoind` with its wallets in the same process.
//!
//! In: arguments, files and signals, or a parent process. Out: a [`Running`] node, the sockets that it
//! listens on, and an exit code.

mod console;
mod daemon;
mod door;
mod echo;
mod notify;
mod offer;
mod options;
mod running;
mod spawned;
mod wallets;

use std::process::ExitCode;

use bitcoin_init::arguments::{Invocation, Program, parse};
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::lock::DirectoryLock;
use bitcoin_init::logging::{EarlyLog, LogOptions};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::{datadir, owner};
use mp_runtime::EventLoop;

use console::Console;

use crate::chainstate::Chainstate;
use bitcoin_init::signals::Signals;

pub use door::Door;
pub use offer::Offer;
pub use running::Running;
pub use spawned::HostedNode;
pub use wallets::{LoadedWallets, NoWallets, SpawnedWallets, StartedWallets, WalletSource};

/// Runs a node until it is told to stop. This is `main` of `bitcoin-node` and of `bitcoind`.
///
/// The exit code is 0 after an end in order and 1 after an error, whose text goes to standard error.
pub fn main(name: &'static str, about: &'static str, wallets: Box<dyn WalletSource>) -> ExitCode {
    owner::keep_to_owner();
    let console = Console::default();
    match run(name, about, wallets, &console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(target: "node", "{error}");
            console.end(&*error);
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

fn run(
    name: &'static str,
    about: &'static str,
    wallets: Box<dyn WalletSource>,
    console: &Console,
) -> Result<(), Failure> {
    let early_log = EarlyLog::start()?;
    let program = options::program(name, about);
    let arguments = match parse(&program, std::env::args_os())? {
        Invocation::Print(text) => {
            print!("{text}");
            return Ok(());
        }
        Invocation::Spawned { .. } => return spawned::run(program, early_log, wallets),
        Invocation::Run(arguments) => arguments,
        _ => return Err(format!("{name} cannot be started in this way").into()),
    };
    let settings = Settings::load(&program, arguments)?;
    options::check(&settings)?;
    if daemon::is_wanted(&settings) {
        return Ok(daemon::start(name)?);
    }
    let lock = prepare(&program, &early_log, &settings, true)?;
    let _pid = daemon::PidFile::write(&settings)?;
    let shutdown = Shutdown::new();
    let _signals = shutdown.on_signals()?;
    // The kind of an error is for callers; to a user its text says enough.
    let text = |error: mp_runtime::Error| error.text().to_owned();
    let event_loop = EventLoop::new(name).map_err(text)?;
    let (signals, settings) = (Signals::default(), SharedSettings::new(settings));
    let _shown = console.listen(&signals);
    let running = Running::start_in(lock, event_loop, signals, settings, wallets, shutdown).map_err(text)?;
    running.wait();
    running.stop().map_err(text)?;
    tracing::info!(target: "node", "Shutdown: done");
    Ok(())
}

/// Makes the directories, takes that of the network and opens the log, which begins with what was strange
/// in the settings. `console` says whether it goes to the console too, unless the settings do.
///
/// Directories that are another program's, or in use, are seen before anything is written.
fn prepare(
    program: &Program,
    early_log: &EarlyLog,
    settings: &Settings,
    console: bool,
) -> Result<DirectoryLock, Failure> {
    if !settings.bool("disablewallet", false) {
        datadir::wallets(settings)?;
    }
    let directory = datadir::prepare(settings)?;
    let lock = Chainstate::lock(&directory)?;
    let log_options = LogOptions::new(settings, "", console)?;
    early_log.open(&log_options)?;
    tracing::info!(target: "node", "{}", program.version_text().lines().next().unwrap_or(program.name()));
    tracing::info!(target: "node", "Data directory {}, network {}.", directory.display(), settings.network());
    for warning in settings.warnings().iter().chain(log_options.warnings()) {
        tracing::warn!(target: "node", "{warning}");
    }
    for name in options::without_effect(settings) {
        tracing::warn!(
            target: "node",
            "-{name} has no effect: this node has no peers, no HTTP server and no ZeroMQ, keeps all blocks, and \
             leaves to its kernel what that decides by itself."
        );
    }
    Ok(lock)
}
