//! What a node offers wallets, and what is missing.
//!
//! In: how to come to a node. Out: findings in words, each with what to do where something is to be done.

use std::fmt;

use bitcoin_ipc::client::{Address, network_dir};
use bitcoin_ipc::{Error, ErrorKind, Result};
use serde_json::json;

use crate::address::CoreAddress;
use crate::ask::{Ask, Asked, Failure, NOT_FOUND};
use crate::core::CoreOptions;
use crate::hints;
use crate::method::Method;

/// What only windows ask for, or saves questions.
const SPARE: [Method; 7] = [
    Method::GetChainTips,
    Method::GetNetTotals,
    Method::GetPeerInfo,
    Method::GetZmqNotifications,
    Method::Help,
    Method::ListBanned,
    Method::WaitForNewBlock,
];

/// How good something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Good,
    /// It works, but slower or less than it could.
    Fair,
    /// Wallets cannot work so.
    Bad,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How good it is.
    pub grade: Grade,
    /// What it is.
    pub text: String,
    /// What to do about it, such as a line for `bitcoin.conf`.
    pub advice: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.grade {
            Grade::Good => "ok  ",
            Grade::Fair => "note",
            Grade::Bad => "FAIL",
        };
        write!(f, "{mark}  {}", self.text)?;
        match &self.advice {
            Some(advice) => write!(f, "\n      -> {advice}"),
            None => Ok(()),
        }
    }
}

fn good(text: impl Into<String>) -> Finding {
    Finding { grade: Grade::Good, text: text.into(), advice: None }
}

fn fair(text: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { grade: Grade::Fair, text: text.into(), advice: Some(advice.into()) }
}

fn bad(text: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { grade: Grade::Bad, text: text.into(), advice: Some(advice.into()) }
}

/// Looks at a node. Nothing there is changed, and nothing searched.
#[must_use]
pub fn examine(options: &CoreOptions) -> Vec<Finding> {
    let ask = match options.transport() {
        Ok(transport) => Ask::new(transport),
        Err(error) => return unreachable_node(options, &error),
    };
    let mut findings = Vec::new();
    match look(&ask, options, &mut findings) {
        Ok(()) => {}
        Err(error) if findings.is_empty() => return unreachable_node(options, &error),
        Err(error) => findings.push(bad(error.text(), "see the node's debug.log")),
    }
    findings
}

fn unreachable_node(options: &CoreOptions, error: &Error) -> Vec<Finding> {
    let advice = match (&options.address, error.kind()) {
        (CoreAddress::Http { .. }, ErrorKind::Disconnected) => "server=1 in its bitcoin.conf, and restart it",
        (CoreAddress::Http { .. }, _) => "-rpccookiefile, or -rpcuser and -rpcpassword, as the node has them",
        (CoreAddress::Ipc(_), ErrorKind::Unimplemented) => "ask it over HTTP: -core=http://127.0.0.1",
        (CoreAddress::Ipc(_), _) => {
            "ipcbind=unix in the bitcoin.conf of bitcoin-node (bitcoind has no sockets: -core=http://127.0.0.1)"
        }
    };
    vec![bad(format!("{}: {}", options.address, error.text()), advice)]
}

fn look(ask: &Ask, options: &CoreOptions, findings: &mut Vec<Finding>) -> Result<()> {
    let missing = missing(ask)?;
    if !missing.is_empty() {
        findings.push(not_let(&missing));
    }
    if missing.contains(&Method::GetNetworkInfo) {
        return Ok(());
    }
    let network = ask.fields(Method::GetNetworkInfo, json!([]))?;
    let name: String = network.text("subversion")?;
    let name = name.trim_matches('/').replace(':', " ");
    findings.push(if network.int::<i64>("version")? < crate::core::OLDEST {
        bad(format!("{name} at {}", options.address), "Bitcoin Core 29 or later")
    } else {
        good(format!("{name} answers at {}", options.address))
    });
    chain(ask, options, findings)?;
    filters(ask, findings)?;
    searches(ask, findings)?;
    findings.push(match hints::endpoint(ask, options.address.host())? {
        Some(endpoint) => good(format!("it says at {endpoint} what comes to its mempool")),
        None => fair(
            "it does not say what comes to its mempool, which is looked at every few seconds",
            "zmqpubrawtx=tcp://127.0.0.1:28332 in its bitcoin.conf, and restart it: payments are searched for when they come, with fewer questions",
        ),
    });
    if !missing.contains(&Method::WaitForNewBlock) && !ask.answers_beside_a_wait()? {
        findings.push(fair(
            "it answers nothing else while a call waits, and is asked for its tip each second instead",
            "rpcthreads=4 or more in its bitcoin.conf, and restart it: blocks are told when they come, with fewer questions",
        ));
    }
    sockets(options, findings);
    Ok(())
}

/// The methods that it does not let us ask.
fn missing(ask: &Ask) -> Result<Vec<Method>> {
    let mut missing = Vec::new();
    // Those before v31 have no clusters.
    for method in Method::ALL.iter().filter(|method| **method != Method::GetMempoolCluster) {
        // No method has such a parameter: none does anything.
        match ask.ask(*method, json!({ "nothing": 0 })) {
            Err(Failure::Call(error)) => return Err(error),
            Err(refused) if refused.code() == Some(NOT_FOUND) => missing.push(*method),
            _ => {}
        }
    }
    Ok(missing)
}

fn not_let(missing: &[Method]) -> Finding {
    let names = |methods: &[Method]| methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(",");
    let text = format!("it does not let this user ask for {}", names(missing));
    let advice = format!("rpcwhitelist=<user>:{} in its bitcoin.conf, and rpcallowip", names(Method::ALL));
    match missing.iter().all(|method| SPARE.contains(method)) {
        true => fair(text, advice),
        false => bad(text, advice),
    }
}

fn chain(ask: &Ask, options: &CoreOptions, findings: &mut Vec<Finding>) -> Result<()> {
    let info = ask.fields(Method::GetBlockchainInfo, json!([]))?;
    let (chain, blocks, headers): (String, i64, i64) =
        (info.text("chain")?, info.int("blocks")?, info.int("headers")?);
    let ours = options.network.to_core_arg();
    findings.push(if chain == ours {
        good(format!("it is of {chain}, at block {blocks}"))
    } else {
        bad(
            format!("it is of {chain}, and the wallets are of {ours}"),
            format!("-chain={chain} for the wallets"),
        )
    });
    if info.flag("initialblockdownload")? {
        let text = format!("it is still catching up, with {blocks} of {headers} blocks");
        findings.push(fair(text, "what wallets show is of these blocks; nothing is to be done"));
    }
    if info.flag("pruned")? {
        let lowest: i64 = info.value("pruneheight").map_or(Ok(0), |_| info.int("pruneheight"))?;
        findings.push(fair(
            format!("it is pruned, with blocks from {lowest} on"),
            "coins that came before are not found when a wallet is restored; new wallets are not concerned",
        ));
    }
    Ok(())
}

fn filters(ask: &Ask, findings: &mut Vec<Finding>) -> Result<()> {
    let name = "basic block filter index";
    let info = ask.fields(Method::GetIndexInfo, json!([name]))?;
    findings.push(match info.value(name).map(|_| info.object(name)).transpose()? {
        Some(index) if index.flag("synced")? => good("it has filters of all blocks"),
        Some(index) => fair(
            format!("it is making filters, up to block {} so far", index.int::<i64>("best_block_height")?),
            "blocks above are read whole until then; nothing is to be done",
        ),
        None => fair(
            "it has no filters, so each block is read whole, with all that it spends",
            "blockfilterindex=1 in its bitcoin.conf, and restart it; on the main chain that takes hours, and gigabytes of disk",
        ),
    });
    Ok(())
}

fn searches(ask: &Ask, findings: &mut Vec<Finding>) -> Result<()> {
    let refused = |asked: Asked| match asked {
        Ok(_) => Ok(None),
        Err(failure) if failure.code().is_some() => Ok(Some(failure.to_string())),
        Err(failure) => Err(Error::from(failure)),
    };
    let mempool = refused(ask.ask(Method::GetDescriptorActivity, json!([[], ["raw(51)"], false])))?;
    findings.push(match mempool {
        None => good("it searches its mempool for wallets"),
        Some(reason) => bad(format!("it does not search its mempool: {reason}"), "Bitcoin Core 29 or later"),
    });
    let scan = ask.ask(Method::ScanBlocks, json!(["status"]));
    match scan {
        Ok(status) if !status.is_null() => findings.push(fair(
            "it searches its blocks for somebody else now",
            "searches of wallets are slower meanwhile; nothing is to be done",
        )),
        _ => {}
    }
    Ok(())
}

/// Whether there is a quicker way than the one that was taken.
fn sockets(options: &CoreOptions, findings: &mut Vec<Finding>) {
    let directory = network_dir(&options.data_dir, options.network);
    let socket = Address::Unix.socket(&directory);
    if matches!(options.address, CoreAddress::Http { .. }) && socket.is_ok_and(|path| path.exists()) {
        findings
            .push(fair("it listens on a socket too", "-core=unix instead of HTTP, if it is v32 or later"));
    }
}
