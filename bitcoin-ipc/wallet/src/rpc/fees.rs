//! Fee rates as arguments and options.
//!
//! In: a target, a mode, or a rate. Out: a wish of coin control.

use bitcoin_ipc::types::{CoinControl, FeeEstimateMode, FeeReason, WireFeeRate};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Arg, Kind, amount, arg, value};
use serde_json::{Map, Value};

use crate::wallet::Wallet;

pub(super) const TARGET: Arg = arg("conf_target", Kind::Number, "How many blocks confirmation may take.")
    .default("set by -txconfirmtarget");
pub(super) const MODE: Arg =
    arg("estimate_mode", Kind::Text, "\"unset\", \"economical\" or \"conservative\".").default("\"unset\"");
pub(super) const RATE: Arg =
    arg("fee_rate", Kind::Amount, "The fee rate in satoshi for a virtual byte.").default("estimated");

/// Notes how the fee is to be found: Bitcoin Core's `SetFeeEstimateMode`. Values may be null. A rate may
/// be below the minimum if `below` says so.
pub(super) fn set(
    wallet: &Wallet,
    control: &mut CoinControl,
    target: &Value,
    mode: &Value,
    rate: &Value,
    below: bool,
) -> Answer<()> {
    if !rate.is_null() {
        if !target.is_null() {
            return invalid(
                "Cannot specify both conf_target and fee_rate. Please provide either a confirmation target in blocks for automatic fee estimation, or an explicit fee rate.",
            );
        }
        if !mode.is_null() && value::text(mode)? != "unset" {
            return invalid("Cannot specify both estimate_mode and fee_rate");
        }
        set_rate(control, amount::parse_fee_rate(rate)?);
        control.override_fee_rate |= below;
        if !control.has_signal_rbf {
            (control.has_signal_rbf, control.signal_rbf) = (true, true);
        }
        return Ok(());
    }
    if !mode.is_null() {
        let mode = match value::text(mode)?.to_ascii_lowercase().as_str() {
            "unset" => FeeEstimateMode::Unset,
            "economical" => FeeEstimateMode::Economical,
            "conservative" => FeeEstimateMode::Conservative,
            _ => {
                return invalid(
                    "Invalid estimate_mode parameter, must be one of: \"unset\", \"economical\", \"conservative\"",
                );
            }
        };
        control.fee_mode = mode as i32;
    }
    if !target.is_null() {
        let most = wallet.chain().estimate_max_blocks()?;
        let target: i32 = value::int(target)?;
        if target < 1 || u32::try_from(target).is_ok_and(|target| target > most) {
            return invalid(format!("Invalid conf_target, must be between 1 and {most}"));
        }
        (control.has_confirm_target, control.confirm_target) = (true, target);
    }
    Ok(())
}

/// Asks for a fee rate, in satoshi for 1000 virtual bytes.
pub(super) fn set_rate(control: &mut CoinControl, rate: u64) {
    control.fee_rate = Some(WireFeeRate::from_sat_per_kvb(i64::try_from(rate).unwrap_or(i64::MAX)));
}

/// Puts arguments about the fee into the options, where they may be as well, but not twice.
pub(super) fn into_options(
    target: &Value,
    mode: &Value,
    rate: &Value,
    options: &mut Map<String, Value>,
) -> Answer<()> {
    if options.contains_key("conf_target") || options.contains_key("estimate_mode") {
        if !target.is_null() || !mode.is_null() {
            return invalid(
                "Pass conf_target and estimate_mode either as arguments or in the options object, but not both",
            );
        }
    } else {
        options.insert("conf_target".into(), target.clone());
        options.insert("estimate_mode".into(), mode.clone());
    }
    if options.contains_key("fee_rate") {
        if !rate.is_null() {
            return invalid(
                "Pass the fee_rate either as an argument, or in the options object, but not both",
            );
        }
    } else {
        options.insert("fee_rate".into(), rate.clone());
    }
    let mode = options.get("estimate_mode").filter(|mode| !mode.is_null());
    let unset = mode.is_none_or(|mode| *mode == "unset");
    if unset && options.get("conf_target").is_some_and(|target| !target.is_null()) {
        return invalid("Specify estimate_mode");
    }
    Ok(())
}

/// Why the fee is what it is: Bitcoin Core's `StringForFeeReason`.
pub(super) fn reason(reason: FeeReason) -> &'static str {
    match reason {
        FeeReason::None => "None",
        FeeReason::HalfEstimate => "Half Target 60% Threshold",
        FeeReason::FullEstimate => "Target 85% Threshold",
        FeeReason::DoubleEstimate => "Double Target 95% Threshold",
        FeeReason::Conservative => "Conservative Double Target longer horizon",
        FeeReason::MempoolMin => "Mempool Min Fee",
        FeeReason::Fallback => "Fallback fee",
        FeeReason::Required => "Minimum Required Fee",
    }
}
