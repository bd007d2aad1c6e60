//! Wallet: making, replacing, signing and reading transactions.

use std::collections::BTreeMap;

use bitcoin::{Amount, ScriptBuf, Transaction, Witness};
use bitcoin_ipc::interfaces::{BumpTransaction, FilledPsbt, TxStatus, WalletTxDetails};
use bitcoin_ipc::types::psbt::{Fields, InputFields, Psbt, to_version_2};
use bitcoin_ipc::types::{
    CoinControl, CreatedTransactionResult, Destination, OutputType, PsbtError, PsbtFillOptions, Recipient,
    WalletTx, WalletTxStatus,
};

use crate::ends::Ends;
use crate::sample::{destination, fee_calculation, outpoint, output, rate, sat, text, transaction, txid};
use crate::script::same;

/// Options none of which is as usual.
pub(crate) fn coin_control() -> CoinControl {
    CoinControl {
        dest_change: destination(1),
        has_change_type: true,
        change_type: OutputType::Bech32m,
        include_unsafe_inputs: true,
        allow_other_inputs: false,
        allow_watch_only: true,
        override_fee_rate: true,
        has_fee_rate: true,
        fee_rate: Some(rate(2)),
        has_confirm_target: true,
        confirm_target: 3,
        has_signal_rbf: true,
        signal_rbf: true,
        avoid_partial_spends: true,
        avoid_address_reuse: true,
        fee_mode: 2,
        min_depth: 4,
        max_depth: 5,
        has_lock_time: 6,
        lock_time: 7,
        has_version: 8,
        version: 9,
        has_max_tx_weight: 10,
        max_tx_weight: 11,
        set_selected: vec![outpoint(12), outpoint(13)],
    }
}

fn pairs() -> [(String, String); 2] {
    [("comment".into(), "rent".into()), ("to".into(), "landlord".into())]
}

pub(crate) fn a_transaction_is_made_and_committed(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    let recipient = |dest, subtract_fee_from_amount| Recipient {
        dest,
        amount: Amount::from_sat(1_000_000),
        subtract_fee_from_amount,
    };
    let recipients = [recipient(destination(2), true), recipient(Destination::None, false)];
    for change_pos in [None, Some(0), Some(u32::MAX)] {
        let fee = Amount::from_sat(141);
        let made =
            CreatedTransactionResult { tx: transaction(1), fee, fee_calc: fee_calculation(), change_pos };
        same!(script, wallet.create_transaction(&recipients, &coin_control(), true, change_pos), Ok(made));
    }
    let (nobody, none): ([Recipient; 0], Option<u32>) = ([], None);
    let failure = Err(text("not enough"));
    same!(script, wallet.create_transaction(&nobody, &CoinControl::default(), false, none), failure);
    let value_map = BTreeMap::from(pairs());
    same!(script, wallet.commit_transaction(&transaction(2), &value_map, &pairs()), ());
    same!(script, wallet.transaction_can_be_abandoned(txid(3)), true);
    same!(script, wallet.abandon_transaction(txid(4)), true);
}

pub(crate) fn a_transaction_is_bumped_or_not(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    same!(script, wallet.transaction_can_be_bumped(txid(1)), true);
    let (old_fee, new_fee) = (Amount::from_sat(100), Amount::from_sat(200));
    let made = BumpTransaction { old_fee, new_fee, mtx: transaction(1) };
    same!(script, wallet.create_bump_transaction(txid(1), &coin_control()), Ok(made));
    let mtx = transaction(2);
    same!(script, wallet.sign_bump_transaction(&mtx), Some(transaction(3)));
    same!(script, wallet.sign_bump_transaction(&mtx), None);
    same!(script, wallet.commit_bump_transaction(txid(1), &mtx), Ok(txid(2)));
    for errors in [vec![], vec![text("too late")], vec![text("too late"), text("too low")]] {
        same!(script, wallet.create_bump_transaction(txid(1), &coin_control()), Err(errors.clone()));
        same!(script, wallet.commit_bump_transaction(txid(1), &mtx), Err(errors));
    }
}

fn wallet_tx(number: u8) -> WalletTx {
    WalletTx {
        tx: Some(transaction(number)),
        txin_is_mine: vec![true],
        txout_is_mine: vec![false, true],
        txout_is_change: vec![true, false],
        txout_address: vec![destination(number), Destination::None],
        txout_address_is_mine: vec![true, true],
        credit: sat(1),
        debit: sat(-2),
        change: sat(3),
        time: 1_700_000_000 + i64::from(number),
        value_map: BTreeMap::from(pairs()),
        is_coinbase: true,
    }
}

/// What the wallet gives for an id that it does not have.
fn no_wallet_tx() -> WalletTx {
    WalletTx {
        tx: None,
        txin_is_mine: Vec::new(),
        txout_is_mine: Vec::new(),
        txout_is_change: Vec::new(),
        txout_address: Vec::new(),
        txout_address_is_mine: Vec::new(),
        credit: sat(0),
        debit: sat(0),
        change: sat(0),
        time: 0,
        value_map: BTreeMap::new(),
        is_coinbase: false,
    }
}

fn status() -> WalletTxStatus {
    WalletTxStatus {
        block_height: i32::MAX,
        blocks_to_maturity: 99,
        depth_in_main_chain: -1,
        time_received: u32::MAX,
        lock_time: 5,
        is_trusted: true,
        is_abandoned: true,
        is_coinbase: true,
        is_in_main_chain: true,
    }
}

pub(crate) fn transactions_are_told_in_full(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    same!(script, wallet.get_tx(txid(1)), Some(transaction(1)));
    same!(script, wallet.get_tx(txid(2)), None);
    same!(script, wallet.get_wallet_tx(txid(1)), wallet_tx(1));
    same!(script, wallet.get_wallet_tx(txid(2)), no_wallet_tx());
    same!(script, wallet.get_wallet_txs(), vec![wallet_tx(1), no_wallet_tx(), wallet_tx(2)]);
    let found = TxStatus { tx_status: status(), num_blocks: 800_000, block_time: 1_700_000_000 };
    same!(script, wallet.try_get_tx_status(txid(1)), Some(found));
    same!(script, wallet.try_get_tx_status(txid(2)), None);
    let details = WalletTxDetails {
        tx_status: status(),
        order_form: pairs().to_vec(),
        in_mempool: true,
        num_blocks: 800_001,
        tx: wallet_tx(3),
    };
    same!(script, wallet.get_wallet_tx_details(txid(3)), details);
}

/// A PSBT of one input whose output is known, or not yet.
fn psbt(known: bool) -> Psbt {
    let mut unsigned: Transaction = transaction(4);
    unsigned.input[0].script_sig = ScriptBuf::new();
    unsigned.input[0].witness = Witness::new();
    let mut psbt = Psbt::from_unsigned_tx(unsigned).expect("a PSBT");
    psbt.inputs[0].witness_utxo = known.then(|| output(4));
    psbt
}

pub(crate) fn a_psbt_is_filled(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    let options =
        PsbtFillOptions { sign: false, sighash_type: Some(-3), finalize: false, bip32_derivs: true };
    let filled = FilledPsbt { n_signed: 1, psbtx: psbt(true), complete: true, error: None };
    same!(script, wallet.fill_psbt(&options, 7_u64, true, &psbt(false)), filled.clone());
    // Of version 2, with all fields that only it has.
    let mut newer = to_version_2(psbt(true));
    Fields { fallback_lock_time: Some(7), tx_modifiable: Some(6) }.set(&mut newer);
    InputFields { sequence: None, time_lock: Some(1_600_000_000), height_lock: Some(9) }.set(&mut newer, 0);
    let filled_too = FilledPsbt { psbtx: newer.clone(), ..filled.clone() };
    same!(script, wallet.fill_psbt(&options, 7_u64, true, &newer), filled_too);
    let usual = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: false };
    for error in [PsbtError::MissingInputs, PsbtError::SighashMismatch, PsbtError::Ok] {
        let filled = FilledPsbt { n_signed: 0, complete: false, error: Some(error), ..filled.clone() };
        same!(script, wallet.fill_psbt(&usual, 0_u64, false, &psbt(true)), filled);
    }
}
