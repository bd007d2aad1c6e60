//! `mine`: blocks on regtest, from templates.

use bitcoin::{BlockHash, Network, ScriptBuf, opcodes};
use bitcoin_ipc::interfaces::Mining;
use bitcoin_ipc::types::{BlockCreateOptions, merkle_root};
use serde_json::json;

use crate::arguments::Mine;
use crate::coinbase::{coinbase, grind, is_regtest};
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use crate::progress::{progress_bar, waiting};

/// Mines blocks and prints their hashes.
pub(crate) async fn run(command: &Mine, node: &Node, output: Output) -> Result<(), Failure> {
    let reward = reward_script(command)?;
    let client = node.client().await?;
    let mining = client.mining();
    if !waiting("asking the node for its chain", mining.is_test_chain()).await? {
        return Err(not_regtest());
    }
    let blocks = command.blocks.get();
    let progress = progress_bar(blocks.into());
    for _ in 0..blocks {
        let hash = waiting("waiting for a template", mine_one(&*mining, &reward)).await?;
        progress.inc(1);
        progress.suspend(|| output.result(hash, || json!({ "hash": hash })))?;
    }
    Ok(())
}

/// Where the reward goes: by default to anybody.
fn reward_script(command: &Mine) -> Result<ScriptBuf, Failure> {
    if let Some(script) = &command.script {
        return Ok(script.clone());
    }
    let Some(address) = &command.address else {
        return Ok(ScriptBuf::builder().push_opcode(opcodes::OP_TRUE).into_script());
    };
    match address.clone().require_network(Network::Regtest) {
        Ok(address) => Ok(address.script_pubkey()),
        Err(error) => Err(Failure::other(error.to_string(), "give an address of regtest (bcrt1…)")),
    }
}

fn not_regtest() -> Failure {
    Failure::other(
        "this is not regtest, where alone this program can find a proof of work",
        "connect to a node that was started with -regtest (bitcoin-ipc --regtest mine)",
    )
}

/// Mines a block on the highest one.
async fn mine_one(mining: &dyn Mining, reward: &ScriptBuf) -> Result<BlockHash, Failure> {
    // The cooldown waits for a chain that has caught up, which a regtest without blocks never does.
    let template = mining.create_new_block(&BlockCreateOptions::default(), false).await?;
    let template = template
        .ok_or_else(|| Failure::other("the node gives no template; it is shutting down", "start it again"))?;
    let (mut header, required, path) = tokio::try_join!(
        template.get_block_header(),
        template.get_coinbase_tx(),
        template.get_coinbase_merkle_path()
    )?;
    if !is_regtest(&header) {
        return Err(not_regtest());
    }
    let coinbase = coinbase(&required, reward);
    header.merkle_root = merkle_root(&coinbase, &path);
    let header = grind(header);
    // The version is signed only in the type.
    let version = u32::from_ne_bytes(header.version.to_consensus().to_ne_bytes());
    match template.submit_solution(version, header.time, header.nonce, &coinbase).await? {
        Ok(()) => Ok(header.block_hash()),
        Err(reject) => Err(Failure::other(
            format!("the node refuses the block: {reject}"),
            "try again; another block may have come first",
        )),
    }
}
