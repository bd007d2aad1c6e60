//! RPC commands of wallets, before those of the node.
//!
//! In: commands that wallets register, requests. Out: their answers; and which requests are none of theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoin_ipc::interfaces::{Handler, RpcCommand};
use bitcoin_ipc::types::{Json, JsonRpcRequest, JsonRpcRequestMode, RpcOutcome};
use bitcoin_ipc::{ErrorKind, Result};
use bitcoin_rpc::arguments::positional;
use bitcoin_rpc::envelope::{ReplyTo, Request};
use bitcoin_rpc::error::{failed, wrong_type};
use bitcoin_rpc::{Answer, Code, RpcError};
use mp_runtime::ipc_interface;
use serde_json::Value;

use crate::ask::lock;

/// The commands that there are.
#[derive(Default)]
pub(crate) struct Commands(Mutex<BTreeMap<String, Vec<Arc<RpcCommand>>>>);

struct Registered {
    commands: Arc<Commands>,
    command: Arc<RpcCommand>,
}

impl Registered {
    fn end(&self) {
        let mut all = lock(&self.commands.0);
        if let Some(list) = all.get_mut(&self.command.name) {
            list.retain(|command| !Arc::ptr_eq(command, &self.command));
            if list.is_empty() {
                all.remove(&self.command.name);
            }
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.end();
    }
}

#[ipc_interface]
impl Handler for Registered {
    fn disconnect(&self) -> Result<()> {
        self.end();
        Ok(())
    }
}

impl Commands {
    /// Adds a command, until the handler is dropped.
    pub(crate) fn add(self: &Arc<Self>, command: RpcCommand) -> Box<dyn Handler> {
        let command = Arc::new(command);
        lock(&self.0).entry(command.name.clone()).or_default().push(command.clone());
        Box::new(Registered { commands: self.clone(), command })
    }

    fn named(&self, name: &str) -> Vec<Arc<RpcCommand>> {
        lock(&self.0).get(name).cloned().unwrap_or_default()
    }

    /// Whether there is a command of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        lock(&self.0).contains_key(name)
    }

    /// Runs a request that one of them answers to; `None` if there is none of this name.
    pub(crate) fn run(&self, request: &Request, to: &ReplyTo, uri: &str, user: &str) -> Option<Answer> {
        let commands = self.named(&request.method);
        let mut response = Value::Null;
        let count = commands.len();
        for (position, command) in commands.iter().enumerate() {
            let names: Vec<_> =
                command.arg_names.iter().map(|arg| (arg.name.clone(), arg.named_only)).collect();
            let params = match &request.params {
                Json::Object(named) => match positional(named, &names) {
                    Ok(params) => params,
                    Err(error) => return Some(Err(error)),
                },
                Json::Array(params) => params.clone(),
                _ => Vec::new(),
            };
            let asked = JsonRpcRequest {
                id: to.id.clone().unwrap_or_default(),
                method: request.method.clone(),
                params: Json::Array(params),
                mode: JsonRpcRequestMode::Execute,
                uri: uri.to_owned(),
                auth_user: user.to_owned(),
                peer_addr: String::new(),
                version: to.version,
            };
            match (command.actor)(asked, Some(response), position + 1 == count) {
                Ok(RpcOutcome::Answered { response, handled: true }) => return Some(Ok(response)),
                Ok(RpcOutcome::Answered { response: so_far, handled: false }) => response = so_far,
                Ok(RpcOutcome::Failed(text) | RpcOutcome::Help(text)) => return Some(failed(text)),
                Ok(RpcOutcome::RpcError(error)) => return Some(Err(RpcError::from_object(error))),
                Ok(RpcOutcome::TypeError(text)) => return Some(wrong_type(text)),
                Err(error) if error.kind() == ErrorKind::Disconnected => {
                    return Some(Err(RpcError::new(Code::WalletError, error.text())));
                }
                Err(error) => return Some(failed(error.to_string())),
            }
        }
        (count > 0).then(|| Err(RpcError::new(Code::MethodNotFound, "Method not found")))
    }

    /// What a command says of itself.
    fn page(command: &RpcCommand) -> Option<String> {
        let asked = JsonRpcRequest {
            id: Value::Null,
            method: command.name.clone(),
            params: Json::Array(Vec::new()),
            mode: JsonRpcRequestMode::GetHelp,
            uri: String::new(),
            auth_user: String::new(),
            peer_addr: String::new(),
            version: bitcoin_ipc::types::JsonRpcVersion::V2,
        };
        match (command.actor)(asked, None, true) {
            Ok(RpcOutcome::Help(text)) => Some(text),
            _ => None,
        }
    }

    /// The names of all.
    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }

    /// The help on one command; none where there is no such.
    pub(crate) fn help(&self, name: &str) -> Option<String> {
        self.named(name).first().and_then(|command| Self::page(command))
    }

    /// A line on each that is not hidden.
    pub(crate) fn lines(&self) -> String {
        let commands: Vec<_> = lock(&self.0).values().filter_map(|list| list.first().cloned()).collect();
        let shown = commands.iter().filter(|command| command.category != "hidden");
        let lines = shown.filter_map(|command| Some(Self::page(command)?.lines().next()?.to_owned()));
        lines.collect::<Vec<_>>().join("\n")
    }
}
