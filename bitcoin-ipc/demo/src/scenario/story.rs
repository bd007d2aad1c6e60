//! Scenario 1: two wallets from their first coins to a restart with a passphrase.
//!
//! In: a node that was just started. Out: every txid, fee and balance on the way.

use bitcoin::{Amount, BlockHash, Txid};
use serde_json::{Value, json};

use super::values::{amount, amount_value, hash, text, txid};
use super::{Tell, competing_blocks, submit};
use crate::programs::Node;
use crate::{Failure, Result};

/// The passphrase of the encrypted wallet.
pub const PASSPHRASE: &str = "demo correct horse battery";
/// The wallet that mines.
pub(super) const MINER: &str = "miner";
/// The wallet that is paid.
pub(super) const SHOP: &str = "shop";

/// What the two wallets have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balances {
    /// What the miner can spend.
    pub miner: Amount,
    /// What the shop can spend.
    pub shop: Amount,
    /// What the shop was sent that is in no block.
    pub pending: Amount,
}

/// A new wallet and its first blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mined {
    /// The blocks.
    pub blocks: Vec<BlockHash>,
    /// What the miner can spend.
    pub balance: Amount,
    /// What is too young.
    pub immature: Amount,
}

/// A payment in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The transaction.
    pub txid: Txid,
    /// What it pays the miners.
    pub fee: Amount,
    /// What was there afterwards.
    pub after: Balances,
}

/// A payment that was replaced by one with a higher fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bumped {
    /// The first transaction.
    pub original: Txid,
    /// What it would have paid.
    pub original_fee: Amount,
    /// The mempool after the replacement.
    pub mempool: Vec<Txid>,
    /// The one that got into a block.
    pub replacement: Paid,
}

/// Three blocks replaced by others, and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reorganised {
    /// The highest block before.
    pub before: BlockHash,
    /// The highest block of the other chain, while it counted.
    pub away: BlockHash,
    /// What was there then.
    pub meanwhile: Balances,
    /// The mempool then: what the three blocks had.
    pub mempool: Vec<Txid>,
    /// The highest block at the end.
    pub back: BlockHash,
    /// What was there at the end.
    pub after: Balances,
}

/// A wallet with a passphrase, after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// The wallets that the node loaded by itself.
    pub loaded: Vec<String>,
    /// The error of spending without the passphrase.
    pub locked: Failure,
    /// The error of a wrong passphrase.
    pub wrong: Failure,
    /// A payment with the right one.
    pub paid: Paid,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// 101 blocks.
    pub mined: Mined,
    /// 10 BTC.
    pub paid: Paid,
    /// 5 BTC.
    pub bumped: Bumped,
    /// Three blocks.
    pub reorganised: Reorganised,
    /// 1 BTC.
    pub encrypted: Encrypted,
}

/// Runs scenario 1. The node needs `-fallbackfee`: there is no history to estimate fees by.
///
/// # Errors
///
/// A step fails.
pub fn story(node: &mut Node, tell: Tell<'_>) -> Result<Story> {
    let mined = first_coins(node, tell)?;
    let paid = payment(node, tell)?;
    let bumped = bump(node, tell)?;
    let reorganised = reorganise(node, tell)?;
    let encrypted = encrypt(node, tell)?;
    Ok(Story { mined, paid, bumped, reorganised, encrypted })
}

/// Has the shop send 0.1 BTC to the miner, after the story; gives the transaction's id.
///
/// # Errors
///
/// It does not work.
pub fn thanks(node: &Node) -> Result<Txid> {
    let to = address(node, MINER, "thanks")?;
    let amount = amount_value(Amount::from_sat(10_000_000));
    txid(&node.wallet_rpc(
        SHOP,
        "sendtoaddress",
        json!({ "address": to, "amount": amount, "fee_rate": 2 }),
    )?)
}

pub(super) fn create_wallet(node: &Node, name: &str) -> Result<()> {
    node.rpc("createwallet", json!({ "wallet_name": name, "load_on_startup": true })).map(drop)
}

pub(super) fn address(node: &Node, wallet: &str, label: &str) -> Result<String> {
    Ok(text(&node.wallet_rpc(wallet, "getnewaddress", json!([label]))?)?.to_owned())
}

pub(super) fn mine(node: &Node, count: u32) -> Result<Vec<BlockHash>> {
    let address = address(node, MINER, "mined")?;
    let blocks = node.rpc("generatetoaddress", json!([count, address]))?;
    blocks.as_array().into_iter().flatten().map(hash).collect()
}

fn balances(node: &Node) -> Result<Balances> {
    let of = |wallet, kind: &str| {
        let balances = node.wallet_rpc(wallet, "getbalances", json!([]))?;
        amount(&balances["mine"][kind])
    };
    Ok(Balances {
        miner: of(MINER, "trusted")?,
        shop: of(SHOP, "trusted")?,
        pending: of(SHOP, "untrusted_pending")?,
    })
}

fn best(node: &Node) -> Result<BlockHash> {
    hash(&node.rpc("getbestblockhash", json!([]))?)
}

/// The mempool in the order of the ids.
pub(super) fn mempool(node: &Node) -> Result<Vec<Txid>> {
    let ids = node.rpc("getrawmempool", json!([]))?;
    let mut ids = ids.as_array().into_iter().flatten().map(txid).collect::<Result<Vec<_>>>()?;
    ids.sort_unstable();
    Ok(ids)
}

/// Sends from the miner to the shop, at 2 sat/vB.
fn send(node: &Node, bitcoin: u64, label: &str) -> Result<Txid> {
    let to = address(node, SHOP, label)?;
    let amount = amount_value(Amount::from_sat(bitcoin * 100_000_000));
    txid(&node.wallet_rpc(
        MINER,
        "sendtoaddress",
        json!({ "address": to, "amount": amount, "fee_rate": 2 }),
    )?)
}

/// Mines a block, and looks up a payment that has to be in it.
fn confirm(node: &Node, txid: Txid, tell: Tell<'_>) -> Result<Paid> {
    let blocks = mine(node, 1)?;
    let details = node.wallet_rpc(MINER, "gettransaction", json!([txid.to_string()]))?;
    if blocks.first().map(BlockHash::to_string).as_deref() != details["blockhash"].as_str() {
        return Err(Failure::new(format!("{txid} is not in the block that was mined: {details}")));
    }
    let paid = Paid { txid, fee: amount(&details["fee"])?, after: balances(node)? };
    tell(&format!(
        "  It is in a block, for a fee of {}. The miner has {}, the shop {}.",
        paid.fee, paid.after.miner, paid.after.shop
    ));
    Ok(paid)
}

fn first_coins(node: &Node, tell: Tell<'_>) -> Result<Mined> {
    tell("A wallet for a miner, and 101 blocks: the first of their coins can be spent.");
    create_wallet(node, MINER)?;
    let blocks = mine(node, 101)?;
    let balances = node.wallet_rpc(MINER, "getbalances", json!([]))?;
    let mined = Mined {
        blocks,
        balance: amount(&node.wallet_rpc(MINER, "getbalance", json!([]))?)?,
        immature: amount(&balances["mine"]["immature"])?,
    };
    tell(&format!("  The miner has {}, and {} that are too young.", mined.balance, mined.immature));
    Ok(mined)
}

fn payment(node: &Node, tell: Tell<'_>) -> Result<Paid> {
    tell("A wallet for a shop, which is sent 10 BTC.");
    create_wallet(node, SHOP)?;
    let txid = send(node, 10, "an invoice")?;
    tell(&format!("  Sent as {txid}."));
    confirm(node, txid, tell)
}

fn bump(node: &Node, tell: Tell<'_>) -> Result<Bumped> {
    tell("5 BTC more, and then a higher fee for them.");
    let original = send(node, 5, "another invoice")?;
    tell(&format!("  Sent as {original}."));
    let bumped = node.wallet_rpc(MINER, "bumpfee", json!([original.to_string()]))?;
    let replacement = txid(&bumped["txid"])?;
    let original_fee = amount(&bumped["origfee"])?;
    tell(&format!("  Replaced by {replacement}: {} instead of {original_fee}.", amount(&bumped["fee"])?));
    let mempool = mempool(node)?;
    Ok(Bumped { original, original_fee, mempool, replacement: confirm(node, replacement, tell)? })
}

fn reorganise(node: &Node, tell: Tell<'_>) -> Result<Reorganised> {
    tell("Somebody else's chain: three blocks go, four come.");
    let before = best(node)?;
    let height = node.rpc("getblockcount", json!([]))?.as_u64().unwrap_or_default();
    let fork = hash(&node.rpc("getblockhash", json!([height.saturating_sub(3)]))?)?;
    submit_all(node, fork, 4)?;
    let (away, meanwhile, mempool) = (best(node)?, balances(node)?, mempool(node)?);
    tell(&format!(
        "  The shop's {} are in no block any more; {} transactions wait for one.",
        meanwhile.pending,
        mempool.len()
    ));
    tell("Two blocks on top of the first chain, and it counts again.");
    submit_all(node, before, 2)?;
    let (back, after) = (best(node)?, balances(node)?);
    tell(&format!("  The miner has {}, the shop {}.", after.miner, after.shop));
    Ok(Reorganised { before, away, meanwhile, mempool, back, after })
}

/// Gives the node blocks above one of its own. Only the last has to be the highest.
fn submit_all(node: &Node, above: BlockHash, count: u32) -> Result<()> {
    for block in competing_blocks(node, above, count)? {
        if let Some(reason) = submit(node, &block)?.filter(|reason| reason != "inconclusive") {
            return Err(Failure::new(format!(
                "the node does not take block {}: {reason}",
                block.block_hash()
            )));
        }
    }
    Ok(())
}

/// The error that a call has to have.
fn error_of(result: Result<Value>, what: &str) -> Result<Failure> {
    match result {
        Err(failure @ Failure::Rpc { .. }) => Ok(failure),
        Err(other) => Err(other),
        Ok(value) => Err(Failure::new(format!("{what} was allowed: {value}"))),
    }
}

fn encrypt(node: &mut Node, tell: Tell<'_>) -> Result<Encrypted> {
    tell("A passphrase for the miner's wallet, and a restart.");
    node.wallet_rpc(MINER, "encryptwallet", json!([PASSPHRASE]))?;
    node.stop()?;
    node.start_again()?;
    let wallets = node.rpc("listwallets", json!([]))?;
    let mut loaded = wallets
        .as_array()
        .into_iter()
        .flatten()
        .map(|name| Ok(text(name)?.to_owned()))
        .collect::<Result<Vec<_>>>()?;
    loaded.sort_unstable();
    tell(&format!("  Loaded again: {}.", loaded.join(", ")));
    let to = address(node, SHOP, "a third invoice")?;
    let spend = json!({ "address": to, "amount": 1, "fee_rate": 2 });
    let locked = error_of(node.wallet_rpc(MINER, "sendtoaddress", spend), "spending without the passphrase")?;
    tell(&format!("  Without the passphrase: {locked}"));
    let wrong = node.wallet_rpc(MINER, "walletpassphrase", json!(["something else", 60]));
    let wrong = error_of(wrong, "a wrong passphrase")?;
    tell(&format!("  With a wrong one: {wrong}"));
    node.wallet_rpc(MINER, "walletpassphrase", json!([PASSPHRASE, 60]))?;
    let txid = send(node, 1, "a fourth invoice")?;
    tell(&format!("  With the right one: sent 1 BTC as {txid}."));
    let paid = confirm(node, txid, tell)?;
    Ok(Encrypted { loaded, locked, wrong, paid })
}
