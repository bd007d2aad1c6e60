//! What a wallet does.
//!
//! In: a task. Out: what came of it, with a sentence for the user.

use std::sync::Arc;

use bitcoin::{Address, AddressType, PubkeyHash, Txid};
use bitcoin_ipc::types::{AddressPurpose, Destination, SigningResult};
use serde_json::{Value, json};

use super::read::{ask, wallet_rpc};
use super::{Held, labels, psbt, remedy, rpc, send};
use crate::engine::{Failure, WalletAnswer, WalletTask};
use crate::model::Details;
use crate::model::requests::Request;
use crate::text::address;
use crate::text::words::{mark, say};

/// Does it.
pub(super) fn perform(held: &Arc<Held>, name: &str, task: WalletTask) -> WalletAnswer {
    match task {
        WalletTask::NewAddress(kind) => WalletAnswer::Address(new_address(held, name, kind)),
        WalletTask::Make(payment) => WalletAnswer::Made(send::make(held, name, payment)),
        WalletTask::Send(review, passphrase) => {
            WalletAnswer::Sent(send::send(held, name, &review, passphrase))
        }
        WalletTask::Details(txid) => WalletAnswer::Details(details(held, name, txid)),
        WalletTask::Bump(txid, remedy, rate) => {
            WalletAnswer::Bumped(remedy::make(held, name, txid, remedy, rate))
        }
        WalletTask::SendBump(prepared, passphrase) => {
            WalletAnswer::BumpSent(remedy::send(held, name, &prepared, passphrase))
        }
        WalletTask::AsPsbt(review) => WalletAnswer::Psbt(psbt::of_review(held, name, &review)),
        WalletTask::ReadPsbt(text) => WalletAnswer::Psbt(psbt::read(held, name, &text)),
        WalletTask::CombinePsbt(known, other) => {
            WalletAnswer::Psbt(psbt::combine(held, name, &known.bytes, &other))
        }
        WalletTask::SignPsbt(known, passphrase) => {
            WalletAnswer::Psbt(psbt::sign(held, name, &known.bytes, passphrase))
        }
        WalletTask::SendPsbt(known) => WalletAnswer::Done(psbt::broadcast(held, name, &known.bytes)),
        other => WalletAnswer::Done(act(held, name, other)),
    }
}

fn act(held: &Arc<Held>, name: &str, task: WalletTask) -> Result<String, Failure> {
    let done = |done: bool, well: &str, badly: &str| {
        if done { Ok(well.to_owned()) } else { Err(Failure::refused(badly)) }
    };
    match task {
        WalletTask::Keep(request) => keep(held, name, request),
        WalletTask::Forget(request) => {
            let to = destination(held, &request.address)?;
            let id = request.id.to_string();
            let gone = ask(held, name, |wallet| wallet.set_address_receive_request(&to, id.as_bytes(), &[]))?;
            done(gone, mark!("The request is forgotten."), mark!("The wallet does not have this request."))
        }
        WalletTask::Abandon(txid) => {
            let gone = ask(held, name, |wallet| wallet.abandon_transaction(txid))?;
            done(gone, mark!("The transaction is given up."), mark!("This transaction cannot be given up."))
        }
        WalletTask::Label { address, label, mine } => {
            let to = destination(held, &address)?;
            let purpose = if mine { AddressPurpose::Receive } else { AddressPurpose::Send };
            let kept = ask(held, name, |wallet| wallet.set_address_book(&to, &label, purpose))?;
            done(kept, mark!("The label is kept."), mark!("The label was not kept."))
        }
        WalletTask::DeleteAddress(address) => {
            let to = destination(held, &address)?;
            let gone = ask(held, name, |wallet| wallet.del_address_book(&to))?;
            done(gone, mark!("The address is forgotten."), mark!("An address of the wallet's own stays."))
        }
        WalletTask::Freeze(outpoint, true) => {
            let frozen = ask(held, name, |wallet| wallet.lock_coin(outpoint, true))?;
            done(frozen, mark!("The coin is frozen."), mark!("The coin was not frozen."))
        }
        WalletTask::Freeze(outpoint, false) => {
            let free = ask(held, name, |wallet| wallet.unlock_coin(outpoint))?;
            done(free, mark!("The coin can be spent again."), mark!("The coin stays frozen."))
        }
        WalletTask::Lock => {
            let locked = ask(held, name, |wallet| wallet.lock())?;
            done(locked, mark!("The wallet is locked."), mark!("The wallet is not encrypted."))
        }
        WalletTask::Unlock(passphrase) => {
            let right = ask(held, name, |wallet| wallet.unlock(&passphrase))?;
            done(right, mark!("The wallet is unlocked."), mark!("The passphrase is wrong."))
        }
        WalletTask::Encrypt(passphrase) => {
            let encrypted = ask(held, name, |wallet| wallet.encrypt_wallet(&passphrase))?;
            done(
                encrypted,
                mark!("The wallet is encrypted, and locked."),
                mark!("The wallet was not encrypted."),
            )
        }
        WalletTask::ChangePassphrase(old, new) => {
            let changed = ask(held, name, |wallet| wallet.change_wallet_passphrase(&old, &new))?;
            done(changed, mark!("The passphrase is changed."), mark!("The old passphrase is wrong."))
        }
        WalletTask::Backup(path) => {
            let copied = ask(held, name, |wallet| wallet.backup_wallet(&path))?;
            let badly = mark!("The backup was not made: see whether the folder is there and can be written.");
            done(copied, mark!("The backup is made."), badly)
        }
        WalletTask::ExportWatchOnly(path) => {
            wallet_rpc(held, name, "exportwatchonlywallet", json!([path]))?;
            Ok(say!("{path} is written: a wallet that watches this one.", path))
        }
        WalletTask::ExportLabels(path) => labels::export(held, name, &path),
        WalletTask::ImportLabels(path) => labels::import(held, name, &path),
        WalletTask::Unload => {
            ask(held, name, |wallet| wallet.remove())?;
            Ok(mark!("The wallet is closed.").to_owned())
        }
        WalletTask::Sign { address, message } => sign(held, name, &address, &message),
        WalletTask::NewAddress(_)
        | WalletTask::Make(_)
        | WalletTask::Send(..)
        | WalletTask::Details(_)
        | WalletTask::Bump(..)
        | WalletTask::SendBump(..)
        | WalletTask::AsPsbt(_)
        | WalletTask::ReadPsbt(_)
        | WalletTask::CombinePsbt(..)
        | WalletTask::SignPsbt(..)
        | WalletTask::SendPsbt(_) => Err(Failure::refused(mark!("This is done elsewhere."))),
    }
}

fn destination(held: &Held, text: &str) -> Result<Destination, Failure> {
    address::parse(text, held.network).map(|address| Destination::from(&address)).map_err(Failure::refused)
}

fn new_address(held: &Held, name: &str, kind: bitcoin_ipc::types::OutputType) -> Result<String, Failure> {
    let made = ask(held, name, |wallet| wallet.get_new_destination(kind, ""))?;
    let made = made.map_err(|why| Failure::refused(why.to_string()))?;
    let address = made.address(held.network);
    address
        .map(|address| address.to_string())
        .ok_or_else(|| Failure::refused(mark!("The wallet gave no address.")))
}

/// Keeps a request under the next free number, and labels its address.
fn keep(held: &Held, name: &str, mut request: Request) -> Result<String, Failure> {
    let to = destination(held, &request.address)?;
    let kept = ask(held, name, |wallet| {
        let kept = wallet.get_address_receive_requests()?;
        let numbers = kept.iter().filter_map(|bytes| Request::from_bytes(bytes)).map(|kept| kept.id);
        request.id = numbers.max().unwrap_or_default() + 1;
        let id = request.id.to_string();
        let kept = wallet.set_address_receive_request(&to, id.as_bytes(), &request.to_bytes())?;
        Ok(kept && wallet.set_address_book(&to, &request.label, AddressPurpose::Receive)?)
    })?;
    if kept {
        Ok(mark!("The request is kept.").to_owned())
    } else {
        Err(Failure::refused(mark!("The request was not kept.")))
    }
}

fn sign(held: &Held, name: &str, text: &str, message: &str) -> Result<String, Failure> {
    let address = address::parse(text, held.network).map_err(Failure::refused)?;
    let hash = pubkey_hash(&address).ok_or_else(|| {
        Failure::refused(mark!(
            "Messages are signed with P2PKH addresses alone: the key of another kind is not in it."
        ))
    })?;
    let signed = ask(held, name, |wallet| wallet.sign_message(message, hash))?;
    signed.map_err(|why| {
        Failure::refused(match why {
            SigningResult::PrivateKeyNotAvailable => {
                mark!("The wallet does not have the key of this address.")
            }
            _ => mark!("The message was not signed."),
        })
    })
}

fn pubkey_hash(address: &Address) -> Option<PubkeyHash> {
    (address.address_type() == Some(AddressType::P2pkh)).then(|| address.pubkey_hash()).flatten()
}

/// All about a transaction.
fn details(held: &Held, name: &str, txid: Txid) -> Result<Box<Details>, Failure> {
    let answer = wallet_rpc(held, name, "gettransaction", json!([txid.to_string(), false, false]))?;
    let (can_abandon, can_bump) = ask(held, name, |wallet| {
        Ok((wallet.transaction_can_be_abandoned(txid)?, wallet.transaction_can_be_bumped(txid)?))
    })?;
    let waits = answer.get("confirmations").and_then(Value::as_i64) == Some(0);
    let can_have_child = waits && !remedy::spendable(held, name, txid)?.is_empty();
    let text = |name: &str| match answer.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Array(list)) if !list.is_empty() => {
            let texts =
                list.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            Some(texts.collect::<Vec<_>>().join(" "))
        }
        _ => None,
    };
    let mut fields = vec![(mark!("Transaction").to_owned(), txid.to_string())];
    let sat = |name: &str| answer.get(name).and_then(rpc::sat);
    for (title, name) in [
        (mark!("Confirmations"), "confirmations"),
        (mark!("Block"), "blockhash"),
        (mark!("Height"), "blockheight"),
        (mark!("Comment"), "comment"),
        (mark!("Replaces"), "replaces_txid"),
        (mark!("Replaced by"), "replaced_by_txid"),
        (mark!("Conflicts"), "walletconflicts"),
    ] {
        if let Some(text) = text(name) {
            fields.push((title.to_owned(), text));
        }
    }
    let hex = text("hex").unwrap_or_default();
    let (amount, fee) = (sat("amount"), sat("fee").map(i64::unsigned_abs));
    Ok(Box::new(Details { txid, amount, fee, fields, hex, can_abandon, can_bump, can_have_child }))
}
