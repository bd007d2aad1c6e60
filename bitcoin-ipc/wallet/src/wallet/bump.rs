//! Raising the fee of a transaction that waits (BIP 125).
//!
//! In: a transaction of the wallet. Out: its replacement, with the same inputs and recipients, less change
//! or more inputs, and a higher fee.

use std::collections::{BTreeMap, HashSet};

use bitcoin::{Amount, OutPoint, Transaction, TxOut, Txid};
use bitcoin_ipc::interfaces::BumpTransaction;
use bitcoin_ipc::types::{CoinControl, Destination, WireFeeRate};
use bitcoin_rpc::amount::money;

use super::build::{Recipients, sum};
use super::commit::Texts;
use super::fees::{fee_for, sat_per_kvb};
use super::pool::{Preset, Presets, TRUC, combined_bump};
use super::spending::{Replaced, SpendRequest, Spending};
use super::weights::{InputWeight, InputWeights, OutputWeights};
use super::{Wallet, WalletState};
use crate::{Error, Result};

/// What the wallet adds to a rate, in satoshi for 1000 virtual bytes, so that nodes with a stricter rule
/// take the replacement as well: Bitcoin Core's `WALLET_INCREMENTAL_RELAY_FEE`.
const INCREMENT: i64 = 5000;

/// How a transaction is to be replaced.
pub(crate) struct BumpRequest {
    /// What it pays instead, if anything.
    pub(crate) others: Vec<TxOut>,
    /// The output that is change, if it is not found out.
    pub(crate) change: Option<usize>,
    /// Whether it may spend coins of the wallet only.
    pub(crate) require_mine: bool,
}

impl Wallet {
    /// Whether a transaction can be replaced by one with a higher fee.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub fn can_be_bumped(&self, txid: Txid) -> Result<bool> {
        match self.bumpable(txid, true) {
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
        let request = BumpRequest { others: Vec::new(), change: None, require_mine: true };
        self.spending()?.create_bump(txid, control, request)
    }

    /// Puts a signed replacement into the wallet, sends it and gives its id. The texts and notes of what
    /// it replaces are its own as well.
    ///
    /// # Errors
    ///
    /// [`Error::Bump`] with all reasons why not, such as that it does not spend all coins of what it replaces; the
    /// node refuses it, after which the original counts as before; or the node cannot be asked.
    pub fn commit_bump(&self, txid: Txid, tx: &Transaction) -> Result<Txid> {
        self.spending()?.commit_bump(txid, tx)
    }

    /// The transaction, if it can be replaced. It may have to spend coins of the wallet alone.
    fn bumpable(&self, txid: Txid, require_mine: bool) -> Result<Transaction> {
        let (mut reasons, found) = self.state()?.reasons_against_bump(txid, require_mine);
        if found.is_some() && self.chain().has_descendants_in_mempool(txid)? {
            reasons.push("Transaction has descendants in the mempool".into());
        }
        found.filter(|_| reasons.is_empty()).ok_or(Error::Bump(reasons))
    }

    /// What a transaction spends: its inputs' amounts, and what others' inputs weigh.
    fn original(&self, tx: Transaction) -> Result<Original> {
        let mut coins: BTreeMap<OutPoint, Option<bitcoin_ipc::types::Coin>> =
            tx.input.iter().map(|input| (input.previous_output, None)).collect();
        self.chain().find_coins(&mut coins)?;
        let state = self.state()?;
        let (mut spent, mut presets, mut weights) = (Vec::new(), Presets::new(), InputWeights::default());
        for input in &tx.input {
            let coin = input.previous_output;
            let Some(found) = coins.remove(&coin).flatten() else {
                return Err(Error::Bump(vec![format!("{}:{} is already spent", coin.txid, coin.vout)]));
            };
            spent.push(found.output.value);
            let weight = if state.ledger.own_txout(coin).is_some() {
                state.input_weight(coin).ok_or_else(|| {
                    let text = "Missing solving data for estimating transaction size";
                    Error::Bump(vec![text.into()])
                })?
            } else {
                let weight = InputWeight::of_signed(input);
                presets.insert(coin, Preset { output: Some(found.output), weight: Some(weight) });
                weight
            };
            weights.add(weight);
        }
        let paid = sum(tx.output.iter().map(|output| output.value))?;
        let fee = sum(spent)?.checked_sub(paid).unwrap_or_default();
        Ok(Original { tx, fee, presets, weights })
    }
}

/// A transaction that is to be replaced.
struct Original {
    tx: Transaction,
    fee: Amount,
    presets: Presets,
    weights: InputWeights,
}

impl Spending<'_> {
    /// Makes the replacement of a transaction, as the request says.
    pub(crate) fn create_bump(
        &self,
        txid: Txid,
        control: &CoinControl,
        request: BumpRequest,
    ) -> Result<BumpTransaction> {
        let BumpRequest { others, change, require_mine } = request;
        if !others.is_empty() && change.is_some() {
            let text = "The options 'outputs' and 'original_change_index' are incompatible. You can only either specify a new set of outputs, or designate a change output to be recycled.";
            return Err(Error::Bump(vec![text.into()]));
        }
        let Some(tx) = self.tx(txid)? else {
            return Err(Error::Bump(vec!["Invalid or non-wallet transaction id".into()]));
        };
        if change.is_some_and(|change| change >= tx.output.len()) {
            return Err(Error::Bump(vec!["Change position is out of range".into()]));
        }
        let old = self.original(tx)?;
        self.bumpable(txid, require_mine)?;
        let paid = if others.is_empty() { &old.tx.output } else { &others };
        let mut control = control.clone();
        let incremental = sat_per_kvb(self.chain().relay_incremental_fee()?);
        let mut replaced = Replaced { txid, fee: old.fee, incremental, raise: false };
        match control.fee_rate.map(sat_per_kvb) {
            Some(rate) => self.ensure_rate(&old, paid, rate, incremental)?,
            None => {
                replaced.raise = true;
                let vbytes = u64::try_from(old.tx.vsize()).unwrap_or(u64::MAX);
                let old_rate = i64::try_from(old.fee.to_sat().saturating_mul(1000) / vbytes.max(1));
                let least = old_rate.unwrap_or(i64::MAX).saturating_add(1 + incremental.max(INCREMENT));
                let estimated = self.fee_choice(&control)?.rate;
                control.fee_rate = Some(WireFeeRate::from_sat_per_kvb(least.max(estimated)));
            }
        }
        let outputs = self.state()?.recipients(paid, change, &mut control);
        control.set_selected = old.tx.input.iter().map(|input| input.previous_output).collect();
        control.allow_other_inputs = true;
        // Inputs that are not confirmed are no part of a replacement unless it had them.
        control.min_depth = control.min_depth.max(1);
        if control.has_version == 0 && old.tx.version.0 == TRUC {
            (control.has_version, control.version) = (1, TRUC.cast_unsigned());
        }
        let request = SpendRequest {
            replaced: Some(replaced),
            presets: old.presets,
            ..SpendRequest::new(outputs, &control)
        };
        let made = match self.make(request) {
            Err(error @ (Error::Node(_) | Error::Database(_))) => return Err(error),
            made => {
                made.map_err(|error| Error::Bump(vec![format!("Unable to create transaction. {error}")]))?
            }
        };
        Ok(BumpTransaction { old_fee: old.fee, new_fee: made.fee, mtx: made.tx })
    }

    /// An error unless a user's rate can do for a replacement: Bitcoin Core's `CheckFeeRate`.
    fn ensure_rate(&self, old: &Original, paid: &[TxOut], rate: i64, incremental: i64) -> Result<()> {
        let refused = |text: String| Err(Error::Bump(vec![text]));
        let chain = self.chain();
        let mempool = sat_per_kvb(chain.mempool_min_fee()?);
        if rate < mempool {
            let (rate, mempool) = (money(fee_for(rate, 1000)), money(fee_for(mempool, 1000)));
            return refused(format!(
                "New fee rate ({rate}) is lower than the minimum fee rate ({mempool}) to get into the mempool -- "
            ));
        }
        let reused: Vec<OutPoint> = old.tx.input.iter().map(|input| input.previous_output).collect();
        let bump = match combined_bump(&*chain, &reused, rate) {
            Err(Error::Refused(text)) => return refused(text),
            bump => bump?,
        };
        let outputs =
            paid.iter().fold(OutputWeights::default(), |all, output| all.with(&output.script_pubkey));
        let vbytes = old.weights.with_outputs(outputs).div_ceil(4);
        let added = fee_for(incremental, vbytes);
        let (fee, least) = (sum([fee_for(rate, vbytes), bump])?, sum([old.fee, added])?);
        if fee < least {
            return refused(format!(
                "Insufficient total fee {}, must be at least {} (oldFee {} + incrementalFee {})",
                money(fee),
                money(least),
                money(old.fee),
                money(added)
            ));
        }
        let required = fee_for(self.required_rate(&*chain)?, vbytes);
        if fee < required {
            let required = money(required);
            return refused(format!("Insufficient total fee (cannot be less than required fee {required})"));
        }
        let most = self.options().max_tx_fee;
        if fee > most {
            let (fee, most) = (money(fee), money(most));
            return refused(format!(
                "Specified or calculated fee {fee} is too high (cannot be higher than -maxtxfee {most})"
            ));
        }
        Ok(())
    }

    /// Commits a signed replacement: [`Wallet::commit_bump`].
    pub(crate) fn commit_bump(self, txid: Txid, tx: &Transaction) -> Result<Txid> {
        ensure_replaces(&self.bumpable(txid, false)?, tx)?;
        let metadata = {
            let state = self.state()?;
            state.metadata_of(txid, 0)
        };
        let (mut value_map, order_form) = (metadata.value_map, metadata.order_form);
        value_map.insert("replaces_txid".into(), txid.to_string());
        self.commit(tx, Texts { value_map, order_form, replaces: Some(txid) })?;
        Ok(tx.compute_txid())
    }
}

/// An error unless a transaction spends all coins of the one that it replaces. With some of them it would do
/// for the node, but the replacement of a replacement might then leave the first payment valid.
fn ensure_replaces(old: &Transaction, new: &Transaction) -> Result<()> {
    let refused = |text: String| Err(Error::Bump(vec![text]));
    let txid = old.compute_txid();
    if new.compute_txid() == txid {
        return refused(format!("Transaction {txid} cannot replace itself"));
    }
    let spent: HashSet<OutPoint> = new.input.iter().map(|input| input.previous_output).collect();
    let mut coins = old.input.iter().map(|input| input.previous_output);
    match coins.find(|coin| !spent.contains(coin)) {
        Some(OutPoint { txid: parent, vout }) => refused(format!(
            "The replacement of transaction {txid} does not spend its input {parent}:{vout}, so that both could be confirmed"
        )),
        None => Ok(()),
    }
}

impl WalletState {
    /// Whom a replacement pays, and where its change goes.
    fn recipients(&self, paid: &[TxOut], change: Option<usize>, control: &mut CoinControl) -> Recipients {
        let mut outputs = Vec::new();
        let given = control.dest_change.clone();
        for (place, output) in paid.iter().enumerate() {
            let own = || self.is_change(&output.script_pubkey);
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
            control.dest_change = given;
            outputs.extend(paid.iter().map(|out| (out.script_pubkey.clone(), out.value, true)));
        }
        outputs
    }

    fn reasons_against_bump(&mut self, txid: Txid, require_mine: bool) -> (Vec<String>, Option<Transaction>) {
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
        let replaced =
            self.metadata.get(&txid).and_then(|metadata| metadata.value_map.get("replaced_by_txid"));
        if let Some(by) = replaced {
            reasons
                .push(format!("Cannot bump transaction {txid} which was already bumped by transaction {by}"));
        }
        let mut inputs = tx.input.iter().map(|input| input.previous_output);
        if require_mine && !inputs.all(|coin| self.ledger.own_txout(coin).is_some()) {
            reasons.push("Transaction contains inputs that don't belong to this wallet".into());
        }
        (reasons, Some((*tx).clone()))
    }
}
