//! Coins: which may be chosen, which must not, and what a user sees of them.
//!
//! In: outputs, wishes. Out: available coins, locked coins.

use std::collections::{BTreeMap, HashSet};

use bitcoin::{Amount, OutPoint, Transaction, TxOut};
use bitcoin_ipc::types::{CoinControl, Destination, WalletTxOut};

use super::balances::Trust;
use super::build::sum;
use super::{Wallet, WalletState};
use crate::Result;
use crate::ledger::TxState;
use crate::storage::{TxMetadata, coins};

/// A coin that may be spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailableCoin {
    /// Which output it is.
    pub outpoint: OutPoint,
    /// The output.
    pub output: TxOut,
    /// Its confirmations.
    pub depth: i32,
    /// Whether it is confirmed, or change of the wallet's own transactions.
    pub safe: bool,
    /// The number of the descriptor that it pays.
    pub descriptor: u32,
}

impl Wallet {
    /// The coins that may be spent, without those that are locked. Unsafe ones are among them if the
    /// wish includes them; coins of addresses that were spent from are not if the wish and the wallet's flag
    /// avoid these.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn available_coins(&self, control: &CoinControl) -> Result<Vec<AvailableCoin>> {
        Ok(self.state()?.available(control))
    }

    /// Coinbase outputs that may be spent later.
    pub(crate) fn immature_coins(&self, control: &CoinControl) -> Result<Vec<AvailableCoin>> {
        Ok(self.state()?.immature(control))
    }

    /// How much may be spent: of the selected coins, and of others if these may be added.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn available_balance(&self, control: &CoinControl) -> Result<Amount> {
        let mut state = self.state()?;
        let mut coins = BTreeMap::new();
        if control.allow_other_inputs {
            let available = state.available(control);
            coins.extend(available.into_iter().map(|coin| (coin.outpoint, coin.output.value)));
        }
        for outpoint in &control.set_selected {
            coins.extend(state.spendable(*outpoint, None).map(|coin| (*outpoint, coin.output.value)));
        }
        Ok(sum(coins.into_values()).unwrap_or(Amount::MAX_MONEY))
    }

    /// Keeps a coin from being chosen, until the wallet is unloaded or, if it is written, until it is
    /// unlocked.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn lock_coin(&self, outpoint: OutPoint, write: bool) -> Result<bool> {
        // A payment that has chosen it is finished first.
        let spending = self.spending()?;
        let mut state = spending.state()?;
        if write {
            state.save(|tx| coins::set_locked(tx, outpoint, true))?;
        }
        let written = state.locked.entry(outpoint).or_default();
        *written |= write;
        Ok(true)
    }

    /// Lets a coin be chosen again.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn unlock_coin(&self, outpoint: OutPoint) -> Result<bool> {
        let mut state = self.state()?;
        if state.locked.get(&outpoint) == Some(&true) {
            state.save(|tx| coins::set_locked(tx, outpoint, false))?;
        }
        state.locked.remove(&outpoint);
        Ok(true)
    }

    /// Whether a coin is kept from being chosen.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn is_locked_coin(&self, outpoint: OutPoint) -> Result<bool> {
        Ok(self.state()?.locked.contains_key(&outpoint))
    }

    /// The coins that are kept from being chosen.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn locked_coins(&self) -> Result<Vec<OutPoint>> {
        Ok(self.state()?.locked.keys().copied().collect())
    }

    /// The coins of each address, with those of its change, and with locked ones.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn coins_by_address(&self) -> Result<BTreeMap<Destination, Vec<(OutPoint, WalletTxOut)>>> {
        let mut state = self.state()?;
        let available = state.available(&CoinControl::default());
        let mut outpoints: Vec<OutPoint> = available.into_iter().map(|coin| coin.outpoint).collect();
        let locked: Vec<OutPoint> = state.locked.keys().copied().collect();
        outpoints.extend(locked.into_iter().filter(|outpoint| state.spendable(*outpoint, None).is_some()));
        let mut coins: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for outpoint in outpoints {
            let address = state.first_address(outpoint);
            if address != Destination::None {
                coins.entry(address).or_default().push((outpoint, state.wallet_txout(outpoint)));
            }
        }
        Ok(coins)
    }

    /// These outputs, in their order. One that is not there has the depth -1.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn coins(&self, outpoints: &[OutPoint]) -> Result<Vec<WalletTxOut>> {
        let mut state = self.state()?;
        Ok(outpoints.iter().map(|outpoint| state.wallet_txout(*outpoint)).collect())
    }
}

impl WalletState {
    /// Coinbase outputs that may be spent later.
    fn immature(&mut self, control: &CoinControl) -> Vec<AvailableCoin> {
        let view = self.ledger.view();
        let outputs = self.ledger.outputs().filter_map(|(descriptor, outpoint, output)| {
            let depth = view.depth(outpoint.txid);
            let fits = depth >= control.min_depth && depth <= control.max_depth;
            let waits = depth > 0 && self.blocks_to_maturity(&view, outpoint.txid) > 0;
            let free = !self.locked.contains_key(&outpoint);
            let output = output.clone();
            (fits && waits && free).then_some(AvailableCoin {
                outpoint,
                output,
                depth,
                safe: true,
                descriptor,
            })
        });
        outputs.collect()
    }

    /// The coins that may be chosen.
    pub(crate) fn available(&mut self, control: &CoinControl) -> Vec<AvailableCoin> {
        let reused = if control.avoid_address_reuse { self.reused() } else { HashSet::new() };
        let mut trust = Trust::new(self);
        let view = trust.view.clone();
        let state = trust.state();
        let mut coins = Vec::new();
        for (descriptor, outpoint, output) in state.ledger.outputs() {
            let txid = outpoint.txid;
            let free = !state.locked.contains_key(&outpoint) && !reused.contains(&output.script_pubkey);
            if view.spender(outpoint).is_some() || !free {
                continue;
            }
            match view.state(txid) {
                TxState::Confirmed { .. } if trust.blocks_to_maturity(txid) == 0 => {}
                TxState::InMempool => {}
                _ => continue,
            }
            let depth = view.depth(txid);
            if depth < control.min_depth || depth > control.max_depth {
                continue;
            }
            // What replaces or is replaced may turn out not to be.
            let replaces = state.metadata.get(&txid).is_some_and(|metadata| {
                metadata.value_map.contains_key("replaces_txid")
                    || metadata.value_map.contains_key("replaced_by_txid")
            });
            let safe = trust.is_trusted(txid) && (depth > 0 || !replaces);
            if safe || control.include_unsafe_inputs {
                let output = output.clone();
                coins.push(AvailableCoin { outpoint, output, depth, safe, descriptor });
            }
        }
        coins
    }

    /// A coin that the user selected, if it can be spent at all. A transaction that is to be replaced
    /// may have spent it.
    pub(crate) fn spendable(
        &mut self,
        outpoint: OutPoint,
        replaced: Option<bitcoin::Txid>,
    ) -> Option<AvailableCoin> {
        let view = self.ledger.view();
        let (descriptor, output) = self.ledger.own_output(outpoint)?;
        let free = view.spender(outpoint).is_none_or(|spender| Some(spender) == replaced);
        let there = match view.state(outpoint.txid) {
            TxState::Confirmed { .. } => self.blocks_to_maturity(&view, outpoint.txid) == 0,
            state => state.is_pending(),
        };
        let depth = view.depth(outpoint.txid);
        (free && there).then(|| AvailableCoin {
            outpoint,
            output: output.clone(),
            depth,
            safe: true,
            descriptor,
        })
    }

    /// The coins that a transaction spends and that are locked, and whether that is on disk.
    pub(crate) fn locked_inputs(&self, tx: &Transaction) -> Vec<(OutPoint, bool)> {
        let spent = tx.input.iter().map(|input| input.previous_output);
        spent.filter_map(|coin| Some((coin, *self.locked.get(&coin)?))).collect()
    }

    /// Takes locks off that coins do not need any more, as they are spent: Bitcoin Core's `AddToSpends`.
    pub(crate) fn free(&mut self, spent: &[(OutPoint, bool)]) {
        for (coin, _) in spent {
            self.locked.remove(coin);
        }
    }

    fn wallet_txout(&mut self, outpoint: OutPoint) -> WalletTxOut {
        let view = self.ledger.view();
        let depth = view.depth(outpoint.txid);
        match self.ledger.txout(outpoint).filter(|_| depth >= 0 && self.ledger.tx(outpoint.txid).is_some()) {
            Some(output) => WalletTxOut {
                txout: output.clone(),
                time: self.metadata.get(&outpoint.txid).map_or(0, TxMetadata::time),
                depth_in_main_chain: depth,
                is_spent: view.spender(outpoint).is_some(),
            },
            None => WalletTxOut { txout: TxOut::NULL, time: 0, depth_in_main_chain: -1, is_spent: false },
        }
    }

    /// The address that change came from, over as many transactions as there are.
    fn first_address(&self, outpoint: OutPoint) -> Destination {
        let mut at = outpoint;
        // Each step goes to a parent, of which there is an end.
        while let Some(output) = self.ledger.own_txout(at) {
            let parent = || self.ledger.tx(at.txid)?.input.first().map(|input| input.previous_output);
            match parent().filter(|_| self.is_change(&output.script_pubkey)) {
                Some(parent) if self.ledger.own_txout(parent).is_some() => at = parent,
                _ => return Destination::of_script(&output.script_pubkey),
            }
        }
        Destination::None
    }
}
