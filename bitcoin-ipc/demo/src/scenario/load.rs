//! Work that goes on while processes are killed.
//!
//! In: a node with its wallets. Out: everything that was acknowledged, and whether it is still there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bitcoin::{BlockHash, Txid};
use serde_json::{Value, json};

use super::story::{MINER, SHOP, address, create_wallet, mempool, mine};
use super::values::{hash, text, txid};
use crate::programs::{Caller, Node, wait_for};
use crate::{Failure, Result};

/// The pause of the loops between two calls.
const PAUSE: Duration = Duration::from_millis(10);
/// That of the loop which mines: it goes on while there are no wallets, which have to catch up.
const MINING_PAUSE: Duration = Duration::from_millis(100);

/// All that was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    /// Blocks that were mined.
    pub blocks: Vec<BlockHash>,
    /// Payments that were sent.
    pub payments: Vec<Txid>,
    /// Addresses, and the labels that they were made for.
    pub addresses: Vec<(String, String)>,
    /// The errors of what was not acknowledged.
    pub failures: Vec<Failure>,
}

#[derive(Debug, Default)]
struct Shared {
    caller: Mutex<Option<Caller>>,
    done: Mutex<Acknowledged>,
    stop: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Loops that mine, pay and ask for addresses, each on a thread of its own.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Makes two wallets, the first one with coins, and begins.
    ///
    /// # Errors
    ///
    /// The wallets cannot be made.
    pub fn start(node: &Node) -> Result<Load> {
        create_wallet(node, MINER)?;
        create_wallet(node, SHOP)?;
        mine(node, 110)?;
        let (own, other) = (address(node, MINER, "mined")?, address(node, SHOP, "paid")?);
        let mut load = Load { shared: Arc::default(), threads: Vec::new() };
        load.resume(node)?;
        load.run("mining", MINING_PAUSE, move |caller, _, done| {
            let blocks = caller.call(None, "generatetoaddress", json!([1, own]))?;
            let blocks = blocks.as_array().into_iter().flatten().map(hash).collect::<Result<Vec<_>>>()?;
            lock(done).blocks.extend(blocks);
            Ok(())
        })?;
        load.run("paying", PAUSE, move |caller, _, done| {
            let payment = json!({ "address": other, "amount": 0.01, "fee_rate": 2 });
            let payment = txid(&caller.call(Some(MINER), "sendtoaddress", payment)?)?;
            lock(done).payments.push(payment);
            Ok(())
        })?;
        load.run("asking", PAUSE, |caller, number, done| {
            let label = format!("load {number}");
            let address = caller.call(Some(SHOP), "getnewaddress", json!([label]))?;
            lock(done).addresses.push((text(&address)?.to_owned(), label));
            Ok(())
        })?;
        Ok(load)
    }

    /// Calls again and again, with the number of the call.
    fn run(
        &mut self,
        name: &str,
        pause: Duration,
        call: impl Fn(&Caller, usize, &Mutex<Acknowledged>) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let shared = self.shared.clone();
        let work = move || {
            for number in 0.. {
                if shared.stop.load(Ordering::Relaxed) {
                    return;
                }
                let caller = lock(&shared.caller).clone();
                if let Some(Err(failure)) = caller.map(|caller| call(&caller, number, &shared.done)) {
                    lock(&shared.done).failures.push(failure);
                }
                std::thread::sleep(pause);
            }
        };
        self.threads.push(std::thread::Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }

    /// Goes on with a node that was started again.
    ///
    /// # Errors
    ///
    /// It does not run.
    pub fn resume(&self, node: &Node) -> Result<()> {
        *lock(&self.shared.caller) = Some(node.caller()?);
        Ok(())
    }

    /// Waits until more of everything has been acknowledged than before.
    ///
    /// # Errors
    ///
    /// It does not happen; the text has what failed last.
    pub fn wait_for_more(&self) -> Result<()> {
        let counts = |done: &Acknowledged| [done.blocks.len(), done.payments.len(), done.addresses.len()];
        let before = counts(&lock(&self.shared.done));
        let more = wait_for(|| {
            let now = counts(&lock(&self.shared.done));
            Ok(before.iter().zip(now).all(|(before, now)| *before < now).then_some(()))
        })?;
        more.ok_or_else(|| {
            let failures = lock(&self.shared.done).failures.clone();
            Failure::new(format!("not all work goes on: {:?}", failures.last()))
        })
    }

    /// Ends the loops, and gives what was acknowledged.
    #[must_use]
    pub fn stop(mut self) -> Acknowledged {
        self.end();
        lock(&self.shared.done).clone()
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A panic there has been reported.
            let _ = thread.join();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.end();
    }
}

impl Acknowledged {
    /// Checks that all of it is there: each block in the chain, each address under its label, each
    /// payment in the chain or the mempool, and after one more block all in the chain.
    ///
    /// # Errors
    ///
    /// Something is lost.
    pub fn check(&self, node: &Node) -> Result<()> {
        for hash in &self.blocks {
            let header = node.rpc("getblockheader", json!([hash.to_string()]))?;
            if !positive(&header["confirmations"]) {
                return Err(Failure::new(format!("block {hash} is lost: {header}")));
            }
        }
        for (address, label) in &self.addresses {
            let addresses = node.wallet_rpc(SHOP, "getaddressesbylabel", json!([label]))?;
            if addresses.get(address).is_none() {
                return Err(Failure::new(format!("address {address} is not under `{label}`: {addresses}")));
            }
        }
        let details = |txid: &Txid| node.wallet_rpc(MINER, "gettransaction", json!([txid.to_string()]));
        // Wallets send again what the mempool has not.
        let mut missing = Vec::new();
        wait_for(|| {
            let mempool = mempool(node)?;
            missing.clear();
            for txid in &self.payments {
                if !positive(&details(txid)?["confirmations"]) && !mempool.contains(txid) {
                    missing.push(*txid);
                }
            }
            Ok(missing.is_empty().then_some(()))
        })?;
        if !missing.is_empty() {
            return Err(Failure::new(format!(
                "these payments are in no block and not in the mempool: {missing:?}"
            )));
        }
        mine(node, 1)?;
        for txid in &self.payments {
            let details = details(txid)?;
            if !positive(&details["confirmations"]) {
                return Err(Failure::new(format!("payment {txid} is in no block: {details}")));
            }
        }
        Ok(())
    }
}

fn positive(value: &Value) -> bool {
    value.as_i64().is_some_and(|number| number > 0)
}
