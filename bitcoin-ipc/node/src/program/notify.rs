//! Commands of the user that run when something happens: `-blocknotify`, `-startupnotify`, `-shutdownnotify`.
//!
//! In: settings, blocks. Out: processes of a shell, which nobody waits for but the end of the node, and that not long.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bitcoin_init::config::Settings;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockInfo, ChainstateRole};
use mp_runtime::{Result, ipc_interface};

use crate::state::{Registration, State};
use bitcoin_rpc::pool::Pool;

/// Commands that run at once; more wait for their turn.
const MOST: usize = 16;
/// How long the end of the node waits for commands that were to run then.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

/// Begins a command as Bitcoin Core's `runCommand`.
fn begin(command: &str) -> Option<Child> {
    let child = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).spawn();
    child.inspect_err(|error| tracing::warn!(target: "node", "runCommand error: {command}: {error}")).ok()
}

fn run(command: &str) {
    let Some(mut child) = begin(command) else { return };
    match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::warn!(target: "node", "runCommand error: {command} returned {status}"),
        Err(error) => tracing::warn!(target: "node", "runCommand error: {command}: {error}"),
    }
}

/// Runs a command with each block.
struct BlockNotify {
    command: String,
    state: Weak<State>,
    pool: Pool,
}

#[ipc_interface]
impl ChainNotifications for BlockNotify {
    fn block_connected(&self, _: ChainstateRole, block: &BlockInfo) -> Result<()> {
        let caught_up = self.state.upgrade().is_some_and(|state| !state.is_initial_block_download());
        if caught_up {
            let command = self.command.replace("%s", &block.hash.to_string());
            // There is room for all of them.
            let _ = self.pool.run_alone(|| true, move || run(&command));
        }
        Ok(())
    }
}

/// Has a command run with each block from now on, if the settings want that, until the registration is dropped.
pub(super) fn on_blocks(settings: &Settings, state: &Arc<State>) -> Result<Option<Registration>> {
    let command = settings.text("blocknotify", "");
    if command.is_empty() || settings.is_negated("blocknotify") {
        return Ok(None);
    }
    let (state_of, pool) = (Arc::downgrade(state), Pool::new("blocknotify", MOST, usize::MAX));
    state.notify(Arc::new(BlockNotify { command, state: state_of, pool })).map(Some)
}

/// Runs what is to run when the node has started.
pub(super) fn started(settings: &Settings) {
    for command in settings.list("startupnotify") {
        let thread = std::thread::Builder::new().name("startupnotify".to_owned());
        if let Err(error) = thread.spawn(move || run(&command)) {
            tracing::warn!(target: "node", "The system has no thread to give: {error}");
        }
    }
}

/// Runs what is to run when the node begins to stop.
pub(super) fn stopping(settings: &Settings) {
    let mut running: Vec<_> =
        settings.list("shutdownnotify").iter().filter_map(|command| begin(command)).collect();
    let until = Instant::now() + PATIENCE;
    loop {
        running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        if running.is_empty() {
            return;
        }
        if Instant::now() > until {
            tracing::warn!(target: "node", "A command of -shutdownnotify goes on; it is not waited for.");
            return;
        }
        std::thread::sleep(LOOK);
    }
}
