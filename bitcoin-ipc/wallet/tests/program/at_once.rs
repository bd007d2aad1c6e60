//! Windows that pay from one wallet of another process, or raise a fee, at the same time.

use std::collections::BTreeMap;
use std::sync::Barrier;

use bitcoin::{Amount, Txid};
use bitcoin_ipc::interfaces::Wallet;
use bitcoin_ipc::types::{CoinControl, Destination, OutputType, Recipient, WireFeeRate};

use crate::chain::{TestChain, elsewhere};
use crate::spawned::Parent;

const PAYERS: u64 = 8;
const PAYMENTS: u64 = 5;

/// Makes a payment and commits it, as a window does in two steps, until no other one was quicker.
fn pay(wallet: &dyn Wallet, satoshi: u64) -> (Txid, Amount) {
    let dest = Destination::of_script(&elsewhere());
    let recipient = Recipient { dest, amount: Amount::from_sat(satoshi), subtract_fee_from_amount: false };
    loop {
        let made =
            wallet.create_transaction(std::slice::from_ref(&recipient), &CoinControl::default(), true, None);
        let made = made.unwrap().unwrap();
        match wallet.commit_transaction(&made.tx, &BTreeMap::new(), &[]) {
            Ok(()) => return (made.tx.compute_txid(), made.fee),
            Err(error) => assert!(error.text().contains("was spent by transaction"), "{error}"),
        }
    }
}

#[test]
fn windows_that_pay_at_once_do_not_spend_one_coin_twice() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let parent = Parent::new(folder.path(), &chain, &[]);
    parent.begin();
    let wallet = parent.create("w");
    let coins = 20;
    for _ in 0..coins {
        let new = wallet.get_new_destination(OutputType::Bech32, "").unwrap().unwrap();
        chain.mine(1, &new.script_pubkey().unwrap());
    }
    chain.mine(100, &elsewhere());
    let begin = Barrier::new(usize::try_from(PAYERS).unwrap());
    let paid: Vec<(u64, Txid, Amount)> = std::thread::scope(|scope| {
        let payers: Vec<_> = (0..PAYERS)
            .map(|payer| {
                let (wallet, begin) = (&*wallet, &begin);
                scope.spawn(move || {
                    begin.wait();
                    let amounts = (0..PAYMENTS).map(|turn| 1_000_000 + payer * PAYMENTS + turn);
                    let paid = amounts.map(|satoshi| {
                        let (txid, fee) = pay(wallet, satoshi);
                        (satoshi, txid, fee)
                    });
                    paid.collect::<Vec<_>>()
                })
            })
            .collect();
        payers.into_iter().flat_map(|payer| payer.join().unwrap()).collect()
    });
    let mut left = Amount::from_int_btc(50 * coins);
    for (satoshi, txid, fee) in &paid {
        assert!(chain.in_mempool(*txid));
        left -= Amount::from_sat(*satoshi) + *fee;
    }
    assert_eq!((paid.len(), chain.state().mempool.len()), (40, 40));
    assert_eq!(wallet.get_balance().unwrap(), left.to_signed().unwrap());
    chain.mine(1, &elsewhere());
    assert_eq!(wallet.get_balance().unwrap(), left.to_signed().unwrap());
    drop(wallet);
    assert_eq!(parent.leave(), Some(0));
}

#[test]
fn windows_that_raise_one_fee_at_once_replace_once() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let parent = Parent::new(folder.path(), &chain, &[]);
    parent.begin();
    let wallet = parent.create("w");
    let coins = 5;
    for _ in 0..coins {
        let new = wallet.get_new_destination(OutputType::Bech32, "").unwrap().unwrap();
        chain.mine(1, &new.script_pubkey().unwrap());
    }
    chain.mine(100, &elsewhere());
    let ((old, old_fee), (other, other_fee)) = (pay(&*wallet, 100_000_000), pay(&*wallet, 200_000_000));
    let begin = Barrier::new(usize::try_from(PAYERS).unwrap());
    let done: Vec<Option<(Txid, Amount)>> = std::thread::scope(|scope| {
        let raisers: Vec<_> = (0..PAYERS)
            .map(|raiser| {
                let (wallet, begin) = (&*wallet, &begin);
                scope.spawn(move || {
                    let rate = i64::try_from(10_000 * (raiser + 1)).unwrap();
                    let fee_rate = Some(WireFeeRate::from_sat_per_kvb(rate));
                    let control = CoinControl { fee_rate, ..CoinControl::default() };
                    let made = wallet.create_bump_transaction(old, &control).unwrap().unwrap();
                    assert_eq!(made.old_fee, old_fee);
                    let signed = wallet.sign_bump_transaction(&made.mtx).unwrap().unwrap();
                    begin.wait();
                    // What replaces one payment does not replace another one.
                    let said = wallet.commit_bump_transaction(other, &signed).unwrap().unwrap_err();
                    assert!(said[0].original.contains("does not spend its input"), "{said:?}");
                    match wallet.commit_bump_transaction(old, &signed).unwrap() {
                        Ok(txid) => Some((txid, made.new_fee)),
                        Err(reasons) => {
                            let text = &reasons[0].original;
                            assert!(text.contains("already bumped") || text.contains("mined"), "{text}");
                            None
                        }
                    }
                })
            })
            .collect();
        raisers.into_iter().map(|raiser| raiser.join().unwrap()).collect()
    });
    let done: Vec<_> = done.into_iter().flatten().collect();
    let [(new, new_fee)] = done[..] else { panic!("{done:?}") };
    assert_eq!([new, other, old].map(|txid| chain.in_mempool(txid)), [true, true, false]);
    let left = Amount::from_int_btc(50 * coins - 3) - new_fee - other_fee;
    assert_eq!(wallet.get_balance().unwrap(), left.to_signed().unwrap());
    drop(wallet);
    assert_eq!(parent.leave(), Some(0));
}
