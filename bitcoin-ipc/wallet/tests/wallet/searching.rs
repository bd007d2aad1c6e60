//! Searches of the chain that end before their time: aborted, killed, or for want of a block.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bitcoin::{Network, ScriptBuf};
use bitcoin_ipc::types::{OutputType, Secret};
use bitcoin_wallet::{DescriptorImport, Loader, Options, ScanResult, WalletHandle, flag};
use tempfile::TempDir;

use crate::chain::{Asked, elsewhere};
use crate::{Setup, WATCH, balance, btc, node, script, send};

/// A key that no wallet has.
const KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const COIN: i64 = 100_000_000;
const HEIGHT: usize = 770;

/// A chain of 770 blocks, of which numbers 10 and 650 pay a descriptor, and a wallet that only watches, without it.
fn with_old_coins() -> (Setup, WalletHandle, DescriptorImport) {
    let setup = Setup::new();
    let hot = setup.wallet("hot");
    let (one, other) = (script(&hot, OutputType::Bech32), script(&hot, OutputType::Bech32));
    let all = hot.descriptors().unwrap();
    let found = all.iter().find(|found| found.kind == OutputType::Bech32 && !found.internal).unwrap();
    hot.unload().unwrap();
    setup.chain.mine(9, &elsewhere());
    setup.chain.mine(1, &one);
    setup.chain.mine(639, &elsewhere());
    setup.chain.mine(1, &other);
    setup.chain.mine(HEIGHT - 650, &elsewhere());
    let import = DescriptorImport {
        descriptor: found.descriptor.clone().into(),
        active: false,
        internal: false,
        timestamp: 1,
        range: Some((0, 19)),
        next_index: None,
        label: None,
    };
    let cold = setup.loader.create("cold", &Secret::default(), flag::DISABLE_PRIVATE_KEYS).unwrap();
    (setup, cold, import)
}

/// Calls something once, when the chain is searched from this height on.
fn once(setup: &Setup, from: usize, act: impl Fn() + Send + Sync + 'static) {
    let done = AtomicBool::new(false);
    setup.chain.set_hook(move |asked| {
        let there = matches!(asked, Asked::Block(height) if height >= from);
        if there && !done.swap(true, Ordering::SeqCst) {
            act();
        }
    });
}

fn abort_at(setup: &Setup, from: usize, wallet: &WalletHandle) {
    let wallet = wallet.clone();
    once(setup, from, move || assert!(wallet.abort_rescan()));
}

/// A loader on a copy of the wallets' files, as they were at a moment: what a process leaves that is killed then.
fn copy(from: &Path, to: &Path) {
    for name in std::fs::read_dir(from).unwrap() {
        let name = name.unwrap().file_name();
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

fn loader_at(folder: &TempDir, setup: &Setup) -> Loader {
    let options = Options::new(folder.path().to_owned(), Network::Regtest);
    Loader::new(Options { keypool: 20, watch: WATCH, ..options }, node(&setup.chain))
}

#[test]
fn an_import_whose_search_is_aborted_says_so_and_goes_on_after_a_restart() {
    for filters in [false, true] {
        let (mut setup, cold, import) = with_old_coins();
        setup.chain.set_filters(filters);
        abort_at(&setup, 250, &cold);
        assert_eq!(cold.import_descriptors(&[import]).unwrap_err().to_string(), "Rescan aborted by user.");
        // The second coin is not found in any way of searching; the first one is.
        let found = balance(&cold);
        assert!(found <= 50 * COIN, "{found}");
        let warnings = cold.warnings().unwrap();
        assert!(warnings.len() == 1 && warnings[0].contains("still to be searched"), "{warnings:?}");
        setup.chain.mine(3, &elsewhere());
        assert_eq!(balance(&cold), found);
        drop(cold);
        setup.restart();
        let cold = setup.loader.load("cold").unwrap();
        assert_eq!(balance(&cold), 100 * COIN);
        assert_eq!(cold.warnings().unwrap(), Vec::<String>::new());
        assert_eq!(cold.tip().unwrap().0 as usize, HEIGHT + 3);
        // Once more, and nothing is searched.
        drop(cold);
        setup.restart();
        setup.chain.set_hook(|asked| assert!(!matches!(asked, Asked::Block(_)), "{asked:?}"));
        assert_eq!(balance(&setup.loader.load("cold").unwrap()), 100 * COIN);
    }
}

#[test]
fn an_import_that_was_killed_goes_on() {
    let (setup, _cold, import) = with_old_coins();
    // Before the first block was searched, and in the middle.
    for (from, name) in [(1, "first"), (250, "middle")] {
        let left = Arc::new(tempfile::tempdir().unwrap());
        let (wallets, target) = (setup.folder.path().join("wallets"), left.clone());
        let new = setup.loader.create(name, &Secret::default(), flag::DISABLE_PRIVATE_KEYS).unwrap();
        once(&setup, from, move || copy(&wallets, target.path()));
        new.import_descriptors(std::slice::from_ref(&import)).unwrap().remove(0).result.unwrap();
        setup.chain.set_hook(|_| {});
        let again = loader_at(&left, &setup);
        assert_eq!(balance(&again.load(name).unwrap()), 100 * COIN, "{from}");
    }
}

#[test]
fn a_search_of_some_blocks_leaves_owed_what_was() {
    let (mut setup, cold, import) = with_old_coins();
    abort_at(&setup, 1, &cold);
    cold.import_descriptors(&[import]).unwrap_err();
    assert_eq!(cold.rescan(600, Some(610)).unwrap(), ScanResult::Done(610));
    assert_eq!(cold.rescan(615, None).unwrap(), ScanResult::Done(HEIGHT as i32));
    assert_eq!(cold.warnings().unwrap().len(), 1);
    drop(cold);
    setup.restart();
    let cold = setup.loader.load("cold").unwrap();
    assert_eq!(balance(&cold), 100 * COIN);
    // A search of all does away with it, too.
    abort_at(&setup, 250, &cold);
    assert!(matches!(cold.rescan(0, None).unwrap(), ScanResult::Aborted(_)));
    assert_eq!(cold.warnings().unwrap().len(), 1);
    assert_eq!(cold.rescan(0, None).unwrap(), ScanResult::Done(HEIGHT as i32));
    assert_eq!(cold.warnings().unwrap(), Vec::<String>::new());
}

#[test]
fn a_catch_up_that_is_aborted_is_an_error() {
    let (mut setup, cold, import) = with_old_coins();
    cold.import_descriptors(&[import]).unwrap().remove(0).result.unwrap();
    drop(cold);
    setup.restart();
    setup.chain.mine(HEIGHT, &elsewhere());
    let loader = setup.loader.clone();
    once(&setup, HEIGHT + 250, move || assert!(loader.wallet("cold").unwrap().abort_rescan()));
    let error = setup.loader.load("cold").unwrap_err().to_string();
    assert_eq!(error, "Wallet loading failed. Failed to rescan the wallet during initialization");
    assert!(setup.loader.wallet("cold").is_none());
    assert_eq!(setup.loader.load("cold").unwrap().tip().unwrap().0 as usize, 2 * HEIGHT);
}

#[test]
fn an_import_and_a_search_see_the_mempool() {
    let setup = Setup::new();
    let (rich, hot) = (setup.rich("rich"), setup.wallet("hot"));
    let all = hot.descriptors().unwrap();
    let found = all.iter().find(|found| found.kind == OutputType::Bech32 && !found.internal).unwrap();
    let address = script(&hot, OutputType::Bech32);
    hot.unload().unwrap();
    send(&rich, &address, btc(2));
    let cold = setup.loader.create("cold", &Secret::default(), flag::DISABLE_PRIVATE_KEYS).unwrap();
    for timestamp in [1, 4_000_000_000] {
        let import = DescriptorImport {
            descriptor: found.descriptor.clone().into(),
            active: false,
            internal: false,
            timestamp,
            range: Some((0, 40)),
            next_index: None,
            label: None,
        };
        cold.import_descriptors(&[import]).unwrap().remove(0).result.unwrap();
        assert_eq!(cold.balances().unwrap().unconfirmed_balance.to_sat(), 2 * COIN);
    }
    assert_eq!(cold.warnings().unwrap(), Vec::<String>::new());
    setup.chain.mine(1, &elsewhere());
    assert_eq!(balance(&cold), 2 * COIN);
}

#[test]
fn an_import_fails_that_may_have_coins_in_a_block_that_cannot_be_read() {
    let (mut setup, cold, import) = with_old_coins();
    setup.chain.lose_block(300);
    let block = setup.chain.state().blocks[300].header.time;
    let late = DescriptorImport {
        descriptor: format!("wpkh({KEY})").into(),
        range: None,
        timestamp: i64::from(block) + 7202,
        ..import.clone()
    };
    let done = cold.import_descriptors(&[import, late]).unwrap();
    let text = done[0].result.as_ref().unwrap_err().to_string();
    assert!(
        text.starts_with("Rescan failed for descriptor with timestamp 1. There was an error reading a block"),
        "{text}"
    );
    done[1].result.as_ref().unwrap();
    // What can be read is found, and the wallet can be loaded.
    let coins = |wallet: &WalletHandle| {
        let all = wallet.wallet_txs().unwrap();
        all.iter().filter(|tx| tx.txout_address_is_mine[0] && tx.tx.as_ref().is_some_and(pays_other)).count()
    };
    assert_eq!(coins(&cold), 2);
    drop(cold);
    setup.restart();
    assert_eq!(coins(&setup.loader.load("cold").unwrap()), 2);
}

fn pays_other(tx: &bitcoin::Transaction) -> bool {
    tx.output[0].script_pubkey != elsewhere()
}

#[test]
fn what_pays_scripts_that_a_block_made_known_is_found_also_after_a_kill() {
    let setup = Setup::new();
    let (rich, hot) = (setup.rich("rich"), setup.wallet("hot"));
    // The wallet looks 20 addresses ahead, and gave out none.
    let backup = setup.folder.path().join("backup");
    hot.backup(&backup).unwrap();
    let addresses: Vec<ScriptBuf> = (0..30).map(|_| script(&hot, OutputType::Bech32)).collect();
    hot.unload().unwrap();
    let again = setup.loader.restore(&backup, "again", true).unwrap().unwrap();
    send(&rich, &addresses[25], btc(2));
    let left = Arc::new(tempfile::tempdir().unwrap());
    let (wallets, target) = (setup.folder.path().join("wallets"), left.clone());
    let done = AtomicBool::new(false);
    setup.chain.set_hook(move |asked| {
        if asked == Asked::Watch && !done.swap(true, Ordering::SeqCst) {
            copy(&wallets, target.path());
        }
    });
    let txs = std::mem::take(&mut setup.chain.state().mempool);
    setup.chain.mine_block(txs, &addresses[15]);
    let all = |wallet: &WalletHandle| {
        let balances = wallet.balances().unwrap();
        (balances.balance.to_sat(), balances.immature_balance.to_sat() / COIN)
    };
    assert_eq!(all(&again), (2 * COIN, 50));
    if WATCH {
        let killed = loader_at(&left, &setup);
        assert_eq!(all(&killed.load("again").unwrap()), (2 * COIN, 50));
    }
}
