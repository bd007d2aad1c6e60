//! The wallets' commands of JSON-RPC, as Bitcoin Core v32 has them.
//!
//! In: requests that the node passes on. Out: answers, and the commands' registrations with the node.
//!
//! `command` declares and runs them; each other file holds the commands of its name, or what they
//! share.

mod address_info;
mod addresses;
mod backup;
mod balances;
mod bump;
mod coins;
mod command;
mod describe;
mod descriptors;
mod encryption;
mod entries;
mod fees;
mod flags;
mod funding;
mod groupings;
mod hd_keys;
mod labels;
mod pruned;
mod psbt;
mod received;
mod refusal;
mod scanning;
mod send;
mod send_all;
mod sign_raw;
mod simulate;
mod solving;
mod spending;
mod transactions;
mod wallets;

use std::sync::{Arc, Weak};

use bitcoin_ipc::interfaces::{Handler, RpcCommand};
use bitcoin_ipc::types::{Json, JsonRpcRequest, JsonRpcRequestMode, RpcArg, RpcOutcome};
use bitcoin_ipc::{Error, Result};
use bitcoin_rpc::arguments::positional;
use bitcoin_rpc::{Answer, Code, Params, help};
use serde_json::Value;

use crate::loader::{Inner, Loader};
use command::{Call, Command, wipe_given};

/// All commands of wallets.
const GROUPS: &[&[Command]] = &[
    address_info::COMMANDS,
    addresses::COMMANDS,
    backup::COMMANDS,
    balances::COMMANDS,
    bump::COMMANDS,
    coins::COMMANDS,
    descriptors::COMMANDS,
    encryption::COMMANDS,
    flags::COMMANDS,
    funding::COMMANDS,
    groupings::COMMANDS,
    hd_keys::COMMANDS,
    labels::COMMANDS,
    pruned::COMMANDS,
    psbt::COMMANDS,
    received::COMMANDS,
    scanning::COMMANDS,
    send::COMMANDS,
    send_all::COMMANDS,
    sign_raw::COMMANDS,
    simulate::COMMANDS,
    spending::COMMANDS,
    transactions::COMMANDS,
    wallets::COMMANDS,
];

/// Registers all commands with the loader's node, until the handlers are dropped.
pub(crate) fn register(loader: &Loader) -> Result<Vec<Box<dyn Handler>>> {
    let chain = loader.chain();
    let commands = (1..).zip(GROUPS.iter().flat_map(|group| group.iter()));
    let register = |(number, command)| chain.handle_rpc(registration(command, number, &loader.0));
    commands.map(register).collect()
}

fn registration(command: &'static Command, number: i64, loader: &Arc<Inner>) -> RpcCommand {
    let loader = Arc::downgrade(loader);
    let arg_names = command.argument_names().into_iter();
    RpcCommand {
        category: command.category.to_owned(),
        name: command.name.to_owned(),
        actor: Box::new(move |request, _, last| act(&loader, command, request, last)),
        arg_names: arg_names.map(|(name, named_only)| RpcArg { name, named_only }).collect(),
        unique_id: number,
    }
}

/// Answers a request. Without the wallet that it means, it is left to other commands of the name, if
/// there are any.
fn act(
    loader: &Weak<Inner>,
    command: &'static Command,
    request: JsonRpcRequest,
    last: bool,
) -> Result<RpcOutcome> {
    let answered = |response| RpcOutcome::Answered { response, handled: true };
    match request.mode {
        JsonRpcRequestMode::GetHelp => return Ok(RpcOutcome::Help(help::text(command))),
        JsonRpcRequestMode::GetArgs => return Ok(answered(command.conversions().into())),
        JsonRpcRequestMode::Execute => {}
    }
    let Some(loader) = loader.upgrade() else { return Err(Error::disconnected("the wallets are gone")) };
    let not_found = i64::from(Code::WalletNotFound as i32);
    Ok(match execute(&Loader(loader), command, request) {
        Ok(response) => answered(response),
        Err(error) if !last && error.code() == not_found => {
            RpcOutcome::Answered { response: Value::Null, handled: false }
        }
        Err(error) => RpcOutcome::RpcError(error.into_object()),
    })
}

fn execute(loader: &Loader, command: &'static Command, mut request: JsonRpcRequest) -> Answer {
    let params = match &request.params {
        Json::Object(named) => positional(named, &command.argument_names()),
        Json::Array(list) => Ok(list.clone()),
        _ => Ok(Vec::new()),
    };
    // Some arguments are secrets; copies that the transport made are out of reach.
    wipe_given(&mut request.params);
    let params = Params(command.check(params?)?);
    (command.run)(&Call { loader, uri: &request.uri, params })
}
