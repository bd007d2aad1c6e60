//! Fee rates.
//!
//! In: what the user wants, the node's estimate and limits. Out: a rate and the reason for it, as Bitcoin
//! Core's `GetMinimumFeeRate` finds it. Rates are in satoshi for 1000 virtual bytes.

use bitcoin::{Amount, Script, TxOut};
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::types::{
    CoinControl, EstimationResult, FeeCalculation, FeeEstimateMode, FeeReason, WireFeeRate,
};
use bitcoin_rpc::amount::rate_per_vbyte;

use super::Wallet;
use crate::{Error, Result};

/// A fee rate, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeeChoice {
    /// Satoshi for 1000 virtual bytes; 0 if there is no estimate and no fallback.
    pub rate: i64,
    /// How it was found.
    pub calculation: FeeCalculation,
}

/// The fee of so many virtual bytes, rounded up.
pub(crate) fn fee_for(rate: i64, vbytes: u64) -> Amount {
    let satoshi = (i128::from(rate.max(0)) * i128::from(vbytes) + 999) / 1000;
    Amount::from_sat(u64::try_from(satoshi).unwrap_or(Amount::MAX_MONEY.to_sat()))
}

/// The least that an output may hold, so that spending it is worth its fee at a rate: Bitcoin Core's
/// `GetDustThreshold`.
pub(crate) fn dust(script: &Script, rate: i64) -> Amount {
    // What nobody can spend costs nobody anything.
    if script.is_op_return() || script.len() > 10_000 {
        return Amount::ZERO;
    }
    let output = TxOut { value: Amount::ZERO, script_pubkey: script.to_owned() }.size();
    let input = if script.is_witness_program() { 32 + 4 + 1 + 107 / 4 + 4 } else { 32 + 4 + 1 + 107 + 4 };
    fee_for(rate, u64::try_from(output + input).unwrap_or(u64::MAX))
}

/// A rate as the node gives it; 0 for none.
pub(crate) fn sat_per_kvb(rate: WireFeeRate) -> i64 {
    rate.sat_per_kvb().unwrap_or_default()
}

impl Wallet {
    /// The fee rate for a wish.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub fn fee_choice(&self, control: &CoinControl) -> Result<FeeChoice> {
        let (chain, options) = (self.chain(), &self.options);
        let mut calculation = FeeCalculation {
            est: EstimationResult::default(),
            reason: FeeReason::None,
            desired_target: 0,
            returned_target: 0,
            best_height: 0,
        };
        let mut rate;
        if let Some(wanted) = control.fee_rate {
            rate = sat_per_kvb(wanted);
            if control.override_fee_rate {
                return Ok(FeeChoice { rate, calculation });
            }
        } else {
            let target = if control.has_confirm_target {
                control.confirm_target
            } else {
                i32::try_from(options.confirm_target).unwrap_or(i32::MAX)
            };
            let replaceable = if control.has_signal_rbf { control.signal_rbf } else { options.rbf };
            let conservative = match control.fee_mode {
                mode if mode == FeeEstimateMode::Conservative as i32 => true,
                mode if mode == FeeEstimateMode::Economical as i32 => false,
                _ => !replaceable,
            };
            let estimate = chain.estimate_smart_fee(target, conservative, true)?;
            calculation = estimate.calc.unwrap_or(calculation);
            rate = sat_per_kvb(estimate.result);
            if rate == 0 {
                rate = options.fallback_fee;
                calculation.reason = FeeReason::Fallback;
                if rate == 0 {
                    return Ok(FeeChoice { rate, calculation });
                }
            }
            let mempool = sat_per_kvb(chain.mempool_min_fee()?);
            if rate < mempool {
                rate = mempool;
                calculation.reason = FeeReason::MempoolMin;
            }
        }
        let required = self.required_rate(&*chain)?;
        if rate < required {
            rate = required;
            calculation.reason = FeeReason::Required;
        }
        Ok(FeeChoice { rate, calculation })
    }

    /// The fee rate for a wish, which is that of the user if there is one.
    ///
    /// # Errors
    ///
    /// It is too low, there is none, or the node cannot be asked.
    pub(crate) fn usable_rate(&self, control: &CoinControl) -> Result<FeeChoice> {
        let choice = self.fee_choice(control)?;
        if let Some(wanted) = control.fee_rate.map(sat_per_kvb).filter(|wanted| *wanted < choice.rate) {
            let mut text = format!(
                "Fee rate ({}) is lower than the minimum fee rate setting ({}).",
                rate_per_vbyte(wanted),
                rate_per_vbyte(choice.rate)
            );
            if choice.calculation.reason == FeeReason::Required {
                let (own, relay) = (self.options.min_fee, sat_per_kvb(self.chain().relay_min_fee()?));
                let (own, relay) = (rate_per_vbyte(own), rate_per_vbyte(relay));
                text += &format!("\nConsider modifying -mintxfee ({own}) or -minrelaytxfee ({relay}).");
            }
            return Err(Error::Refused(text));
        }
        if choice.rate == 0 && choice.calculation.reason == FeeReason::Fallback {
            let text =
                "Fee estimation failed. Fallbackfee is disabled. Wait a few blocks or enable -fallbackfee.";
            return Err(Error::Refused(text.into()));
        }
        Ok(choice)
    }

    /// The lowest rate that the wallet and the node allow.
    pub(crate) fn required_rate(&self, chain: &dyn Chain) -> Result<i64> {
        Ok(sat_per_kvb(chain.relay_min_fee()?).max(self.options.min_fee))
    }

    /// The rate at which change is given up that costs more to spend than it holds: Bitcoin Core's
    /// `GetDiscardRate`.
    pub(super) fn discard_rate(&self, chain: &dyn Chain, dust_rate: i64) -> Result<i64> {
        let farthest = i32::try_from(chain.estimate_max_blocks()?).unwrap_or(i32::MAX);
        let estimate = sat_per_kvb(chain.estimate_smart_fee(farthest, false, false)?.result);
        let most = self.options.discard_fee;
        Ok(if estimate == 0 { most } else { estimate.min(most) }.max(dust_rate))
    }

    /// The lowest fee that the wallet and the node allow for so many virtual bytes.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub fn required_fee(&self, vbytes: u32) -> Result<Amount> {
        Ok(fee_for(self.required_rate(&*self.chain())?, vbytes.into()))
    }
}
