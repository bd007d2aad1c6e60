//! The command `getblockstats`.
//!
//! In: a block and the coins that it spent. Out: sums, averages and medians over its transactions, by
//! the rules of Bitcoin Core.

use bitcoin::TxOut;
use bitcoin::consensus::encode::serialize;
use serde_json::{Map, Value, json};

use super::command::Kind::{Any, List};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid};
use super::{script, value};
use crate::template::subsidy;

/// What an unspent output takes besides itself: its outpoint, and its height with the coinbase flag.
const OVERHEAD: i64 = 40;
/// Blocks whose coinbase was the same as that of an earlier one (BIP 30).
const REPEATED: [u32; 2] = [91_842, 91_880];

pub(super) const COMMANDS: &[Command] = &[command(
    "blockchain",
    "getblockstats",
    "Gives numbers about a block, with amounts in satoshi.",
    block_stats,
)
.args(&[
    arg("hash_or_height", Any, "The block's hash, or its height in the active chain."),
    arg("stats", List, "The numbers that are wanted.").default("all").shape("stats"),
])];

/// The middle value; of two middle ones their mean, rounded towards zero.
fn median(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    match values.len() {
        0 => 0,
        count if count % 2 == 0 => (values[count / 2 - 1] + values[count / 2]) / 2,
        count => values[count / 2],
    }
}

/// The rates at which a tenth, a quarter, half, three quarters and nine tenths of the weight are
/// reached.
fn percentiles(mut rates: Vec<(i64, i64)>, total: i64) -> [i64; 5] {
    rates.sort_unstable();
    let total = total as f64;
    let marks = [total / 10.0, total / 4.0, total / 2.0, total * 3.0 / 4.0, total * 9.0 / 10.0];
    let mut result = [rates.last().map_or(0, |last| last.0); 5];
    let (mut weight, mut next) = (0, 0);
    for (rate, more) in rates {
        weight += more;
        while next < marks.len() && weight as f64 >= marks[next] {
            result[next] = rate;
            next += 1;
        }
    }
    result
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn size_of(output: &TxOut) -> i64 {
    signed(serialize(output).len() as u64) + OVERHEAD
}

fn smallest_or_zero(values: impl Iterator<Item = i64>) -> i64 {
    values.min().unwrap_or(0)
}

fn block_stats(call: &Call<'_>) -> Answer {
    let place = call.hash_or_height(0)?;
    let wanted = match call.get(1) {
        Some(list) => value::list(list)?.iter().map(value::text).collect::<Answer<Vec<_>>>()?,
        None => Vec::new(),
    };
    let all = compute(call, place)?;
    if wanted.is_empty() {
        return Ok(all.into());
    }
    let mut wanted: Vec<&str> = wanted;
    wanted.sort_unstable();
    wanted.dedup();
    let mut chosen = Map::new();
    for name in wanted {
        match all.get(name) {
            Some(value) => chosen.insert(name.to_owned(), value.clone()),
            None => return invalid(format!("Invalid selected statistic '{name}'")),
        };
    }
    Ok(chosen.into())
}

fn compute(call: &Call<'_>, place: crate::chainstate::Place) -> Answer<Map<String, Value>> {
    let block = call.block(place.hash)?;
    let undo = match place.height {
        0 => Vec::new(),
        _ => match call.state.chain().undo(place.hash) {
            Ok(Some(undo)) => undo.transactions,
            _ => return failed("Undo data not available"),
        },
    };
    let (mut ins, mut outs, mut unspent) = (0, 0, 0);
    let (mut growth, mut real_growth, mut total_out) = (0, 0, 0);
    let (mut fees, mut rates, mut sizes, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut segwit, mut segwit_size, mut segwit_weight) = (0, 0, 0);
    for (number, tx) in block.txdata.iter().enumerate() {
        outs += tx.output.len() as u64;
        let repeated = tx.is_coinbase() && REPEATED.contains(&place.height);
        for output in &tx.output {
            growth += size_of(output);
            if place.height > 0 && !repeated && !script::is_unspendable(&output.script_pubkey) {
                unspent += 1;
                real_growth += size_of(output);
            }
        }
        if number == 0 {
            continue;
        }
        ins += tx.input.len() as u64;
        let paid = signed(tx.output.iter().map(|output| output.value.to_sat()).sum());
        total_out += paid;
        let (size, weight) = (signed(tx.total_size() as u64), signed(tx.weight().to_wu()));
        sizes.push(size);
        weights.push(weight);
        if tx.input.iter().any(|input| !input.witness.is_empty()) {
            segwit += 1;
            segwit_size += size;
            segwit_weight += weight;
        }
        let Some(undo) = undo.get(number - 1) else { return failed("Undo data not available") };
        let mut spent = 0;
        for coin in &undo.spent {
            spent += signed(coin.output.value.to_sat());
            growth -= size_of(&coin.output);
            real_growth -= size_of(&coin.output);
        }
        fees.push(spent - paid);
        rates.push(((spent - paid) * 4 / weight.max(1), weight));
    }
    let (total_fee, total_size): (i64, i64) = (fees.iter().sum(), sizes.iter().sum());
    let total_weight: i64 = weights.iter().sum();
    let count = fees.len() as i64;
    let average = |sum: i64| sum.checked_div(count).unwrap_or(0);
    let (ins, outs) = (signed(ins), signed(outs));
    let object = json!({
        "avgfee": average(total_fee),
        "avgfeerate": (total_fee * 4).checked_div(total_weight).unwrap_or(0),
        "avgtxsize": average(total_size),
        "blockhash": place.hash.to_string(),
        "feerate_percentiles": percentiles(rates.clone(), total_weight),
        "height": place.height,
        "ins": ins,
        "maxfee": fees.iter().copied().max().unwrap_or(0),
        "maxfeerate": rates.iter().map(|rate| rate.0).max().unwrap_or(0),
        "maxtxsize": sizes.iter().copied().max().unwrap_or(0),
        "medianfee": median(fees.clone()),
        "mediantime": call.median_time(place.hash)?,
        "mediantxsize": median(sizes.clone()),
        "minfee": smallest_or_zero(fees.iter().copied()),
        "minfeerate": smallest_or_zero(rates.iter().map(|rate| rate.0)),
        "mintxsize": smallest_or_zero(sizes.iter().copied()),
        "outs": outs,
        "subsidy": subsidy(call.state.network(), place.height).to_sat(),
        "swtotal_size": segwit_size,
        "swtotal_weight": segwit_weight,
        "swtxs": segwit,
        "time": block.header.time,
        "total_out": total_out,
        "total_size": total_size,
        "total_weight": total_weight,
        "totalfee": total_fee,
        "txs": block.txdata.len(),
        "utxo_increase": outs - ins,
        "utxo_size_inc": growth,
        "utxo_increase_actual": unspent - ins,
        "utxo_size_inc_actual": real_growth,
    });
    match object {
        Value::Object(object) => Ok(object),
        _ => unreachable!("it is an object as written above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_are_those_of_the_rules() {
        assert_eq!(
            [median(vec![]), median(vec![3]), median(vec![4, 1]), median(vec![9, 1, 5])],
            [0, 3, 2, 5]
        );
        assert_eq!(percentiles(vec![], 0), [0; 5]);
        let rates = (1..=10).map(|rate| (rate, 10)).collect();
        assert_eq!(percentiles(rates, 100), [1, 3, 5, 8, 9]);
        // Rounding must not leave a mark without a rate.
        assert_eq!(percentiles(vec![(7, 1)], 100), [7; 5]);
    }
}
