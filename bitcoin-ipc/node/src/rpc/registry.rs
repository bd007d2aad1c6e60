//! All commands by name: those of the node, and those that wallets add.
//!
//! In: commands. Out: who answers to a name, in the order in which they came.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use bitcoin_ipc::interfaces::Handler;
use bitcoin_ipc::types::{
    Json, JsonRpcRequest, JsonRpcRequestMode, JsonRpcVersion, RpcArg, RpcCommand, RpcOutcome,
};
use mp_runtime::{ErrorKind, Result, ipc_interface};
use serde_json::Value;

use super::command::Command;
use super::error::{Answer, Code, RpcError, failed, wrong_type};
use super::{GROUPS, help};

/// Somebody who answers to a name.
#[derive(Clone)]
pub(super) enum Entry {
    Own(&'static Command),
    Added(Arc<RpcCommand>),
}

impl Entry {
    fn category(&self) -> &str {
        match self {
            Entry::Own(command) => command.category,
            Entry::Added(command) => &command.category,
        }
    }

    /// Names of the arguments, and whether one has no position.
    pub(super) fn argument_names(&self) -> Vec<(String, bool)> {
        match self {
            Entry::Own(command) => command.argument_names(),
            Entry::Added(command) => {
                let pair = |arg: &RpcArg| (arg.name.clone(), arg.named_only);
                command.arg_names.iter().map(pair).collect()
            }
        }
    }

    /// What tells commands with one help from others.
    fn number(&self) -> i64 {
        match self {
            Entry::Own(_) => 0,
            Entry::Added(command) => command.unique_id,
        }
    }
}

/// Commands by name.
#[derive(Default)]
pub(super) struct Registry {
    /// Those of wallets. Nobody answers to the name of an empty list, but somebody did, and went away
    /// without a word.
    added: RwLock<BTreeMap<String, Vec<Arc<RpcCommand>>>>,
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

    fn add(&self, command: Arc<RpcCommand>) {
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        added.entry(command.name.clone()).or_default().push(command);
    }

    /// Forgets a command whose process is gone, or let go of it, but not its name.
    fn lose(&self, gone: &Arc<RpcCommand>) {
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = added.get_mut(&gone.name) {
            list.retain(|command| !Arc::ptr_eq(command, gone));
        }
    }

    /// Forgets a command that its wallet has taken back.
    fn remove(&self, command: &Arc<RpcCommand>) {
        self.lose(command);
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        if added.get(&command.name).is_some_and(Vec::is_empty) {
            added.remove(&command.name);
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
        command: &Arc<RpcCommand>,
        request: JsonRpcRequest,
        response: Value,
        last: bool,
    ) -> Answer<Asked> {
        match (command.actor)(request, Some(response), last) {
            Ok(RpcOutcome::Answered { response, handled: true }) => Ok(Asked::Handled(response)),
            Ok(RpcOutcome::Answered { response, handled: false }) => Ok(Asked::Left(response)),
            Ok(RpcOutcome::Failed(text) | RpcOutcome::Help(text)) => failed(text),
            Ok(RpcOutcome::RpcError(error)) => Err(RpcError::from_object(error)),
            Ok(RpcOutcome::TypeError(text)) => wrong_type(text),
            Err(error) if error.kind() == ErrorKind::Disconnected => {
                self.lose(command);
                Err(not_connected())
            }
            Err(error) => failed(error.to_string()),
        }
    }

    /// The help on one command, or a line on each that is not hidden.
    pub(super) fn help(&self, name: &str) -> String {
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
            let Some(page) = self.page(&entry, &listed) else { continue };
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

    fn page(&self, entry: &Entry, name: &str) -> Option<String> {
        match entry {
            Entry::Own(command) => Some(help::text(command)),
            Entry::Added(command) => {
                let request = bare(name, JsonRpcRequestMode::GetHelp);
                match (command.actor)(request, None, true) {
                    Ok(RpcOutcome::Help(text)) => Some(text),
                    Err(error) if error.kind() == ErrorKind::Disconnected => {
                        self.lose(command);
                        None
                    }
                    _ => None,
                }
            }
        }
    }

    /// Which arguments of which commands are something else than texts: rows of command, position,
    /// name, and whether it is a text.
    pub(super) fn conversions(&self) -> Value {
        let mut rows = Vec::new();
        for name in self.names() {
            for entry in self.entries(&name) {
                match entry {
                    Entry::Own(command) => rows.extend(command.conversions()),
                    Entry::Added(command) => {
                        let request = bare(&name, JsonRpcRequestMode::GetArgs);
                        if let Ok(RpcOutcome::Answered { response: Value::Array(list), .. }) =
                            (command.actor)(request, None, true)
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

/// A request for what a command says of itself.
fn bare(name: &str, mode: JsonRpcRequestMode) -> JsonRpcRequest {
    JsonRpcRequest {
        id: Value::Null,
        method: name.to_owned(),
        params: Json::Null,
        mode,
        uri: String::new(),
        auth_user: String::new(),
        peer_addr: String::new(),
        version: JsonRpcVersion::V2,
    }
}

/// The registration of a command; it ends when this is dropped.
struct Registered {
    registry: Weak<Registry>,
    command: Arc<RpcCommand>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.lose(&self.command);
        }
    }
}

#[ipc_interface]
impl Handler for Registered {
    fn disconnect(&self) -> Result<()> {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(&self.command);
        }
        Ok(())
    }
}

/// Adds a command until the handler is dropped or disconnected.
pub(super) fn register(registry: &Arc<Registry>, command: RpcCommand) -> Box<dyn Handler> {
    let command = Arc::new(command);
    registry.add(command.clone());
    Box::new(Registered { registry: Arc::downgrade(registry), command })
}
