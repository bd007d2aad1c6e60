//! Commands that make blocks, for test networks.
//!
//! In: who is paid. Out: blocks with proof of work.

use bitcoin::hashes::Hash;
use bitcoin::{Block, ScriptBuf, Txid, consensus};
use bitcoin_ipc::types::Reject;
use serde_json::{Map, Value};

use super::command::Kind::{Bool, List, Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, failed, undecodable, unknown};
use super::header::broken;
use super::{address, descriptor, transaction, value};
use crate::chainstate::Verdict;
use crate::mining::mine;

const HIDDEN: &str = "hidden";
/// Hashes that are tried unless the caller says otherwise.
const MAX_TRIES: u64 = 1_000_000;

pub(super) const COMMANDS: &[Command] = &[
    command(HIDDEN, "generate", GENERATE, |_| {
        Err(RpcError::new(Code::MethodNotFound, format!("generate\n\n{GENERATE}\n")))
    }),
    command(HIDDEN, "generatetoaddress", "Makes blocks that pay to an address.", to_address).args(&[
        arg("nblocks", Number, "How many."),
        arg("address", Text, "The address."),
        arg("maxtries", Number, "How many hashes to try.").default("1000000"),
    ]),
    command(HIDDEN, "generatetodescriptor", "Makes blocks that pay to a descriptor.", to_descriptor).args(&[
        arg("num_blocks", Number, "How many."),
        arg("descriptor", Text, "The descriptor."),
        arg("maxtries", Number, "How many hashes to try.").default("1000000"),
    ]),
    command(HIDDEN, "generateblock", "Makes a block of these transactions, without their fees.", block).args(
        &[
            arg("output", Text, "The address or descriptor to pay to."),
            arg("transactions", List, "Transactions, or ids of those in the mempool.")
                .shape("[\"rawtx/txid\",...]"),
            arg("submit", Bool, "Whether to submit it; otherwise its bytes are given.").default("true"),
        ],
    ),
];

/// What there is in the place of a command that was taken away.
const GENERATE: &str = "has been replaced by the -generate cli option. Refer to -help for more information.";

fn to_address(call: &Call<'_>) -> Answer {
    match address::parse(call.text(1)?, call.state.network()) {
        // Bitcoin Core reads this number with a sign, so that -1 is as good as without a limit.
        Ok(address) => {
            let tries = call.get(2).map(|_| call.int::<i32>(2)).transpose()?;
            let tries = tries.map_or(MAX_TRIES, |tries| u64::try_from(tries).unwrap_or(u64::MAX));
            generate(call, &address.script_pubkey(), tries)
        }
        Err(_) => unknown("Error: Invalid address"),
    }
}

fn to_descriptor(call: &Call<'_>) -> Answer {
    let (text, network) = (call.text(1)?, call.state.network());
    descriptor::parse(text, network, false)?;
    match descriptor::payable(text, network)? {
        Some(script) => generate(call, &script, call.int_or(2, MAX_TRIES)?),
        None => unknown("Cannot derive script without private keys"),
    }
}

fn generate(call: &Call<'_>, pay_to: &ScriptBuf, mut tries: u64) -> Answer {
    let count = call.int::<i32>(0)?;
    let over = || call.is_over() || call.state.shutdown().requested();
    let mut hashes = Vec::new();
    for _ in 0..count {
        let Some(block) = mine(call.state, &call.shared.options.mining, pay_to, None, &mut tries, &over)?
        else {
            break;
        };
        accept(call, &block)?;
        hashes.push(Value::from(block.block_hash().to_string()));
    }
    Ok(hashes.into())
}

/// Gives the node a block that was made. Somebody else may have made the same one, or another one on the same block,
/// at the same time, which is no mistake.
fn accept(call: &Call<'_>, block: &Block) -> Answer<()> {
    match call.state.process_block(block)? {
        Verdict::Invalid(why) => {
            let reject = Reject { reason: why.reason, debug: why.details };
            broken(format!("ProcessNewBlock, block not accepted: {reject}"))
        }
        Verdict::Valid | Verdict::Duplicate | Verdict::Inconclusive => Ok(()),
    }
}

fn block(call: &Call<'_>) -> Answer {
    let Some(pay_to) = descriptor::payable(call.text(0)?, call.state.network())? else {
        return unknown("Error: Invalid address or descriptor");
    };
    let mut transactions = Vec::new();
    for item in call.list(1)? {
        let text = value::text(item)?;
        if let Ok(txid) = value::hash::<Txid>(item, "txid") {
            let tx = call.state.mempool().transaction(&Txid::from_byte_array(txid.to_byte_array()));
            match tx {
                Some(tx) => transactions.push((*tx).clone()),
                None => return unknown(format!("Transaction {text} not in mempool.")),
            }
        } else if let Some(tx) = transaction::from_hex(text) {
            transactions.push(tx);
        } else {
            return undecodable(format!(
                "Transaction decode failed for {text}. Make sure the tx has at least one input."
            ));
        }
    }
    let submit = call.flag_or(2, true)?;
    let (mut tries, over) = (MAX_TRIES, || call.is_over());
    let options = &call.shared.options.mining;
    let block = match mine(call.state, options, &pay_to, Some(transactions), &mut tries, &over) {
        Ok(Some(block)) => block,
        Ok(None) => return failed("Failed to make block."),
        Err(error) => {
            let text = error.to_string();
            // Only where the block itself is wrong.
            return match text.find("TestBlockValidity failed") {
                Some(place) => Err(RpcError::new(Code::VerifyError, &text[place..])),
                None => Err(error.into()),
            };
        }
    };
    let mut object = Map::new();
    object.insert("hash".to_owned(), block.block_hash().to_string().into());
    if submit {
        accept(call, &block)?;
    } else {
        object.insert("hex".to_owned(), consensus::encode::serialize_hex(&block).into());
    }
    Ok(object.into())
}
