//! All commands by name: those of the node, and those that wallets add.
//!
//! In: commands. Out: who answers to a name, in the order in which they came.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use bitcoin_ipc::interfaces::{Handler, RpcCommand};
use bitcoin_ipc::types::{JsonRpcRequest, JsonRpcRequestMode, RpcArg, RpcOutcome};
use mp_runtime::{ErrorKind, Result, ipc_interface, within};
use serde_json::Value;

use super::command::Command;
use super::error::{Answer, Code, RpcError, failed, wrong_type};
use super::guests::{Guest, Guests, Peer, bare};
use super::{GROUPS, help};

/// How long a process may take to say what one of its commands does.
const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody who answers to a name.
#[derive(Clone)]
pub(super) enum Entry {
    Own(&'static Command),
    Added(Arc<Guest>),
}

impl Entry {
    pub(super) fn category(&self) -> &str {
        match self {
            Entry::Own(command) => command.category,
            Entry::Added(guest) => &guest.command.category,
        }
    }

    /// Names of the arguments, and whether one has no position.
    pub(super) fn argument_names(&self) -> Vec<(String, bool)> {
        match self {
            Entry::Own(command) => command.argument_names(),
            Entry::Added(guest) => {
                let pair = |arg: &RpcArg| (arg.name.clone(), arg.named_only);
                guest.command.arg_names.iter().map(pair).collect()
            }
        }
    }

    /// What tells commands with one help from others.
    fn number(&self) -> i64 {
        match self {
            Entry::Own(_) => 0,
            Entry::Added(guest) => guest.command.unique_id,
        }
    }
}

/// Commands by name.
#[derive(Default)]
pub(super) struct Registry {
    /// Those of wallets. Nobody answers to the name of an empty list, but somebody did, and went away
    /// without a word.
    added: RwLock<BTreeMap<String, Vec<Arc<Guest>>>>,
}

/// What came of asking a command that a wallet has added.
pub(super) enum Asked {
    Handled(Value),
    /// It left the request to others; what it has answered so far.
    Left(Value),
}

fn unknown() -> RpcError {
    RpcError::new(Code::MethodNotFound, "Method not found")
}

/// A node starts its own wallets again; others attach when somebody starts them.
fn not_connected() -> RpcError {
    RpcError::new(Code::WalletError, "The wallet process is not connected")
}

fn own(name: &str) -> Option<&'static Command> {
    GROUPS.iter().flat_map(|group| group.iter()).find(|command| command.name == name)
}

impl Registry {
    /// All who answer to a name, the node first.
    pub(super) fn entries(&self, name: &str) -> Vec<Entry> {
        let added = self.added.read().unwrap_or_else(PoisonError::into_inner);
        let added = added.get(name).into_iter().flatten().cloned().map(Entry::Added);
        own(name).map(Entry::Own).into_iter().chain(added).collect()
    }

    /// The names of all commands, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let added = self.added.read().unwrap_or_else(PoisonError::into_inner);
        let own = GROUPS.iter().flat_map(|group| group.iter()).map(|command| command.name.to_owned());
        let added = added.iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| name.clone());
        let mut names: Vec<String> = own.chain(added).collect();
        names.sort();
        names.dedup();
        names
    }

    fn add(&self, guest: Arc<Guest>) {
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        added.entry(guest.command.name.clone()).or_default().push(guest);
    }

    /// Forgets a command whose process is gone, or let go of it, but not its name.
    fn lose(&self, gone: &Arc<Guest>) {
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = added.get_mut(&gone.command.name) {
            list.retain(|guest| !Arc::ptr_eq(guest, gone));
        }
    }

    /// Forgets a command that its wallet has taken back.
    fn remove(&self, guest: &Arc<Guest>) {
        self.lose(guest);
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        if added.get(&guest.command.name).is_some_and(Vec::is_empty) {
            added.remove(&guest.command.name);
        }
    }

    /// Why nobody answers to a name.
    pub(super) fn unanswered(&self, name: &str) -> RpcError {
        let added = self.added.read().unwrap_or_else(PoisonError::into_inner);
        if added.get(name).is_some_and(Vec::is_empty) { not_connected() } else { unknown() }
    }

    /// Asks a command that a wallet has added. One whose process is gone is forgotten.
    pub(super) fn ask(
        &self,
        guest: &Arc<Guest>,
        request: JsonRpcRequest,
        response: Value,
        last: bool,
    ) -> Answer<Asked> {
        match (guest.command.actor)(request, Some(response), last) {
            Ok(RpcOutcome::Answered { response, handled: true }) => Ok(Asked::Handled(response)),
            Ok(RpcOutcome::Answered { response, handled: false }) => Ok(Asked::Left(response)),
            Ok(RpcOutcome::Failed(text) | RpcOutcome::Help(text)) => failed(text),
            Ok(RpcOutcome::RpcError(error)) => Err(RpcError::from_object(error)),
            Ok(RpcOutcome::TypeError(text)) => wrong_type(text),
            Err(error) if error.kind() == ErrorKind::Disconnected => {
                self.lose(guest);
                Err(not_connected())
            }
            Err(error) => failed(error.to_string()),
        }
    }

    /// The help on one command, or a line on each that is not hidden. Processes that are silent are left
    /// out.
    pub(super) fn help(&self, guests: &Guests, name: &str) -> String {
        let mut sources = Sources { guests, late: Vec::new() };
        let mut entries: Vec<(String, String, Entry)> = Vec::new();
        for listed in self.names() {
            if let Some(entry) = self.entries(&listed).into_iter().next() {
                entries.push((entry.category().to_owned(), listed, entry));
            }
        }
        entries.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        let (mut pages, mut category, mut done) = (Vec::new(), String::new(), Vec::new());
        for (group, listed, entry) in entries {
            let wanted = if name.is_empty() { group != "hidden" } else { listed == name };
            // Commands that a wallet has given one number share one help.
            let number = entry.number();
            if !wanted || (number != 0 && done.contains(&number)) {
                continue;
            }
            done.push(number);
            let Some(page) = self.page(&mut sources, &entry, &listed) else { continue };
            if !name.is_empty() {
                pages.push(page);
                continue;
            }
            if group != category {
                let gap = if category.is_empty() { "" } else { "\n" };
                pages.push(format!("{gap}== {} ==", help::capitalize(&group)));
                category = group;
            }
            pages.push(page.lines().next().unwrap_or_default().to_owned());
        }
        if pages.is_empty() {
            return format!("help: unknown command: {name}");
        }
        pages.join("\n")
    }

    fn page(&self, sources: &mut Sources<'_>, entry: &Entry, name: &str) -> Option<String> {
        match entry {
            Entry::Own(command) => Some(help::text(command)),
            Entry::Added(guest) => match sources.ask(self, guest, name, JsonRpcRequestMode::GetHelp) {
                Some(RpcOutcome::Help(text)) => Some(text),
                _ => None,
            },
        }
    }

    /// Which arguments of which commands are something else than texts: rows of command, position,
    /// name, and whether it is a text.
    pub(super) fn conversions(&self, guests: &Guests) -> Value {
        let mut sources = Sources { guests, late: Vec::new() };
        let mut rows = Vec::new();
        for name in self.names() {
            for entry in self.entries(&name) {
                match entry {
                    Entry::Own(command) => rows.extend(command.conversions()),
                    Entry::Added(guest) => {
                        if let Some(RpcOutcome::Answered { response: Value::Array(list), .. }) =
                            sources.ask(self, &guest, &name, JsonRpcRequestMode::GetArgs)
                        {
                            rows.extend(list);
                        }
                    }
                }
            }
        }
        Value::Array(rows)
    }
}

/// Processes that are asked what their commands say of themselves, one after the other.
struct Sources<'a> {
    guests: &'a Guests,
    /// Those that have not answered in time: they are asked no more.
    late: Vec<Arc<Peer>>,
}

impl Sources<'_> {
    fn ask(
        &mut self,
        registry: &Registry,
        guest: &Arc<Guest>,
        name: &str,
        mode: JsonRpcRequestMode,
    ) -> Option<RpcOutcome> {
        if self.guests.is_silent(guest) || self.late.iter().any(|late| Arc::ptr_eq(late, &guest.peer)) {
            return None;
        }
        match within(PATIENCE, || (guest.command.actor)(bare(name, mode), None, true)) {
            Ok(outcome) => Some(outcome),
            Err(error) if error.kind() == ErrorKind::Disconnected => {
                registry.lose(guest);
                None
            }
            Err(error) => {
                if error.kind() == ErrorKind::Timeout {
                    self.late.push(guest.peer.clone());
                }
                None
            }
        }
    }
}

/// The registration of a command; it ends when this is dropped.
struct Registered {
    registry: Weak<Registry>,
    guest: Arc<Guest>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.lose(&self.guest);
        }
    }
}

#[ipc_interface]
impl Handler for Registered {
    fn disconnect(&self) -> Result<()> {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(&self.guest);
        }
        Ok(())
    }
}

/// Adds a command until the handler is dropped or disconnected.
pub(super) fn register(registry: &Arc<Registry>, peer: &Arc<Peer>, command: RpcCommand) -> Box<dyn Handler> {
    let guest = Arc::new(Guest { command, peer: peer.clone() });
    registry.add(guest.clone());
    Box::new(Registered { registry: Arc::downgrade(registry), guest })
}
