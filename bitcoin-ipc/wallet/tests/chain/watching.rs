//! The chain in memory, looking for a wallet's scripts.
//!
//! In: scripts. Out: what a node that watches would tell; blocks are gone through one by one.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use bitcoin::{Block, BlockHash, OutPoint, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::watch::{
    ScannedBlocks, ScriptWatch, WatchedBlock, WatchedNotifications, WatchedTransaction, WatchingChain,
};
use bitcoin_ipc::interfaces::{ChainNotifications, Handler};
use bitcoin_ipc::types::{BlockInfo, BlockRef, ChainstateRole, MempoolRemovalReason};

use super::{Asked, TestChain};

/// A watch, which listens to the chain for its listener.
#[derive(Clone)]
struct Watch(Arc<Shared>);

struct Shared {
    chain: TestChain,
    to: Arc<dyn WatchedNotifications>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    scripts: HashSet<ScriptBuf>,
    told: HashSet<Txid>,
    contested: HashSet<OutPoint>,
    last: Option<BlockRef>,
    listener: u64,
}

impl Watch {
    /// Whether a transaction pays or spends a script.
    fn concerns(&self, tx: &Transaction) -> bool {
        let heard = self.0.heard.lock().unwrap();
        let state = self.0.chain.state();
        let made = |outpoint: &OutPoint| {
            let mut all = state.all.values().flat_map(|(block, _)| &block.txdata).chain(&state.mempool);
            let parent = all.find(|tx| tx.compute_txid() == outpoint.txid)?;
            parent.output.get(outpoint.vout as usize)
        };
        let spent = tx.input.iter().filter_map(|input| made(&input.previous_output));
        let rival = tx.input.iter().any(|input| heard.contested.contains(&input.previous_output));
        let sibling = tx.version.0 == 3
            && tx.input.iter().any(|input| heard.told.contains(&input.previous_output.txid));
        rival
            || sibling
            || tx.output.iter().chain(spent).any(|output| heard.scripts.contains(&output.script_pubkey))
    }

    fn watched(&self, block: &Block, height: i32) -> WatchedBlock {
        let found = (0..).zip(&block.txdata).filter(|(_, tx)| self.concerns(tx));
        WatchedBlock {
            hash: block.block_hash(),
            prev_hash: (height > 0).then_some(block.header.prev_blockhash),
            height,
            time: block.header.time,
            max_time: block.header.time,
            transactions: found.map(|(index, tx)| WatchedTransaction { index, tx: tx.clone() }).collect(),
        }
    }
}

impl ChainNotifications for Watch {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        if !self.concerns(tx) {
            return Ok(());
        }
        {
            let mut heard = self.0.heard.lock().unwrap();
            heard.told.insert(tx.compute_txid());
            heard.contested.extend(tx.input.iter().map(|input| input.previous_output));
        }
        self.0.to.transaction_added(tx)
    }

    fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        let told = self.0.heard.lock().unwrap().told.remove(&tx.compute_txid());
        if told { self.0.to.transaction_removed(tx, reason) } else { Ok(()) }
    }

    fn block_connected(&self, _: ChainstateRole, info: &BlockInfo) -> Result<()> {
        let block = self.watched(info.data.as_ref().unwrap(), info.height);
        self.0.heard.lock().unwrap().last = Some(BlockRef { hash: info.hash, height: info.height });
        self.0.to.block_connected(&block)
    }

    fn block_disconnected(&self, info: &BlockInfo) -> Result<()> {
        let block = self.watched(info.data.as_ref().unwrap(), info.height);
        let below = info.prev_hash.map(|hash| BlockRef { hash, height: info.height - 1 });
        self.0.heard.lock().unwrap().last = below;
        self.0.to.block_disconnected(&block)
    }
}

/// What the wallet holds of a watch.
struct Held(Watch);

impl Handler for Held {
    fn disconnect(&self) -> Result<()> {
        let listener = self.0.0.heard.lock().unwrap().listener;
        self.0.0.chain.unlisten(listener);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.disconnect();
    }
}

impl ScriptWatch for Held {
    fn add_scripts(&self, scripts: &[ScriptBuf]) -> Result<Option<BlockRef>> {
        let Watch(shared) = &self.0;
        shared.chain.here()?;
        shared.chain.asked(Asked::Watch);
        let mut heard = shared.heard.lock().unwrap();
        heard.scripts.extend(scripts.iter().cloned());
        Ok(heard.last)
    }

    fn request_mempool_transactions(&self, notifications: &dyn WatchedNotifications) -> Result<()> {
        let Watch(shared) = &self.0;
        shared.chain.here()?;
        let mempool = shared.chain.state().mempool.clone();
        let concerned: Vec<_> = mempool.into_iter().filter(|tx| self.0.concerns(tx)).collect();
        for tx in concerned {
            shared.heard.lock().unwrap().told.insert(tx.compute_txid());
            notifications.transaction_added(&tx)?;
        }
        Ok(())
    }

    fn scan_blocks(
        &self,
        start: BlockHash,
        max_height: Option<i32>,
        max_blocks: u32,
    ) -> Result<Option<ScannedBlocks>> {
        let Watch(shared) = &self.0;
        shared.chain.here()?;
        let blocks: Vec<(i32, Block)> = {
            let state = shared.chain.state();
            let Some(first) = state.blocks.iter().position(|block| block.block_hash() == start) else {
                return Ok(None);
            };
            let all = (0..).zip(&state.blocks).skip(first);
            let all = all.filter(|(height, _)| max_height.is_none_or(|max| *height <= max));
            // One more, to go on with.
            all.take(max_blocks.max(1) as usize + 1).map(|(height, block)| (height, block.clone())).collect()
        };
        if let Some((height, _)) = blocks.first() {
            shared.chain.asked(Asked::Block(*height as usize));
        }
        let looked = blocks.len().min(max_blocks.max(1) as usize);
        let readable = |height: i32| shared.chain.is_readable(height as usize);
        let lacking = blocks[..looked].iter().rev().find(|(height, _)| !readable(*height));
        let found = blocks[..looked]
            .iter()
            .filter(|(height, _)| readable(*height))
            .map(|(height, block)| self.0.watched(block, *height));
        Ok(Some(ScannedBlocks {
            blocks: found.filter(|block| !block.transactions.is_empty()).collect(),
            last: blocks[..looked]
                .last()
                .map(|(height, block)| BlockRef { hash: block.block_hash(), height: *height }),
            unreadable: lacking.map(|(height, block)| BlockRef { hash: block.block_hash(), height: *height }),
            next: blocks.get(looked).map(|(_, block)| block.block_hash()),
        }))
    }
}

impl WatchingChain for TestChain {
    fn watch_scripts(&self, notifications: Arc<dyn WatchedNotifications>) -> Result<Box<dyn ScriptWatch>> {
        self.here()?;
        let height = self.height();
        let (hash, height) = (self.state().blocks[height].block_hash(), height as i32);
        let heard = Heard { last: Some(BlockRef { hash, height }), ..Heard::default() };
        let watch =
            Watch(Arc::new(Shared { chain: self.clone(), to: notifications, heard: Mutex::new(heard) }));
        let listener = self.listen(Arc::new(watch.clone()));
        watch.0.heard.lock().unwrap().listener = listener;
        Ok(Box::new(Held(watch)))
    }
}
