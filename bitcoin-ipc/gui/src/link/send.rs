//! Payments.
//!
//! In: what is to be paid. Out: a transaction to review; and later the same one, signed, in the wallet and on its
//! way. Where something fails before the wallet was told to send it, nothing was sent; after that nobody knows, and
//! it is not tried again.

use std::sync::Arc;

use bitcoin::{OutPoint, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::interfaces::Wallet;
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_ipc::types::{AddressPurpose, PsbtFillOptions, Secret, WalletTxOut};
use mp_runtime::within;

use super::{Held, WALLET_PATIENCE, read::ask};
use crate::engine::{Failure, FailureKind, SendOutcome};
use crate::model::draft::Payment;
use crate::model::review::{Input, Output, Review, is_reviewed};
use crate::text::words::{mark, say};

/// What is told of a wallet that signs what nobody reviewed.
pub(super) const ANOTHER: &str =
    mark!("The wallet signed another transaction than the one that was reviewed. It is not sent.");

/// Makes a transaction, without signatures.
pub(super) fn make(held: &Held, name: &str, payment: Payment) -> Result<Box<Review>, Failure> {
    let made = ask(held, name, |wallet| {
        wallet.create_transaction(&payment.recipients(), &payment.coin_control(), false, None)
    })?;
    let made = made.map_err(|why| Failure::refused(why.to_string()))?;
    let shape = shape(held, name, &made.tx)?;
    let most = ask(held, name, |wallet| wallet.get_default_max_tx_fee())?;
    let change = made.change_pos.and_then(|place| usize::try_from(place).ok());
    let mut outputs = shape.outputs;
    for (place, output) in outputs.iter_mut().enumerate() {
        let payee = payment.payees.iter().find(|payee| payee.address == output.address);
        output.label = payee.map(|payee| payee.label.clone()).unwrap_or_default();
        output.change = change == Some(place);
    }
    let mut review = Review {
        vsize: shape.vsize,
        fee: made.fee.to_sat(),
        payment,
        tx: made.tx,
        inputs: shape.inputs,
        outputs,
        warnings: Vec::new(),
    };
    check(&review)?;
    review.warnings = warnings(&review, most.to_sat());
    Ok(Box::new(review))
}

/// What a transaction spends and pays, as far as the wallet knows.
pub(super) struct Shape {
    pub(super) inputs: Vec<Input>,
    /// None is said to be change, or to have a label.
    pub(super) outputs: Vec<Output>,
    pub(super) vsize: Option<u64>,
}

impl Shape {
    /// What is spent and not paid, in satoshi; nothing if the wallet does not know all inputs, or less is spent than
    /// paid.
    pub(super) fn fee(&self) -> Option<u64> {
        let spent = self.inputs.iter().try_fold(0_u64, |sum, input| sum.checked_add(input.amount))?;
        let paid = self.outputs.iter().try_fold(0_u64, |sum, output| sum.checked_add(output.amount))?;
        spent.checked_sub(paid)
    }
}

/// Asks what a transaction spends and pays.
pub(super) fn shape(held: &Held, name: &str, tx: &Transaction) -> Result<Shape, Failure> {
    let spent: Vec<OutPoint> = tx.input.iter().map(|input| input.previous_output).collect();
    let (coins, mine) = ask(held, name, |wallet| {
        let mine = tx.output.iter().map(|output| wallet.txout_is_mine(output));
        let mine = mine.collect::<mp_runtime::Result<Vec<bool>>>()?;
        Ok((wallet.get_coins(&spent)?, mine))
    })?;
    if coins.len() != spent.len() {
        return Err(Failure::refused(mark!("The wallet does not say what this transaction spends.")));
    }
    let address = |script: &ScriptBuf| {
        bitcoin::Address::from_script(script, held.network)
            .map(|address| address.to_string())
            .unwrap_or_default()
    };
    let input = |(outpoint, coin): (&OutPoint, &WalletTxOut)| Input {
        outpoint: *outpoint,
        amount: coin.txout.value.to_sat(),
        address: address(&coin.txout.script_pubkey),
        depth: coin.depth_in_main_chain,
    };
    let output = |(output, mine): (&bitcoin::TxOut, bool)| Output {
        address: address(&output.script_pubkey),
        amount: output.value.to_sat(),
        label: String::new(),
        change: false,
        mine,
    };
    Ok(Shape {
        inputs: spent.iter().zip(&coins).map(input).collect(),
        outputs: tx.output.iter().zip(mine).map(output).collect(),
        vsize: vsize(tx, &coins),
    })
}

/// What comes in is what goes out and the fee; and everybody gets what was asked for.
fn check(review: &Review) -> Result<(), Failure> {
    let sum = |mut amounts: Box<dyn Iterator<Item = u64> + '_>| amounts.try_fold(0_u64, u64::checked_add);
    let all_in = sum(Box::new(review.inputs.iter().map(|input| input.amount)));
    let out = sum(Box::new(review.outputs.iter().map(|output| output.amount)));
    let whole = review.inputs.len() == review.tx.input.len()
        && out.and_then(|out| out.checked_add(review.fee)).is_some_and(|out| all_in == Some(out));
    let paid = review.payment.payees.iter().all(|payee| {
        let script = payee.destination.script_pubkey();
        let found = review.tx.output.iter().filter(|output| Some(&output.script_pubkey) == script.as_ref());
        found.count() >= 1
            && (payee.subtract_fee
                || review.tx.output.iter().any(|output| {
                    Some(&output.script_pubkey) == script.as_ref() && output.value.to_sat() == payee.amount
                }))
    });
    let known = review.outputs.iter().all(|output| {
        output.change || review.payment.payees.iter().any(|payee| payee.address == output.address)
    });
    if whole && paid && known {
        return Ok(());
    }
    Err(Failure::refused(mark!(
        "The wallet made another transaction than the one that was asked for. It is not used."
    )))
}

fn warnings(review: &Review, most: u64) -> Vec<String> {
    let mut warnings = Vec::new();
    if review.fee > most {
        warnings.push(mark!("The fee is higher than the wallet's limit for fees.").to_owned());
    } else if review.fee_per_mille() > 50 {
        warnings.push(mark!("The fee is more than 5 % of what is paid.").to_owned());
    }
    if review.outputs.iter().any(|output| output.change && !output.mine) {
        warnings.push(mark!("Change goes to an address that is not this wallet's.").to_owned());
    }
    if review.outputs.iter().any(|output| !output.change && output.mine) {
        warnings.push(mark!("An address is this wallet's own: it pays itself.").to_owned());
    }
    if review.inputs.iter().any(|input| input.depth < 1) {
        warnings.push(mark!("A coin that is spent is in no block yet.").to_owned());
    }
    warnings
}

/// The size once it is signed, if all coins are of kinds that take one usual signature.
fn vsize(tx: &Transaction, coins: &[WalletTxOut]) -> Option<u64> {
    // Weight units: what the input has beside its empty script, and what its witness has.
    let signature = |script: &ScriptBuf| {
        Some(if script.is_p2wpkh() {
            1 + 1 + 72 + 1 + 33
        } else if script.is_p2tr() {
            1 + 1 + 64
        } else if script.is_p2pkh() {
            4 * (1 + 72 + 1 + 33) + 1
        } else if script.is_p2sh() {
            // P2WPKH inside, as far as a wallet's own addresses go.
            4 * 23 + 1 + 1 + 72 + 1 + 33
        } else {
            return None;
        })
    };
    let mut weight = tx.weight().to_wu();
    // The marker and the flag, unless the empty witnesses have them already.
    weight += 2;
    for coin in coins {
        weight += signature(&coin.txout.script_pubkey)?;
    }
    Some(weight.div_ceil(4))
}

/// Unlocks for as long as it lives, if there is a passphrase.
pub(super) struct Unlocked<'a> {
    wallet: &'a dyn Wallet,
    locks: bool,
}

impl Drop for Unlocked<'_> {
    fn drop(&mut self) {
        if self.locks {
            // A wallet that is gone is locked when it comes back.
            let _ = within(WALLET_PATIENCE, || self.wallet.lock());
        }
    }
}

/// Unlocks a wallet; `None` for a wrong passphrase.
pub(super) fn unlock<'a>(
    wallet: &'a dyn Wallet,
    passphrase: Option<&Secret>,
    failure: &dyn Fn(&mp_runtime::Error) -> Failure,
) -> Result<Option<Unlocked<'a>>, Failure> {
    let Some(passphrase) = passphrase else { return Ok(Some(Unlocked { wallet, locks: false })) };
    // Should the answer get lost, it may be unlocked.
    let unlocked = Unlocked { wallet, locks: true };
    let right = within(WALLET_PATIENCE, || wallet.unlock(passphrase)).map_err(|error| failure(&error))?;
    if right { Ok(Some(unlocked)) } else { Ok(None) }
}

/// Has a wallet sign, unlocked for as long as that takes. What comes of it otherwise is that nothing is sent.
pub(super) fn signed(
    held: &Held,
    name: &str,
    passphrase: Option<Secret>,
    sign: impl FnOnce() -> Result<Transaction, Failure>,
) -> Result<(Arc<dyn Wallet>, Transaction), SendOutcome> {
    let not_sent = |failure: Failure| SendOutcome::NotSent(failure.text);
    let wallet = held.wallet(name).map_err(not_sent)?;
    let unlocked = unlock(&*wallet, passphrase.as_ref(), &|error| held.failure(error)).map_err(not_sent)?;
    let unlocked = unlocked.ok_or(SendOutcome::WrongPassphrase)?;
    drop(passphrase);
    let signed = sign().map_err(not_sent)?;
    drop(unlocked);
    Ok((wallet, signed))
}

/// What came of telling a wallet to send something, when the call has failed: nothing if it was refused, and otherwise
/// nobody knows.
pub(super) fn failed(held: &Held, txid: Txid, error: &mp_runtime::Error) -> SendOutcome {
    let failure = held.failure(error);
    match failure.kind {
        FailureKind::Refused => SendOutcome::NotSent(failure.text),
        FailureKind::NodeGone | FailureKind::WalletsGone | FailureKind::TimedOut => {
            SendOutcome::Unknown(txid)
        }
    }
}

/// Signs what was reviewed and sends it.
pub(super) fn send(held: &Held, name: &str, review: &Arc<Review>, passphrase: Option<Secret>) -> SendOutcome {
    let (wallet, signed) = match signed(held, name, passphrase, || sign(held, name, &review.tx)) {
        Ok(signed) => signed,
        Err(outcome) => return outcome,
    };
    let txid = signed.compute_txid();
    let committed = within(WALLET_PATIENCE, || wallet.commit_transaction(&signed, &Default::default(), &[]));
    if let Err(error) = committed {
        return failed(held, txid, &error);
    }
    for payee in review.payment.payees.iter().filter(|payee| !payee.label.is_empty()) {
        let (to, label) = (&payee.destination, &payee.label);
        // It is sent; a label that could not be kept does not change that.
        let _ = within(WALLET_PATIENCE, || wallet.set_address_book(to, label, AddressPurpose::Send));
    }
    SendOutcome::Sent(txid)
}

/// The reviewed transaction with its signatures.
pub(super) fn sign(held: &Held, name: &str, reviewed: &Transaction) -> Result<Transaction, Failure> {
    let spent: Vec<OutPoint> = reviewed.input.iter().map(|input| input.previous_output).collect();
    let coins = ask(held, name, |wallet| wallet.get_coins(&spent))?;
    if coins.iter().any(|coin| coin.is_spent || coin.depth_in_main_chain < 0) {
        return Err(Failure::refused(mark!(
            "A coin of this payment has been spent meanwhile. Review it again."
        )));
    }
    let psbt = Psbt::from_unsigned_tx(reviewed.clone());
    let psbt =
        psbt.map_err(|error| Failure::refused(say!("The transaction cannot be signed: {error}", error)))?;
    let options = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: false };
    let filled = ask(held, name, |wallet| wallet.fill_psbt(&options, 0, false, &psbt))?;
    if let Some(error) = filled.error {
        return Err(Failure::refused(say!(
            "The wallet cannot sign it: {error}.",
            error = format!("{error:?}")
        )));
    }
    if !filled.complete {
        return Err(Failure::refused(mark!("The wallet cannot sign all of it.")));
    }
    let signed = filled.psbtx.extract_tx_unchecked_fee_rate();
    if !is_reviewed(reviewed, &signed) {
        return Err(Failure::refused(ANOTHER));
    }
    Ok(signed)
}
