//! From transactions to a block.
//!
//! In: a selection, the end of the chain, the time. Out: a block that is valid but for its proof of
//! work.

use bitcoin::block::{Header, Version};
use bitcoin::hashes::Hash;
use bitcoin::script::{Builder, PushBytesBuf};
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, Network, ScriptBuf, Transaction, TxMerkleNode, TxOut,
};
use bitcoin_ipc::types::CoinbaseTx;

use super::Selection;
use super::bits::interval;

/// Seconds that a difficulty's first block may be older than the block before (BIP 94).
pub(crate) const MAX_TIMEWARP: u32 = 600;
/// What a block pays at first, in satoshi.
const FIRST_SUBSIDY: u64 = 5_000_000_000;

/// New bitcoin that a block at a height pays.
#[must_use]
pub fn subsidy(network: Network, height: u32) -> Amount {
    let halvings = height / if network == Network::Regtest { 150 } else { 210_000 };
    Amount::from_sat(FIRST_SUBSIDY.checked_shr(halvings).unwrap_or(0))
}

/// Where a block is to stand.
#[derive(Clone, Copy, Debug)]
pub struct NextBlock {
    /// The network, which decides on the subsidy.
    pub network: Network,
    /// The hash of the block before.
    pub parent: BlockHash,
    /// The time of the block before, in seconds since 1970.
    pub parent_time: u32,
    /// The median time of the block before.
    pub median_time_past: u32,
    /// The height of the new block; not 0.
    pub height: u32,
    /// Its version, which signals for the changes of the rules that are under way (BIP 9).
    pub version: Version,
}

/// A block without proof of work.
#[derive(Clone, Debug)]
pub struct Template {
    /// The block. Its coinbase comes first; its nonce is 0.
    pub block: Block,
    /// What another coinbase would have to be like.
    pub coinbase: CoinbaseTx,
    /// The fees of the transactions after the coinbase.
    pub fees: Vec<Amount>,
    /// The signature operations of the transactions after the coinbase.
    pub sigops: Vec<u64>,
}

impl NextBlock {
    /// The lowest time that the block may have, in seconds since 1970: Bitcoin Core's
    /// `GetMinimumTime`, which keeps to BIP 94 on every network.
    #[must_use]
    pub fn min_time(&self) -> u32 {
        let time = self.median_time_past.saturating_add(1);
        if self.height.is_multiple_of(interval(self.network)) {
            return time.max(self.parent_time.saturating_sub(MAX_TIMEWARP));
        }
        time
    }

    /// The time that the block has, at a time in seconds since 1970.
    #[must_use]
    pub fn time(&self, now: u64) -> u32 {
        self.min_time().max(u32::try_from(now).unwrap_or(u32::MAX))
    }

    /// The block with these transactions, whose reward goes to a script. Its bits are those of
    /// [`next_bits`](super::next_bits) at its time. It has no merkle root yet: whoever is paid
    /// makes the coinbase.
    #[must_use]
    pub fn assemble(
        &self,
        selection: &Selection,
        time: u32,
        bits: CompactTarget,
        pay_to: ScriptBuf,
    ) -> Template {
        let reserved = [0; 32];
        let mut coinbase = CoinbaseTx {
            version: 2,
            // Without it the lock time would not hold.
            sequence: u32::MAX - 1,
            script_sig_prefix: Builder::new().push_int(self.height.into()).into_script(),
            witness: Some(reserved.to_vec()),
            block_reward_remaining: subsidy(self.network, self.height) + selection.fees,
            required_outputs: Vec::new(),
            lock_time: self.height.saturating_sub(1),
        };
        // One byte of height is too short for an input's script.
        let extra: &[u8] = if self.height <= 16 { &[0] } else { &[] };
        let transactions = selection.transactions.iter().map(|selected| (*selected.tx).clone());
        let first = coinbase.transaction(extra, pay_to.clone());
        let header = Header {
            version: self.version,
            prev_blockhash: self.parent,
            merkle_root: TxMerkleNode::all_zeros(),
            time,
            bits,
            nonce: 0,
        };
        let mut block = Block { header, txdata: std::iter::once(first).chain(transactions).collect() };
        coinbase.required_outputs.push(witness_commitment(&block, &reserved));
        let first: Transaction = coinbase.transaction(extra, pay_to);
        if let Some(transaction) = block.txdata.first_mut() {
            *transaction = first;
        }
        Template {
            block,
            coinbase,
            fees: selection.transactions.iter().map(|selected| selected.fee).collect(),
            sigops: selection.transactions.iter().map(|selected| selected.sigops_cost).collect(),
        }
    }
}

/// The output that commits to all witnesses (BIP 141). The coinbase's own does not count.
fn witness_commitment(block: &Block, reserved: &[u8; 32]) -> TxOut {
    let root = block.witness_root().expect("there is a coinbase");
    let mut bytes = PushBytesBuf::from([0xaa, 0x21, 0xa9, 0xed]);
    let commitment = Block::compute_witness_commitment(&root, reserved);
    bytes.extend_from_slice(&commitment.to_byte_array()).expect("36 bytes are far below the limit");
    TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return(bytes) }
}
