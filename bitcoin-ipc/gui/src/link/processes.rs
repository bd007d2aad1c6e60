//! The processes that work together.
//!
//! In: the number of the node's process, the window's own counts of calls. Out: what the system tells of each process,
//! and the calls. Where it tells nothing, only the numbers are shown.

use std::path::Path;
use std::sync::Arc;

use bitcoin_init::config::SharedSettings;
use mp_runtime::monitor::{CallCounts, Side};

use super::{Held, lock};
use crate::model::processes::{Calls, Process, Processes, Role};

/// The name of the program that has the wallets.
const WALLETS: &str = "bitcoin-wallet";

/// What the window knows of the processes around it.
#[derive(Clone, Default)]
pub(crate) struct Around {
    /// The calls of this process.
    pub(crate) counts: Option<Arc<CallCounts>>,
    /// Where logs would be.
    pub(crate) logs: Vec<std::path::PathBuf>,
    /// The node's process, if it is another one of this machine.
    pub(crate) node: Option<u32>,
    /// Whether node and wallets are in this process.
    pub(crate) hosted: bool,
    /// The settings of a node that the window starts. They can be changed also where that does not start.
    pub(crate) settings: Option<SharedSettings>,
}

/// Looks at them.
pub(super) fn look(held: &Held) -> Processes {
    let around = lock(&held.around).clone();
    let own = std::process::id();
    let mut processes = vec![process(if around.hosted { Role::All } else { Role::Window }, own)];
    if let Some(node) = around.node {
        processes.push(process(Role::Node, node));
        processes.extend(children(node).into_iter().map(|pid| process(Role::Wallets, pid)));
    }
    let counts = around.counts.map(|counts| counts.snapshot()).unwrap_or_default();
    let mut calls: Vec<Calls> = counts
        .into_iter()
        .map(|count| Calls {
            method: format!("{}.{}", count.interface, count.method),
            outgoing: count.side == Side::Client,
            count: count.calls,
            failed: count.errors,
            longest: u64::try_from(count.longest.as_micros()).unwrap_or(u64::MAX),
        })
        .collect();
    calls.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.method.cmp(&b.method)));
    let logs = around.logs.iter().filter(|log| log.exists()).map(|log| log.display().to_string());
    Processes { processes, calls, logs: logs.collect() }
}

/// What the system tells of a process.
fn process(role: Role, pid: u32) -> Process {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Process { role, pid, memory: number("VmRSS:"), threads: number("Threads:") }
}

/// The processes of wallets that a node has started.
fn children(node: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{node}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    let pids = lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok());
    let is_wallets = |pid: &u32| {
        let name = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("comm"));
        // The system keeps fifteen characters.
        name.is_ok_and(|name| !name.trim().is_empty() && WALLETS.starts_with(name.trim()))
    };
    pids.filter(is_wallets).collect()
}
