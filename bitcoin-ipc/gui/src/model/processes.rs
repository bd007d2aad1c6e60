//! The processes that work together.
//!
//! In: what the system and the window's own counts tell. Out: the same, as rows.

/// A process of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// What it does.
    pub(crate) role: Role,
    /// Its number.
    pub(crate) pid: u32,
    /// What it holds in memory, in kilobytes, where the system tells.
    pub(crate) memory: Option<u64>,
    /// Its threads, where the system tells.
    pub(crate) threads: Option<u64>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It draws this window.
    Window,
    /// It has the chain.
    Node,
    /// It has the wallets.
    Wallets,
    /// It does all of that.
    All,
}

/// The calls of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    /// The interface and the method, as in the schema.
    pub(crate) method: String,
    /// Whether the window made them; otherwise they were made to it.
    pub(crate) outgoing: bool,
    /// How many have ended.
    pub(crate) count: u64,
    /// How many of them failed.
    pub(crate) failed: u64,
    /// How long the longest took, in microseconds.
    pub(crate) longest: u64,
}

/// The processes, and the calls between them and the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Processes {
    /// The processes.
    pub(crate) processes: Vec<Process>,
    /// The calls, most frequent first.
    pub(crate) calls: Vec<Calls>,
    /// The logs, which one command shows as one.
    pub(crate) logs: Vec<String>,
}
