//! Wallet: its coins, what they are worth, and what kind of wallet it is.

use std::collections::BTreeMap;

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint};
use bitcoin_ipc::interfaces::MinimumFee;
use bitcoin_ipc::types::{CoinControl, Destination, FeeReason, OutputType, WalletBalances, WalletTxOut};

use crate::ends::Ends;
use crate::sample::{block_hash, destination, input, key_hash, outpoint, output, sat};
use crate::script::same;
use crate::wallet_spending::coin_control;

fn wallet_output(number: u8) -> WalletTxOut {
    WalletTxOut {
        txout: output(number),
        time: 1_700_000_000 + i64::from(number),
        depth_in_main_chain: -i32::from(number),
        is_spent: true,
    }
}

fn balances(first: i64) -> WalletBalances {
    WalletBalances {
        balance: sat(first),
        unconfirmed_balance: sat(first + 1),
        immature_balance: sat(first + 2),
        used_balance: sat(first + 3),
        nonmempool_balance: sat(first + 4),
    }
}

pub(crate) fn coins_are_locked_and_listed(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    same!(script, wallet.lock_coin(outpoint(1), true), true);
    same!(script, wallet.unlock_coin(outpoint(2)), true);
    same!(script, wallet.is_locked_coin(outpoint(3)), true);
    same!(script, wallet.list_locked_coins(), vec![outpoint(4), outpoint(5)]);
    let coins = |numbers: &[u8]| numbers.iter().map(|n| (outpoint(*n), wallet_output(*n))).collect();
    let listed = BTreeMap::from([
        (Destination::None, coins(&[1])),
        (Destination::PkHash(key_hash(2)), coins(&[2, 3])),
        (Destination::ScriptHash(bitcoin::ScriptHash::from_byte_array([4; 20])), Vec::new()),
        (destination(5), coins(&[5])),
    ]);
    same!(script, wallet.list_coins(), listed);
    same!(script, wallet.list_coins(), BTreeMap::new());
    same!(script, wallet.get_coins(&[outpoint(6), outpoint(7)]), vec![wallet_output(6), wallet_output(7)]);
    let none: [OutPoint; 0] = [];
    same!(script, wallet.get_coins(&none), Vec::new());
    same!(script, wallet.txin_is_mine(&input(8)), true);
    same!(script, wallet.txout_is_mine(&output(8)), true);
    same!(script, wallet.get_debit(&input(9)), sat(-9));
    same!(script, wallet.get_credit(&output(9)), sat(9));
}

pub(crate) fn balances_and_fees(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    same!(script, wallet.get_balances(), balances(1));
    same!(script, wallet.try_get_balances(), Some((balances(-9), block_hash(1))));
    same!(script, wallet.try_get_balances(), None);
    same!(script, wallet.get_balance(), sat(i64::MAX));
    same!(script, wallet.get_available_balance(&coin_control()), sat(i64::MIN));
    same!(script, wallet.get_available_balance(&CoinControl::default()), sat(1));
    same!(script, wallet.get_required_fee(141), Amount::from_sat(142));
    let fee = |returned_target, reason| MinimumFee { returned_target, reason, fee: Amount::from_sat(150) };
    same!(script, wallet.get_minimum_fee(142, &coin_control(), true, true), fee(6, FeeReason::MempoolMin));
    same!(script, wallet.get_minimum_fee(143, &coin_control(), true, false), fee(7, FeeReason::None));
    same!(script, wallet.get_minimum_fee(144, &coin_control(), false, true), fee(0, FeeReason::Required));
    same!(script, wallet.get_confirm_target(), 6);
    same!(script, wallet.get_default_max_tx_fee(), Amount::from_sat(10_000_000));
}

pub(crate) fn what_kind_of_wallet_it_is(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    for yes in [true, false] {
        same!(script, wallet.hd_enabled(), yes);
        same!(script, wallet.can_get_addresses(), yes);
        same!(script, wallet.private_keys_disabled(), yes);
        same!(script, wallet.taproot_enabled(), yes);
        same!(script, wallet.has_external_signer(), yes);
    }
    for output_type in [OutputType::Bech32m, OutputType::Bech32, OutputType::Legacy] {
        same!(script, wallet.get_default_address_type(), output_type);
    }
    same!(script, wallet.remove(), ());
}
