//! Commands about the mempool.
//!
//! In: ids and outpoints. Out: transactions that wait, and their relations.

use std::collections::{BTreeSet, HashMap};

use bitcoin::{OutPoint, Txid};
use bitcoin_ipc::types::RbfTransactionState;
use serde_json::{Map, Value, json};

use super::command::Kind::{Bool, Hex, List, Object};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid, unknown, wrong_type};
use super::{amount, rate, transaction, value};
use crate::mempool::{Entry, FeePerWeight, Mempool, Package};

const BLOCKCHAIN: &str = "blockchain";
const HIDDEN: &str = "hidden";

pub(super) const COMMANDS: &[Command] =
    &[
        command(BLOCKCHAIN, "getmempoolinfo", "Tells the state of the mempool.", info),
        command(BLOCKCHAIN, "getrawmempool", "Lists the transactions of the mempool.", raw).args(&[
            arg("verbose", Bool, "Whether as an object with all that is known of them.").default("false"),
            arg("mempool_sequence", Bool, "Whether with the number of the next change.").default("false"),
        ]),
        command(BLOCKCHAIN, "getmempoolentry", "Tells about a transaction of the mempool.", entry)
            .args(&[arg("txid", Hex, "The transaction.")]),
        command(
            BLOCKCHAIN,
            "getmempoolancestors",
            "Lists what a transaction of the mempool spends from.",
            |call| relatives(call, |pool, txid| pool.ancestors(txid)),
        )
        .args(&[
            arg("txid", Hex, "The transaction."),
            arg("verbose", Bool, "Whether as an object with all that is known of them.").default("false"),
        ]),
        command(
            BLOCKCHAIN,
            "getmempooldescendants",
            "Lists what spends from a transaction of the mempool.",
            |call| relatives(call, |pool, txid| pool.descendants(txid)),
        )
        .args(&[
            arg("txid", Hex, "The transaction."),
            arg("verbose", Bool, "Whether as an object with all that is known of them.").default("false"),
        ]),
        command(BLOCKCHAIN, "gettxspendingprevout", "Finds what spends outputs in the mempool.", spending)
            .args(&[
                arg("outputs", List, "The outputs.").shape("[{\"txid\":\"hex\",\"vout\":n},...]"),
                arg(
                    "options",
                    Object,
                    "mempool_only: true only; return_spending_tx: whether to give the transactions.",
                )
                .optional()
                .shape("{\"mempool_only\":bool,\"return_spending_tx\":bool,...}")
                .fields(&["mempool_only", "return_spending_tx"]),
            ]),
        command(
            BLOCKCHAIN,
            "getmempoolcluster",
            "Tells what hangs together with a transaction of the mempool.",
            cluster,
        )
        .args(&[arg("txid", Hex, "The transaction.")]),
        command(
            HIDDEN,
            "getmempoolfeeratediagram",
            "Tells what miners earn with so much of the mempool.",
            diagram,
        ),
    ];

fn info(call: &Call<'_>) -> Answer {
    let mempool = call.state.mempool();
    let (info, options) = (mempool.info(call.state.clock().now()), mempool.options());
    let mut object = json!({
        "loaded": true,
        "size": info.size,
        "bytes": info.bytes,
        "usage": info.usage,
        "total_fee": amount::amount(info.total_fee),
        "maxmempool": info.max_bytes,
        "mempoolminfee": rate::to_json(info.min_rate),
        "minrelaytxfee": rate::to_json(info.min_relay_rate),
        "incrementalrelayfee": rate::to_json(info.incremental_relay_rate),
        "unbroadcastcount": mempool.unbroadcast().len(),
        "permitbaremultisig": options.permit_bare_multisig,
        "maxdatacarriersize": options.max_datacarrier_bytes.unwrap_or(0),
        "limitclustercount": options.cluster_count,
        "limitclustersize": options.cluster_vsize,
        "optimal": true,
    });
    if call.deprecated("fullrbf") {
        object["fullrbf"] = true.into();
    }
    Ok(object)
}

/// What each transaction is mined with.
type Chunks = HashMap<Txid, FeePerWeight>;

fn chunks(mempool: &Mempool) -> Chunks {
    let packages = mempool.packages();
    let sizes = packages.iter().flat_map(|package| {
        package.entries.iter().map(|entry| (entry.txid, package.size)).collect::<Vec<_>>()
    });
    sizes.collect()
}

fn to_json(call: &Call<'_>, mempool: &Mempool, entry: &Entry, chunks: &Chunks) -> Value {
    let (ancestors, descendants) =
        (mempool.ancestor_totals(&entry.txid), mempool.descendant_totals(&entry.txid));
    let chunk = chunks.get(&entry.txid).copied().unwrap_or_default();
    // Bitcoin Core sorts the first by their texts and the others by their bytes.
    let id = |entry: &Entry| entry.txid.to_string();
    let depends: BTreeSet<_> = mempool.parents(&entry.tx).into_iter().map(id).collect();
    let spent_by: Vec<_> = mempool.children(&entry.txid).into_iter().map(id).collect();
    let mut object = json!({
        "vsize_adjusted": entry.vsize,
        "vsize": entry.vsize,
        "vsize_bip141": entry.tx.vsize(),
        "weight": entry.weight,
        "time": entry.time,
        "height": entry.height,
        "descendantcount": descendants.count,
        "descendantsize": descendants.vsize,
        "ancestorcount": ancestors.count,
        "ancestorsize": ancestors.vsize,
        "wtxid": entry.wtxid.to_string(),
        "chunkweight": chunk.weight,
        "fees": {
            "base": amount::amount(entry.fee),
            "modified": amount::bitcoin(entry.modified_fee.to_sat()),
            "ancestor": amount::bitcoin(ancestors.fees.to_sat()),
            "descendant": amount::bitcoin(descendants.fees.to_sat()),
            "chunk": amount::bitcoin(chunk.fee),
        },
        "depends": depends,
        "spentby": spent_by,
        "unbroadcast": mempool.unbroadcast().contains(&entry.txid),
    });
    if call.deprecated("bip125") {
        let replaceable = mempool.is_rbf_opt_in(&entry.tx) == RbfTransactionState::ReplaceableBip125;
        object["bip125-replaceable"] = replaceable.into();
    }
    object
}

fn listed(call: &Call<'_>, mempool: &Mempool, entries: Vec<&Entry>, verbose: bool) -> Value {
    if verbose {
        let chunks = chunks(mempool);
        let fields =
            entries.iter().map(|entry| (entry.txid.to_string(), to_json(call, mempool, entry, &chunks)));
        return fields.collect::<Map<_, _>>().into();
    }
    entries.iter().map(|entry| Value::from(entry.txid.to_string())).collect()
}

fn raw(call: &Call<'_>) -> Answer {
    let (verbose, numbered) = (call.flag_or(0, false)?, call.flag_or(1, false)?);
    if verbose && numbered {
        return invalid("Verbose results cannot contain mempool sequence values.");
    }
    let mempool = call.state.mempool();
    let list = listed(call, &mempool, mempool.entries(), verbose);
    if numbered {
        return Ok(json!({ "txids": list, "mempool_sequence": mempool.sequence() }));
    }
    Ok(list)
}

fn missing<T>() -> Answer<T> {
    unknown("Transaction not in mempool")
}

fn entry(call: &Call<'_>) -> Answer {
    let txid: Txid = call.hash(0, "txid")?;
    let mempool = call.state.mempool();
    mempool.get(&txid).map_or_else(missing, |entry| Ok(to_json(call, &mempool, entry, &chunks(&mempool))))
}

fn relatives(call: &Call<'_>, find: for<'a> fn(&'a Mempool, &Txid) -> Vec<&'a Entry>) -> Answer {
    let verbose = call.flag_or(1, false)?;
    let txid: Txid = call.hash(0, "txid")?;
    let mempool = call.state.mempool();
    if mempool.get(&txid).is_none() {
        return missing();
    }
    let mut entries = find(&mempool, &txid);
    entries.sort_unstable_by_key(|entry| entry.txid);
    Ok(listed(call, &mempool, entries, verbose))
}

fn cluster(call: &Call<'_>) -> Answer {
    let txid: Txid = call.hash(0, "txid")?;
    let mempool = call.state.mempool();
    let chunks = mempool.cluster_packages(&txid);
    if chunks.is_empty() {
        return missing();
    }
    let count: usize = chunks.iter().map(|chunk| chunk.entries.len()).sum();
    let weight: i64 = chunks.iter().map(|chunk| chunk.size.weight).sum();
    let to_json = |chunk: &Package<'_>| {
        let ids: Vec<_> = chunk.entries.iter().map(|entry| entry.txid.to_string()).collect();
        json!({
            "chunkfee": amount::bitcoin(chunk.size.fee),
            "chunkweight": chunk.size.weight,
            "txs": ids,
        })
    };
    let chunks: Vec<_> = chunks.iter().map(to_json).collect();
    Ok(json!({ "clusterweight": weight, "txcount": count, "chunks": chunks }))
}

fn diagram(call: &Call<'_>) -> Answer {
    let mempool = call.state.mempool();
    let mut sum = FeePerWeight::default();
    let mut points = vec![sum];
    for package in mempool.packages() {
        sum.fee = sum.fee.saturating_add(package.size.fee);
        sum.weight = sum.weight.saturating_add(package.size.weight);
        points.push(sum);
    }
    let point = |point: FeePerWeight| json!({ "weight": point.weight, "fee": amount::bitcoin(point.fee) });
    Ok(points.into_iter().map(point).collect())
}

/// Checks that an object has fields of these types and no others.
fn check_fields(object: &Value, fields: &[(&str, &str)], optional: bool) -> Answer<()> {
    for (name, expected) in fields {
        let Some(field) = value::field(object, name) else {
            if optional {
                continue;
            }
            return wrong_type(format!("Missing {name}"));
        };
        let found = value::type_name(field);
        if found != *expected {
            return wrong_type(format!(
                "JSON value of type {found} for field {name} is not of expected type {expected}"
            ));
        }
    }
    match value::object(object)?.keys().find(|key| fields.iter().all(|(name, _)| name != key)) {
        Some(other) => wrong_type(format!("Unexpected key {other}")),
        None => Ok(()),
    }
}

fn spending(call: &Call<'_>) -> Answer {
    let outputs = call.list(0)?;
    if outputs.is_empty() {
        return invalid("Invalid parameter, outputs are missing");
    }
    let none = Value::Object(Map::new());
    let options = call.get(1).unwrap_or(&none);
    check_fields(options, &[("mempool_only", "bool"), ("return_spending_tx", "bool")], true)?;
    let mempool_only = value::field(options, "mempool_only").is_none_or(|only| *only == Value::Bool(true));
    let whole = options["return_spending_tx"].as_bool().unwrap_or(false);
    let mut wanted = Vec::new();
    for output in outputs {
        value::object(output)?;
        check_fields(output, &[("txid", "string"), ("vout", "number")], false)?;
        let txid: Txid = value::hash(&output["txid"], "txid")?;
        let Ok(vout) = u32::try_from(value::int::<i32>(&output["vout"])?) else {
            return invalid("Invalid parameter, vout cannot be negative");
        };
        wanted.push((output, OutPoint::new(txid, vout)));
    }
    let mempool = call.state.mempool();
    let mut found = Vec::new();
    for (output, outpoint) in wanted {
        let mut answer = output.clone();
        match mempool.spender(&outpoint) {
            Some(entry) => {
                answer["spendingtxid"] = entry.txid.to_string().into();
                if whole {
                    answer["spendingtx"] = transaction::hex(&entry.tx).into();
                }
            }
            None if mempool_only => {}
            None => {
                return failed("Mempool lacks a relevant spend, and txospenderindex is unavailable.");
            }
        }
        found.push(answer);
    }
    Ok(found.into())
}
