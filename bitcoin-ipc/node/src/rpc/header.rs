//! Block headers as JSON.
//!
//! In: blocks that are known. Out: the fields of Bitcoin Core's `blockheaderToJSON`, and what several
//! commands ask of a block.

use bitcoin::block::Header;
use bitcoin::{BlockHash, CompactTarget, Network, Target, Work};
use bitcoin_ipc::types::BlockUndo;
use serde_json::{Map, Value};

use super::amount;
use super::command::Call;
use super::error::{Answer, Code, RpcError, failed, invalid, unknown};
use super::value;
use crate::chainstate::Place;

/// The difficulty of a target in its short form: how many times harder than the easiest of the main
/// network.
pub(super) fn difficulty(bits: CompactTarget) -> f64 {
    let bits = bits.to_consensus();
    let exponent = i32::try_from(bits >> 24).unwrap_or(0);
    f64::from(0xffff_u32) / f64::from(bits & 0x00ff_ffff) * 256_f64.powi(29 - exponent)
}

/// A target as 64 hex digits.
pub(super) fn target(bits: CompactTarget) -> String {
    format!("{:x}", Target::from_compact(bits))
}

/// A short form of a target as eight hex digits.
pub(super) fn bits(bits: CompactTarget) -> String {
    format!("{:08x}", bits.to_consensus())
}

/// The name of a network, as `chain` fields have it.
pub(super) fn network_name(network: Network) -> &'static str {
    match network {
        Network::Bitcoin => "main",
        Network::Testnet => "test",
        Network::Testnet4 => "testnet4",
        Network::Signet => "signet",
        Network::Regtest => "regtest",
    }
}

pub(super) fn not_found<T>() -> Answer<T> {
    unknown("Block not found")
}

impl Call<'_> {
    /// A known block's header.
    pub(super) fn header(&self, hash: BlockHash) -> Answer<Header> {
        self.state.chain().header(hash)?.map_or_else(not_found, Ok)
    }

    /// A known block's place.
    pub(super) fn place(&self, hash: BlockHash) -> Answer<Place> {
        let height = self.state.chain().height(hash).map_or_else(not_found, Ok)?;
        Ok(Place { hash, height })
    }

    /// The hash at a height that is known to be in the active chain.
    pub(super) fn hash_at(&self, height: u32) -> Answer<BlockHash> {
        self.state.chain().hash_at(height).map_or_else(not_found, Ok)
    }

    /// The block that an argument names by its hash, or by its height in the active chain.
    pub(super) fn hash_or_height(&self, position: usize) -> Answer<Place> {
        self.place_of(self.value(position))
    }

    /// The block that a value names so.
    pub(super) fn place_of(&self, value: &Value) -> Answer<Place> {
        if !value.is_number() {
            return self.place(value::hash(value, "hash_or_height")?);
        }
        let height: i32 = value::int(value)?;
        let tip = self.state.tip();
        match u32::try_from(height) {
            Err(_) => invalid(format!("Target block height {height} is negative")),
            Ok(height) if height > tip.height => {
                invalid(format!("Target block height {height} after current tip {}", tip.height))
            }
            Ok(height) => Ok(Place { hash: self.hash_at(height)?, height }),
        }
    }

    /// The median of the times up to a block.
    pub(super) fn median_time(&self, hash: BlockHash) -> Answer<u32> {
        self.state.chain().median_time_past(hash)?.map_or_else(not_found, Ok)
    }

    /// The work up to a block.
    pub(super) fn chain_work(&self, hash: BlockHash) -> Answer<Work> {
        match self.state.index().block(hash)? {
            Some(facts) => Ok(facts.chain_work),
            // Never in the active chain: such branches are short, but the count begins at genesis.
            None => self.state.chain().chain_work(hash)?.map_or_else(not_found, Ok),
        }
    }

    /// A known block, which must be on disk.
    pub(super) fn block(&self, hash: BlockHash) -> Answer<bitcoin::Block> {
        match self.state.chain().block(hash) {
            Ok(Some(block)) => Ok(block),
            Ok(None) => not_found(),
            // It was there once: the index has what it counted.
            Err(_) if self.state.index().block(hash)?.is_some() => failed("Block not found on disk"),
            Err(_) => failed("Block not available (not fully downloaded)"),
        }
    }

    /// The coins that a block of the active chain spent.
    pub(super) fn undo(&self, hash: BlockHash) -> Answer<BlockUndo> {
        let chain = self.state.chain();
        match chain.undo(hash) {
            Ok(Some(undo)) => Ok(undo),
            // The first block spends nothing.
            _ if chain.height(hash) == Some(0) => Ok(BlockUndo::default()),
            _ if self.state.index().block(hash)?.is_some() => failed("Can't read undo data from disk"),
            _ => failed("Undo data not available"),
        }
    }

    /// How many transactions a known block has; 0 if only its header is known.
    pub(super) fn tx_count(&self, hash: BlockHash) -> Answer<u64> {
        match self.state.index().block(hash)? {
            Some(facts) => Ok(facts.tx_count.into()),
            // Only a header is known, or the block was never connected.
            None => Ok(self.block(hash).map_or(0, |block| block.txdata.len() as u64)),
        }
    }

    /// A known block's header and place.
    pub(super) fn header_to_json(&self, hash: BlockHash) -> Answer<Map<String, Value>> {
        let chain = self.state.chain();
        let (header, place, tip) = (self.header(hash)?, self.place(hash)?, self.state.tip());
        let active = chain.is_active(hash) && place.height <= tip.height;
        let confirmations = if active { i64::from(tip.height) - i64::from(place.height) + 1 } else { -1 };
        let next = if active && place.height < tip.height { chain.hash_at(place.height + 1) } else { None };
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("hash", hash.to_string().into());
        put("confirmations", confirmations.into());
        put("height", place.height.into());
        put("version", header.version.to_consensus().into());
        put("versionHex", format!("{:08x}", header.version.to_consensus()).into());
        put("merkleroot", header.merkle_root.to_string().into());
        put("time", header.time.into());
        put("mediantime", self.median_time(hash)?.into());
        put("nonce", header.nonce.into());
        put("bits", bits(header.bits).into());
        put("target", target(header.bits).into());
        put("difficulty", amount::float(difficulty(header.bits)));
        put("chainwork", format!("{:x}", self.chain_work(hash)?).into());
        put("nTx", self.tx_count(hash)?.into());
        if place.height > 0 {
            put("previousblockhash", header.prev_blockhash.to_string().into());
        }
        if let Some(next) = next {
            put("nextblockhash", next.to_string().into());
        }
        Ok(object)
    }
}

/// Something of the chain that must be there is not.
pub(super) fn broken<T>(message: impl Into<String>) -> Answer<T> {
    Err(RpcError::new(Code::InternalError, message))
}
