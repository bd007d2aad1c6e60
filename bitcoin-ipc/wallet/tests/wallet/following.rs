//! Following the chain: blocks, reorganisations, restarts, a node that is lost.

use bitcoin::Amount;
use bitcoin_ipc::ErrorKind;
use bitcoin_ipc::types::{CoinControl, OutputType};
use bitcoin_wallet::{Error, ScanResult};

use crate::chain::{TestChain, elsewhere};
use crate::{Setup, WATCH, balance, btc, node, script, send, to};

const COIN: i64 = 100_000_000;

#[test]
fn a_coinbase_matures() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    setup.chain.mine(1, &script(&wallet, OutputType::Bech32));
    setup.chain.mine(99, &elsewhere());
    let balances = wallet.balances().unwrap();
    assert_eq!((balances.balance.to_sat(), balances.immature_balance.to_sat()), (0, 50 * COIN));
    setup.chain.mine(1, &elsewhere());
    assert_eq!(balance(&wallet), 50 * COIN);
    assert_eq!(wallet.tip().unwrap().0, 101);
}

#[test]
fn a_reorganisation_takes_a_payment_out_and_in_again() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let tx = send(&wallet, &elsewhere(), btc(1));
    let txid = tx.compute_txid();
    setup.chain.mine(3, &elsewhere());
    let status = || wallet.tx_details(txid).unwrap().unwrap().tx_status;
    assert_eq!(status().depth_in_main_chain, 3);

    let gone = setup.chain.disconnect(3);
    assert_eq!((status().depth_in_main_chain, status().is_in_main_chain), (0, false));
    assert!(wallet.is_in_mempool(txid).unwrap());

    setup.chain.mine(2, &elsewhere());
    assert_eq!(status().depth_in_main_chain, 2);
    setup.chain.disconnect(2);
    setup.chain.reconnect(gone);
    assert_eq!(status().depth_in_main_chain, 3);
    assert_eq!(wallet.tip().unwrap().0 as usize, setup.chain.height());
}

#[test]
fn a_lost_coinbase_is_worth_nothing() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    setup.chain.mine(1, &script(&wallet, OutputType::Bech32m));
    assert_eq!(wallet.balances().unwrap().immature_balance.to_sat(), 50 * COIN);
    setup.chain.disconnect(1);
    assert_eq!(wallet.balances().unwrap().immature_balance.to_sat(), 0);
    setup.chain.mine(2, &elsewhere());
    assert_eq!(balance(&wallet), 50 * COIN);
}

#[test]
fn what_happened_meanwhile_is_found_after_a_restart() {
    for filters in [false, true] {
        let mut setup = Setup::new();
        setup.chain.set_filters(filters);
        let wallet = setup.rich("hot");
        let address = script(&wallet, OutputType::Bech32m);
        let tip = wallet.tip().unwrap();
        drop(wallet);
        setup.restart();
        // A block is replaced and more follow, with a payment in one of them.
        setup.chain.disconnect(1);
        setup.chain.mine(20, &elsewhere());
        setup.chain.mine(1, &address);
        setup.chain.mine(20, &elsewhere());
        let read = setup.chain.blocks_read();
        let wallet = setup.loader.load("hot").unwrap();
        assert_ne!(wallet.tip().unwrap(), tip);
        assert_eq!(wallet.tip().unwrap().0 as usize, setup.chain.height());
        let balances = wallet.balances().unwrap();
        assert_eq!((balances.balance.to_sat(), balances.immature_balance.to_sat()), (50 * COIN, 50 * COIN));
        let read = setup.chain.blocks_read() - read;
        assert_eq!(read < 10, filters || WATCH, "{read} blocks were read");
    }
}

#[test]
fn the_mempool_is_known_after_a_restart() {
    let mut setup = Setup::new();
    let (giver, taker) = (setup.rich("giver"), setup.wallet("taker"));
    let tx = send(&giver, &script(&taker, OutputType::Bech32), btc(2));
    assert_eq!(taker.balances().unwrap().unconfirmed_balance.to_sat(), 2 * COIN);
    drop((giver, taker));
    setup.restart();
    let taker = setup.loader.load("taker").unwrap();
    assert_eq!(taker.balances().unwrap().unconfirmed_balance.to_sat(), 2 * COIN);
    let giver = setup.loader.load("giver").unwrap();
    assert!(giver.is_in_mempool(tx.compute_txid()).unwrap());
    assert!(balance(&giver) > 47 * COIN, "change of its own is trusted");
}

#[test]
fn a_transaction_that_the_node_forgot_is_given_to_it_again() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    let txid = send(&wallet, &elsewhere(), btc(1)).compute_txid();
    drop(wallet);
    setup.restart();
    setup.chain.state().mempool.clear();
    let wallet = setup.loader.load("hot").unwrap();
    assert!(setup.chain.in_mempool(txid));
    assert!(wallet.is_in_mempool(txid).unwrap());
}

#[test]
fn a_lost_node_is_said_and_another_one_is_followed() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let address = script(&wallet, OutputType::Bech32);
    setup.chain.set_lost(true);
    assert_eq!(balance(&wallet), 50 * COIN);
    script(&wallet, OutputType::Bech32m);
    let made = wallet.create_transaction(&[to(&elsewhere(), btc(1))], &CoinControl::default(), true, None);
    match made {
        Err(Error::Node(error)) => assert_eq!(error.kind(), ErrorKind::Disconnected),
        other => panic!("{other:?}"),
    }
    // Blocks that nobody told it of.
    setup.chain.mine(1, &address);
    setup.chain.set_lost(false);
    setup.loader.attach(node(&setup.chain)).unwrap();
    assert_eq!(wallet.balances().unwrap().immature_balance.to_sat(), 50 * COIN);
    setup.chain.mine(1, &elsewhere());
    assert_eq!(wallet.tip().unwrap().0 as usize, setup.chain.height());
    assert_eq!(setup.chain.listeners(), 1, "the old registration is gone");
}

#[test]
fn a_wallet_can_be_loaded_without_a_node() {
    let mut setup = Setup::new();
    drop(setup.rich("hot"));
    setup.restart();
    setup.chain.set_lost(true);
    let wallet = setup.loader.load("hot").unwrap();
    assert_eq!(balance(&wallet), 50 * COIN);
    setup.chain.set_lost(false);
    setup.loader.attach(node(&setup.chain)).unwrap();
    send(&wallet, &elsewhere(), Amount::from_sat(100_000));
}

#[test]
fn a_node_of_another_network_is_refused() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let other = TestChain::default();
    {
        let mut state = other.state();
        state.blocks[0].header.nonce += 1;
        let first = state.blocks[0].clone();
        state.all.insert(first.block_hash(), (first, 0));
    }
    let error = setup.loader.attach(node(&other)).unwrap_err();
    assert!(error.to_string().contains("another network"), "{error}");
    assert_eq!(balance(&wallet), 50 * COIN);
}

#[test]
fn a_missed_block_is_fetched_when_the_next_one_comes() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let address = script(&wallet, OutputType::P2shSegwit);
    // The wallet hears of the second of two blocks only.
    setup.chain.mine_quietly(&address);
    assert_eq!(wallet.balances().unwrap().immature_balance.to_sat(), 0);
    setup.chain.mine(1, &elsewhere());
    assert_eq!(wallet.balances().unwrap().immature_balance.to_sat(), 50 * COIN);
    assert_eq!(wallet.tip().unwrap().0 as usize, setup.chain.height());
}

#[test]
fn a_restored_wallet_finds_payments_far_beyond_those_that_it_looks_ahead() {
    let mut setup = Setup::new();
    let wallet = setup.wallet("hot");
    let backup = setup.folder.path().join("backup");
    wallet.backup(&backup).unwrap();
    // The wallet looks 20 addresses ahead; each payment makes it look further.
    let addresses: Vec<_> = (0..70).map(|_| script(&wallet, OutputType::Bech32)).collect();
    for piece in addresses.chunks(5) {
        setup.chain.mine(1, piece.last().unwrap());
    }
    setup.chain.mine(1, &elsewhere());
    let all = wallet.balances().unwrap().immature_balance.to_sat();
    assert_eq!(all, 14 * 50 * COIN);
    wallet.unload().unwrap();
    drop(wallet);
    setup.restart();
    let restored = setup.loader.restore(&backup, "again", true).unwrap().unwrap();
    // The blocks are dated before its keys.
    assert_eq!(restored.rescan(0, None).unwrap(), ScanResult::Done(setup.chain.height() as i32));
    assert_eq!(restored.balances().unwrap().immature_balance.to_sat(), all);
    // Also those that come live.
    let next = script(&restored, OutputType::Bech32);
    assert!(!addresses.contains(&next), "all before were used");
    setup.chain.mine(1, &next);
    assert_eq!(restored.balances().unwrap().immature_balance.to_sat(), all + 50 * COIN);
}
