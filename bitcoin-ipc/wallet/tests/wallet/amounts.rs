//! Amounts that cannot be, wherever they come from.

use std::collections::BTreeMap;

use bitcoin::absolute::LockTime;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxIn, TxOut};
use bitcoin_ipc::types::{CoinControl, OutputType, WireFeeRate};
use bitcoin_wallet::WalletHandle;

use crate::chain::elsewhere;
use crate::{Setup, balance, script, to};

/// More than an amount can be, with and without the highest bit, and more than there is.
const TOO_MUCH: [u64; 4] = [u64::MAX, 1 << 63, (1 << 63) - 1, 2_100_000_000_000_001];

fn paying(input: OutPoint, script_pubkey: &ScriptBuf, amounts: &[u64]) -> Transaction {
    let output =
        |amount: &u64| TxOut { value: Amount::from_sat(*amount), script_pubkey: script_pubkey.clone() };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn { previous_output: input, ..TxIn::default() }],
        output: amounts.iter().map(output).collect(),
    }
}

/// Asks for everything that sums amounts up.
fn look(wallet: &WalletHandle) -> i64 {
    wallet.wallet_txs().unwrap();
    wallet.coins_by_address().unwrap();
    wallet.available_balance(&CoinControl::default()).unwrap();
    balance(wallet)
}

#[test]
fn nobody_is_paid_what_there_is_not() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    for amount in TOO_MUCH {
        let pay = to(&elsewhere(), Amount::from_sat(amount));
        for recipients in [vec![pay.clone()], vec![pay.clone(), pay.clone()]] {
            for control in [
                CoinControl::default(),
                CoinControl { fee_rate: Some(WireFeeRate::from_sat_per_kvb(i64::MAX)), ..Default::default() },
            ] {
                let said = wallet.interface().create_transaction(&recipients, &control, false, None).unwrap();
                let text = said.unwrap_err().original;
                let known = ["Transaction amounts must not be negative", "Insufficient funds"];
                assert!(known.contains(&text.as_str()), "{text}");
            }
        }
    }
    for rate in [i64::MIN, -1, i64::MAX, 1 << 40] {
        for override_fee_rate in [false, true] {
            let fee_rate = Some(WireFeeRate::from_sat_per_kvb(rate));
            let control = CoinControl { fee_rate, override_fee_rate, ..CoinControl::default() };
            let one = [to(&elsewhere(), Amount::ONE_BTC)];
            let said = wallet.interface().create_transaction(&one, &control, false, None).unwrap();
            assert!(said.is_err() || (override_fee_rate && rate < 0), "{rate}");
        }
    }
    assert_eq!(look(&wallet), 5_000_000_000);
}

#[test]
fn what_cannot_be_is_not_committed() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let own = script(&wallet, OutputType::Bech32);
    let coin = wallet.available_coins(&CoinControl::default()).unwrap()[0].outpoint;
    for amount in TOO_MUCH {
        for amounts in [&[amount][..], &[amount, amount]] {
            let tx = paying(coin, &own, amounts);
            assert!(wallet.interface().commit_transaction(&tx, &BTreeMap::new(), &[]).is_err());
            assert_eq!(look(&wallet), 5_000_000_000);
        }
    }
    let more = paying(coin, &own, &[5_000_000_001]);
    let said = wallet.interface().commit_transaction(&more, &BTreeMap::new(), &[]).unwrap_err();
    assert!(said.text().contains("pays more than it spends"), "{said}");
    assert_eq!(look(&wallet), 5_000_000_000);
}

#[test]
fn what_a_node_tells_that_cannot_be_does_not_count() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    let own = script(&wallet, OutputType::Bech32);
    for (place, amount) in TOO_MUCH.into_iter().enumerate() {
        let nowhere = OutPoint { vout: place as u32, ..OutPoint::null() };
        let tx = paying(nowhere, &own, &[amount, amount]);
        setup.chain.mine_block(vec![tx], &elsewhere());
        assert_eq!(look(&wallet), 5_000_000_000);
    }
    // All the money there is, a few thousand times.
    for place in 0..50 {
        let nowhere = OutPoint { vout: 100 + place, ..OutPoint::null() };
        let txs = (0..100).map(|more| {
            let nowhere = OutPoint { vout: nowhere.vout * 1000 + more, ..nowhere };
            paying(nowhere, &own, &[2_100_000_000_000_000])
        });
        setup.chain.mine_block(txs.collect(), &elsewhere());
    }
    assert_eq!(look(&wallet), i64::MAX);
    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert_eq!(look(&wallet), i64::MAX);
    let made =
        wallet.create_transaction(&[to(&elsewhere(), Amount::ONE_BTC)], &CoinControl::default(), true, None);
    assert!(made.is_ok(), "{made:?}");
}
