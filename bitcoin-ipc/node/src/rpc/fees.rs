//! Commands about fee rates.
//!
//! In: how soon. Out: what it costs.

use bitcoin_ipc::types::{EstimationResult, EstimatorBucket};
use serde_json::{Map, Value, json};

use super::command::Kind::{Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, invalid};
use super::{amount, rate, value};
use crate::fees::Horizon;

pub(super) const COMMANDS: &[Command] = &[
    command("util", "estimatesmartfee", "Estimates the fee rate that is confirmed in time.", smart_fee).args(
        &[
            arg("conf_target", Number, "Within how many blocks, from 1 to 1008."),
            arg("estimate_mode", Text, "\"unset\", \"economical\" or \"conservative\".")
                .default("\"economical\""),
        ],
    ),
    command("hidden", "estimaterawfee", "Tells what an estimate is made of.", raw_fee).args(&[
        arg("conf_target", Number, "Within how many blocks, from 1 to 1008."),
        arg("threshold", Number, "The share of transactions that must have been confirmed.").default("0.95"),
    ]),
];

fn confirmation_target(call: &Call<'_>) -> Answer<u32> {
    let most = call.state.estimator().max_target();
    match u32::try_from(call.int::<i32>(0)?) {
        Ok(target) if (1..=most).contains(&target) => Ok(target),
        _ => invalid(format!("Invalid conf_target, must be between 1 and {most}")),
    }
}

fn smart_fee(call: &Call<'_>) -> Answer {
    let target = confirmation_target(call)?;
    let conservative = match call.text_or(1, "economical")?.to_lowercase().as_str() {
        "unset" | "economical" => false,
        "conservative" => true,
        _ => {
            return invalid(
                "Invalid estimate_mode parameter, must be one of: \"unset\", \"economical\", \"conservative\"",
            );
        }
    };
    let target = i32::try_from(target).unwrap_or(i32::MAX);
    let (mempool_rate, relay_rate) = {
        let mempool = call.state.mempool();
        (mempool.min_rate(call.state.clock().now()), mempool.options().min_relay_rate)
    };
    let (rate, calculation) = call.state.estimator().estimate_smart_fee(target, conservative);
    let mut object = Map::new();
    match rate {
        Some(rate) => {
            let rate = rate.max(mempool_rate).max(relay_rate);
            object.insert("feerate".to_owned(), rate::to_json(rate));
        }
        None => {
            object.insert("errors".to_owned(), json!(["Insufficient data or no feerate found"]));
        }
    }
    object.insert("blocks".to_owned(), calculation.returned_target.into());
    Ok(object.into())
}

fn hundredths(number: f64) -> Value {
    amount::float((number * 100.0).round() / 100.0)
}

fn bucket(bucket: &EstimatorBucket) -> Value {
    json!({
        "startrange": amount::float(bucket.start.round()),
        "endrange": amount::float(bucket.end.round()),
        "withintarget": hundredths(bucket.within_target),
        "totalconfirmed": hundredths(bucket.total_confirmed),
        "inmempool": hundredths(bucket.in_mempool),
        "leftmempool": hundredths(bucket.left_mempool),
    })
}

fn raw_fee(call: &Call<'_>) -> Answer {
    let target = confirmation_target(call)?;
    let threshold = call.get(1).map_or(Ok(0.95), value::float)?;
    if !(0.0..=1.0).contains(&threshold) {
        return invalid("Invalid threshold");
    }
    let estimator = call.state.estimator();
    let mut object = Map::new();
    for (name, horizon) in [("short", Horizon::Short), ("medium", Horizon::Medium), ("long", Horizon::Long)] {
        if target > estimator.max_target_of(horizon) {
            continue;
        }
        let (rate, result) = estimator.estimate_raw(target, threshold, horizon);
        let EstimationResult { pass, fail, decay, scale } = &result;
        let mut about = Map::new();
        let mut put = |name: &str, value: Value| about.insert(name.to_owned(), value);
        if let Some(rate) = rate {
            put("feerate", rate::to_json(rate));
        }
        put("decay", amount::float(*decay));
        put("scale", (*scale).into());
        if rate.is_some() {
            put("pass", bucket(pass));
        }
        // -1 says that no range of rates failed.
        if rate.is_none() || fail.start != -1.0 {
            put("fail", bucket(fail));
        }
        if rate.is_none() {
            put("errors", json!(["Insufficient data or no feerate found which meets threshold"]));
        }
        object.insert(name.to_owned(), about.into());
    }
    Ok(object.into())
}
