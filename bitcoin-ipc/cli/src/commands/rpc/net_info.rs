//! `-netinfo`: the node's peers.
//!
//! In: what the node says of its network and its peers. Out: a table of them, in bitcoin-cli's columns, and
//! counts by network.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::Network;
use serde_json::{Value, json};

use super::caller::Caller;
use crate::failure::Failure;

const HELP: &str = "\
-netinfo [<level> [outonly]] | help

Shows the node's peers, by getpeerinfo and getnetworkinfo; for people, as it may change.

Levels, of which higher ones than 4 are 4:
  0  counts by network, and the node's own addresses
  1  also a line for each peer, without address and version
  2  also addresses
  3  also versions
  4  also both
With outonly the lines are of peers that the node connected to.

Columns:
  <->      in: the peer connected to the node; out: the node to the peer
  type     full, block (blocks only), manual, feeler, addr (to fetch addresses), priv (private broadcast)
  net      ipv4, ipv6, onion, i2p, cjdns, or npr (not publicly routable)
  serv     services, by their first letters; l: NETWORK_LIMITED, 2: P2P_V2
  v        version of the transport
  mping    shortest answer to a ping, ms
  ping     last one, ms
  send     since something was sent, s
  recv     since something came, s
  txn      since a new transaction came, min; *: none are sent to it
  blk      since a new block came, min
  hb       compact blocks at once: . wanted from it, * by it
  addrp    addresses that were taken; .: none are exchanged
  addrl    addresses that were too many
  age      of the connection, min
  asmap    network of the address (AS), with -asmap
  id       number of the peer

Examples:
  bitcoin-ipc rpc -netinfo
  bitcoin-ipc rpc -netinfo 4 outonly
  watch bitcoin-ipc rpc -netinfo 4";

/// The networks, with the names in the column of a peer.
const NETWORKS: [(&str, &str); 7] = [
    ("not_publicly_routable", "npr"),
    ("ipv4", "ipv4"),
    ("ipv6", "ipv6"),
    ("onion", "onion"),
    ("i2p", "i2p"),
    ("cjdns", "cjdns"),
    ("internal", "int"),
];

/// What to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    level: u8,
    outonly: bool,
}

impl Wanted {
    fn peers(self) -> bool {
        self.level > 0
    }

    fn addresses(self) -> bool {
        matches!(self.level, 2 | 4)
    }

    fn versions(self) -> bool {
        matches!(self.level, 3 | 4)
    }

    fn read(words: &[String]) -> Result<Wanted, Failure> {
        let wrong = |what: &str, word: &str| {
            let more = "For more information, run: bitcoin-ipc rpc -netinfo help";
            Err(Failure::plain(format!("error: invalid -netinfo {what} argument: {word}\n{more}")))
        };
        let mut wanted = Wanted::default();
        if let Some(level) = words.first() {
            match level.parse::<u8>() {
                Ok(number) => wanted.level = number.min(4),
                Err(_) => return wrong("level", level),
            }
        }
        match words.get(1).map(String::as_str) {
            None => {}
            Some("o" | "outonly") if wanted.peers() => wanted.outonly = true,
            Some(word) => return wrong("outonly", word),
        }
        Ok(wanted)
    }
}

pub(super) async fn run(caller: &Caller<'_>, network: Network, words: &[String]) -> Result<String, Failure> {
    if words.first().is_some_and(|word| word == "h" || word == "help") {
        return Ok(HELP.to_owned());
    }
    let wanted = Wanted::read(words)?;
    let peers = caller.call("getpeerinfo", json!([]), None).await??;
    let info = caller.call("getnetworkinfo", json!([]), None).await??;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    Ok(report(wanted, network, &info, &peers, i64::try_from(now).unwrap_or(i64::MAX)))
}

/// One peer, as its line shows it.
struct Peer {
    outbound: bool,
    min_ping: f64,
    /// The cells between direction and address.
    cells: Vec<String>,
    address: String,
    version: String,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// Services by their first letters.
fn letters(services: &Value) -> String {
    let letter = |name: &str| match name {
        "NETWORK_LIMITED" => 'l',
        "P2P_V2" => '2',
        name => name.chars().next().unwrap_or('u').to_ascii_lowercase(),
    };
    services.as_array().into_iter().flatten().map(|name| letter(text(name))).collect()
}

impl Peer {
    fn new(peer: &Value, now: i64, with_asmap: bool) -> Peer {
        let ping = |name: &str| match peer[name].as_f64().map(|seconds| (seconds * 1000.0).round()) {
            None => String::new(),
            Some(millis) if millis > 999_999.0 => "-".to_owned(),
            Some(millis) => format!("{millis}"),
        };
        let since = |name: &str, unit: i64| match number(&peer[name]) {
            0 => String::new(),
            time => ((now - time) / unit).to_string(),
        };
        let kind = match text(&peer["connection_type"]) {
            "outbound-full-relay" => "full",
            "block-relay-only" => "block",
            "addr-fetch" => "addr",
            "private-broadcast" => "priv",
            kind @ ("manual" | "feeler") => kind,
            _ => "",
        };
        let network = NETWORKS.iter().find(|(name, _)| *name == text(&peer["network"]));
        let transport = match text(&peer["transport_protocol_type"]) {
            "" => "1".to_owned(),
            transport => transport.strip_prefix('v').unwrap_or_default().to_owned(),
        };
        let transactions = match since("last_transaction", 60) {
            none if none.is_empty() && peer["relaytxes"].as_bool() == Some(false) => "*".to_owned(),
            minutes => minutes,
        };
        let mark = |name: &str, mark| if peer[name].as_bool() == Some(true) { mark } else { ' ' };
        let fast = format!("{}{}", mark("bip152_hb_to", '.'), mark("bip152_hb_from", '*'));
        let counted = |name: &str, none: &str| match number(&peer[name]) {
            0 => none.to_owned(),
            count => count.to_string(),
        };
        let exchanges = peer["addr_relay_enabled"].as_bool() == Some(true);
        let mut cells = vec![
            kind.to_owned(),
            network.map_or("", |(_, short)| short).to_owned(),
            letters(&peer["servicesnames"]),
            transport,
            ping("minping"),
            ping("pingtime"),
            since("lastsend", 1),
            since("lastrecv", 1),
            transactions,
            since("last_block", 60),
            fast,
            counted("addr_processed", if exchanges { "" } else { "." }),
            counted("addr_rate_limited", ""),
            since("conntime", 60),
        ];
        if with_asmap {
            cells.push(counted("mapped_as", ""));
        }
        cells.push(number(&peer["id"]).to_string());
        let version = format!("{}{}", number(&peer["version"]), text(&peer["subver"]));
        Peer {
            outbound: peer["inbound"].as_bool() == Some(false),
            min_ping: peer["minping"].as_f64().unwrap_or(-1.0),
            cells,
            address: text(&peer["addr"]).to_owned(),
            version: if version == "0" { String::new() } else { version },
        }
    }
}

fn report(wanted: Wanted, network: Network, info: &Value, peers: &Value, now: i64) -> String {
    let chain = match network {
        Network::Bitcoin => String::new(),
        Network::Testnet => " testnet".to_owned(),
        other => format!(" {other}"),
    };
    let services = match wanted.peers() {
        true => format!(" - services {}", letters(&info["localservicesnames"])),
        false => String::new(),
    };
    let mut out = format!(
        "bitcoin-ipc client v{}{chain} - server {}{}{services}\n\n",
        env!("CARGO_PKG_VERSION"),
        number(&info["protocolversion"]),
        text(&info["subversion"]),
    );
    // Peers of a network that nobody knows are not shown.
    let known = |peer: &&Value| NETWORKS.iter().any(|(name, _)| *name == text(&peer["network"]));
    let peers: Vec<&Value> = peers.as_array().into_iter().flatten().filter(known).collect();
    if wanted.peers() {
        table(&mut out, wanted, &peers, now);
    }
    counts(&mut out, info, &peers);
    if !wanted.peers() {
        let names = info["localservicesnames"].as_array().into_iter().flatten();
        let names: Vec<String> = names.map(|name| text(name).to_lowercase().replace('_', " ")).collect();
        let _ = write!(out, "\n\nLocal services: {}", names.join(", "));
    }
    addresses(&mut out, &info["localaddresses"]);
    out
}

/// A line for each peer, by direction and by how fast it answers.
fn table(out: &mut String, wanted: Wanted, peers: &[&Value], now: i64) {
    let with_asmap = peers.iter().any(|peer| number(&peer["mapped_as"]) != 0);
    let shown = peers.iter().map(|peer| Peer::new(peer, now, with_asmap));
    let mut shown: Vec<Peer> = shown.filter(|peer| peer.outbound || !wanted.outonly).collect();
    if shown.is_empty() {
        return;
    }
    shown.sort_by(|one, other| {
        one.outbound.cmp(&other.outbound).then(one.min_ping.total_cmp(&other.min_ping))
    });
    let mut heads = vec![
        "type", "net", "serv", "v", "mping", "ping", "send", "recv", "txn", "blk", "hb", "addrp", "addrl",
        "age",
    ];
    let mut units = vec!["", "", "", "", "ms", "ms", "sec", "sec", "min", "min", "", "", "", "min"];
    if with_asmap {
        heads.push("asmap");
        units.push("");
    }
    heads.push("id");
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| {
            let cells = shown.iter().filter_map(|peer| peer.cells.get(column)).map(String::len);
            cells.max().unwrap_or(0).max(heads[column].len())
        })
        .collect();
    let address_width = shown.iter().map(|peer| peer.address.len()).max().unwrap_or(0).max(7);
    let mut line = |first: &str, cells: &[&str], address: &str, version: &str| {
        let mut line = format!("{first:<3}");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, " {cell:>width$}");
        }
        if wanted.addresses() {
            let _ = write!(line, " {address:<address_width$}");
        }
        if wanted.versions() {
            let _ = write!(line, " {version}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    };
    line("<->", &heads, "address", "version");
    for peer in &shown {
        let cells: Vec<&str> = peer.cells.iter().map(String::as_str).collect();
        line(if peer.outbound { "out" } else { "in" }, &cells, &peer.address, &peer.version);
    }
    line("", &units, "", "");
    out.push('\n');
}

/// How many peers there are, by direction and network.
fn counts(out: &mut String, info: &Value, peers: &[&Value]) {
    let networks = info["networks"].as_array().into_iter().flatten();
    let reachable = networks.filter(|network| network["reachable"].as_bool() == Some(true));
    let mut columns: Vec<(&str, &str)> =
        reachable.map(|network| text(&network["name"])).map(|name| (name, name)).collect();
    // Networks that are never reachable, if there are peers of them all the same.
    let of = |name: &str| peers.iter().any(|peer| text(&peer["network"]) == name);
    columns.extend(
        NETWORKS.iter().filter(|(name, _)| matches!(*name, "not_publicly_routable" | "internal") && of(name)),
    );
    let kind = |kind: &str| peers.iter().filter(|peer| text(&peer["connection_type"]) == kind).count();
    let (block, manual) = (kind("block-relay-only"), kind("manual"));
    out.push_str("     ");
    for (_, shown) in &columns {
        let _ = write!(out, "{shown:>8}");
    }
    out.push_str("   total   block");
    if manual > 0 {
        out.push_str("  manual");
    }
    for row in ["in", "out", "total"] {
        let counted = |peer: &&&Value| match row {
            "total" => true,
            row => (peer["inbound"].as_bool() == Some(true)) == (row == "in"),
        };
        let _ = write!(out, "\n{row:<5}");
        for (name, _) in &columns {
            let count = peers.iter().filter(counted).filter(|peer| text(&peer["network"]) == *name).count();
            let _ = write!(out, "{count:>8}");
        }
        let _ = write!(out, "   {:>5}", peers.iter().filter(counted).count());
        if row == "out" {
            let _ = write!(out, "   {block:>5}");
            if manual > 0 {
                let _ = write!(out, "   {manual:>5}");
            }
        }
    }
}

/// The node's own addresses.
fn addresses(out: &mut String, addresses: &Value) {
    out.push_str("\n\nLocal addresses");
    let addresses = addresses.as_array().map(Vec::as_slice).unwrap_or_default();
    if addresses.is_empty() {
        out.push_str(": n/a\n");
    }
    let width = addresses.iter().map(|address| text(&address["address"]).len() + 1).max().unwrap_or(0);
    for address in addresses {
        let (name, port, score) =
            (text(&address["address"]), number(&address["port"]), number(&address["score"]));
        let _ = write!(out, "\n{name:<width$}    port {port:>6}    score {score:>6}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> Value {
        json!({
            "protocolversion": 70016,
            "subversion": "/Satoshi:32.0.0/",
            "localservicesnames": ["NETWORK", "WITNESS", "NETWORK_LIMITED", "P2P_V2"],
            "networks": [
                { "name": "ipv4", "reachable": true },
                { "name": "ipv6", "reachable": false },
                { "name": "onion", "reachable": true },
            ],
            "localaddresses": [{ "address": "abc.onion", "port": 8333, "score": 4 }],
        })
    }

    fn peers() -> Value {
        json!([
            {
                "id": 3, "addr": "1.2.3.4:8333", "network": "ipv4", "inbound": false, "minping": 0.0214,
                "pingtime": 1000.5, "connection_type": "manual", "version": 70016, "subver": "/Satoshi:28.0.0/",
                "servicesnames": ["NETWORK", "WITNESS"], "transport_protocol_type": "v2", "lastsend": 990,
                "lastrecv": 980, "last_transaction": 0, "relaytxes": false, "last_block": 400, "conntime": 100,
                "bip152_hb_to": true, "bip152_hb_from": true, "addr_processed": 12, "addr_relay_enabled": true,
            },
            {
                "id": 12, "addr": "127.0.0.1:50000", "network": "not_publicly_routable", "inbound": true,
                "connection_type": "inbound", "version": 0, "subver": "", "servicesnames": [], "conntime": 940,
            },
        ])
    }

    #[test]
    fn peers_are_shown_by_level() {
        let counts = "     \
\x20   ipv4   onion     npr   total   block  manual
in          0       0       1       1
out         1       0       0       1       0       1
total       1       0       1       2

Local addresses
abc.onion     port   8333    score      4";
        let shown = report(Wanted { level: 4, outonly: false }, Network::Regtest, &info(), &peers(), 1000);
        let head = format!(
            "bitcoin-ipc client v{} regtest - server 70016/Satoshi:32.0.0/ - services nwl2\n\n",
            env!("CARGO_PKG_VERSION")
        );
        let table = "\
<->   type  net serv v mping ping send recv txn blk hb addrp addrl age id address         version
in          npr      1                                     .         1 12 127.0.0.1:50000
out manual ipv4   nw 2    21    -   10   20   *  10 .*    12        15  3 1.2.3.4:8333    70016/Satoshi:28.0.0/
                          ms   ms  sec  sec min min                min

";
        assert_eq!(shown, format!("{head}{table}{counts}"));
        let shown = report(Wanted { level: 1, outonly: true }, Network::Bitcoin, &info(), &peers(), 1000);
        assert!(!shown.contains("\nin     ") || !shown.contains("127.0.0.1"), "{shown}");
        assert!(shown.contains("\nout manual ipv4   nw 2"), "{shown}");
        let shown = report(Wanted::default(), Network::Bitcoin, &info(), &json!([]), 1000);
        assert!(
            shown.contains("\n\nLocal services: network, witness, network limited, p2p v2\n\n"),
            "{shown}"
        );
        assert!(!shown.contains("<->"), "{shown}");
    }

    #[test]
    fn words_choose_a_level() {
        let read = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            Wanted::read(&words).ok()
        };
        assert_eq!(read(&[]), Some(Wanted::default()));
        assert_eq!(read(&["200", "o"]), Some(Wanted { level: 4, outonly: true }));
        assert_eq!(read(&["2", "outonly", "more"]), Some(Wanted { level: 2, outonly: true }));
        for words in [&["x"][..], &["256"], &["-1"], &["0", "o"], &["1", "in"]] {
            assert_eq!(read(words), None, "{words:?}");
        }
    }
}
