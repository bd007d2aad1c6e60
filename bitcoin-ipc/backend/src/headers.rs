//! Blocks without their transactions.
//!
//! In: hashes and heights. Out: [`Header`]s, and where branches part. Blocks of other branches are walked down one
//! by one, those of the active chain found by their heights.

use bitcoin::BlockHash;
use bitcoin_ipc::types::BlockRef;
use bitcoin_ipc::{Error, Result};
use serde_json::{Value, json};

use crate::answer::{Fields, parsed};
use crate::ask::{Ask, Asked, if_known};
use crate::method::Method;

/// How long, in seconds, the median time may be behind the latest one: two hours that a block may be ahead of the
/// clock, and one in which a median comes about.
const SLACK: i64 = 3 * 60 * 60;

/// A block as the chain has it.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) hash: BlockHash,
    pub(crate) height: i32,
    pub(crate) time: u32,
    pub(crate) median_time: u32,
    /// The block below; none for the first.
    pub(crate) prev: Option<BlockHash>,
    /// The block above in the active chain.
    pub(crate) next: Option<BlockHash>,
    /// Whether it is in the active chain.
    pub(crate) active: bool,
}

impl Header {
    fn read(fields: &Fields) -> Result<Self> {
        Ok(Header {
            hash: fields.text("hash")?,
            height: fields.int("height")?,
            time: fields.int("time")?,
            median_time: fields.int("mediantime")?,
            prev: fields.text_if_there("previousblockhash")?,
            next: fields.text_if_there("nextblockhash")?,
            active: fields.int::<i64>("confirmations")? >= 0,
        })
    }

    /// The latest time of it and all below, as near as it can be had.
    pub(crate) fn max_time(&self) -> u32 {
        self.time.max(self.median_time)
    }

    pub(crate) fn place(&self) -> BlockRef {
        BlockRef { hash: self.hash, height: self.height }
    }
}

impl Ask {
    /// The header of a block, if the node knows it.
    pub(crate) fn header(&self, hash: BlockHash) -> Result<Option<Header>> {
        Ok(self.headers(&[hash])?.pop().flatten())
    }

    pub(crate) fn headers(&self, hashes: &[BlockHash]) -> Result<Vec<Option<Header>>> {
        let params = hashes.iter().map(|hash| json!([hash])).collect();
        let header = |asked: Asked| {
            let known = if_known(asked)?;
            known.map(|value| Header::read(&Fields::of(Method::GetBlockHeader, value)?)).transpose()
        };
        self.ask_all(Method::GetBlockHeader, params)?.into_iter().map(header).collect()
    }

    /// As [`header`](Ask::header), of a block that must be there.
    pub(crate) fn known_header(&self, hash: BlockHash) -> Result<Header> {
        self.header(hash)?.ok_or_else(|| Error::failed(format!("the node does not know block {hash}")))
    }

    /// The block of the active chain at a height.
    pub(crate) fn hash_at(&self, height: i32) -> Result<Option<BlockHash>> {
        Ok(self.hashes_at(height..=height)?.pop())
    }

    /// The blocks of the active chain between two heights; fewer where it ends before.
    pub(crate) fn hashes_at(&self, heights: std::ops::RangeInclusive<i32>) -> Result<Vec<BlockHash>> {
        let params: Vec<Value> = heights.map(|height| json!([height])).collect();
        let mut hashes = Vec::with_capacity(params.len());
        for asked in self.ask_all(Method::GetBlockHash, params)? {
            let Some(hash) = if_known(asked)? else { break };
            hashes.push(parsed(Method::GetBlockHash, &hash)?);
        }
        Ok(hashes)
    }

    /// The highest block of the active chain.
    pub(crate) fn tip(&self) -> Result<BlockRef> {
        let info = self.fields(Method::GetBlockchainInfo, json!([]))?;
        Ok(BlockRef { hash: info.text("bestblockhash")?, height: info.int("blocks")? })
    }

    /// The highest block below a block, or itself, that is in the active chain.
    pub(crate) fn fork(&self, mut header: Header) -> Result<Header> {
        while !header.active {
            let Some(prev) = header.prev else { return Ok(header) };
            header = self.known_header(prev)?;
        }
        Ok(header)
    }

    /// The block at a height below another one.
    pub(crate) fn ancestor(&self, hash: BlockHash, height: i32) -> Result<Option<BlockHash>> {
        let Some(mut header) = self.header(hash)? else { return Ok(None) };
        while !header.active && header.height > height {
            let Some(prev) = header.prev else { return Ok(None) };
            header = self.known_header(prev)?;
        }
        match header.height {
            found if found == height => Ok(Some(header.hash)),
            found if found > height && height >= 0 => self.hash_at(height),
            _ => Ok(None),
        }
    }

    /// The highest block below two others, or one of them.
    pub(crate) fn common_ancestor(&self, a: BlockHash, b: BlockHash) -> Result<Option<BlockHash>> {
        let (Some(mut a), Some(mut b)) = (self.header(a)?, self.header(b)?) else { return Ok(None) };
        while a.hash != b.hash {
            if a.active && b.active {
                return Ok(Some(if a.height < b.height { a.hash } else { b.hash }));
            }
            // The higher one of those outside the chain goes down; inside it all are below each other.
            let down = if !a.active && (b.active || a.height >= b.height) { &mut a } else { &mut b };
            let Some(prev) = down.prev else { return Ok(None) };
            *down = self.known_header(prev)?;
        }
        Ok(Some(a.hash))
    }

    /// The lowest block of the active chain at or above a height that is, or has one below it that is, at least as
    /// late as a time (seconds since 1970). Where clocks of miners were hours off it may be a lower one.
    pub(crate) fn first_from(&self, time: i64, height: i32) -> Result<Option<BlockHash>> {
        let tip = self.tip()?.height;
        let (mut low, mut high) = (height.max(0), tip + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let header = self.hash_at(middle)?.map(|hash| self.known_header(hash)).transpose()?;
            if header.is_none_or(|header| i64::from(header.median_time) >= time.saturating_sub(SLACK)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        // Within the slack each is looked at.
        let mut latest = 0;
        while low <= tip {
            let hashes = self.hashes_at(low..=tip.min(low + 99))?;
            if hashes.is_empty() {
                return Ok(None);
            }
            for header in self.headers(&hashes)?.into_iter().flatten() {
                latest = latest.max(i64::from(header.max_time()));
                if latest >= time {
                    return Ok(Some(header.hash));
                }
                low = header.height + 1;
            }
        }
        Ok(None)
    }
}
