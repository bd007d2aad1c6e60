//! Building a transaction: coins, change and fee.
//!
//! In: a [`Plan`]. Out: an unsigned transaction. BDK's branch and bound chooses the coins, with a random
//! draw where no choice goes without change.

use std::collections::HashMap;

use bdk_wallet::chain::ChainPosition;
use bdk_wallet::coin_selection::{
    CoinSelectionAlgorithm as _, CoinSelectionResult, DefaultCoinSelectionAlgorithm, Excess,
};
use bdk_wallet::{KeychainKind, LocalOutput, Utxo, WeightedUtxo};
use bitcoin::absolute::LockTime;
use bitcoin::key::rand::Rng as _;
use bitcoin::key::rand::rngs::OsRng;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, FeeRate, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Weight, Witness,
};
use bitcoin_ipc::types::{CoinControl, OutputType};

use super::State;
use super::coins::AvailableCoin;
use super::fees::fee_for;
use super::spending::given;
use crate::keys::random;
use crate::{Error, Result};

/// Scripts, amounts, and whether the fee is taken from the amount.
pub(crate) type Recipients = Vec<(ScriptBuf, Amount, bool)>;

/// The most that nodes relay, in weight units: Bitcoin Core's `MAX_STANDARD_TX_WEIGHT`.
const MAX_WEIGHT: u64 = 400_000;

/// How many coins of an address are spent together at most, so that the transaction stays small enough: Bitcoin
/// Core's `OUTPUT_GROUP_MAX_ENTRIES`.
const TOGETHER: usize = 100;

/// A transaction that is to be replaced, and what that costs.
#[derive(Clone, Copy)]
pub(crate) struct Replaced {
    pub(crate) txid: Txid,
    pub(crate) fee: Amount,
    /// What the node wants on top, in satoshi for 1000 virtual bytes.
    pub(crate) incremental: i64,
}

/// What the transaction has to be like. Rates are in satoshi for 1000 virtual bytes.
pub(crate) struct Plan<'a> {
    pub(crate) outputs: Recipients,
    pub(crate) control: &'a CoinControl,
    pub(crate) rate: i64,
    pub(crate) dust_rate: i64,
    pub(crate) max_fee: Amount,
    pub(crate) zero_conf_change: bool,
    pub(crate) rbf: bool,
    /// Whether the wallet's height is that of the network, so that it can be a lock time.
    pub(crate) current: bool,
    pub(crate) change_kind: OutputType,
    pub(crate) change_pos: Option<u32>,
    pub(crate) replaced: Option<Replaced>,
}

/// What was built.
pub(crate) struct Built {
    pub(crate) tx: Transaction,
    pub(crate) fee: Amount,
    pub(crate) change_pos: Option<u32>,
}

/// Where change would go.
struct Change {
    script: ScriptBuf,
    /// The descriptor that it is new of.
    descriptor: Option<u32>,
    /// Whether there is no such script, only one of its size.
    missing: bool,
}

impl State {
    /// Builds a transaction. A change script that it uses is revealed, and is to be saved.
    pub(crate) fn build(&mut self, plan: &Plan<'_>) -> Result<Built> {
        let dust_rate =
            FeeRate::from_sat_per_kwu(u64::try_from(plan.dust_rate).unwrap_or_default().div_ceil(4));
        for (script, amount, _) in &plan.outputs {
            if *amount < script.minimal_non_dust_custom(dust_rate) {
                return Err(Error::Refused("Transaction amount too small".into()));
            }
        }
        let change = self.change(plan);
        let required = self.required(plan)?;
        let mut rate = plan.rate;
        // A replacement has to pay for its own size beside the old fee, which its size decides.
        for _ in 0..20 {
            let mut built = None;
            for tier in [Tier::Confirmed, Tier::Own, Tier::All] {
                let optional = self.optional(plan, tier);
                match self.attempt(plan, &change, &required, &optional, rate, dust_rate) {
                    Err(Error::InsufficientFunds) => {}
                    other => {
                        built = Some(other?);
                        break;
                    }
                }
            }
            let Some((built, vbytes)) = built else {
                if !plan.control.allow_other_inputs && !plan.control.set_selected.is_empty() {
                    let text = "The preselected coins total amount does not cover the transaction target. Please allow other inputs to be automatically selected or include more coins manually";
                    return Err(Error::Refused(text.into()));
                }
                return Err(Error::InsufficientFunds);
            };
            let least = plan.replaced.map_or(Amount::ZERO, |old| old.fee + fee_for(old.incremental, vbytes));
            if built.fee < least {
                let missing = i64::try_from((least - built.fee).to_sat()).unwrap_or(i64::MAX);
                rate += missing.saturating_mul(1000) / i64::try_from(vbytes.max(1)).unwrap_or(1) + 1;
                continue;
            }
            if built.fee > plan.max_fee {
                let text = "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)";
                return Err(Error::Refused(text.into()));
            }
            if built.change_pos.is_some() {
                if change.missing {
                    let text = "Transaction needs a change address, but we can't generate it.";
                    return Err(Error::Refused(text.into()));
                }
                if let Some(descriptor) = change.descriptor {
                    self.ledger.reveal(descriptor);
                }
            }
            return Ok(built);
        }
        Err(Error::Refused("no fee is high enough for this replacement".into()))
    }

    fn change(&self, plan: &Plan<'_>) -> Change {
        if given(&plan.control.dest_change)
            && let Some(script) = plan.control.dest_change.script_pubkey()
        {
            return Change { script, descriptor: None, missing: false };
        }
        let descriptor = self.active(plan.change_kind, true).map(|descriptor| descriptor.id);
        match descriptor.and_then(|id| self.ledger.peek(id)) {
            Some(script) => Change { script, descriptor, missing: false },
            // The largest common script, to find out whether there would be change at all.
            None => Change { script: ScriptBuf::from_bytes(vec![0x51; 34]), descriptor: None, missing: true },
        }
    }

    fn required(&mut self, plan: &Plan<'_>) -> Result<Vec<AvailableCoin>> {
        let replaced = plan.replaced.map(|old| old.txid);
        let selected = plan.control.set_selected.iter();
        selected
            .map(|outpoint| {
                self.spendable(*outpoint, replaced)
                    .ok_or_else(|| Error::Refused(format!("Not found pre-selected input {outpoint}")))
            })
            .collect()
    }

    fn optional(&mut self, plan: &Plan<'_>, tier: Tier) -> Vec<AvailableCoin> {
        if !plan.control.allow_other_inputs {
            return Vec::new();
        }
        let mut coins = self.available(plan.control, plan.zero_conf_change);
        let old = plan.replaced.map(|old| old.txid);
        coins.retain(|coin| {
            let fits = match tier {
                Tier::Confirmed => coin.depth > 0,
                Tier::Own => coin.safe,
                Tier::All => true,
            };
            fits && Some(coin.outpoint.txid) != old && !plan.control.set_selected.contains(&coin.outpoint)
        });
        coins
    }

    /// Chooses coins, and gives the transaction and its virtual size when it is signed.
    fn attempt(
        &self,
        plan: &Plan<'_>,
        change: &Change,
        required: &[AvailableCoin],
        optional: &[AvailableCoin],
        rate: i64,
        dust_rate: FeeRate,
    ) -> Result<(Built, u64)> {
        let sum: Amount = plan.outputs.iter().map(|(_, amount, _)| *amount).sum();
        let payers = plan.outputs.iter().filter(|(.., pays)| *pays).count();
        let outputs: Vec<TxOut> = plan
            .outputs
            .iter()
            .map(|(script, value, _)| TxOut { value: *value, script_pubkey: script.clone() })
            .collect();
        let bare = self.assemble(plan, Vec::new(), outputs.clone());
        // With the fee taken from the amounts, coins count in full.
        let (choice_rate, target) = if payers > 0 {
            (FeeRate::ZERO, sum)
        } else {
            let base = bare.weight() + Weight::from_wu(2);
            let rate = FeeRate::from_sat_per_kwu(u64::try_from(rate).unwrap_or_default().div_ceil(4));
            (
                rate,
                sum + fee_for(
                    i64::try_from(rate.to_sat_per_kwu()).unwrap_or(i64::MAX).saturating_mul(4),
                    base.to_vbytes_ceil(),
                ),
            )
        };
        let mut required = required.to_vec();
        let mut optional = optional.to_vec();
        let chosen = loop {
            let chosen = self.choose(&required, &optional, choice_rate, target, &change.script)?;
            // All coins of an address together, if that is wanted.
            let mut counts: HashMap<ScriptBuf, usize> = HashMap::new();
            for coin in &chosen.selected {
                *counts.entry(coin.txout().script_pubkey.clone()).or_default() += 1;
            }
            let picked: Vec<_> = chosen.selected.iter().map(Utxo::outpoint).collect();
            let left = |coin: &AvailableCoin| {
                let joins = counts.get(&coin.output.script_pubkey).is_some_and(|count| *count < TOGETHER);
                joins && !picked.contains(&coin.outpoint)
            };
            if !plan.control.avoid_partial_spends || !optional.iter().any(left) {
                break chosen;
            }
            let (together, rest) = optional.into_iter().partition(|coin| {
                let is_picked = picked.contains(&coin.outpoint);
                let count = counts.get_mut(&coin.output.script_pubkey).filter(|count| **count < TOGETHER);
                is_picked || count.map(|count| *count += 1).is_some()
            });
            required.extend::<Vec<_>>(together);
            optional = rest;
        };
        let total: Amount = chosen.selected.iter().map(|coin| coin.txout().value).sum();
        let inputs: Vec<OutPoint> = chosen.selected.iter().map(Utxo::outpoint).collect();
        let mut satisfaction = Weight::from_wu(2);
        for outpoint in &inputs {
            satisfaction += self.satisfaction(*outpoint)? + Weight::from_wu(1);
        }
        let vbytes = |tx: &Transaction| (tx.weight() + satisfaction).to_vbytes_ceil();
        let plain = self.assemble(plan, inputs.clone(), outputs.clone());
        let mut with = outputs.clone();
        let place = match plan.change_pos {
            Some(place) => usize::try_from(place)
                .ok()
                .filter(|place| *place <= outputs.len())
                .ok_or_else(|| Error::Refused("Transaction change output index out of range".into()))?,
            None => OsRng.gen_range(0..=outputs.len()),
        };
        with.insert(place, TxOut { value: Amount::ZERO, script_pubkey: change.script.clone() });
        let mut with = self.assemble(plan, inputs, with);
        let fee_with = fee_for(rate, vbytes(&with));
        let spare = total.checked_sub(sum).ok_or(Error::InsufficientFunds)?;
        let rest = if payers > 0 { Some(spare) } else { spare.checked_sub(fee_with) };
        let dust = change.script.minimal_non_dust_custom(dust_rate);
        let rest = rest.filter(|rest| *rest >= dust && matches!(chosen.excess, Excess::Change { .. }));
        let (mut tx, mut fee, change_pos) = match rest {
            Some(rest) => {
                with.output[place].value = rest;
                (with, fee_with, u32::try_from(place).ok())
            }
            None => {
                let fee = fee_for(rate, vbytes(&plain));
                if payers == 0 && spare < fee {
                    return Err(Error::InsufficientFunds);
                }
                let fee = fee.max(spare);
                (plain, fee, None)
            }
        };
        if payers > 0 {
            let left = if change_pos.is_some() { Amount::ZERO } else { spare };
            let owed = fee.checked_sub(left).unwrap_or(Amount::ZERO);
            take_fee(plan, &mut tx, change_pos, owed, payers, dust_rate)?;
            fee = owed + left;
        }
        let weight = tx.weight() + satisfaction;
        let most = if plan.control.has_max_tx_weight != 0 {
            u64::from(plan.control.max_tx_weight).min(MAX_WEIGHT)
        } else {
            MAX_WEIGHT
        };
        if weight.to_wu() > most {
            return Err(Error::Refused("Transaction too large".into()));
        }
        let size = weight.to_vbytes_ceil();
        Ok((Built { tx, fee, change_pos }, size))
    }

    fn choose(
        &self,
        required: &[AvailableCoin],
        optional: &[AvailableCoin],
        rate: FeeRate,
        target: Amount,
        change: &ScriptBuf,
    ) -> Result<CoinSelectionResult> {
        let weigh = |coins: &[AvailableCoin]| {
            let weighed = coins.iter().map(|coin| {
                let satisfaction_weight = self.satisfaction(coin.outpoint)?;
                let utxo = Utxo::Local(LocalOutput {
                    outpoint: coin.outpoint,
                    txout: coin.output.clone(),
                    // What follows means nothing to the choice.
                    keychain: KeychainKind::External,
                    is_spent: false,
                    derivation_index: 0,
                    chain_position: ChainPosition::Unconfirmed { first_seen: None, last_seen: None },
                });
                Ok(WeightedUtxo { satisfaction_weight, utxo })
            });
            weighed.collect::<Result<Vec<_>>>()
        };
        let (required, optional) = (weigh(required)?, weigh(optional)?);
        DefaultCoinSelectionAlgorithm::default()
            .coin_select(required, optional, rate, target, change, &mut OsRng)
            .map_err(|_| Error::InsufficientFunds)
    }

    /// What an input adds beyond its 41 bytes, when it is signed.
    pub(crate) fn satisfaction(&self, outpoint: OutPoint) -> Result<Weight> {
        let descriptor = self.ledger.own_output(outpoint).and_then(|(id, _)| self.descriptor(id));
        let weight = descriptor.and_then(|found| found.public.max_weight_to_satisfy().ok());
        weight.ok_or_else(|| Error::Refused("Missing solving data for estimating transaction size".into()))
    }

    fn assemble(&self, plan: &Plan<'_>, inputs: Vec<OutPoint>, output: Vec<TxOut>) -> Transaction {
        let sequence =
            if plan.rbf { Sequence::ENABLE_RBF_NO_LOCKTIME } else { Sequence::ENABLE_LOCKTIME_NO_RBF };
        let input = inputs.into_iter().map(|previous_output| TxIn {
            previous_output,
            script_sig: ScriptBuf::new(),
            sequence,
            witness: Witness::new(),
        });
        let version = if plan.control.has_version != 0 { plan.control.version.cast_signed() } else { 2 };
        let lock_time = if plan.control.has_lock_time != 0 {
            LockTime::from_consensus(plan.control.lock_time)
        } else {
            self.lock_time(plan.current)
        };
        Transaction { version: Version(version), lock_time, input: input.collect(), output }
    }

    /// The height of the chain, so that a miner gains nothing by mining an earlier block again for the
    /// fee (Bitcoin Core's `DiscourageFeeSniping`); now and then an earlier one, for those who are late.
    pub(crate) fn lock_time(&self, current: bool) -> LockTime {
        let height = self.ledger.tip().height;
        let [dice, back, ..] = random::<4>();
        let late = if dice % 10 == 0 { u32::from(back) % 100 } else { 0 };
        let height = if current { height.saturating_sub(late) } else { 0 };
        LockTime::from_height(height).unwrap_or(LockTime::ZERO)
    }
}

/// Which coins may be added.
#[derive(Clone, Copy)]
enum Tier {
    Confirmed,
    Own,
    All,
}

/// Takes the fee from the recipients that pay it, in equal parts; the first one pays what is left over.
fn take_fee(
    plan: &Plan<'_>,
    tx: &mut Transaction,
    change_pos: Option<u32>,
    owed: Amount,
    payers: usize,
    dust_rate: FeeRate,
) -> Result<()> {
    let change = change_pos.and_then(|place| usize::try_from(place).ok());
    let payers = u64::try_from(payers).unwrap_or(1);
    let mut extra = owed % payers;
    let places = tx.output.iter_mut().enumerate().filter(|(place, _)| Some(*place) != change);
    for ((_, output), (.., pays)) in places.zip(&plan.outputs) {
        if !*pays {
            continue;
        }
        let share = owed / payers + std::mem::replace(&mut extra, Amount::ZERO);
        output.value = output
            .value
            .checked_sub(share)
            .ok_or_else(|| Error::Refused("The transaction amount is too small to pay the fee".into()))?;
        if output.value < output.script_pubkey.minimal_non_dust_custom(dust_rate) {
            let text = "The transaction amount is too small to send after the fee has been deducted";
            return Err(Error::Refused(text.into()));
        }
    }
    Ok(())
}
