//! Raising the fee of a transaction that waits (BIP 125).
//!
//! In: a transaction of the wallet. Out: its replacement, with the same inputs and recipients, less change
//! or more inputs, and a higher fee.

use bitcoin::{Amount, Transaction, TxOut, Txid};
use bitcoin_common::json_rpc::amount::money;
use bitcoin_ipc::interfaces::BumpTransaction;
use bitcoin_ipc::types::{CoinControl, Destination, WireFeeRate};

use super::commit::Texts;
use super::fees::{fee_for, sat_per_kvb};
use super::spending::{Replaced, Spending, Wish};
use super::{State, WalletHandle};
use crate::{Error, Result};

/// What the wallet adds to a rate, in satoshi for 1000 virtual bytes, so that nodes with a stricter rule
/// take the replacement as well: Bitcoin Core's `WALLET_INCREMENTAL_RELAY_FEE`.
const INCREMENT: i64 = 5000;

impl WalletHandle {
    /// Whether a transaction can be replaced by one with a higher fee.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub fn can_be_bumped(&self, txid: Txid) -> Result<bool> {
        match self.bumpable(txid) {
            Ok(_) => Ok(true),
            Err(Error::Bump(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the replacement of a transaction, without signatures.
    ///
    /// # Errors
    ///
    /// [`Error::Bump`] with all reasons why not; or the node cannot be asked.
    pub fn create_bump(&self, txid: Txid, control: &CoinControl) -> Result<BumpTransaction> {
        self.spending()?.create_bump(txid, control, Vec::new(), None)
    }

    /// Puts a signed replacement into the wallet, sends it and gives its id. The texts and notes of what
    /// it replaces are its own as well.
    ///
    /// # Errors
    ///
    /// [`Error::Bump`] with all reasons why not; the node refuses it, after which the original counts as
    /// before; or the node cannot be asked.
    pub fn commit_bump(&self, txid: Txid, tx: &Transaction) -> Result<Txid> {
        self.spending()?.commit_bump(txid, tx)
    }

    /// The transaction and its fee, if it can be replaced.
    fn bumpable(&self, txid: Txid) -> Result<(Transaction, Amount)> {
        let (mut reasons, found) = self.state()?.reasons_against_bump(txid);
        if found.is_some() && self.chain().has_descendants_in_mempool(txid)? {
            reasons.push("Transaction has descendants in the mempool".into());
        }
        found.filter(|_| reasons.is_empty()).ok_or(Error::Bump(reasons))
    }
}

impl Spending<'_> {
    /// Makes the replacement of a transaction, with the outputs that it has or with others, or with the
    /// output that is to be change.
    pub(crate) fn create_bump(
        &self,
        txid: Txid,
        control: &CoinControl,
        others: Vec<TxOut>,
        change: Option<usize>,
    ) -> Result<BumpTransaction> {
        if !others.is_empty() && change.is_some() {
            let text = "The options 'outputs' and 'original_change_index' are incompatible. You can only either specify a new set of outputs, or designate a change output to be recycled.";
            return Err(Error::Bump(vec![text.into()]));
        }
        let (old, old_fee) = self.bumpable(txid)?;
        if change.is_some_and(|change| change >= old.output.len()) {
            return Err(Error::Bump(vec!["Change position is out of range".into()]));
        }
        let paid = if others.is_empty() { &old.output } else { &others };
        let chain = self.chain();
        let vbytes = u64::try_from(old.vsize()).unwrap_or(u64::MAX);
        let incremental = sat_per_kvb(chain.relay_incremental_fee()?);
        let mut control = control.clone();
        match control.fee_rate.map(sat_per_kvb) {
            Some(rate) => {
                let mempool = sat_per_kvb(chain.mempool_min_fee()?);
                if rate < mempool {
                    let (rate, mempool) = (money(fee_for(rate, 1000)), money(fee_for(mempool, 1000)));
                    return Err(Error::Bump(vec![format!(
                        "New fee rate ({rate}) is lower than the minimum fee rate ({mempool}) to get into the mempool -- "
                    )]));
                }
                let (fee, added) = (fee_for(rate, vbytes), fee_for(incremental, vbytes));
                if fee < old_fee + added {
                    return Err(Error::Bump(vec![format!(
                        "Insufficient total fee {}, must be at least {} (oldFee {} + incrementalFee {})",
                        money(fee),
                        money(old_fee + added),
                        money(old_fee),
                        money(added)
                    )]));
                }
            }
            None => {
                let old_rate = i64::try_from(old_fee.to_sat().saturating_mul(1000) / vbytes.max(1));
                let least = old_rate.unwrap_or(i64::MAX).saturating_add(1 + incremental.max(INCREMENT));
                let estimated = self.fee_choice(&control)?.rate;
                control.fee_rate = Some(WireFeeRate::from_sat_per_kvb(least.max(estimated)));
            }
        }
        let outputs = {
            let state = self.state()?;
            let mut outputs = Vec::new();
            for (place, output) in paid.iter().enumerate() {
                let own = || state.is_change(&output.script_pubkey);
                if change.map_or_else(own, |change| change == place) {
                    if control.dest_change == Destination::None {
                        control.dest_change = Destination::of_script(&output.script_pubkey);
                    }
                } else {
                    outputs.push((output.script_pubkey.clone(), output.value, false));
                }
            }
            if outputs.is_empty() {
                // All of it is change: that is what it pays, and the fee is taken from it.
                outputs.extend(paid.iter().map(|out| (out.script_pubkey.clone(), out.value, true)));
            }
            outputs
        };
        control.set_selected = old.input.iter().map(|input| input.previous_output).collect();
        control.allow_other_inputs = true;
        // Inputs that are not confirmed are no part of a replacement unless it had them.
        control.min_depth = control.min_depth.max(1);
        let replaced = Replaced { txid, fee: old_fee, incremental };
        let made = match self.make(Wish { replaced: Some(replaced), ..Wish::new(outputs, &control) }) {
            Err(error @ (Error::Node(_) | Error::Database(_))) => return Err(error),
            made => {
                made.map_err(|error| Error::Bump(vec![format!("Unable to create transaction. {error}")]))?
            }
        };
        Ok(BumpTransaction { old_fee, new_fee: made.fee, mtx: made.tx })
    }

    /// Commits a signed replacement: [`WalletHandle::commit_bump`].
    pub(crate) fn commit_bump(self, txid: Txid, tx: &Transaction) -> Result<Txid> {
        self.bumpable(txid)?;
        let note = {
            let state = self.state()?;
            state.note(txid, 0)
        };
        let (mut value_map, order_form) = (note.value_map, note.order_form);
        value_map.insert("replaces_txid".into(), txid.to_string());
        self.commit(tx, Texts { value_map, order_form, replaces: Some(txid) })?;
        Ok(tx.compute_txid())
    }
}

impl State {
    fn reasons_against_bump(&mut self, txid: Txid) -> (Vec<String>, Option<(Transaction, Amount)>) {
        let Some(tx) = self.ledger.tx(txid) else {
            return (vec!["Invalid or non-wallet transaction id".into()], None);
        };
        let mut reasons = Vec::new();
        let view = self.ledger.view();
        let outputs = (0..).zip(&tx.output).map(|(vout, _)| bitcoin::OutPoint { txid, vout });
        if outputs.into_iter().any(|outpoint| view.spender(outpoint).is_some()) {
            reasons.push("Transaction has descendants in the wallet".into());
        }
        if view.depth(txid) != 0 {
            reasons.push("Transaction has been mined, or is conflicted with a mined transaction".into());
        }
        let replaced = self.notes.get(&txid).and_then(|note| note.value_map.get("replaced_by_txid"));
        if let Some(by) = replaced {
            reasons
                .push(format!("Cannot bump transaction {txid} which was already bumped by transaction {by}"));
        }
        let inputs = tx.input.iter().map(|input| self.ledger.own_txout(input.previous_output));
        let Some(total) = inputs.map(|output| output.map(|output| output.value)).sum::<Option<Amount>>()
        else {
            reasons.push("Transaction contains inputs that don't belong to this wallet".into());
            return (reasons, None);
        };
        let paid: Amount = tx.output.iter().map(|output| output.value).sum();
        (reasons, total.checked_sub(paid).map(|fee| ((*tx).clone(), fee)))
    }
}
