//! `-getinfo`: the node, its chain and the wallet at a glance.
//!
//! In: the answers of a few methods. Out: lines for people.

use std::fmt::Write as _;
use std::io::IsTerminal;

use serde_json::{Map, Value, json};

use super::caller::Caller;
use crate::failure::Failure;

/// What the methods answered.
pub(super) struct GetInfo {
    network: Value,
    chain: Value,
    wallet: Option<Value>,
    balance: Option<Value>,
    /// Of all wallets, if there are several and none was named.
    balances: Option<Map<String, Value>>,
}

impl GetInfo {
    pub(super) async fn ask(
        caller: &Caller<'_>,
        wallet: Option<&str>,
        words: &[String],
    ) -> Result<GetInfo, Failure> {
        if !words.is_empty() {
            return Err(Failure::plain("error: -getinfo takes no arguments"));
        }
        let ask = async |method: &str, wallet| caller.call(method, json!([]), wallet).await;
        let network = ask("getnetworkinfo", wallet).await??;
        let chain = ask("getblockchaininfo", wallet).await??;
        // There need not be a wallet.
        let of_wallet = ask("getwalletinfo", wallet).await?.ok();
        let balance = ask("getbalances", wallet).await?.ok().map(|all| all["mine"]["trusted"].clone());
        let mut balances = None;
        if wallet.is_none()
            && let Ok(Value::Array(names)) = ask("listwallets", None).await?
            && names.len() > 1
        {
            let mut all = Map::new();
            for name in names.iter().filter_map(Value::as_str) {
                let found = ask("getbalances", Some(name)).await?.unwrap_or_default();
                all.insert(name.to_owned(), found["mine"]["trusted"].clone());
            }
            balances = Some(all);
        }
        Ok(GetInfo { network, chain, wallet: of_wallet, balance, balances })
    }

    /// One object, for scripts.
    pub(super) fn json(&self) -> Value {
        let GetInfo { network, chain, wallet, balance, balances } = self;
        json!({
            "version": network["version"],
            "chain": chain["chain"],
            "blocks": chain["blocks"],
            "headers": chain["headers"],
            "verificationprogress": chain["verificationprogress"],
            "difficulty": chain["difficulty"],
            "timeoffset": network["timeoffset"],
            "connections": {
                "in": network["connections_in"],
                "out": network["connections_out"],
                "total": network["connections"],
            },
            "relayfee": network["relayfee"],
            "wallet": wallet.as_ref().map(|wallet| json!({
                "walletname": wallet["walletname"],
                "keypoolsize": wallet["keypoolsize"],
                "unlocked_until": wallet["unlocked_until"],
            })),
            "balance": balance,
            "balances": balances,
            "warnings": network["warnings"],
        })
    }

    /// Lines for people, in colours if they are wanted.
    pub(super) fn human(&self, color: &str) -> Result<String, Failure> {
        let colored = match color {
            "always" => true,
            "never" => false,
            "auto" => std::io::stdout().is_terminal(),
            _ => {
                return Err(Failure::plain(
                    "error: Invalid value for -color option. Valid values: always, auto, never.",
                ));
            }
        };
        if colored {
            // They are not to be taken away on the way.
            anstream::ColorChoice::Always.write_global();
        }
        let paint = |code: u8, text: &str| {
            if colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
        };
        let GetInfo { network, chain, wallet, balance, balances } = self;
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        line(paint(34, &format!("Chain: {}", bare(&chain["chain"]))));
        line(format!("Blocks: {}", bare(&chain["blocks"])));
        line(format!("Headers: {}", bare(&chain["headers"])));
        let progress = chain["verificationprogress"].as_f64().unwrap_or_default();
        line(format!("Verification progress: {}{:.4}%", bar(progress), progress * 100.0));
        line(format!("Difficulty: {}\n", bare(&chain["difficulty"])));
        let peers = ["connections_in", "connections_out", "connections"].map(|name| bare(&network[name]));
        line(paint(32, &format!("Network: in {}, out {}, total {}", peers[0], peers[1], peers[2])));
        line(format!("Version: {}", bare(&network["version"])));
        line(format!("Time offset (s): {}", bare(&network["timeoffset"])));
        line(format!("Proxies: {}", proxies(&network["networks"])));
        line(format!("Min tx relay fee rate (BTC/kvB): {}\n", bare(&network["relayfee"])));
        if let Some(wallet) = wallet {
            line(paint(35, &format!("Wallet: {}", name(&bare(&wallet["walletname"])))));
            line(format!("Keypool size: {}", bare(&wallet["keypoolsize"])));
            if !wallet["unlocked_until"].is_null() {
                line(format!("Unlocked until: {}", bare(&wallet["unlocked_until"])));
            }
        }
        if let Some(balance) = balance {
            line(format!("{} {}\n", paint(36, "Balance:"), bare(balance)));
        }
        if let Some(balances) = balances {
            line(paint(36, "Balances"));
            let width = balances.values().map(|balance| bare(balance).len()).max().unwrap_or(0).max(10);
            for (wallet, balance) in balances {
                line(format!("{:>width$} {}", bare(balance), name(wallet)));
            }
            line(String::new());
        }
        let warnings = match &network["warnings"] {
            Value::Array(warnings) => warnings.iter().map(bare).collect::<Vec<_>>().join("; "),
            warnings => bare(warnings),
        };
        let warnings = if warnings.is_empty() { "(none)" } else { &warnings };
        let _ = write!(out, "{} {warnings}", paint(33, "Warnings:"));
        Ok(out)
    }
}

/// A value without quotes.
fn bare(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A wallet's name; the empty one has to be seen too.
fn name(name: &str) -> &str {
    if name.is_empty() { "\"\"" } else { name }
}

/// How far the chain is verified, in steps of a twentieth, and nothing where it is nearly done.
fn bar(progress: f64) -> String {
    if !(0.0..0.99).contains(&progress) {
        return String::new();
    }
    let done = (progress * 20.0).ceil() as usize;
    let left = ((1.0 - progress) * 20.0).ceil() as usize;
    format!("{}{} ", "\u{2592}".repeat(done), "\u{2591}".repeat(left))
}

/// Each proxy with the networks that are reached through it.
fn proxies(networks: &Value) -> String {
    let mut proxies: Vec<(String, Vec<String>)> = Vec::new();
    for network in networks.as_array().into_iter().flatten() {
        let (proxy, name) = (bare(&network["proxy"]), bare(&network["name"]));
        match proxies.iter_mut().find(|(known, _)| *known == proxy) {
            _ if proxy.is_empty() => {}
            Some((_, names)) => names.push(name),
            None => proxies.push((proxy, vec![name])),
        }
    }
    if proxies.is_empty() {
        return "n/a".to_owned();
    }
    let shown = proxies.iter().map(|(proxy, names)| format!("{proxy} ({})", names.join(", ")));
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_proxies() {
        assert_eq!(bar(0.999), "");
        assert_eq!(bar(0.5).chars().filter(|&part| part == '\u{2592}').count(), 10);
        assert_eq!(bar(0.0).chars().filter(|&part| part == '\u{2591}').count(), 20);
        let networks = json!([
            { "name": "ipv4", "proxy": "" },
            { "name": "onion", "proxy": "127.0.0.1:9050" },
            { "name": "i2p", "proxy": "127.0.0.1:7656" },
            { "name": "ipv6", "proxy": "127.0.0.1:9050" },
        ]);
        assert_eq!(proxies(&networks), "127.0.0.1:9050 (onion, ipv6), 127.0.0.1:7656 (i2p)");
        assert_eq!(proxies(&json!([])), "n/a");
    }
}
