//! Commands about coins.
//!
//! In: filters, coins to lock. Out: what can be spent, and what is kept from being spent.

use std::collections::HashSet;

use bitcoin::{Address, Amount, Network, OutPoint, ScriptBuf, Txid};
use bitcoin_ipc::interfaces::AncestryCounts;
use bitcoin_ipc::types::CoinControl;
use bitcoin_rpc::Kind::{Bool, List, Number, Object};
use bitcoin_rpc::error::{invalid, unknown};
use bitcoin_rpc::{Answer, address, amount, arg, value};
use serde_json::{Map, Value, json};

use super::command::{Call, Command, command};
use crate::wallet::{AvailableCoin, ScriptInfo, Solution, Wallet, sum};

const OUTPOINTS: &str = "[{\"txid\":\"hex\",\"vout\":n},...]";

pub(super) const COMMANDS: &[Command] = &[
    command("listunspent", "Gives the coins that can be spent.", list).args(&[
        arg("minconf", Number, "The fewest confirmations.").default("1"),
        arg("maxconf", Number, "The most confirmations.").default("9999999"),
        arg("addresses", List, "Only coins of these.").default("[]").shape("[\"address\",...]"),
        arg("include_unsafe", Bool, "Also those that others have sent and that are not confirmed.")
            .default("true"),
        arg("query_options", Object, "More filters.").optional().fields(&[
            "minimumAmount",
            "maximumAmount",
            "maximumCount",
            "minimumSumAmount",
            "include_immature_coinbase",
        ]),
    ]),
    command("lockunspent", "Keeps coins from being chosen, or lets them be chosen again.", lock).args(&[
        arg("unlock", Bool, "Whether to let them be chosen."),
        arg("transactions", List, "Which ones; without it, all are let.").default("[]").shape(OUTPOINTS),
        arg("persistent", Bool, "Whether to keep them also after the wallet was unloaded.").default("false"),
    ]),
    command("listlockunspent", "Gives the coins that are kept from being chosen.", list_locked),
];

/// Which coins are listed.
struct Filter {
    control: CoinControl,
    scripts: HashSet<ScriptBuf>,
    least: Amount,
    most: Option<Amount>,
    /// Enough, if they sum up to this.
    sum: Option<Amount>,
    count: usize,
    immature: bool,
}

impl Filter {
    fn read(call: &Call<'_>, wallet: &Wallet) -> Answer<Filter> {
        let control = CoinControl {
            min_depth: call.int_or(0, 1)?,
            max_depth: call.int_or(1, 9_999_999)?,
            include_unsafe_inputs: call.flag_or(3, true)?,
            ..CoinControl::default()
        };
        let mut filter = Filter {
            control,
            scripts: HashSet::new(),
            least: Amount::ZERO,
            most: None,
            sum: None,
            count: usize::MAX,
            immature: false,
        };
        for text in call.get(2).map(value::list).transpose()?.into_iter().flatten() {
            let text = value::text(text)?;
            let Ok(address) = address::parse(text, wallet.network()) else {
                return unknown(format!("Invalid Bitcoin address: {text}"));
            };
            if !filter.scripts.insert(address.script_pubkey()) {
                return invalid(format!("Invalid parameter, duplicated address: {text}"));
            }
        }
        let Some(options) = call.get(4) else { return Ok(filter) };
        value::fields(
            value::object(options)?,
            &[
                ("minimumAmount", "any"),
                ("maximumAmount", "any"),
                ("minimumSumAmount", "any"),
                ("maximumCount", "number"),
                ("include_immature_coinbase", "bool"),
            ],
        )?;
        let sum = |name| value::field(options, name).map(amount::parse_amount).transpose();
        filter.least = sum("minimumAmount")?.unwrap_or_default();
        filter.most = sum("maximumAmount")?;
        filter.sum = sum("minimumSumAmount")?;
        if let Some(count) = value::field(options, "maximumCount") {
            // 0 is no limit.
            filter.count =
                usize::try_from(value::int::<i64>(count)?).ok().filter(|n| *n > 0).unwrap_or(usize::MAX);
        }
        filter.immature = value::field(options, "include_immature_coinbase").is_some_and(|is| *is == true);
        Ok(filter)
    }

    fn fits(&self, coin: &AvailableCoin) -> bool {
        let value = coin.output.value;
        let listed = self.scripts.is_empty() || self.scripts.contains(&coin.output.script_pubkey);
        listed && value >= self.least && self.most.is_none_or(|most| value <= most)
    }
}

fn list(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let filter = Filter::read(call, &wallet)?;
    let wallet = call.synced().map(|_| wallet)?;
    let mut coins = wallet.available_coins(&filter.control)?;
    if filter.immature {
        coins.extend(wallet.immature_coins(&filter.control)?);
    }
    coins.retain(|coin| filter.fits(coin));
    coins.truncate(filter.count);
    if let Some(enough) = filter.sum {
        let mut so_far = Amount::ZERO;
        coins.retain(|coin| {
            let needed = so_far < enough;
            so_far = sum([so_far, coin.output.value]).unwrap_or(Amount::MAX_MONEY);
            needed
        });
    }
    let chain = wallet.chain();
    let ancestry = coins.into_iter().map(|coin| {
        // A node that is lost has no mempool to tell about.
        let pending = coin.depth == 0;
        let counts = if pending { chain.get_transaction_ancestry(coin.outpoint.txid).ok() } else { None };
        (coin, counts.filter(|counts| counts.ancestors > 0))
    });
    let coins: Vec<_> = ancestry.collect();
    let infos = wallet.script_infos(coins.iter().map(|(coin, _)| &coin.output.script_pubkey))?;
    let reused = wallet.reused()?;
    let told = coins.iter().zip(infos).map(|((coin, counts), info)| {
        let mut object = tell(coin, *counts, info, wallet.network());
        if let Some(reused) = &reused {
            object.insert("reused".into(), reused.contains(&coin.output.script_pubkey).into());
        }
        object.insert("safe".into(), coin.safe.into());
        Value::Object(object)
    });
    Ok(told.collect())
}

/// What is told of a coin, but for its last fields.
fn tell(
    coin: &AvailableCoin,
    ancestry: Option<AncestryCounts>,
    (info, solution): (ScriptInfo, Option<Solution>),
    network: Network,
) -> Map<String, Value> {
    let script = &coin.output.script_pubkey;
    let parents = info.parents();
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("txid", coin.outpoint.txid.to_string().into());
    put("vout", coin.outpoint.vout.into());
    if let Ok(address) = Address::from_script(script, network) {
        put("address", address.to_string().into());
        if let Some(label) = info.label {
            put("label", label.into());
        }
    }
    if let Some(redeem) = solution.as_ref().and_then(Solution::redeem_script) {
        put("redeemScript", format!("{redeem:x}").into());
    }
    if let Some(witness) = solution.as_ref().and_then(Solution::witness_script) {
        put("witnessScript", format!("{witness:x}").into());
    }
    put("scriptPubKey", format!("{script:x}").into());
    put("amount", amount::amount(coin.output.value));
    put("confirmations", coin.depth.into());
    if let Some(counts) = ancestry {
        put("ancestorcount", counts.ancestors.into());
        put("ancestorsize", counts.ancestorsize.into());
        put("ancestorfees", counts.ancestorfees.to_sat().into());
    }
    put("spendable", true.into());
    put("solvable", solution.is_some().into());
    if let Some(desc) = solution.and_then(|solution| solution.definite.to_text()) {
        put("desc", desc.into());
    }
    put("parent_descs", parents.into());
    object
}

fn lock(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let unlock = value::flag(call.value(0))?;
    let persistent = call.flag_or(2, false)?;
    if call.get(1).is_none() {
        if unlock {
            wallet.locked_coins()?.into_iter().try_for_each(|coin| wallet.unlock_coin(coin).map(drop))?;
        }
        return Ok(true.into());
    }
    let mut outpoints = Vec::new();
    for given in call.list(1)? {
        let outpoint = outpoint(given)?;
        let locked = wallet.is_locked_coin(outpoint)?;
        let info = wallet.output_infos([outpoint])?.remove(0);
        let fault = match info.tx.map(|tx| tx.output.len()) {
            None => Some("unknown transaction"),
            Some(outputs) if outpoint.vout as usize >= outputs => Some("vout index out of bounds"),
            Some(_) if info.is_spent => Some("expected unspent output"),
            Some(_) if unlock && !locked => Some("expected locked output"),
            Some(_) if !unlock && locked && !persistent => Some("output already locked"),
            Some(_) => None,
        };
        if let Some(fault) = fault {
            return invalid(format!("Invalid parameter, {fault}"));
        }
        outpoints.push(outpoint);
    }
    for outpoint in outpoints {
        if unlock {
            wallet.unlock_coin(outpoint)?
        } else {
            wallet.lock_coin(outpoint, persistent)?
        };
    }
    Ok(true.into())
}

/// An output as an object with `txid` and `vout`.
fn outpoint(given: &Value) -> Answer<OutPoint> {
    let object = value::object(given)?;
    for (name, expected) in [("txid", "string"), ("vout", "number")] {
        let found = object.get(name).unwrap_or(&Value::Null);
        if found.is_null() {
            return bitcoin_rpc::error::wrong_type(format!("Missing {name}"));
        }
        value::fields(&Map::from_iter([(name.to_owned(), found.clone())]), &[(name, expected)])?;
    }
    let txid: Txid = value::hash(&given["txid"], "txid")?;
    match u32::try_from(value::int::<i32>(&given["vout"])?) {
        Ok(vout) => Ok(OutPoint { txid, vout }),
        Err(_) => invalid("Invalid parameter, vout cannot be negative"),
    }
}

fn list_locked(call: &Call<'_>) -> Answer {
    let coins = call.wallet()?.locked_coins()?.into_iter();
    Ok(coins.map(|coin| json!({ "txid": coin.txid.to_string(), "vout": coin.vout })).collect())
}
