//! Building a transaction from coins that were chosen: change, lock time, who pays the fee.
//!
//! In: a [`Plan`], coins, what they come to. Out: an unsigned transaction.

use bitcoin::absolute::LockTime;
use bitcoin::key::rand::Rng as _;
use bitcoin::key::rand::rngs::OsRng;
use bitcoin::key::rand::seq::SliceRandom as _;
use bitcoin::transaction::Version;
use bitcoin::{Amount, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use bitcoin_ipc::types::{CoinControl, Destination, OutputType};

use super::WalletState;
use super::choose::{ChangeCost, Coin, Outcome, Picked, Target};
use super::fees::{dust, fee_for};
use super::pool::version;
use super::weights::{InputWeight, OutputWeights};
use crate::keys::random;
use crate::{Error, Result};

/// Scripts, amounts, and whether the fee is taken from the amount.
pub(crate) type Recipients = Vec<(ScriptBuf, Amount, bool)>;

/// What change weighs when it is spent, if the wallet does not know: Bitcoin Core's
/// `DUMMY_NESTED_P2WPKH_INPUT_SIZE`, in virtual bytes.
const UNKNOWN_CHANGE: u64 = 91;

/// What the transaction has to be like. Rates are in satoshi for 1000 virtual bytes.
pub(crate) struct Plan<'a> {
    pub(crate) outputs: Recipients,
    pub(crate) control: &'a CoinControl,
    pub(crate) rate: i64,
    pub(crate) dust_rate: i64,
    pub(crate) discard_rate: i64,
    pub(crate) max_weight: u64,
    /// The least fee, and a rate for what is paid on top of it.
    pub(crate) least_fee: (Amount, i64),
    pub(crate) rbf: bool,
    /// Whether the wallet's height is that of the network, so that it can be a lock time.
    pub(crate) current: bool,
    pub(crate) change_kind: OutputType,
    pub(crate) change_pos: Option<u32>,
}

/// Where change would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) script: ScriptBuf,
    /// The descriptor that it is new of.
    descriptor: Option<u32>,
    /// Whether there is no such script, only one of its size.
    missing: bool,
    /// What it weighs when it is spent, if the wallet knows.
    spend: Option<InputWeight>,
}

impl Plan<'_> {
    /// The sum of all outputs.
    ///
    /// # Errors
    ///
    /// There is not so much money.
    pub(crate) fn sum(&self) -> Result<Amount> {
        let amounts = || self.outputs.iter().map(|(_, amount, _)| *amount);
        if amounts().any(is_negative) {
            return Err(Error::Refused("Transaction amounts must not be negative".into()));
        }
        sum(amounts()).map_err(|_| Error::InsufficientFunds)
    }

    /// What coins are chosen for.
    pub(crate) fn target(&self, change: &Change) -> Result<Target> {
        let weights = OutputWeights::default();
        let outputs = self.outputs.iter().fold(weights, |all, (script, ..)| all.with(script));
        let spend = fee_for(self.discard_rate, change.spend.map_or(UNKNOWN_CHANGE, InputWeight::vbytes));
        let least = dust(&change.script, self.discard_rate).max(spend + Amount::ONE_SAT);
        Ok(Target {
            value: self.sum()?.to_sat(),
            outputs,
            rate: self.rate,
            from_outputs: self.payers() > 0,
            change: ChangeCost {
                outputs: outputs.with(&change.script),
                least: least.to_sat(),
                spend: spend.to_sat(),
            },
            max_weight: self.max_weight,
            least_fee: (self.least_fee.0.to_sat(), self.least_fee.1),
        })
    }

    fn payers(&self) -> usize {
        self.outputs.iter().filter(|(.., pays)| *pays).count()
    }

    /// Takes what a transaction lacks in fees from the recipients that pay it, in equal parts, of which the
    /// first one pays what is left over; or gives them what is too much.
    fn settle(&self, outputs: &mut [TxOut], fee: Amount, rest: Amount) -> Result<()> {
        let payers = u64::try_from(self.payers()).unwrap_or(u64::MAX);
        let (owed, gift) =
            (fee.checked_sub(rest).unwrap_or_default(), rest.checked_sub(fee).unwrap_or_default());
        let mut first = true;
        for (output, (.., pays)) in outputs.iter_mut().zip(&self.outputs) {
            if !*pays {
                continue;
            }
            let odd = |all: Amount| if first { all % payers } else { Amount::ZERO };
            let (minus, plus) = (owed / payers + odd(owed), gift / payers + odd(gift));
            first = false;
            let value = (output.value + plus).checked_sub(minus);
            let too_small = "The transaction amount is too small to pay the fee";
            output.value = value.ok_or_else(|| Error::Refused(too_small.into()))?;
            if output.value < dust(&output.script_pubkey, self.dust_rate) {
                let text = "The transaction amount is too small to send after the fee has been deducted";
                return Err(Error::Refused(text.into()));
            }
        }
        Ok(())
    }
}

/// Whether an amount of a transaction, which has a sign there, is below nothing.
fn is_negative(amount: Amount) -> bool {
    amount.to_sat().cast_signed() < 0
}

/// A sum of amounts, none of which may be more than there is money.
///
/// # Errors
///
/// The text says what is wrong.
pub(crate) fn sum(amounts: impl IntoIterator<Item = Amount>) -> Result<Amount> {
    let mut sum = Amount::ZERO;
    for amount in amounts {
        let more = sum.checked_add(amount).filter(|sum| *sum <= Amount::MAX_MONEY);
        sum = more.ok_or_else(|| Error::Refused("Transaction amount out of range".into()))?;
    }
    Ok(sum)
}

impl WalletState {
    /// Where change of a transaction would go now.
    pub(crate) fn change(&self, plan: &Plan<'_>) -> Change {
        if plan.control.dest_change != Destination::None
            && let Some(script) = plan.control.dest_change.script_pubkey()
        {
            let spend =
                self.ledger.scripts().origin(&script).and_then(|(id, _)| input_weight_of(self, id, &script));
            return Change { script, descriptor: None, missing: false, spend };
        }
        let descriptor = self.active(plan.change_kind, true).map(|descriptor| descriptor.id);
        match descriptor.and_then(|id| self.ledger.scripts().peek(id)) {
            Some(script) => {
                let spend = descriptor.and_then(|id| input_weight_of(self, id, &script));
                Change { script, descriptor, missing: false, spend }
            }
            // The largest common script, to find out whether there would be change at all.
            None => Change {
                script: ScriptBuf::from_bytes(vec![0x51; 34]),
                descriptor: None,
                missing: true,
                spend: None,
            },
        }
    }

    /// Builds a transaction that spends these coins. The script for its change is revealed, and is to be saved.
    /// `again` says that coins were chosen twice, for which Bitcoin Core sets aside two where neither is used.
    pub(crate) fn build(
        &mut self,
        plan: &Plan<'_>,
        change: &Change,
        required: &[Coin],
        picked: &Picked,
        again: bool,
    ) -> Result<(Transaction, Option<u32>)> {
        let Outcome { fee, change: change_value, .. } = picked.outcome;
        let (fee, sent) = (Amount::from_sat(fee), plan.sum()?);
        let mut inputs: Vec<&Coin> = picked.coins.iter().collect();
        inputs.shuffle(&mut OsRng);
        // Selected ones come first, in their order.
        let inputs: Vec<&Coin> = required.iter().chain(inputs).collect();
        let total = sum(inputs.iter().map(|coin| coin.output.value))?;
        let mut outputs: Vec<TxOut> = plan
            .outputs
            .iter()
            .map(|(script, value, _)| TxOut { value: *value, script_pubkey: script.clone() })
            .collect();
        let kept = change_value.map_or(Amount::ZERO, Amount::from_sat);
        if plan.payers() > 0 {
            let short = || Error::InsufficientFunds;
            let rest = total.checked_sub(sent).and_then(|rest| rest.checked_sub(kept)).ok_or_else(short)?;
            plan.settle(&mut outputs, fee, rest)?;
        }
        let mut change_pos = None;
        if change_value.is_some() {
            if change.missing {
                let text = "Transaction needs a change address, but we can't generate it.";
                return Err(Error::Refused(text.into()));
            }
            let place = match plan.change_pos {
                Some(place) => usize::try_from(place)
                    .ok()
                    .filter(|place| *place <= outputs.len())
                    .ok_or_else(|| Error::Refused("Transaction change output index out of range".into()))?,
                None => OsRng.gen_range(0..=outputs.len()),
            };
            outputs.insert(place, TxOut { value: kept, script_pubkey: change.script.clone() });
            change_pos = u32::try_from(place).ok();
        }
        // Also where there is no change: Bitcoin Core keeps what it has set aside for it.
        if let Some(descriptor) = change.descriptor {
            self.ledger.reveal(descriptor);
            if change_value.is_none() && again {
                self.ledger.reveal(descriptor);
            }
        }
        let paid = sum(outputs.iter().map(|output| output.value))?;
        if total.checked_sub(paid) != Some(fee) {
            return Err(Error::Refused("Internal bug detected: the transaction does not add up".into()));
        }
        Ok((self.assemble(plan, &inputs, outputs), change_pos))
    }

    fn assemble(&self, plan: &Plan<'_>, inputs: &[&Coin], output: Vec<TxOut>) -> Transaction {
        let sequence =
            if plan.rbf { Sequence::ENABLE_RBF_NO_LOCKTIME } else { Sequence::ENABLE_LOCKTIME_NO_RBF };
        let input = inputs.iter().map(|coin| TxIn {
            previous_output: coin.outpoint,
            script_sig: ScriptBuf::new(),
            sequence,
            witness: Witness::new(),
        });
        let lock_time = if plan.control.has_lock_time != 0 {
            LockTime::from_consensus(plan.control.lock_time)
        } else {
            self.lock_time(plan.current)
        };
        Transaction { version: Version(version(plan.control)), lock_time, input: input.collect(), output }
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

fn input_weight_of(state: &WalletState, descriptor: u32, script: &Script) -> Option<InputWeight> {
    super::weights::of_descriptor(state.descriptor(descriptor)?.deriver.public()).of(script)
}
