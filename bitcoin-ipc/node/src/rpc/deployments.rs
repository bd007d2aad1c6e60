//! The command `getdeploymentinfo`.
//!
//! In: a block. Out: the rules that scripts in it obey, and how far each change of the consensus rules has
//! come there: by its height where that is history, else by the signals of miners (BIP 9).

use bitcoin::Network;
use bitcoin::block::Header;
use serde_json::{Map, Value, json};

use super::command::Kind::Hex;
use super::command::{Call, Command, arg, command};
use super::error::Answer;
use super::header::broken;
use crate::chainstate::Place;
use crate::template::{self, Deployment, Status};

pub(super) const COMMANDS: &[Command] = &[command(
    "blockchain",
    "getdeploymentinfo",
    "Tells how far changes of the consensus rules have come.",
    deployment_info,
)
.args(&[arg("blockhash", Hex, "The block at which to look.").default("\"hash of current chain tip\"")])];

/// Heights from which rules hold: BIP 34, 66, 65, the relative lock times of BIP 68, 112 and 113, and
/// segregated witness.
struct Heights {
    bip34: u32,
    bip66: u32,
    bip65: u32,
    csv: u32,
    segwit: u32,
}

/// Bitcoin Core's chain parameters.
const fn heights(network: Network) -> Heights {
    match network {
        Network::Bitcoin => {
            Heights { bip34: 227_931, bip66: 363_725, bip65: 388_381, csv: 419_328, segwit: 481_824 }
        }
        Network::Testnet => {
            Heights { bip34: 21_111, bip66: 330_776, bip65: 581_885, csv: 770_112, segwit: 834_624 }
        }
        Network::Testnet4 | Network::Signet => Heights { bip34: 1, bip66: 1, bip65: 1, csv: 1, segwit: 1 },
        Network::Regtest => Heights { bip34: 1, bip66: 1, bip65: 1, csv: 1, segwit: 0 },
    }
}

/// Blocks from before a rule that break it, and the rules that they obey instead.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22", &[]),
    ("0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad", &["P2SH", "WITNESS"]),
    ("00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105", &[]),
];

fn script_flags(place: Place, network: Network) -> Vec<&'static str> {
    let hash = place.hash.to_string();
    let exception = EXCEPTIONS.iter().find(|(block, _)| *block == hash).map(|(_, flags)| *flags);
    let mut flags = exception.unwrap_or(&["P2SH", "WITNESS", "TAPROOT"]).to_vec();
    let heights = heights(network);
    for (name, from) in [
        ("DERSIG", heights.bip66),
        ("CHECKLOCKTIMEVERIFY", heights.bip65),
        ("CHECKSEQUENCEVERIFY", heights.csv),
        ("NULLDUMMY", heights.segwit),
    ] {
        if place.height >= from {
            flags.push(name);
        }
    }
    flags.sort_unstable();
    flags
}

/// Which of so many blocks up to this one signal, the first one first.
fn signals(call: &Call<'_>, deployment: &Deployment, last: Place, count: u32) -> Answer<Vec<bool>> {
    let heights = last.height + 1 - count..=last.height;
    heights.map(|height| Ok(deployment.is_signal(header_below(call, last, height)?.version))).collect()
}

fn header_below(call: &Call<'_>, last: Place, height: u32) -> Answer<Header> {
    match call.state.chain().ancestor(last.hash, height) {
        Some(hash) => call.header(hash),
        None => broken("a block has no ancestors"),
    }
}

/// How far a change has come in the block above another one.
pub(super) fn status_above(call: &Call<'_>, deployment: &Deployment, last: Place) -> Answer<Status> {
    Ok(deployment.status(last.height + 1, |height| header_below(call, last, height))?.0)
}

fn signalled(call: &Call<'_>, deployment: &Deployment, place: Place) -> Answer {
    let (current, since) = deployment.status(place.height, |height| header_below(call, place, height))?;
    let next = status_above(call, deployment, place)?;
    let mut object = Map::new();
    let mut bip9 = Map::new();
    let mut put = |name: &str, value: Value| bip9.insert(name.to_owned(), value);
    if current.is_signalled() {
        put("bit", deployment.bit.into());
    }
    put("start_time", 0.into());
    put("timeout", i64::MAX.into());
    put("min_activation_height", 0.into());
    put("status", current.name().into());
    put("since", since.into());
    put("status_next", next.name().into());
    if current.is_signalled() {
        let (period, threshold) = (deployment.period, deployment.threshold);
        let elapsed = place.height % period + 1;
        let signals = signals(call, deployment, place, elapsed)?;
        let count = signals.iter().map(|signal| u32::from(*signal)).sum::<u32>();
        let mut statistics = json!({ "period": period, "elapsed": elapsed, "count": count });
        if current == Status::Started {
            statistics["threshold"] = threshold.into();
            statistics["possible"] = (period - threshold >= elapsed - count).into();
        }
        put("statistics", statistics);
        let letters: String = signals.iter().map(|signal| if *signal { '#' } else { '-' }).collect();
        put("signalling", letters.into());
    }
    object.insert("type".to_owned(), "bip9".into());
    let active_since = match (current, next) {
        (Status::Active, _) => Some(since),
        (_, Status::Active) => Some(place.height + 1),
        _ => None,
    };
    if let Some(height) = active_since {
        object.insert("height".to_owned(), height.into());
    }
    object.insert("active".to_owned(), active_since.is_some().into());
    object.insert("bip9".to_owned(), bip9.into());
    Ok(object.into())
}

fn deployment_info(call: &Call<'_>) -> Answer {
    let place = match call.get(0) {
        None => call.state.tip(),
        Some(_) => call.place(call.hash(0, "blockhash")?)?,
    };
    let network = call.state.network();
    let heights = heights(network);
    let mut rows = Map::new();
    for (name, height) in [
        ("bip34", heights.bip34),
        ("bip66", heights.bip66),
        ("bip65", heights.bip65),
        ("csv", heights.csv),
        ("segwit", heights.segwit),
    ] {
        let row = json!({ "type": "buried", "active": place.height + 1 >= height, "height": height });
        rows.insert(name.to_owned(), row);
    }
    for deployment in template::deployments(network) {
        rows.insert(deployment.name.to_owned(), signalled(call, deployment, place)?);
    }
    Ok(json!({
        "hash": place.hash.to_string(),
        "height": place.height,
        "script_flags": script_flags(place, network),
        "deployments": rows,
    }))
}
