//! What is known of a block without reading it.
//!
//! In: a block, the coins that it spent, and the facts of its parent. Out: [`BlockFacts`], and the
//! block's basic filter.

use bitcoin::bip158::{BlockFilter, BlockFilterWriter};
use bitcoin::{Amount, Block, Work};
use bitcoin_ipc::types::BlockUndo;

use super::error::{Error, Result};
use super::tables::Facts;

/// Numbers of a block that is, or was, in the active chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockFacts {
    /// Its height in blocks; the genesis block has 0.
    pub height: u32,
    /// Its transactions: `nTx` of Bitcoin Core's `getblockheader`.
    pub tx_count: u32,
    /// The transactions of the chain that ends with it.
    pub chain_tx_count: u64,
    /// Its size in bytes, with witnesses.
    pub size: u32,
    /// Its weight (BIP 141), in weight units.
    pub weight: u32,
    /// What its transactions pay to the coinbase.
    pub fees: Amount,
    /// The work of the chain that ends with it.
    pub chain_work: Work,
    /// The latest time of it and all blocks below, in seconds since 1970.
    pub time_max: u32,
}

impl BlockFacts {
    /// Its size in bytes without witnesses, which BIP 141 counts four times in the weight.
    #[must_use]
    pub fn stripped_size(&self) -> u32 {
        self.weight.saturating_sub(self.size) / 3
    }

    pub(super) fn new(block: &Block, height: u32, undo: &BlockUndo, parent: Option<&Self>) -> Result<Self> {
        let malformed = || Error::Unusable(format!("block {} has numbers out of range", block.block_hash()));
        let tx_count = u32::try_from(block.txdata.len()).map_err(|_| malformed())?;
        let coins = undo.transactions.iter().flat_map(|transaction| &transaction.spent);
        let spent = total(coins.map(|coin| coin.output.value));
        let outputs = block.txdata.iter().skip(1).flat_map(|transaction| &transaction.output);
        let paid = total(outputs.map(|output| output.value));
        let work = block.header.work();
        Ok(BlockFacts {
            height,
            tx_count,
            chain_tx_count: parent.map_or(0, |parent| parent.chain_tx_count) + u64::from(tx_count),
            size: u32::try_from(block.total_size()).map_err(|_| malformed())?,
            weight: u32::try_from(block.weight().to_wu()).map_err(|_| malformed())?,
            fees: spent.zip(paid).and_then(|(spent, paid)| spent.checked_sub(paid)).ok_or_else(malformed)?,
            chain_work: parent.map_or(work, |parent| parent.chain_work + work),
            time_max: parent.map_or(0, |parent| parent.time_max).max(block.header.time),
        })
    }

    pub(super) fn row(&self) -> Facts {
        let BlockFacts { height, tx_count, chain_tx_count, size, weight, fees, chain_work, time_max } = *self;
        (height, tx_count, chain_tx_count, size, weight, fees.to_sat(), chain_work.to_be_bytes(), time_max)
    }

    pub(super) fn from_row(row: Facts) -> Self {
        let (height, tx_count, chain_tx_count, size, weight, fees, work, time_max) = row;
        let (fees, chain_work) = (Amount::from_sat(fees), Work::from_be_bytes(work));
        BlockFacts { height, tx_count, chain_tx_count, size, weight, fees, chain_work, time_max }
    }
}

fn total(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    amounts.try_fold(Amount::ZERO, Amount::checked_add)
}

/// The basic filter of a block (BIP 158): the scripts of its outputs and of the coins that it spent.
pub(super) fn basic_filter(block: &Block, undo: &BlockUndo) -> BlockFilter {
    let mut content = Vec::new();
    let mut writer = BlockFilterWriter::new(&mut content, block);
    writer.add_output_scripts();
    for coin in undo.transactions.iter().flat_map(|transaction| &transaction.spent) {
        writer.add_element(coin.output.script_pubkey.as_bytes());
    }
    writer.finish().expect("writing to a vector does not fail");
    BlockFilter { content }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bitcoin::hashes::Hash as _;
    use bitcoin::{ScriptBuf, TxOut, VarInt, consensus};
    use bitcoin_ipc::types::{Coin, TxUndo};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn script() -> impl Strategy<Value = ScriptBuf> {
        // Short ones are met twice, and some of them are empty.
        let short = vec(0..3_u8, 0..2);
        let data = vec(any::<u8>(), 0..30).prop_map(|data| [vec![0x6a], data].concat());
        prop_oneof![short, data, vec(any::<u8>(), 0..60)].prop_map(ScriptBuf::from_bytes)
    }

    proptest! {
        /// As BIP 158 says: all scripts that pay or were paid from, but for empty ones, and but for outputs that
        /// carry data.
        #[test]
        fn a_filter_has_each_script_once(outputs in vec(script(), 0..40), spent in vec(script(), 0..40)) {
            let output = |script_pubkey: &ScriptBuf| TxOut { value: Amount::ZERO, script_pubkey: script_pubkey.clone() };
            let mut block = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
            block.txdata[0].output = outputs.iter().map(output).collect();
            let coin = |script: &ScriptBuf| Coin { output: output(script), height: 1, coinbase: false };
            let undo = BlockUndo { transactions: vec![TxUndo { spent: spent.iter().map(coin).collect() }] };
            let filter = basic_filter(&block, &undo);
            let counted: BTreeSet<_> =
                outputs.iter().filter(|script| !script.is_op_return()).chain(&spent).filter(|script| !script.is_empty()).collect();
            let (VarInt(count), _) = consensus::deserialize_partial(&filter.content).unwrap();
            prop_assert_eq!(count, u64::try_from(counted.len()).unwrap());
            let hash = block.block_hash();
            for script in &counted {
                prop_assert!(filter.match_any(&hash, &mut std::iter::once(script.as_bytes())).unwrap());
            }
            prop_assert!(counted.is_empty() || filter.match_all(&hash, &mut counted.iter().map(|script| script.as_bytes())).unwrap());
            // With the key of another block it says nothing of these scripts; it must be read all the same.
            let _ = filter.match_any(&bitcoin::BlockHash::all_zeros(), &mut std::iter::once(&b"other"[..]));
        }
    }
}
