//! The tables of options, as a program with all of them reads and shows them.
//!
//! In: command lines, and a `bitcoin.conf` as users of Bitcoin Core have it. Out: settings, warnings,
//! help.

use std::fs;

use bitcoin::Amount;
use bitcoin_init::Result;
use bitcoin_init::arguments::{
    Invocation, LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS, WALLET_OPTIONS, parse,
};
use bitcoin_init::config::Settings;
use bitcoin_ipc::types::WireFeeRate;

const TABLES: [&[bitcoin_init::arguments::OptionInfo]; 5] =
    [SHARED_OPTIONS, NETWORK_OPTIONS, LOG_OPTIONS, NODE_OPTIONS, WALLET_OPTIONS];

fn program() -> Program {
    TABLES.into_iter().fold(Program::new("bitcoind", "1", "A node."), Program::options)
}

fn load(conf: &str, args: &[&str]) -> Result<Settings> {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("bitcoin.conf"), conf).expect("a file");
    let datadir = format!("-datadir={}", dir.path().display());
    let args = ["bitcoind", &datadir].into_iter().chain(args.iter().copied());
    match parse(&program(), args)? {
        Invocation::Run(arguments) => Settings::load(&program(), arguments),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bitcoin_conf_of_a_full_node_is_read() {
    let conf = "\
server=1
listen=1
rpcuser=alice
rpcpassword=secret
rpcauth=alice:1$2
dbcache=4000
txindex=1
maxmempool=50
minrelaytxfee=0.00001
fallbackfee=0.0002
[regtest]
rpcport=18443
wallet=one
wallet=two
";
    let settings = load(conf, &["-regtest", "-maxmempool=60"]).expect("good settings");
    let unknown = ["server", "listen", "rpcuser", "rpcpassword", "rpcauth", "dbcache", "rpcport"];
    assert_eq!(settings.warnings().len(), unknown.len(), "{:?}", settings.warnings());
    for (warning, name) in settings.warnings().iter().zip(unknown) {
        assert!(warning.ends_with(&format!(": unknown option {name} is ignored")), "{warning}");
    }
    assert!(settings.bool("txindex", false));
    assert_eq!(settings.int("maxmempool", 300), Ok(60));
    let none = WireFeeRate::default();
    assert_eq!(settings.fee_rate("minrelaytxfee", none), Ok(WireFeeRate::from_sat_per_kvb(1000)));
    assert_eq!(settings.amount("fallbackfee", Amount::ZERO), Ok(Amount::from_sat(20_000)));
    assert_eq!(settings.list("wallet"), ["one", "two"]);
    for name in unknown {
        let error = load("", &[&format!("-{name}=1")]).expect_err("unknown");
        assert!(error.text().starts_with(&format!("unknown option -{name}")), "{error}");
    }
    let error = load("\nmaxtxfee=0,1", &[]).expect_err("no amount");
    assert!(
        error.text().ends_with("bitcoin.conf:2: Invalid amount for -maxtxfee=<amount>: '0,1'"),
        "{error}"
    );
}

#[test]
fn every_option_is_in_one_table_and_has_help() {
    let names: Vec<&str> = TABLES.into_iter().flatten().map(|option| option.name()).collect();
    let program = program();
    let Ok(Invocation::Print(all)) = parse(&program, ["bitcoind", "-help-debug"]) else { panic!("no text") };
    let shown: Vec<(usize, &str)> =
        all.lines().enumerate().filter_map(|(at, line)| Some((at, line.strip_prefix("  -")?))).collect();
    let lines: Vec<&str> = all.lines().collect();
    for name in &names {
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
        let at = shown.iter().find(|(_, shown)| shown.split('=').next() == Some(name));
        match at {
            Some((at, _)) => assert!(lines[at + 1].starts_with("       "), "{name} has no help"),
            None => assert!(
                ["h", "?", "limitancestorsize", "limitdescendantsize"].contains(name),
                "{name} is not shown"
            ),
        }
    }
    let plain = program.help_text();
    for name in ["mocktime", "acceptnonstdtxn", "limitclustercount", "blockmaxweight"] {
        assert!(all.contains(&format!("  -{name}")) && !plain.contains(&format!("  -{name}")), "{name}");
    }
}
