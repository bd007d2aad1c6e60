//! The command `getblocktemplate` (BIP 22, 23, 9 and 145).
//!
//! In: what a miner asks. Out: the next block in parts, or a verdict on a block that it proposes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bitcoin::{Block, BlockHash, Network, ScriptBuf, Txid};
use bitcoin_ipc::types::BlockCheckOptions;
use serde_json::{Map, Value, json};

use super::command::Kind::Object;
use super::command::{Call, Command, Run, Step, Then, Wait, arg};
use super::deployments::status_above;
use super::error::{Answer, Code, RpcError, invalid, undecodable, wrong_type};
use super::header::{bits, target};
use super::mining::decode_block;
use super::{transaction, value};
use crate::chainstate::Place;
use crate::check_block::check_block;
use crate::mining::new_block;
use crate::state::Seen;
use crate::template::{Status, deployments};

const SHAPE: &str = "{\"mode\":\"str\",\"capabilities\":[\"str\",...],\"rules\":[\"segwit\",\"str\",...],\
                     \"longpollid\":\"str\",\"data\":\"hex\"}";
/// How long a miner that waits for another template is not told of new transactions, and how often
/// there is a look afterwards.
const FIRST_LOOK: Duration = Duration::from_secs(60);
const NEXT_LOOK: Duration = Duration::from_secs(10);
const MAX_SIZE: u32 = 4_000_000;
const MAX_SIGOPS: u32 = 80_000;

pub(super) const COMMANDS: &[Command] = &[Command::new(
    "mining",
    "getblocktemplate",
    "Gives the parts of the next block.",
    Run::Wait(block_template),
)
.args(&[arg("template_request", Object, "The template's form; rules must name \"segwit\".").shape(SHAPE)])];

fn block_template(call: &Call<'_>) -> Answer<Step> {
    let request = call.value(0);
    let mode = match value::field(request, "mode") {
        None => "template",
        Some(Value::String(mode)) => mode.as_str(),
        Some(_) => return invalid("Invalid mode"),
    };
    match mode {
        "proposal" => return proposal(call, request).map(Step::Done),
        "template" => {}
        _ => return invalid("Invalid mode"),
    }
    rules(call)?;
    if call.state.network() == Network::Bitcoin && call.state.is_initial_block_download() {
        let text = "Bitcoin node is in initial sync and waiting for blocks...";
        return Err(RpcError::new(Code::ClientInInitialDownload, text));
    }
    match value::field(request, "longpollid") {
        Some(known) => long_poll(call, known),
        None => named_template(call).map(Step::Done),
    }
}

/// The rules that the miner knows.
fn rules<'a>(call: &'a Call<'_>) -> Answer<Vec<&'a str>> {
    match &call.value(0)["rules"] {
        Value::Array(rules) => rules.iter().map(value::text).collect(),
        _ => Ok(Vec::new()),
    }
}

/// The template, if the miner knows its rules.
fn named_template(call: &Call<'_>) -> Answer {
    let rules = rules(call)?;
    if call.state.network() == Network::Signet && !rules.contains(&"signet") {
        return invalid(
            "getblocktemplate must be called with the signet rule set (call with {\"rules\": [\"segwit\", \"signet\"]})",
        );
    }
    if !rules.contains(&"segwit") {
        return invalid(
            "getblocktemplate must be called with the segwit rule set (call with {\"rules\": [\"segwit\"]})",
        );
    }
    template(call)
}

/// Waits until the template is another one than the miner knows.
fn long_poll(call: &Call<'_>, known: &Value) -> Answer<Step> {
    let seen = call.state.seen();
    let (tip, changes): (BlockHash, u64) = match known.as_str() {
        Some(text) => {
            let (hash, number) = text.split_at_checked(64).unwrap_or((text, ""));
            (value::hash(&Value::from(hash), "longpollid")?, number.parse().unwrap_or(0))
        }
        None => (seen.tip.hash, seen.mempool_changes),
    };
    Ok(look_after(FIRST_LOOK, tip, changes))
}

fn look_after(time: Duration, tip: BlockHash, changes: u64) -> Step {
    let look = move |call: &Call<'_>, seen: Seen| {
        if seen.stopping || call.is_over() {
            return Err(RpcError::new(Code::ClientNotConnected, "Shutting down"));
        }
        if seen.tip.hash != tip || seen.mempool_changes != changes {
            return named_template(call).map(Step::Done);
        }
        Ok(look_after(NEXT_LOOK, tip, changes))
    };
    Step::Wait(Wait {
        deadline: Some(Instant::now() + time),
        until: Box::new(move |seen| seen.tip.hash != tip),
        then: Then::Work(Box::new(look)),
    })
}

fn proposal(call: &Call<'_>, request: &Value) -> Answer {
    let Some(data) = request["data"].as_str() else {
        return wrong_type("Missing data String key for proposal");
    };
    let Some(block) = decode_block(data) else { return undecodable("Block decode failed") };
    let chain = call.state.chain();
    let hash = block.block_hash();
    if chain.height(hash).is_some() {
        // Only connected blocks are known to be valid.
        let connected = chain.is_active(hash) || call.state.index().block(hash)?.is_some();
        return Ok(if connected { "duplicate" } else { "duplicate-inconclusive" }.into());
    }
    let options = BlockCheckOptions { check_merkle_root: true, check_pow: false };
    match check_block(call.state, &block, &options)? {
        Ok(()) => Ok(Value::Null),
        Err(reject) => Ok(reject.reason.into()),
    }
}

fn transactions(block: &Block, fees: &[bitcoin::Amount], sigops: &[u64]) -> Vec<Value> {
    let mut places: HashMap<Txid, usize> = HashMap::new();
    let mut rows = Vec::new();
    for (place, tx) in block.txdata.iter().enumerate() {
        let txid = tx.compute_txid();
        if let Some(number) = place.checked_sub(1) {
            let parents = tx.input.iter().filter_map(|input| places.get(&input.previous_output.txid));
            let parents: Vec<usize> = parents.copied().collect();
            rows.push(json!({
                "data": transaction::hex(tx),
                "txid": txid.to_string(),
                "hash": tx.compute_wtxid().to_string(),
                "depends": parents,
                "fee": fees.get(number).map_or(0, |fee| fee.to_sat()),
                "sigops": sigops.get(number),
                "weight": tx.weight().to_wu(),
            }));
        }
        places.insert(txid, place);
    }
    rows
}

fn template(call: &Call<'_>) -> Answer {
    // Noted first: what changes meanwhile makes the long poll end.
    let changes = call.state.seen().mempool_changes;
    let anyone = ScriptBuf::from_bytes(vec![bitcoin::opcodes::OP_TRUE.to_u8()]);
    let made = new_block(call.state, &call.shared.options.mining, &anyone)?;
    let (next, block) = (made.next, &made.template.block);
    let mut rules = vec!["csv", "!segwit", "taproot"];
    if next.network == Network::Signet {
        rules.push("!signet");
    }
    let mut signalled = Map::new();
    let parent = Place { hash: next.parent, height: next.height - 1 };
    for deployment in deployments(next.network) {
        match status_above(call, deployment, parent)? {
            Status::Active => rules.push(deployment.name),
            status if status.is_signalled() => {
                signalled.insert(deployment.name.to_owned(), deployment.bit.into());
            }
            _ => {}
        }
    }
    let mut object = json!({
        "capabilities": ["proposal"],
        "version": block.header.version.to_consensus(),
        "rules": rules,
        "vbavailable": signalled,
        "vbrequired": 0,
        "previousblockhash": next.parent.to_string(),
        "transactions": transactions(block, &made.template.fees, &made.template.sigops),
        "coinbaseaux": {},
        "coinbasevalue": made.template.coinbase.block_reward_remaining.to_sat(),
        "longpollid": format!("{}{changes}", next.parent),
        "target": target(block.header.bits),
        "mintime": next.min_time(),
        "mutable": ["time", "transactions", "prevblock"],
        "noncerange": "00000000ffffffff",
        "sigoplimit": MAX_SIGOPS,
        "sizelimit": MAX_SIZE,
        "weightlimit": MAX_SIZE,
        "curtime": block.header.time,
        "bits": bits(block.header.bits),
        "height": next.height,
    });
    if let Some(commitment) = made.template.coinbase.required_outputs.first() {
        object["default_witness_commitment"] = format!("{:x}", commitment.script_pubkey).into();
    }
    Ok(object)
}
