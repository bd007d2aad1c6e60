//! ChainClient, WalletLoader and Wallet.

use std::collections::BTreeMap;
use std::time::Duration;

use bitcoin::{Address, Amount, Network, OutPoint, Transaction, TxIn};
use bitcoin_ipc::interfaces::{Handler, Wallet};
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_ipc::types::{
    AddressPurpose, CoinControl, Destination, OutputType, PsbtFillOptions, Recipient, Secret,
};
use bitcoin_wallet::flag::DESCRIPTORS;
use serde_json::json;

use crate::setup::Setup;

const NAME: &str = "hot";

/// Makes a wallet, and what goes before it.
pub(crate) fn make(setup: &Setup) -> Box<dyn Wallet> {
    let wallets = &setup.wallets;
    setup.note(wallets.register_rpcs());
    assert_eq!(setup.note(wallets.verify()), Some(true));
    assert_eq!(setup.note(wallets.load()), Some(true));
    setup.note(wallets.start(()));
    setup.note(wallets.set_mock_time(0));
    setup.note(wallets.scheduler_mock_forward(Duration::from_secs(1)));
    setup.note(wallets.get_wallet_dir());
    let loaded = setup.note(wallets.handle_load_wallet(Box::new(|_| Ok(()))));
    let made = setup.note(wallets.create_wallet(NAME, &Secret::default(), DESCRIPTORS)).unwrap();
    drop(loaded);
    let wallet = made.result.unwrap();
    assert_eq!(setup.note(wallet.get_wallet_name()).as_deref(), Some(NAME));
    wallet
}

pub(crate) fn address(wallet: &dyn Wallet) -> Address {
    let destination = wallet.get_new_destination(OutputType::Bech32, "").unwrap().unwrap();
    destination.address(Network::Regtest).unwrap()
}

fn destination(wallet: &dyn Wallet) -> Destination {
    wallet.get_new_destination(OutputType::Legacy, "").unwrap().unwrap()
}

/// Hears all that a wallet tells.
fn hear(setup: &Setup, wallet: &dyn Wallet) -> Vec<Box<dyn Handler>> {
    let handlers = [
        wallet.handle_unload(Box::new(|| Ok(()))),
        wallet.handle_show_progress(Box::new(|_, _| Ok(()))),
        wallet.handle_status_changed(Box::new(|| Ok(()))),
        wallet.handle_address_book_changed(Box::new(|_, _, _, _, _| Ok(()))),
        wallet.handle_transaction_changed(Box::new(|_, _| Ok(()))),
        wallet.handle_can_get_addresses_changed(Box::new(|| Ok(()))),
    ];
    handlers.into_iter().filter_map(|handler| setup.note(handler)).collect()
}

pub(crate) fn read(setup: &Setup, wallet: &dyn Wallet) {
    let mine = destination(wallet);
    let Destination::PkHash(hash) = mine else { panic!("{mine:?}") };
    let script = mine.script_pubkey().unwrap();
    assert!(setup.note(wallet.get_pub_key(&script, hash)).flatten().is_some());
    assert!(setup.note(wallet.sign_message("a text", hash)).unwrap().is_ok());
    assert_eq!(setup.note(wallet.is_spendable(&mine)), Some(true));
    let coins = CoinControl::default();
    assert!(setup.note(wallet.get_balances()).unwrap().balance.to_sat() > 0);
    assert!(setup.note(wallet.try_get_balances()).is_some());
    assert!(setup.note(wallet.get_balance()).unwrap().to_sat() > 0);
    setup.note(wallet.get_available_balance(&coins));
    setup.note(wallet.get_required_fee(1000));
    setup.note(wallet.get_minimum_fee(1000, &coins, true, true));
    setup.note(wallet.get_confirm_target());
    assert_eq!(setup.note(wallet.hd_enabled()), Some(true));
    assert_eq!(setup.note(wallet.can_get_addresses()), Some(true));
    assert_eq!(setup.note(wallet.private_keys_disabled()), Some(false));
    setup.note(wallet.taproot_enabled());
    setup.note(wallet.has_external_signer());
    setup.note(wallet.get_default_address_type());
    setup.note(wallet.get_default_max_tx_fee());
    setup.calls.refusal(("Wallet", "displayAddress"), wallet.display_address(&mine));

    let by_address = setup.note(wallet.list_coins()).unwrap();
    let output = by_address.into_values().flatten().next().unwrap().0;
    assert_eq!(setup.note(wallet.get_coins(&[output])).unwrap().len(), 1);
    assert_eq!(setup.note(wallet.lock_coin(output, true)), Some(true));
    assert_eq!(setup.note(wallet.is_locked_coin(output)), Some(true));
    assert_eq!(setup.note(wallet.list_locked_coins()), Some(vec![output]));
    assert_eq!(setup.note(wallet.unlock_coin(output)), Some(true));
}

/// A transaction to somebody else, signed if wanted.
fn pay(setup: &Setup, wallet: &dyn Wallet, sign: bool) -> Transaction {
    let script = bitcoin::ScriptBuf::from_bytes([&[0x00, 0x14][..], &[7; 20]].concat());
    let recipient = Recipient {
        dest: Destination::of_script(&script),
        amount: Amount::from_int_btc(1),
        subtract_fee_from_amount: false,
    };
    let made = wallet.create_transaction(&[recipient], &CoinControl::default(), sign, None);
    setup.note(made).unwrap().unwrap().tx
}

pub(crate) fn spend(setup: &Setup, wallet: &dyn Wallet) {
    let _heard = hear(setup, wallet);
    let unsigned = pay(setup, wallet, false);
    let psbt = Psbt::from_unsigned_tx(unsigned).unwrap();
    let options = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: true };
    assert!(setup.note(wallet.fill_psbt(&options, 0, true, &psbt)).unwrap().complete);

    // The node's clock is the wallets' too.
    let time = setup.running().offer().state.clock().now() + 1000;
    setup.rpc("setmocktime", json!([time]));
    let tx = pay(setup, wallet, true);
    let txid = tx.compute_txid();
    setup.note(wallet.commit_transaction(&tx, &BTreeMap::new(), &[]));
    assert_eq!(setup.chain.is_in_mempool(txid), Ok(true));
    assert!(setup.note(wallet.get_tx(txid)).flatten().is_some());
    assert!(setup.note(wallet.get_wallet_tx(txid)).unwrap().tx.is_some());
    assert!(!setup.note(wallet.get_wallet_txs()).unwrap().is_empty());
    let status = setup.note(wallet.try_get_tx_status(txid)).flatten().unwrap();
    assert_eq!(u64::from(status.tx_status.time_received), time);
    setup.rpc("setmocktime", json!([0]));
    assert!(setup.note(wallet.get_wallet_tx_details(txid)).unwrap().in_mempool);
    assert_eq!(setup.note(wallet.txin_is_mine(&tx.input[0])), Some(true));
    let change = tx.output.iter().find(|output| wallet.txout_is_mine(output).unwrap()).unwrap();
    assert!(setup.note(wallet.get_debit(&tx.input[0])).unwrap().to_sat() > 0);
    assert!(setup.note(wallet.get_credit(change)).unwrap().to_sat() > 0);
    setup.note(wallet.txin_is_mine(&TxIn { previous_output: OutPoint::null(), ..tx.input[0].clone() }));

    assert_eq!(setup.note(wallet.transaction_can_be_bumped(txid)), Some(true));
    let bump = setup.note(wallet.create_bump_transaction(txid, &CoinControl::default())).unwrap().unwrap();
    let signed = setup.note(wallet.sign_bump_transaction(&bump.mtx)).flatten().unwrap();
    let bumped = setup.note(wallet.commit_bump_transaction(txid, &signed)).unwrap().unwrap();
    assert_eq!(setup.chain.is_in_mempool(bumped), Ok(true));
    setup.note(wallet.transaction_can_be_abandoned(txid));
    setup.note(wallet.abandon_transaction(txid));
    setup.note(setup.chain.wait_for_notifications());
}

/// The address book, passphrases, files.
pub(crate) fn keep(setup: &Setup, wallet: &dyn Wallet) {
    let _heard = hear(setup, wallet);
    let mine = destination(wallet);
    let other =
        Destination::of_script(&bitcoin::ScriptBuf::from_bytes([&[0x00, 0x14][..], &[9; 20]].concat()));
    assert_eq!(setup.note(wallet.set_address_book(&other, "a name", AddressPurpose::Send)), Some(true));
    assert!(setup.note(wallet.get_address(&other, true, true)).flatten().is_some());
    assert!(!setup.note(wallet.get_addresses()).unwrap().is_empty());
    assert_eq!(setup.note(wallet.del_address_book(&other)), Some(true));
    assert_eq!(setup.note(wallet.set_address_receive_request(&mine, b"1", b"request")), Some(true));
    assert_eq!(setup.note(wallet.get_address_receive_requests()).unwrap().len(), 1);

    setup.note(wallet.abort_rescan());
    setup.loader.wallet(NAME).unwrap().rescan(0, None).unwrap();
    let backup = setup.path("backup");
    assert_eq!(setup.note(wallet.backup_wallet(backup.to_str().unwrap())), Some(true));

    let (first, second) = (Secret::new("one"), Secret::new("two"));
    assert_eq!(setup.note(wallet.is_crypted()), Some(false));
    assert_eq!(setup.note(wallet.encrypt_wallet(&first)), Some(true));
    assert_eq!(setup.note(wallet.is_locked()), Some(true));
    assert_eq!(setup.note(wallet.change_wallet_passphrase(&first, &second)), Some(true));
    assert_eq!(setup.note(wallet.unlock(&second)), Some(true));
    assert_eq!(setup.note(wallet.lock()), Some(true));

    let wallets = &setup.wallets;
    let restored = setup.note(wallets.restore_wallet(&backup, "copy", true)).unwrap();
    assert!(restored.result.unwrap().is_some());
    assert_eq!(setup.note(wallets.is_encrypted(NAME)), Some(true));
    assert_eq!(setup.note(wallets.list_wallet_dir()).unwrap().len(), 2);
    assert_eq!(setup.note(wallets.get_wallets()).unwrap().len(), 2);
    let migrated = wallets.migrate_wallet("old", &Secret::default());
    setup.calls.refusal(("WalletLoader", "migrateWallet"), migrated);
}

/// Unloads the wallet, loads it again, and stops all.
pub(crate) fn end(setup: &Setup, wallet: Box<dyn Wallet>) {
    let heard = hear(setup, &*wallet);
    setup.note(wallet.remove());
    drop((heard, wallet));
    let loaded = setup.note(setup.wallets.load_wallet(NAME)).unwrap();
    assert!(loaded.result.is_ok());
    drop(loaded);
    setup.note(setup.wallets.stop());
}
