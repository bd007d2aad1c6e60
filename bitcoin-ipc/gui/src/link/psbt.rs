//! Partially signed transactions.
//!
//! In: bytes, in base64 or not. Out: what they say; the same with more signatures; the transaction on its way.

use std::io::Read as _;
use std::path::Path;

use bitcoin::consensus;
use bitcoin::{Address, Transaction};
use bitcoin_ipc::types::psbt::{Psbt, decode, encode};
use bitcoin_ipc::types::{PsbtFillOptions, Secret};
use data_encoding::BASE64;
use mp_runtime::within;
use serde_json::{Value, json};

use super::read::{ask, wallet_rpc};
use super::send::unlock;
use super::{Held, WALLET_PATIENCE};
use crate::engine::Failure;
use crate::model::psbt::{PsbtInput, PsbtOutput, PsbtView};
use crate::model::review::Review;
use crate::text::words::{mark, say};

/// The most bytes of a file that is read.
const LARGEST: u64 = 100_000_000;
/// How every PSBT begins.
const MAGIC: &[u8] = b"psbt";

/// Reads one that was pasted, or the path of a file with one.
pub(super) fn read(held: &Held, name: &str, text: &str) -> Result<Box<PsbtView>, Failure> {
    let text = text.trim();
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let pasted = BASE64.decode(compact.as_bytes());
    let bytes = match pasted {
        Ok(bytes) if bytes.starts_with(MAGIC) => bytes,
        _ => from_file(Path::new(text))?,
    };
    view(held, name, &parse(&bytes)?)
}

fn from_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::refused(say!("This is neither a PSBT in base64 nor a file with one: {error}.", error))
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.starts_with(MAGIC) {
        return Ok(bytes);
    }
    let text: Vec<u8> = bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let place = |error: data_encoding::DecodeError| {
        Failure::refused(say!(
            "The file is not base64: byte {position} is not of it.",
            position = error.position
        ))
    };
    BASE64.decode(&text).map_err(place)
}

fn parse(bytes: &[u8]) -> Result<Psbt, Failure> {
    decode(bytes).map_err(|error| Failure::refused(say!("This is not a PSBT: {text}.", text = error.text())))
}

/// What it says.
fn view(held: &Held, name: &str, psbt: &Psbt) -> Result<Box<PsbtView>, Failure> {
    let inputs = psbt.unsigned_tx.input.iter().zip(&psbt.inputs);
    let inputs = inputs.map(|(input, map)| {
        let spent = input.previous_output;
        // Of two statements that differ the whole transaction is the true one.
        let whole = map.non_witness_utxo.as_ref().filter(|tx| tx.compute_txid() == spent.txid);
        let whole = whole.and_then(|tx| tx.output.get(usize::try_from(spent.vout).ok()?));
        PsbtInput {
            outpoint: spent.to_string(),
            amount: whole.or(map.witness_utxo.as_ref()).map(|output| output.value.to_sat()),
            complete: map.final_script_sig.is_some() || map.final_script_witness.is_some(),
            signatures: map.partial_sigs.len()
                + map.tap_script_sigs.len()
                + usize::from(map.tap_key_sig.is_some()),
        }
    });
    let inputs = inputs.collect();
    let mine = ask(held, name, |wallet| {
        psbt.unsigned_tx
            .output
            .iter()
            .map(|output| wallet.txout_is_mine(output))
            .collect::<Result<Vec<bool>, _>>()
    })?;
    let outputs = psbt.unsigned_tx.output.iter().zip(mine);
    let outputs = outputs.map(|(output, mine)| PsbtOutput {
        address: Address::from_script(&output.script_pubkey, held.network)
            .map(|found| found.to_string())
            .unwrap_or_default(),
        amount: output.value.to_sat(),
        mine,
    });
    Ok(Box::new(PsbtView {
        bytes: encode(psbt),
        version: psbt.version,
        txid: psbt.unsigned_tx.compute_txid().to_string(),
        inputs,
        outputs: outputs.collect(),
    }))
}

/// What was reviewed, for others to sign: with all that the wallet knows, and without its signatures.
pub(super) fn of_review(held: &Held, name: &str, review: &Review) -> Result<Box<PsbtView>, Failure> {
    let psbt = Psbt::from_unsigned_tx(review.tx.clone());
    let psbt = psbt.map_err(|error| Failure::refused(say!("It cannot be made a PSBT: {error}.", error)))?;
    fill(held, name, &psbt, false)
}

fn fill(held: &Held, name: &str, psbt: &Psbt, sign: bool) -> Result<Box<PsbtView>, Failure> {
    let options = PsbtFillOptions { sign, sighash_type: None, finalize: true, bip32_derivs: true };
    let filled = ask(held, name, |wallet| wallet.fill_psbt(&options, 0, false, psbt))?;
    if let Some(error) = filled.error {
        return Err(Failure::refused(say!(
            "The wallet cannot add to it: {error}.",
            error = format!("{error:?}")
        )));
    }
    if filled.psbtx.unsigned_tx != psbt.unsigned_tx {
        return Err(Failure::refused(mark!("The wallet gave another transaction. It is not used.")));
    }
    view(held, name, &filled.psbtx)
}

/// Has the wallet sign what it can.
pub(super) fn sign(
    held: &Held,
    name: &str,
    bytes: &[u8],
    passphrase: Option<Secret>,
) -> Result<Box<PsbtView>, Failure> {
    let psbt = parse(bytes)?;
    let wallet = held.wallet(name)?;
    let unlocked = unlock(&*wallet, passphrase.as_ref(), &|error| held.failure(error))?;
    let Some(_unlocked) = unlocked else { return Err(Failure::refused(mark!("The passphrase is wrong."))) };
    fill(held, name, &psbt, true)
}

/// Puts two together that are of one transaction.
pub(super) fn combine(held: &Held, name: &str, bytes: &[u8], other: &str) -> Result<Box<PsbtView>, Failure> {
    let mut first = parse(bytes)?;
    let mut second = parse(&read(held, name, other)?.bytes)?;
    let combined = second.with(|second| first.with(|first| first.combine(second.clone())));
    combined.map_err(|error| Failure::refused(say!("They do not go together: {error}.", error)))?;
    view(held, name, &first)
}

/// Sends its transaction.
pub(super) fn broadcast(held: &Held, name: &str, bytes: &[u8]) -> Result<String, Failure> {
    let answer = wallet_rpc(held, name, "finalizepsbt", json!([BASE64.encode(bytes)]))?;
    let hex = answer.get("hex").and_then(Value::as_str);
    let Some(hex) = hex else { return Err(Failure::refused(mark!("Signatures are missing still."))) };
    let tx = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok();
    let tx: Option<Transaction> = tx.and_then(|bytes| consensus::deserialize(&bytes).ok());
    let tx = tx.ok_or_else(|| Failure::refused(mark!("The node gave no transaction.")))?;
    let most = ask(held, name, |wallet| wallet.get_default_max_tx_fee())?;
    let node = held.node()?;
    let sent = within(WALLET_PATIENCE, || node.broadcast_transaction(&tx, most));
    match sent.map_err(|error| held.failure(&error))? {
        Ok(()) => Ok(say!("The transaction is sent: {txid}", txid = tx.compute_txid())),
        Err(failure) if failure.message.is_empty() => Err(Failure::refused(say!(
            "The node does not take it: {message}",
            message = format!("{:?}.", failure.error)
        ))),
        Err(failure) => {
            Err(Failure::refused(say!("The node does not take it: {message}", message = failure.message)))
        }
    }
}
