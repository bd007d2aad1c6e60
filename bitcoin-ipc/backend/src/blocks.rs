//! Blocks with their transactions, and what they spend.
//!
//! In: hashes, scripts. Out: blocks; or of each what concerns the scripts, where the node's filters say that it
//! may, without reading the others.

use bitcoin::bip158::BlockFilter;
use bitcoin::{Block, BlockHash, OutPoint, ScriptBuf, Transaction};
use bitcoin_ipc::{Error, Result};
use serde_json::json;

use crate::answer::{Fields, decoded};
use crate::ask::{Ask, Asked, if_known};
use crate::method::Method;

/// A transaction of a block, with the scripts from which it spends.
pub(crate) struct Spending {
    pub(crate) tx: Transaction,
    /// By input; none for a coinbase.
    pub(crate) spent: Vec<ScriptBuf>,
}

/// Whether a failure says that a block is not on the node's disk: pruned, or never downloaded.
fn is_missing(failure: &crate::ask::Failure) -> bool {
    // RPC_MISC_ERROR, of which there is no other here.
    failure.code() == Some(-1)
}

impl Ask {
    /// A block; none where the node does not have it any more, or yet.
    pub(crate) fn block(&self, hash: BlockHash) -> Result<Option<Block>> {
        match self.ask(Method::GetBlock, json!([hash, 0])) {
            Ok(block) => decoded(Method::GetBlock, &block).map(Some),
            Err(failure) if is_missing(&failure) => Ok(None),
            Err(failure) => Ok(if_known(Err(failure))?),
        }
    }

    /// The transactions of a block, with what they spend; none as with [`block`](Ask::block).
    pub(crate) fn spending(&self, hash: BlockHash) -> Result<Option<Vec<Spending>>> {
        let block = match self.fields(Method::GetBlock, json!([hash, 3])) {
            Ok(block) => block,
            Err(failure) if is_missing(&failure) => return Ok(None),
            Err(failure) => return Ok(if_known(Err(failure))?),
        };
        let spending = |fields: Fields| {
            let mut spent = Vec::new();
            for input in fields.list("vin")? {
                if input.value("coinbase").is_none() {
                    spent.push(script(&input.object("prevout")?.object("scriptPubKey")?)?);
                }
            }
            Ok(Spending { tx: fields.transaction("hex")?, spent })
        };
        block.list("tx")?.map(spending).collect::<Result<_>>().map(Some)
    }

    /// Whether the node has filters of all blocks.
    pub(crate) fn has_filters(&self) -> Result<bool> {
        let info = self.fields(Method::GetIndexInfo, json!(["basic block filter index"]))?;
        Ok(info.value("basic block filter index").is_some())
    }

    /// The filters of blocks; none of a block where the index has not come to it.
    pub(crate) fn filters(&self, hashes: &[BlockHash]) -> Result<Vec<Option<BlockFilter>>> {
        let filter = |asked: Asked| match asked {
            Ok(value) => {
                let fields = Fields::of(Method::GetBlockFilter, value)?;
                let hex = fields.text::<String>("filter")?;
                let bytes = bitcoin::hex::FromHex::from_hex(&hex);
                let bytes: Vec<u8> = bytes.map_err(|_| Error::bad_value("a filter that is no hex"))?;
                Ok(Some(BlockFilter::new(&bytes)))
            }
            Err(failure) if matches!(failure.code(), Some(-1 | -5 | -32603)) => Ok(None),
            Err(failure) => Err(failure.into()),
        };
        let params = hashes.iter().map(|hash| json!([hash])).collect();
        self.ask_all(Method::GetBlockFilter, params)?.into_iter().map(filter).collect()
    }

    /// The scripts of coins that transactions of the mempool spend, as far as the coins are there.
    pub(crate) fn scripts_of(&self, coins: &[OutPoint]) -> Result<Vec<Option<ScriptBuf>>> {
        let params = coins.iter().map(|coin| json!([coin.txid, coin.vout, false])).collect();
        let mut scripts = Vec::with_capacity(coins.len());
        for (asked, coin) in self.ask_all(Method::GetTxOut, params)?.into_iter().zip(coins) {
            let found = asked?;
            scripts.push(match found.is_null() {
                false => Some(script(&Fields::of(Method::GetTxOut, found)?.object("scriptPubKey")?)?),
                // Of a transaction that waits too.
                true => self.mempool_transaction(coin.txid)?.and_then(|tx| {
                    Some(tx.output.get(usize::try_from(coin.vout).ok()?)?.script_pubkey.clone())
                }),
            });
        }
        Ok(scripts)
    }

    /// A transaction of the mempool.
    pub(crate) fn mempool_transaction(&self, txid: bitcoin::Txid) -> Result<Option<Transaction>> {
        Ok(self.mempool_transactions(&[txid])?.pop().flatten())
    }

    /// Transactions of the mempool; none where one is not there any more.
    pub(crate) fn mempool_transactions(&self, txids: &[bitcoin::Txid]) -> Result<Vec<Option<Transaction>>> {
        let transaction = |asked: Asked| {
            let known = if_known(asked)?;
            known.map(|value| decoded(Method::GetRawTransaction, &value)).transpose()
        };
        let params = txids.iter().map(|txid| json!([txid])).collect();
        self.ask_all(Method::GetRawTransaction, params)?.into_iter().map(transaction).collect()
    }
}

/// The script of a `scriptPubKey`.
pub(crate) fn script(fields: &Fields) -> Result<ScriptBuf> {
    let hex: String = fields.text("hex")?;
    ScriptBuf::from_hex(&hex).map_err(|_| Error::bad_value("a script that is no hex"))
}
