//! Spending: coins, change, fees, replacements, PSBTs.

use std::collections::BTreeMap;

use bitcoin::{Amount, OutPoint};
use bitcoin_ipc::types::psbt::{InputFields, Psbt, to_version_2};
use bitcoin_ipc::types::{
    CoinControl, Destination, OutputType, PsbtError, PsbtFillOptions, Recipient, Secret, WireFeeRate,
};
use bitcoin_wallet::{Error, flag};

use crate::chain::elsewhere;
use crate::{Setup, balance, btc, script, send, to};

const KINDS: [OutputType; 4] =
    [OutputType::Legacy, OutputType::P2shSegwit, OutputType::Bech32, OutputType::Bech32m];

#[test]
fn coins_of_all_kinds_are_spent_together() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    for kind in KINDS {
        setup.chain.mine(1, &script(&wallet, kind));
    }
    setup.chain.mine(100, &elsewhere());
    assert_eq!(balance(&wallet), 200 * 100_000_000);
    // More than three of the four have; the node checks every signature.
    let tx = send(&wallet, &elsewhere(), btc(199));
    assert_eq!(tx.input.len(), 4);
    setup.chain.mine(1, &elsewhere());
    let left = balance(&wallet);
    assert!(left > 99_000_000 && left < 100_000_000, "{left}");
    let details = wallet.tx_details(tx.compute_txid()).unwrap().unwrap();
    assert_eq!(details.tx.txout_is_change.iter().filter(|change| **change).count(), 1);
    assert_eq!(details.tx.change.to_sat(), left);
    assert_eq!(details.tx.debit.to_sat(), 200 * 100_000_000);
}

#[test]
fn the_fee_is_what_the_rate_says() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    for rate in [1000, 2500, 50_000] {
        let fee_rate = Some(WireFeeRate::from_sat_per_kvb(rate));
        let control = CoinControl { fee_rate, ..CoinControl::default() };
        let made = wallet.create_transaction(&[to(&elsewhere(), btc(1))], &control, true, Some(0)).unwrap();
        assert_eq!(made.change_pos, Some(0));
        let paid: Amount = made.tx.output.iter().map(|output| output.value).sum();
        assert_eq!(btc(50) - paid, made.fee);
        let least = rate as u64 * made.tx.vsize() as u64 / 1000;
        let fee = made.fee.to_sat();
        // A signature may be a byte shorter than expected.
        assert!(fee >= least && fee <= least + rate as u64 * 2 / 1000 + 1, "{rate}: {fee}, at least {least}");
    }
    let low = CoinControl { fee_rate: Some(WireFeeRate::from_sat_per_kvb(10)), ..CoinControl::default() };
    let refused = wallet.create_transaction(&[to(&elsewhere(), btc(1))], &low, true, None).unwrap_err();
    assert!(refused.to_string().contains("lower than the minimum fee rate"), "{refused}");
    let high =
        CoinControl { fee_rate: Some(WireFeeRate::from_sat_per_kvb(1 << 40)), ..CoinControl::default() };
    assert!(wallet.create_transaction(&[to(&elsewhere(), btc(1))], &high, true, None).is_err());
}

#[test]
fn recipients_can_pay_the_fee_and_everything_can_go() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let all = Recipient { subtract_fee_from_amount: true, ..to(&elsewhere(), btc(50)) };
    let made = wallet.create_transaction(&[all], &CoinControl::default(), true, None).unwrap();
    assert_eq!(made.tx.output.len(), 1);
    assert_eq!(made.tx.output[0].value + made.fee, btc(50));
    wallet.commit_transaction(&made.tx, BTreeMap::new(), Vec::new()).unwrap();
    assert!(setup.chain.in_mempool(made.tx.compute_txid()));
    assert_eq!(balance(&wallet), 0);
}

#[test]
fn what_cannot_be_is_said() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let make = |recipients: &[Recipient], control: &CoinControl| {
        wallet.create_transaction(recipients, control, true, None).unwrap_err().to_string()
    };
    let usual = CoinControl::default();
    assert_eq!(make(&[], &usual), "Transaction must have at least one recipient");
    assert_eq!(make(&[to(&elsewhere(), Amount::from_sat(300))], &usual), "Transaction amount too small");
    assert_eq!(make(&[to(&elsewhere(), btc(51))], &usual), "Insufficient funds");
    assert_eq!(
        make(&[to(&elsewhere(), btc(50))], &usual),
        "The total exceeds your balance when the 0.00000108 transaction fee is included."
    );
    let missing = CoinControl { set_selected: vec![OutPoint::null()], ..CoinControl::default() };
    assert!(make(&[to(&elsewhere(), btc(1))], &missing).starts_with("Not found pre-selected input"));
    let nowhere = Recipient { dest: Destination::None, amount: btc(1), subtract_fee_from_amount: false };
    assert_eq!(make(&[nowhere], &usual), "Invalid address");
    // The interface has it in its inner result.
    let said =
        wallet.interface().create_transaction(&[to(&elsewhere(), btc(51))], &usual, true, None).unwrap();
    assert_eq!(said.unwrap_err().original, "Insufficient funds");
}

#[test]
fn locked_coins_stay_and_selected_coins_go() {
    let mut setup = Setup::new();
    let wallet = setup.wallet("hot");
    setup.chain.mine(3, &script(&wallet, OutputType::Bech32));
    setup.chain.mine(100, &elsewhere());
    let coins: Vec<OutPoint> =
        wallet.available_coins(&CoinControl::default()).unwrap().iter().map(|coin| coin.outpoint).collect();
    assert_eq!(coins.len(), 3);
    wallet.lock_coin(coins[0], true).unwrap();
    wallet.lock_coin(coins[1], false).unwrap();
    let tx = send(&wallet, &elsewhere(), btc(1));
    assert_eq!(tx.input.iter().map(|input| input.previous_output).collect::<Vec<_>>(), [coins[2]]);
    setup.chain.mine(1, &elsewhere());
    let selected = CoinControl { set_selected: vec![coins[1]], ..CoinControl::default() };
    let made = wallet.create_transaction(&[to(&elsewhere(), btc(1))], &selected, true, None).unwrap();
    assert!(made.tx.input.iter().any(|input| input.previous_output == coins[1]));
    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert_eq!(wallet.locked_coins().unwrap(), [coins[0]], "only this one was written");
    wallet.unlock_coin(coins[0]).unwrap();
    assert!(!wallet.is_locked_coin(coins[0]).unwrap());
    assert_eq!(wallet.coins(&[coins[0], OutPoint::null()]).unwrap()[1].depth_in_main_chain, -1);
}

#[test]
fn coins_of_an_address_go_together_if_that_is_wanted() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    setup.chain.mine(3, &script(&wallet, OutputType::Bech32));
    setup.chain.mine(100, &elsewhere());
    let control = CoinControl { avoid_partial_spends: true, ..CoinControl::default() };
    let made = wallet.create_transaction(&[to(&elsewhere(), btc(1))], &control, true, None).unwrap();
    assert_eq!(made.tx.input.len(), 3);
}

#[test]
fn a_waiting_transaction_is_bumped_and_the_replacement_confirmed() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let made =
        wallet.create_transaction(&[to(&elsewhere(), btc(1))], &CoinControl::default(), true, None).unwrap();
    let texts = BTreeMap::from([("comment".to_owned(), "rent".to_owned())]);
    wallet.commit_transaction(&made.tx, texts, vec![("n".into(), "1".into())]).unwrap();
    let old = made.tx.compute_txid();
    assert!(wallet.can_be_bumped(old).unwrap());

    let bump = wallet.create_bump(old, &CoinControl::default()).unwrap();
    assert_eq!(bump.old_fee, made.fee);
    assert!(bump.new_fee > bump.old_fee);
    let signed = wallet.sign_transaction(&bump.mtx).unwrap().unwrap();
    let new = wallet.commit_bump(old, &signed).unwrap();
    assert!(setup.chain.in_mempool(new) && !setup.chain.in_mempool(old));
    assert!(signed.output.iter().any(|output| output.value == btc(1)));
    let details = wallet.tx_details(new).unwrap().unwrap();
    assert_eq!(details.tx.value_map["comment"], "rent");
    assert_eq!(details.tx.value_map["replaces_txid"], old.to_string());
    assert_eq!(details.order_form, [("n".to_owned(), "1".to_owned())]);
    assert_eq!(wallet.wallet_tx(old).unwrap().unwrap().value_map["replaced_by_txid"], new.to_string());
    match wallet.create_bump(old, &CoinControl::default()) {
        Err(Error::Bump(reasons)) => assert!(reasons[0].contains("already bumped"), "{reasons:?}"),
        other => panic!("{other:?}"),
    }
    // The replacement can be bumped too, to a rate of the user's choice, but not by too little.
    let control =
        |rate| CoinControl { fee_rate: Some(WireFeeRate::from_sat_per_kvb(rate)), ..CoinControl::default() };
    assert!(wallet.create_bump(new, &control(2100)).is_err());
    let again = wallet.create_bump(new, &control(100_000)).unwrap();
    let signed = wallet.sign_transaction(&again.mtx).unwrap().unwrap();
    let last = wallet.commit_bump(new, &signed).unwrap();

    setup.chain.mine(2, &elsewhere());
    let depth = |txid| wallet.tx_details(txid).unwrap().unwrap().tx_status.depth_in_main_chain;
    assert_eq!((depth(last), depth(new), depth(old)), (2, -2, -2));
    assert_eq!(balance(&wallet), 49 * 100_000_000 - again.new_fee.to_sat() as i64);
    assert!(!wallet.can_be_bumped(last).unwrap());
}

#[test]
fn an_abandoned_transaction_frees_its_coins() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    let tx = send(&wallet, &elsewhere(), btc(1));
    let child = send(&wallet, &elsewhere(), btc(2));
    let txid = tx.compute_txid();
    assert!(!wallet.abandon(txid).unwrap(), "the mempool has it");
    setup.chain.evict(child.compute_txid());
    setup.chain.evict(txid);
    let balances = wallet.balances().unwrap();
    assert_eq!((balances.balance.to_sat(), balances.nonmempool_balance.to_sat()), (0, 0));
    let balances = wallet.balances_with_unsent().unwrap();
    assert_eq!(
        (balances.balance.to_sat(), balances.nonmempool_balance.to_sat()),
        (50 * 100_000_000, -50 * 100_000_000)
    );
    assert!(wallet.can_be_abandoned(txid).unwrap());
    assert!(wallet.abandon(txid).unwrap());
    assert_eq!(balance(&wallet), 50 * 100_000_000);
    let status =
        |wallet: &bitcoin_wallet::WalletHandle, txid| wallet.tx_details(txid).unwrap().unwrap().tx_status;
    assert!(status(&wallet, txid).is_abandoned && status(&wallet, child.compute_txid()).is_abandoned);
    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert!(status(&wallet, txid).is_abandoned);
    assert!(!setup.chain.in_mempool(txid), "it is not sent again");
    // If it is mined all the same, it counts.
    setup.chain.mine_block(vec![tx], &elsewhere());
    assert!(!status(&wallet, txid).is_abandoned);
    assert_eq!(status(&wallet, txid).depth_in_main_chain, 1);
}

#[test]
fn a_committed_transaction_survives_without_a_close() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    let made =
        wallet.create_transaction(&[to(&elsewhere(), btc(1))], &CoinControl::default(), true, None).unwrap();
    setup.chain.set_lost(true);
    wallet.commit_transaction(&made.tx, BTreeMap::new(), Vec::new()).unwrap();
    assert!(!wallet.is_in_mempool(made.tx.compute_txid()).unwrap());
    drop(wallet);
    setup.restart();
    setup.chain.set_lost(false);
    setup.loader.load("hot").unwrap();
    assert!(setup.chain.in_mempool(made.tx.compute_txid()));
}

#[test]
fn a_psbt_of_two_wallets_is_signed_by_both() {
    let setup = Setup::new();
    let (one, two) = (setup.wallet("one"), setup.wallet("two"));
    setup.chain.mine(1, &script(&one, OutputType::Bech32m));
    setup.chain.mine(1, &script(&two, OutputType::Legacy));
    setup.chain.mine(100, &elsewhere());
    let coin = |wallet: &bitcoin_wallet::WalletHandle| {
        wallet.available_coins(&CoinControl::default()).unwrap().remove(0).outpoint
    };
    let control = CoinControl { set_selected: vec![coin(&one)], ..CoinControl::default() };
    let mut tx = one.create_transaction(&[to(&elsewhere(), btc(40))], &control, false, None).unwrap().tx;
    assert!(tx.input[0].witness.is_empty());
    tx.input.push(bitcoin::TxIn { previous_output: coin(&two), ..tx.input[0].clone() });
    let psbt = Psbt::from_unsigned_tx(tx).unwrap();

    let look = PsbtFillOptions { sign: false, sighash_type: None, finalize: false, bip32_derivs: true };
    let sign = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: true };
    let seen = one.fill_psbt(&look, &psbt).unwrap();
    assert_eq!((seen.n_signed, seen.complete, seen.error), (0, false, None));
    assert!(!seen.psbtx.inputs[0].tap_key_origins.is_empty());
    // P2TR signs what all inputs spend, so the other wallet has to say first what its own does.
    let alone = one.fill_psbt(&sign, &psbt).unwrap();
    assert_eq!((alone.n_signed, alone.complete), (0, false));
    let psbt = two.fill_psbt(&look, &seen.psbtx).unwrap().psbtx;
    let first = one.fill_psbt(&sign, &psbt).unwrap();
    assert_eq!((first.n_signed, first.complete), (1, false));
    let mut second = two.fill_psbt(&sign, &psbt).unwrap();
    assert_eq!((second.n_signed, second.complete), (1, false));
    // Each signs its own, and both parts are put together.
    let mut both = first.psbtx;
    both.with(|both| second.psbtx.with(|second| both.combine(second.clone()))).unwrap();
    let last = one.fill_psbt(&sign, &both).unwrap();
    assert!(last.complete);
    setup.chain.submit(&last.psbtx.extract_tx_unchecked_fee_rate()).unwrap();
}

#[test]
fn a_psbt_of_which_nothing_can_come_is_not_signed() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    setup.chain.mine(2, &script(&wallet, OutputType::Bech32));
    setup.chain.mine(100, &elsewhere());
    let made = wallet.create_transaction(&[to(&elsewhere(), btc(60))], &CoinControl::default(), false, None);
    let mut psbt = to_version_2(Psbt::from_unsigned_tx(made.unwrap().tx).unwrap());
    let sign = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: true };
    assert!(wallet.fill_psbt(&sign, &psbt).unwrap().complete);
    InputFields { time_lock: Some(1_600_000_000), ..InputFields::default() }.set(&mut psbt, 0);
    assert!(wallet.fill_psbt(&sign, &psbt).unwrap().complete);
    // No lock time is what both of them require.
    InputFields { height_lock: Some(5), ..InputFields::default() }.set(&mut psbt, 1);
    let refused = wallet.fill_psbt(&sign, &psbt).unwrap();
    assert_eq!((refused.error, refused.complete, refused.psbtx), (Some(PsbtError::InvalidTx), false, psbt));
}

#[test]
fn a_wallet_that_only_watches_makes_what_another_one_signs() {
    let setup = Setup::new();
    let hot = setup.rich("hot");
    let cold = setup.loader.create("cold", &Secret::default(), flag::DISABLE_PRIVATE_KEYS).unwrap();
    assert!(cold.new_address(OutputType::Bech32, "").is_err());
    assert!(cold.private_keys_disabled().unwrap() && !cold.can_get_addresses().unwrap());
    let public = |internal| {
        let descriptors = hot.descriptors().unwrap();
        let fits = |info: &&bitcoin_wallet::DescriptorInfo| {
            info.kind == OutputType::Bech32 && info.internal == internal
        };
        descriptors.iter().find(fits).unwrap().descriptor.clone()
    };
    let import = |internal| bitcoin_wallet::DescriptorImport {
        descriptor: public(internal).into(),
        active: true,
        internal,
        ..Default::default()
    };
    for done in cold.import_descriptors(&[import(false), import(true)]).unwrap() {
        done.result.unwrap();
    }
    assert_eq!(balance(&cold), 50 * 100_000_000, "the search after the import found it");
    let private = bitcoin_wallet::DescriptorImport {
        descriptor: hot.private_descriptors().unwrap().remove(0).1,
        ..Default::default()
    };
    let refused = cold.import_descriptors(&[private]).unwrap().remove(0).result.unwrap_err();
    assert!(refused.to_string().contains("Cannot import private keys"), "{refused}");

    assert!(
        cold.create_transaction(&[to(&elsewhere(), btc(1))], &CoinControl::default(), true, None).is_err()
    );
    let made =
        cold.create_transaction(&[to(&elsewhere(), btc(1))], &CoinControl::default(), false, None).unwrap();
    let options = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: false };
    let watched = cold.fill_psbt(&options, &Psbt::from_unsigned_tx(made.tx).unwrap()).unwrap();
    assert_eq!((watched.n_signed, watched.complete), (0, false));
    let signed = hot.fill_psbt(&options, &watched.psbtx).unwrap();
    assert_eq!((signed.n_signed, signed.complete), (1, true));
    setup.chain.submit(&signed.psbtx.extract_tx_unchecked_fee_rate()).unwrap();
    assert!(balance(&cold) > 48 * 100_000_000, "its change is trusted");
}

#[test]
fn messages_are_signed_with_keys_of_legacy_addresses() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    let address = wallet.new_address(OutputType::Legacy, "").unwrap();
    let Destination::PkHash(hash) = Destination::from(&address) else { panic!("{address}") };
    let signature = wallet.sign_message("I am I", hash).unwrap().unwrap();
    let signature: bitcoin::sign_message::MessageSignature = signature.parse().unwrap();
    let digest = bitcoin::sign_message::signed_msg_hash("I am I");
    let secp = bitcoin::secp256k1::Secp256k1::verification_only();
    assert!(signature.is_signed_by_address(&secp, &address, digest).unwrap());
    assert!(wallet.pub_key(&address.script_pubkey(), hash).unwrap().is_some());
    let other = bitcoin::hashes::Hash::from_byte_array([9; 20]);
    assert!(wallet.sign_message("I am I", other).unwrap().is_err());
}
