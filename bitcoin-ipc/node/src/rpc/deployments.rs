//! The command `getdeploymentinfo`.
//!
//! In: a block. Out: the rules that scripts in it obey, and how far each change of the consensus rules has
//! come there: by its height where that is history, else by the signals of miners (BIP 9).

use bitcoin::{BlockHash, Network};
use serde_json::{Map, Value, json};

use super::command::Kind::Hex;
use super::command::{Call, Command, arg, command};
use super::error::Answer;
use super::header::broken;
use crate::chainstate::Place;

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

/// A change that miners signal for: Bitcoin Core's `testdummy` on regtest, which changes nothing and on
/// other networks never begins. It begins with the second period, has no
/// end of its time, and waits for no height.
struct Signalled;

impl Signalled {
    const NAME: &str = "testdummy";
    const BIT: u8 = 28;
    const PERIOD: u32 = 144;
    const THRESHOLD: u32 = 108;
    const START_TIME: u32 = 0;
    const TIMEOUT: i64 = i64::MAX;
    const MIN_ACTIVATION_HEIGHT: u32 = 0;

    fn is_signal(version: i32) -> bool {
        let version = version.cast_unsigned();
        version >> 29 == 0b001 && version >> Self::BIT & 1 == 1
    }
}

/// A change's state by BIP 9.
#[derive(Clone, Copy, PartialEq)]
enum Status {
    Defined,
    Started,
    LockedIn,
    Active,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Defined => "defined",
            Status::Started => "started",
            Status::LockedIn => "locked_in",
            Status::Active => "active",
        }
    }
}

/// Which of so many blocks up to this one signal, the first one first.
fn signals(call: &Call<'_>, last: BlockHash, count: u32) -> Answer<Vec<bool>> {
    let mut hash = last;
    let mut signals = Vec::new();
    for _ in 0..count {
        let header = call.header(hash)?;
        signals.push(Signalled::is_signal(header.version.to_consensus()));
        hash = header.prev_blockhash;
    }
    signals.reverse();
    Ok(signals)
}

fn signal_count(signals: &[bool]) -> u32 {
    u32::try_from(signals.iter().filter(|signal| **signal).count()).unwrap_or(u32::MAX)
}

/// The state of blocks at a height of the branch of `last`, which is its parent or a later block, and the
/// height of the first block with it.
fn status(call: &Call<'_>, last: BlockHash, height: u32) -> Answer<(Status, u32)> {
    let (mut status, mut since) = (Status::Defined, 0);
    for start in (1..=height / Signalled::PERIOD).map(|number| number * Signalled::PERIOD) {
        let Some(end) = call.state.chain().ancestor(last, start - 1) else {
            return broken("a block has no ancestors");
        };
        let next = match status {
            Status::Defined => Status::Started,
            Status::Started
                if signal_count(&signals(call, end, Signalled::PERIOD)?) >= Signalled::THRESHOLD =>
            {
                Status::LockedIn
            }
            Status::LockedIn => Status::Active,
            other => other,
        };
        if next != status {
            (status, since) = (next, start);
        }
    }
    Ok((status, since))
}

fn signalled(call: &Call<'_>, place: Place) -> Answer {
    let (current, since) = status(call, place.hash, place.height)?;
    let (next, _) = status(call, place.hash, place.height + 1)?;
    let mut object = Map::new();
    let mut bip9 = Map::new();
    let mut put = |name: &str, value: Value| bip9.insert(name.to_owned(), value);
    let signalling = matches!(current, Status::Started | Status::LockedIn);
    if signalling {
        put("bit", Signalled::BIT.into());
    }
    put("start_time", Signalled::START_TIME.into());
    put("timeout", Signalled::TIMEOUT.into());
    put("min_activation_height", Signalled::MIN_ACTIVATION_HEIGHT.into());
    put("status", current.name().into());
    put("since", since.into());
    put("status_next", next.name().into());
    if signalling {
        let elapsed = place.height % Signalled::PERIOD + 1;
        let signals = signals(call, place.hash, elapsed)?;
        let count = signal_count(&signals);
        let mut statistics = json!({ "period": Signalled::PERIOD, "elapsed": elapsed, "count": count });
        if current == Status::Started {
            statistics["threshold"] = Signalled::THRESHOLD.into();
            statistics["possible"] = (Signalled::PERIOD - Signalled::THRESHOLD >= elapsed - count).into();
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
    let mut deployments = Map::new();
    for (name, height) in [
        ("bip34", heights.bip34),
        ("bip66", heights.bip66),
        ("bip65", heights.bip65),
        ("csv", heights.csv),
        ("segwit", heights.segwit),
    ] {
        let row = json!({ "type": "buried", "active": place.height + 1 >= height, "height": height });
        deployments.insert(name.to_owned(), row);
    }
    if network == Network::Regtest {
        deployments.insert(Signalled::NAME.to_owned(), signalled(call, place)?);
    }
    Ok(json!({
        "hash": place.hash.to_string(),
        "height": place.height,
        "script_flags": script_flags(place, network),
        "deployments": deployments,
    }))
}
