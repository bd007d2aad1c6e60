//! Committing: what the node takes counts, and of what it refuses nothing stays behind.

use std::collections::BTreeMap;

use bitcoin::{OutPoint, Transaction, TxOut, Txid};
use bitcoin_ipc::types::{CoinControl, CreatedTransactionResult, OutputType, WalletBalances};
use bitcoin_wallet::{Error, Options, WalletHandle};

use crate::chain::elsewhere;
use crate::{Setup, balance, btc, script, send, to};

const REASON: &str = "mempool min fee not met";

fn make(wallet: &WalletHandle, control: &CoinControl) -> CreatedTransactionResult {
    wallet.create_transaction(&[to(&elsewhere(), btc(1))], control, true, None).unwrap()
}

fn commit(wallet: &WalletHandle, tx: &Transaction) -> Result<(), Error> {
    wallet.commit_transaction(tx, BTreeMap::from([("comment".into(), "rent".into())]), Vec::new())
}

fn refused(result: Result<impl std::fmt::Debug, Error>) {
    match result {
        Err(Error::Rejected(reason)) => assert_eq!(reason, REASON),
        other => panic!("{other:?}"),
    }
}

/// What the wallet knows of money.
fn all(wallet: &WalletHandle) -> (WalletBalances, Vec<Option<Txid>>, Vec<OutPoint>, Vec<OutPoint>) {
    let txs = wallet.wallet_txs().unwrap();
    let coins = wallet.available_coins(&CoinControl::default()).unwrap();
    (
        wallet.balances().unwrap(),
        txs.into_iter().map(|tx| tx.tx.map(|tx| tx.compute_txid())).collect(),
        coins.into_iter().map(|coin| coin.outpoint).collect(),
        wallet.locked_coins().unwrap(),
    )
}

#[test]
fn of_a_refused_payment_nothing_stays() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    let made = make(&wallet, &CoinControl::default());
    let coin = made.tx.input[0].previous_output;
    wallet.lock_coin(coin, true).unwrap();
    let before = all(&wallet);
    setup.chain.refuse(Some(REASON));
    refused(commit(&wallet, &made.tx));
    assert_eq!(all(&wallet), before);
    // A window hears of it too.
    let said = wallet.interface().commit_transaction(&made.tx, &BTreeMap::new(), &[]).unwrap_err();
    assert!(said.text().contains(REASON), "{said}");
    assert_eq!(all(&wallet), before);
    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert_eq!(all(&wallet), before);
    wallet.unlock_coin(coin).unwrap();
    setup.chain.refuse(None);
    assert!(!setup.chain.in_mempool(made.tx.compute_txid()));
    // The same transaction can be sent when the node takes it.
    commit(&wallet, &made.tx).unwrap();
    assert!(setup.chain.in_mempool(made.tx.compute_txid()));
    assert_eq!(balance(&wallet), 4_900_000_000 - made.fee.to_sat() as i64);
    // To commit it again changes nothing, whatever the node says now.
    let before = all(&wallet);
    commit(&wallet, &made.tx).unwrap();
    assert_eq!(all(&wallet), before);
}

#[test]
fn the_original_of_a_refused_replacement_counts_on() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    let made = make(&wallet, &CoinControl::default());
    commit(&wallet, &made.tx).unwrap();
    let old = made.tx.compute_txid();
    let before = all(&wallet);
    let bump = wallet.create_bump(old, &CoinControl::default()).unwrap();
    let signed = wallet.sign_transaction(&bump.mtx).unwrap().unwrap();
    setup.chain.refuse(Some(REASON));
    refused(wallet.commit_bump(old, &signed));
    assert_eq!(all(&wallet), before);
    assert!(setup.chain.in_mempool(old) && wallet.is_in_mempool(old).unwrap());
    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert_eq!(all(&wallet), before);
    let details = wallet.tx_details(old).unwrap().unwrap();
    assert_eq!(details.tx.value_map, BTreeMap::from([("comment".into(), "rent".into())]));
    setup.chain.refuse(None);
    assert!(wallet.can_be_bumped(old).unwrap());
    let new = wallet.commit_bump(old, &signed).unwrap();
    assert!(setup.chain.in_mempool(new) && !setup.chain.in_mempool(old));
    assert_eq!(balance(&wallet), 4_900_000_000 - bump.new_fee.to_sat() as i64);
}

/// As after a kill between writing and sending.
#[test]
fn a_replacement_that_was_not_sent_is_sent_or_gives_way() {
    for refused in [true, false] {
        let mut setup = Setup::new();
        let wallet = setup.rich("hot");
        let made = make(&wallet, &CoinControl::default());
        commit(&wallet, &made.tx).unwrap();
        let old = made.tx.compute_txid();
        drop(wallet);
        let options = Options { keypool: 20, broadcast: false, ..Options::clone(setup.loader.options()) };
        setup.loader = bitcoin_wallet::Loader::new(options, crate::node(&setup.chain));
        let wallet = setup.loader.load("hot").unwrap();
        let bump = wallet.create_bump(old, &CoinControl::default()).unwrap();
        let signed = wallet.sign_transaction(&bump.mtx).unwrap().unwrap();
        let new = wallet.commit_bump(old, &signed).unwrap();
        drop(wallet);
        setup.chain.refuse(refused.then_some(REASON));
        setup.restart();
        let wallet = setup.loader.load("hot").unwrap();
        assert_eq!([old, new].map(|txid| setup.chain.in_mempool(txid)), [refused, !refused]);
        let fee = if refused { made.fee } else { bump.new_fee };
        let balances = wallet.balances().unwrap();
        let waiting = balances.balance + balances.unconfirmed_balance + balances.nonmempool_balance;
        assert_eq!(waiting.to_sat(), 4_900_000_000 - fee.to_sat() as i64, "{refused}: {balances:?}");
        setup.chain.mine(1, &elsewhere());
        assert_eq!(balance(&wallet), 4_900_000_000 - fee.to_sat() as i64);
    }
}

#[test]
fn a_replacement_spends_all_that_it_replaces() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    setup.chain.mine(3, &script(&wallet, OutputType::Bech32));
    setup.chain.mine(100, &elsewhere());
    let old = send(&wallet, &elsewhere(), btc(70));
    let txid = old.compute_txid();
    assert_eq!(old.input.len(), 2);
    let other = make(&wallet, &CoinControl::default()).tx;
    // It conflicts with the original, but not with all replacements of it.
    let mut part = old.clone();
    part.input.truncate(1);
    part.output = vec![TxOut { value: btc(49), script_pubkey: elsewhere() }];
    let part = wallet.sign_transaction(&part).unwrap().unwrap();
    let before = all(&wallet);
    for (wrong, says) in [(&other, "does not spend"), (&part, "does not spend"), (&old, "itself")] {
        match wallet.commit_bump(txid, wrong) {
            Err(Error::Bump(reasons)) => assert!(reasons[0].contains(says), "{reasons:?}"),
            done => panic!("{done:?}"),
        }
        let said = wallet.interface().commit_bump_transaction(txid, wrong).unwrap().unwrap_err();
        assert!(said[0].original.contains(says), "{said:?}");
        assert_eq!(all(&wallet), before);
        assert_eq!(setup.chain.state().mempool.len(), 1);
    }
    // Nor can the replacement of one payment be that of another one.
    commit(&wallet, &other).unwrap();
    let bump = wallet.create_bump(txid, &CoinControl::default()).unwrap();
    let bumped = wallet.sign_transaction(&bump.mtx).unwrap().unwrap();
    assert!(matches!(wallet.commit_bump(other.compute_txid(), &bumped), Err(Error::Bump(_))));
    let new = wallet.commit_bump(txid, &bumped).unwrap();
    let waiting = [other.compute_txid(), new].map(|txid| setup.chain.in_mempool(txid));
    assert_eq!((waiting, setup.chain.in_mempool(txid)), ([true; 2], false));
}

#[test]
fn a_coin_that_was_spent_meanwhile_is_not_spent_again() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let (first, second) =
        (make(&wallet, &CoinControl::default()).tx, make(&wallet, &CoinControl::default()).tx);
    assert_eq!(first.input[0].previous_output, second.input[0].previous_output);
    commit(&wallet, &first).unwrap();
    let before = all(&wallet);
    let error = commit(&wallet, &second).unwrap_err().to_string();
    assert!(error.contains(&format!("was spent by transaction {}", first.compute_txid())), "{error}");
    assert_eq!(all(&wallet), before);
    // Nor when it is in a block.
    setup.chain.mine(1, &elsewhere());
    assert!(commit(&wallet, &second).is_err());
    // Coins of a transaction that is given up are none.
    let parent = send(&wallet, &elsewhere(), btc(1));
    let child = make(&wallet, &CoinControl::default()).tx;
    assert_eq!(child.input[0].previous_output.txid, parent.compute_txid());
    setup.chain.evict(parent.compute_txid());
    assert!(wallet.abandon(parent.compute_txid()).unwrap());
    let error = commit(&wallet, &child).unwrap_err().to_string();
    assert!(error.contains("does not count any more"), "{error}");
}

#[test]
fn without_broadcast_a_payment_waits_in_the_wallet() {
    let mut setup = Setup::new();
    drop(setup.rich("hot"));
    let options = Options { keypool: 20, broadcast: false, ..Options::clone(setup.loader.options()) };
    setup.loader = bitcoin_wallet::Loader::new(options, crate::node(&setup.chain));
    let wallet = setup.loader.load("hot").unwrap();
    let made = make(&wallet, &CoinControl::default());
    setup.chain.refuse(Some(REASON));
    commit(&wallet, &made.tx).unwrap();
    assert!(!setup.chain.in_mempool(made.tx.compute_txid()));
    let balances = wallet.balances().unwrap();
    assert_eq!((balances.balance.to_sat(), balances.nonmempool_balance.to_sat()), (0, 0));
    let balances = wallet.balances_with_unsent().unwrap();
    assert_eq!(
        (balances.balance.to_sat(), balances.nonmempool_balance.to_sat()),
        (5_000_000_000, -5_000_000_000)
    );
    // Its coin is spent.
    assert!(commit(&wallet, &make_other(&made.tx)).is_err());
    setup.chain.refuse(None);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert!(setup.chain.in_mempool(made.tx.compute_txid()));
    assert_eq!(balance(&wallet), 4_900_000_000 - made.fee.to_sat() as i64);
}

/// Another transaction that spends the same.
fn make_other(tx: &Transaction) -> Transaction {
    let mut other = tx.clone();
    other.output.truncate(1);
    other
}

#[test]
fn a_lock_ends_when_the_coin_is_spent_by_whomever() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    // Another copy of the wallet spends it.
    let tx = make(&wallet, &CoinControl::default()).tx;
    let coin = tx.input[0].previous_output;
    wallet.lock_coin(coin, true).unwrap();
    setup.chain.submit(&tx).unwrap();
    assert_eq!(wallet.locked_coins().unwrap(), []);
    // In a block that the mempool said nothing about.
    setup.chain.mine(1, &elsewhere());
    let next = make(&wallet, &CoinControl::default()).tx;
    let coin = next.input[0].previous_output;
    wallet.lock_coin(coin, true).unwrap();
    setup.chain.mine_block(vec![next], &elsewhere());
    assert_eq!(wallet.locked_coins().unwrap(), []);
    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert_eq!(wallet.locked_coins().unwrap(), []);
    // The block is lost, and so is what spent the coin: it can be spent again.
    setup.chain.disconnect(1);
    let txid = setup.chain.state().mempool[0].compute_txid();
    setup.chain.evict(txid);
    assert!(wallet.abandon(txid).unwrap());
    let again = make(&wallet, &CoinControl::default()).tx;
    assert_eq!(again.input[0].previous_output, coin);
    commit(&wallet, &again).unwrap();
    assert!(setup.chain.in_mempool(again.compute_txid()));
}
