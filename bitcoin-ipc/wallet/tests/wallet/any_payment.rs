//! Payments with any coins, recipients and coin control: each adds up, or says why there is none.
//!
//! In: random wishes with a fixed seed. Out: what holds for every transaction that a wallet makes, and for the
//! wallet after it is committed.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::key::rand::rngs::StdRng;
use bitcoin::key::rand::seq::SliceRandom as _;
use bitcoin::key::rand::{Rng as _, SeedableRng as _};
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxIn, TxOut};
use bitcoin_ipc::types::{
    CoinControl, CreatedTransactionResult, Destination, OutputType, Recipient, WireFeeRate,
};
use bitcoin_wallet::{Error, WalletHandle};

use crate::chain::elsewhere;
use crate::{Setup, balance, script};

const KINDS: [OutputType; 4] =
    [OutputType::Legacy, OutputType::P2shSegwit, OutputType::Bech32, OutputType::Bech32m];

/// Of an output of the largest kind, at the rate of the node in memory.
const DUST: u64 = 546;

struct Wish {
    recipients: Vec<Recipient>,
    control: CoinControl,
    rate: u64,
    change_pos: Option<u32>,
    locked: BTreeSet<OutPoint>,
}

fn any(random: &mut StdRng, low: f64, high: f64) -> u64 {
    10_f64.powf(random.gen_range(low..high)) as u64
}

fn fill(setup: &Setup, wallet: &WalletHandle, random: &mut StdRng) {
    let count = random.gen_range(1..25);
    let output = (0..count)
        .map(|_| TxOut {
            value: Amount::from_sat(any(random, 2.8, 8.5)),
            script_pubkey: script(wallet, KINDS[random.gen_range(0..4)]),
        })
        .collect();
    let nowhere = OutPoint { vout: random.r#gen(), ..OutPoint::null() };
    let gift = Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![TxIn { previous_output: nowhere, ..TxIn::default() }],
        output,
    };
    setup.chain.mine_block(vec![gift], &elsewhere());
    setup.chain.mine(6, &elsewhere());
}

/// Something that a user may wish of a wallet with these coins.
fn wish(random: &mut StdRng, wallet: &WalletHandle, coins: &[(OutPoint, Amount)]) -> Wish {
    let all: u64 = coins.iter().map(|(_, value)| value.to_sat()).sum();
    let rate = *[1_000, 1_001, 1_999, 7_000, 33_333, 100_000, 400_000].choose(random).unwrap();
    let mut recipients = Vec::new();
    for _ in 0..random.gen_range(1..4) {
        let to =
            if random.gen_bool(0.3) { script(wallet, KINDS[random.gen_range(0..4)]) } else { elsewhere() };
        let amount = match random.gen_range(0..10) {
            0 => all,
            1 => all.saturating_sub(any(random, 0.0, 5.0)),
            2 => random.gen_range(0..2 * DUST),
            3 => coins.choose(random).map_or(0, |(_, value)| value.to_sat()),
            _ => any(random, 2.5, (all.max(1000) as f64).log10()),
        };
        let amount = Amount::from_sat(amount);
        let subtract_fee_from_amount = random.gen_bool(0.3);
        recipients.push(Recipient { dest: Destination::of_script(&to), amount, subtract_fee_from_amount });
    }
    let mut control = CoinControl {
        fee_rate: Some(WireFeeRate::from_sat_per_kvb(rate)),
        allow_other_inputs: random.gen_bool(0.9),
        avoid_partial_spends: random.gen_bool(0.2),
        ..CoinControl::default()
    };
    if random.gen_bool(0.3) {
        let count = random.gen_range(1..=coins.len().clamp(1, 4));
        control.set_selected = coins.choose_multiple(random, count).map(|(coin, _)| *coin).collect();
    }
    if random.gen_bool(0.3) {
        (control.has_change_type, control.change_type) = (true, KINDS[random.gen_range(0..4)]);
    }
    if random.gen_bool(0.2) {
        (control.has_max_tx_weight, control.max_tx_weight) = (1, random.gen_range(500..4_000));
    }
    if random.gen_bool(0.2) {
        (control.has_version, control.version) = (1, random.gen_range(1..=3));
    }
    let locked = match random.gen_bool(0.2) {
        true => coins.choose_multiple(random, coins.len() / 3).map(|(coin, _)| *coin).collect(),
        false => BTreeSet::new(),
    };
    let change_pos = random.gen_bool(0.3).then(|| random.gen_range(0..=recipients.len()) as u32);
    Wish { recipients, control, rate: rate as u64, change_pos, locked }
}

/// What holds for every transaction; gives what it costs the wallet.
fn check(wish: &Wish, made: &CreatedTransactionResult, values: &BTreeMap<OutPoint, Amount>) -> String {
    let Wish { recipients, control, rate, change_pos, locked } = wish;
    let tx = &made.tx;
    let spent: BTreeSet<OutPoint> = tx.input.iter().map(|input| input.previous_output).collect();
    assert_eq!(spent.len(), tx.input.len(), "no coin twice");
    let selected: BTreeSet<OutPoint> = control.set_selected.iter().copied().collect();
    assert!(selected.is_subset(&spent), "all that were selected are spent");
    assert!(control.allow_other_inputs || selected == spent);
    assert!(spent.difference(&selected).all(|coin| !locked.contains(coin)), "locked coins stay");
    let total: Amount = spent.iter().map(|coin| values[coin]).sum();
    let paid: Amount = tx.output.iter().map(|output| output.value).sum();
    assert_eq!(total - paid, made.fee);
    assert!(made.fee <= Amount::from_sat(10_000_000));

    let mut outputs = tx.output.clone();
    let change = made.change_pos.map(|place| outputs.remove(place as usize));
    if let Some(change) = &change {
        assert!(change_pos.is_none_or(|place| made.change_pos == Some(place)));
        assert!(change.value.to_sat() >= 330, "change is no dust: {change:?}");
    }
    // The shares of the fee differ by what cannot be shared equally, which the first one pays.
    assert_eq!(outputs.len(), recipients.len());
    let mut shares = Vec::new();
    for (output, recipient) in outputs.iter().zip(recipients) {
        assert_eq!(Some(output.script_pubkey.clone()), recipient.dest.script_pubkey());
        if recipient.subtract_fee_from_amount {
            shares.push(recipient.amount.to_signed().unwrap() - output.value.to_signed().unwrap());
        } else {
            assert_eq!(output.value, recipient.amount);
        }
    }
    if let [first, others @ ..] = &shares[..] {
        assert!(others.iter().all(|share| *share == others[0]));
        let odd = (*first - *others.first().unwrap_or(first)).to_sat().unsigned_abs();
        assert!(odd < shares.len() as u64, "{shares:?}");
    }

    let (vsize, weight) = (tx.vsize() as u64, tx.weight().to_wu());
    let least = (rate * vsize).div_ceil(1000);
    assert!(made.fee.to_sat() >= least, "{} for {vsize} at {rate}", made.fee);
    // Signatures may be a byte shorter than expected, and what is not worth an output is left to miners.
    let longer = (rate * (vsize + tx.input.len() as u64 + 1)).div_ceil(1000);
    let left = if change.is_none() && shares.is_empty() { 600 + rate * 43 / 1000 + 91 * 10 } else { 1 };
    assert!(made.fee.to_sat() <= longer + left, "{} for {vsize} at {rate}", made.fee);
    let truc = control.has_version == 1 && control.version == 3;
    let most = if control.has_max_tx_weight == 1 { control.max_tx_weight.into() } else { 400_000 };
    assert!(weight <= most && (!truc || weight <= 40_000));
    assert_eq!(tx.version.0, if control.has_version == 1 { control.version as i32 } else { 2 });
    format!("{} in, {} out", tx.input.len(), tx.output.len())
}

/// Whether coins that may be chosen would have been enough without doubt.
fn would_do(
    wish: &Wish,
    values: &BTreeMap<OutPoint, Amount>,
    scripts: &BTreeMap<OutPoint, ScriptBuf>,
) -> bool {
    let Wish { recipients, control, rate, locked, .. } = wish;
    let weighty = |script: &ScriptBuf| if script.is_p2pkh() { 149 } else { 92 };
    let fee = |vbytes: u64| (rate * vbytes).div_ceil(1000);
    let chosen = values.iter().filter(|(coin, _)| {
        control.set_selected.contains(coin) || (control.allow_other_inputs && !locked.contains(coin))
    });
    let effective: u64 = chosen
        .map(|(coin, value)| match control.set_selected.contains(coin) {
            true => i128::from(value.to_sat()) - i128::from(fee(weighty(&scripts[coin]))),
            false => i128::from(value.to_sat().saturating_sub(fee(weighty(&scripts[coin])))),
        })
        .sum::<i128>()
        .max(0) as u64;
    let sum: u64 = recipients.iter().map(|recipient| recipient.amount.to_sat()).sum();
    effective >= sum + fee(12 + 43 * (recipients.len() as u64 + 1))
}

#[test]
fn every_payment_adds_up_or_says_why_there_is_none() {
    let (mut paid, mut refusals) = (0, BTreeMap::<String, usize>::new());
    for seed in 0..6 {
        let random = &mut StdRng::seed_from_u64(seed);
        let setup = Setup::new();
        let wallet = setup.wallet("w");
        for turn in 0..25 {
            if turn % 8 == 0 {
                fill(&setup, &wallet, random);
            }
            let available = wallet.available_coins(&CoinControl::default()).unwrap();
            let confirmed = available.iter().filter(|coin| coin.depth > 0);
            let coins: Vec<_> = confirmed.map(|coin| (coin.outpoint, coin.output.value)).collect();
            let scripts: BTreeMap<_, _> =
                available.iter().map(|coin| (coin.outpoint, coin.output.script_pubkey.clone())).collect();
            let values: BTreeMap<OutPoint, Amount> = coins.iter().copied().collect();
            let mut wish = wish(random, &wallet, &coins);
            // What is not confirmed has a test of its own.
            wish.control.min_depth = 1;
            for coin in &wish.locked {
                wallet.lock_coin(*coin, false).unwrap();
            }
            let said = format!("seed {seed} turn {turn}");
            let Wish { recipients, control, change_pos, locked, .. } = &wish;
            match wallet.create_transaction(recipients, control, true, *change_pos) {
                Ok(made) => {
                    println!("{said}: {}", check(&wish, &made, &values));
                    let before = balance(&wallet);
                    let own = |output: &&TxOut| wallet.credit(output).unwrap().is_some();
                    let back: Amount = made.tx.output.iter().filter(own).map(|output| output.value).sum();
                    let spent: Amount =
                        made.tx.input.iter().map(|input| values[&input.previous_output]).sum();
                    wallet.commit_transaction(&made.tx, BTreeMap::new(), Vec::new()).expect(&said);
                    let less = i64::try_from(spent.to_sat() - back.to_sat()).unwrap();
                    assert_eq!(balance(&wallet), before - less, "{said}");
                    paid += 1;
                    setup.chain.mine(1, &elsewhere());
                    assert_eq!(balance(&wallet), before - less, "{said}");
                }
                Err(error) => {
                    let text = error.to_string();
                    println!("{said}: {text}");
                    let limited = control.has_max_tx_weight == 1 || control.version == 3;
                    if matches!(error, Error::InsufficientFunds) || text.contains("exceeds your balance") {
                        assert!(!would_do(&wish, &values, &scripts), "{said}: {text}");
                    } else if text.contains("weight") {
                        assert!(limited, "{said}: {text}");
                    }
                    assert!(!text.contains("bug"), "{said}: {text}");
                    *refusals.entry(text.split(['(', '0']).next().unwrap().to_owned()).or_default() += 1;
                }
            }
            for coin in locked {
                wallet.unlock_coin(*coin).unwrap();
            }
        }
    }
    assert!(paid > 50, "{paid} {refusals:#?}");
    println!("{paid} {refusals:#?}");
}
