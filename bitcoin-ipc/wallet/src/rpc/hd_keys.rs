//! Commands about extended keys (BIP 32), and about descriptors that are made of them.
//!
//! In: keys, paths, kinds of addresses. Out: the wallet's keys, derived keys, new descriptors.

use bitcoin::NetworkKind;
use bitcoin::bip32::{ChildNumber, DerivationPath, Xpriv, Xpub};
use bitcoin_rpc::Kind::{Object, Text};
use bitcoin_rpc::error::{invalid, unknown};
use bitcoin_rpc::{Answer, arg, value};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::command::{Call, Command, command, ensure_unlocked, output_type, refused};
use super::describe::path;
use super::funding::options;
use crate::keys::{SECP, fresh_key};
use crate::wallet::{Wallet, Which};

pub(super) const COMMANDS: &[Command] = &[
    command("gethdkeys", "Gives the extended keys of the wallet's descriptors.", list).args(&[arg(
        "options",
        Object,
        "Which ones, and whether with private keys.",
    )
    .optional()
    .shape("{\"active_only\":bool,\"private\":bool,...}")
    .fields(&["active_only", "private"])]),
    command("addhdkey", "Adds an extended private key, for createwalletdescriptor and derivehdkey.", add)
        .args(&[arg("hdkey", Text, "The key.").default("a new one")]),
    command("derivehdkey", "Derives a key of the wallet at a path.", derive).args(&[
        arg("path", Text, "The path, with at least one hardened step."),
        arg("options", Object, "Which key it begins with, and whether to show the private key.")
            .optional()
            .shape("{\"private\":bool,\"hdkey\":\"str\",...}")
            .fields(&["private", "hdkey"]),
    ]),
    command("createwalletdescriptor", "Adds the descriptors of a kind of addresses.", create).args(&[
        arg("type", Text, "\"legacy\", \"p2sh-segwit\", \"bech32\" or \"bech32m\"."),
        arg("options", Object, "Which of both to add, and of which key.")
            .optional()
            .shape("{\"internal\":bool,\"hdkey\":\"str\",...}")
            .fields(&["internal", "hdkey"]),
    ]),
];

/// An option that is not null.
fn given<'a>(options: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    options.get(name).filter(|value| !value.is_null())
}

fn flag(options: &Map<String, Value>, name: &str) -> Answer<bool> {
    options.get(name).map_or(Ok(false), value::flag)
}

/// The text of an extended private key, which is wiped. The answer's copy is not.
fn told(mut xprv: Xpriv) -> Value {
    let text = Zeroizing::new(xprv.to_string());
    xprv.private_key.non_secure_erase();
    text.as_str().into()
}

/// An extended public key of the network.
fn xpub(given: &Value, network: NetworkKind) -> Answer<Xpub> {
    let parsed = value::text(given)?.parse::<Xpub>().ok().filter(|xpub| xpub.network == network);
    parsed.map_or_else(|| unknown("Unable to parse HD key. Please provide a valid xpub"), Ok)
}

/// The extended private key of a public one, which the wallet has to have.
fn xprv(wallet: &Wallet, xpub: &Xpub) -> Answer<Xpriv> {
    wallet.xprv(xpub)?.map_or_else(|| unknown(format!("Private key for {xpub} is not known")), Ok)
}

fn list(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let options = options(call, 0)?;
    let (active, private) = (flag(&options, "active_only")?, flag(&options, "private")?);
    if private {
        ensure_unlocked(&wallet)?;
    }
    let mut list = Vec::new();
    for key in wallet.key_uses(if active { Which::Active } else { Which::All })? {
        let mut object = Map::new();
        object.insert("xpub".into(), key.xpub.to_string().into());
        object.insert("has_private".into(), key.private.into());
        if private && key.private {
            object.insert("xprv".into(), told(xprv(&wallet, &key.xpub)?));
        }
        let mut users = key.descriptors;
        users.sort_unstable();
        let users = users.into_iter().map(|(desc, active)| json!({ "desc": desc, "active": active }));
        object.insert("descriptors".into(), users.collect());
        list.push(object.into());
    }
    Ok(Value::Array(list))
}

fn add(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    if wallet.private_keys_disabled()? {
        return refused("addhdkey is not available for wallets without private keys");
    }
    ensure_unlocked(&wallet)?;
    let network = wallet.network().into();
    let key = match call.get(0) {
        None => fresh_key(network)?,
        Some(given) => {
            let text = value::text(given)?;
            match text.parse::<Xpriv>().ok().filter(|key| key.network == network) {
                Some(key) => key,
                None if xpub(given, network).is_ok() => {
                    return unknown(
                        "Extended public key (xpub) provided, but extended private key (xprv) is required",
                    );
                }
                None => return unknown("Could not parse HD key"),
            }
        }
    };
    Ok(json!({ "xpub": wallet.add_hd_key(key)?.to_string() }))
}

/// The steps of a path, as Bitcoin Core's `ParseHDKeypath` reads them.
fn steps(text: &str) -> Option<Vec<ChildNumber>> {
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    // The start need not be written.
    let text = if first == "m" { rest } else { text };
    let parts = text.strip_suffix('/').unwrap_or(text).split('/').filter(|_| !text.is_empty());
    let steps = parts.map(|part| {
        let number = part.strip_suffix(['h', '\'']).unwrap_or(part);
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| digits)?;
        let hardened = part.ends_with(['h', '\'']);
        let step = if hardened { ChildNumber::from_hardened_idx } else { ChildNumber::from_normal_idx };
        step(number).ok()
    });
    steps.collect()
}

/// The key that a wallet derives from: the one that is asked for, or the only unused one, or the only active one.
fn beginning(wallet: &Wallet, asked: Option<Xpub>) -> Answer<Xpub> {
    let unused = wallet.key_uses(Which::Unused)?;
    let active = wallet.key_uses(Which::Active)?;
    let same =
        |one: &Xpub, other: &Xpub| (one.public_key, one.chain_code) == (other.public_key, other.chain_code);
    if let Some(asked) = asked {
        if !unused.iter().chain(&active).any(|key| same(&key.xpub, &asked)) {
            return unknown("HD key is not used by an active or unused(KEY) descriptor");
        }
        return Ok(asked);
    }
    match (&unused[..], &active[..]) {
        ([one], _) | ([], [one]) => Ok(one.xpub),
        ([], []) => unknown("No active or unused(KEY) descriptor found"),
        ([], _) => unknown(
            "Unable to determine which HD key to use from active descriptors. Please specify with 'hdkey'",
        ),
        _ => unknown("Unable to determine which HD key to use. Please specify with 'hdkey'"),
    }
}

fn derive(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    if wallet.private_keys_disabled()? {
        return refused("derivehdkey is not available for watch-only wallets");
    }
    let Some(steps) = steps(call.text(0)?) else { return invalid("Invalid BIP32 keypath") };
    let options = options(call, 1)?;
    let private = flag(&options, "private")?;
    if !steps.iter().any(ChildNumber::is_hardened) {
        return invalid("Derivation path requires at least one hardened step");
    }
    ensure_unlocked(&wallet)?;
    let asked = given(&options, "hdkey").map(|key| xpub(key, wallet.network().into())).transpose()?;
    let beginning = beginning(&wallet, asked)?;
    let mut master = xprv(&wallet, &beginning)?;
    let steps = DerivationPath::from(steps);
    let derived = master.derive_priv(&*SECP, &steps);
    master.private_key.non_secure_erase();
    let Ok(mut derived) = derived else { return invalid("Unable to derive HD key at the requested path") };
    let mut object = Map::new();
    object.insert("origin".into(), format!("[{}/{}]", beginning.fingerprint(), path(&steps)).into());
    object.insert("xpub".into(), Xpub::from_priv(&SECP, &derived).to_string().into());
    if private {
        object.insert("xprv".into(), told(derived));
    }
    derived.private_key.non_secure_erase();
    Ok(object.into())
}

fn create(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let kind = output_type(call.text(0)?, "address")?;
    let options = options(call, 1)?;
    let internals = match given(&options, "internal") {
        None => vec![false, true],
        Some(internal) => vec![value::flag(internal)?],
    };
    ensure_unlocked(&wallet)?;
    let mut key = key_for(&wallet, given(&options, "hdkey"))?;
    let made = wallet.create_descriptors(&key, kind, &internals);
    key.private_key.non_secure_erase();
    let made = made?;
    if made.is_empty() {
        return refused("Descriptor already exists");
    }
    Ok(json!({ "descs": made }))
}

/// The private key that is asked for, or that of all active descriptors.
fn key_for(wallet: &Wallet, asked: Option<&Value>) -> Answer<Xpriv> {
    let key = match asked {
        Some(asked) => xpub(asked, wallet.network().into())?,
        None => match &wallet.key_uses(Which::Active)?[..] {
            [one] => one.xpub,
            _ => {
                return unknown(
                    "Unable to determine which HD key to use from active descriptors. Please specify with 'hdkey'",
                );
            }
        },
    };
    xprv(wallet, &key)
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn paths_are_read_as_bitcoin_core_does() {
        let read = |text: &str| steps(text).map(|steps| steps.into_iter().map(u32::from).collect::<Vec<_>>());
        const HARD: u32 = 1 << 31;
        assert_eq!(read("m/87h/0'/5"), Some(vec![HARD + 87, HARD, 5]));
        assert_eq!(read("87h/1/"), Some(vec![HARD + 87, 1]));
        for empty in ["", "m", "m/"] {
            assert_eq!(read(empty), Some(Vec::new()), "{empty}");
        }
        for wrong in [
            "/",
            "/1",
            "m//1",
            "1/m",
            "m/m",
            "m/-1",
            "m/+1",
            "m/h",
            "m/2147483648",
            "m/2147483648h",
            "x",
            "m/1hh",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
