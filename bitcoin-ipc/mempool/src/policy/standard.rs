//! Which transactions are standard: those that Bitcoin Core relays.
//!
//! In: a transaction and its coins. Out: the rule of Bitcoin Core's policy that it breaks.

use bitcoin::opcodes::all::OP_PUSHNUM_NEG1;
use bitcoin::script::Instruction;
use bitcoin::{Script, ScriptBuf, Transaction, TxIn, TxOut};
use bitcoin_ipc::types::Coin;

use super::script_kind::{ScriptKind, is_anchor};
use crate::options::MempoolOptions;
use crate::rate::Rate;
use crate::reject::{RejectKind, Rejected};

const MAX_WEIGHT: u64 = 400_000;
const MAX_SCRIPT_SIG: usize = 1650;
const MAX_LEGACY_SIGOPS: usize = 2500;
const MAX_P2SH_SIGOPS: usize = 15;
const MAX_WITNESS_SCRIPT: usize = 3600;
const MAX_WITNESS_ITEMS: usize = 100;
const MAX_WITNESS_ITEM: usize = 80;
const MAX_DUST_OUTPUTS: usize = 1;
const MAX_ELEMENT: usize = 520;

/// Whether nobody can ever spend an output.
fn is_unspendable(script: &Script) -> bool {
    script.is_op_return() || script.len() > 10_000
}

/// Whether an output is worth less than it costs to make and to spend at a rate: Bitcoin Core's
/// `IsDust`.
pub(crate) fn is_dust(output: &TxOut, rate: Rate) -> bool {
    if is_unspendable(&output.script_pubkey) {
        return false;
    }
    let size = bitcoin::consensus::serialize(output).len() as u64;
    // An input with a signature and a key, a fourth of that in a witness.
    let spend = if output.script_pubkey.is_witness_program() { 32 + 4 + 1 + 107 / 4 + 4 } else { 148 };
    i64::try_from(output.value.to_sat()).unwrap_or(i64::MAX) < rate.fee(size + spend)
}

/// The indexes of a transaction's dust.
pub(crate) fn dust(tx: &Transaction, rate: Rate) -> Vec<u32> {
    let outputs = tx.output.iter().zip(0..);
    outputs.filter(|(output, _)| is_dust(output, rate)).map(|(_, index)| index).collect()
}

/// Bitcoin Core's `IsStandardTx`.
pub(crate) fn transaction(tx: &Transaction, options: &MempoolOptions) -> Result<(), Rejected> {
    let broken = |reason| Err(Rejected::plain(RejectKind::NotStandard, reason));
    if !(1..=3).contains(&tx.version.0) {
        return broken("version");
    }
    if tx.weight().to_wu() > MAX_WEIGHT {
        return broken("tx-size");
    }
    for input in &tx.input {
        if input.script_sig.len() > MAX_SCRIPT_SIG {
            return broken("scriptsig-size");
        }
        if !input.script_sig.is_push_only() {
            return broken("scriptsig-not-pushonly");
        }
    }
    let mut data_left = options.max_datacarrier_bytes.unwrap_or(0);
    for output in &tx.output {
        match ScriptKind::of(&output.script_pubkey) {
            ScriptKind::NonStandard => return broken("scriptpubkey"),
            ScriptKind::NullData => {
                let size = output.script_pubkey.len() as u64;
                let Some(left) = data_left.checked_sub(size) else { return broken("datacarrier") };
                data_left = left;
            }
            ScriptKind::Multisig(_, keys) if keys > 3 => return broken("scriptpubkey"),
            ScriptKind::Multisig(..) if !options.permit_bare_multisig => return broken("bare-multisig"),
            _ => {}
        }
    }
    if dust(tx, options.dust_relay_rate).len() > MAX_DUST_OUTPUTS {
        return broken("dust");
    }
    Ok(())
}

/// The last thing that a script of pushes leaves on the stack; `None` when the stack stays empty.
fn last_push(script: &Script) -> Result<Option<ScriptBuf>, &'static str> {
    let mut last = None;
    for instruction in script.instructions() {
        let bytes = match instruction.map_err(|_| "Opcode missing or not understood")? {
            Instruction::PushBytes(push) if push.len() > MAX_ELEMENT => {
                return Err("Push value size limit exceeded");
            }
            Instruction::PushBytes(push) => push.as_bytes().to_vec(),
            Instruction::Op(OP_PUSHNUM_NEG1) => vec![0x81],
            Instruction::Op(op) => match op.to_u8().checked_sub(0x50) {
                Some(number @ 1..=16) => vec![number],
                _ => return Err("Opcode missing or not understood"),
            },
        };
        last = Some(ScriptBuf::from_bytes(bytes));
    }
    Ok(last)
}

/// Bitcoin Core's `ValidateInputsStandardness`.
pub(crate) fn inputs(tx: &Transaction, coins: &[Coin]) -> Result<(), Rejected> {
    let broken = |details: String| {
        Err(Rejected::new(RejectKind::InputsNotStandard, "bad-txns-nonstandard-inputs", details))
    };
    let mut sigops = 0;
    for (input, coin) in tx.input.iter().zip(coins) {
        let script = &coin.output.script_pubkey;
        sigops += input.script_sig.count_sigops();
        sigops += match last_push(&input.script_sig) {
            _ if !script.is_p2sh() => script.count_sigops(),
            Ok(Some(redeem)) => redeem.count_sigops(),
            _ => 0,
        };
    }
    if sigops > MAX_LEGACY_SIGOPS {
        return broken("non-witness sigops exceed bip54 limit".to_owned());
    }
    for (index, (input, coin)) in tx.input.iter().zip(coins).enumerate() {
        match ScriptKind::of(&coin.output.script_pubkey) {
            ScriptKind::NonStandard => return broken(format!("input {index} script unknown")),
            ScriptKind::WitnessUnknown => {
                return broken(format!("input {index} witness program is undefined"));
            }
            ScriptKind::ScriptHash => match last_push(&input.script_sig) {
                Err(error) => return broken(format!("p2sh scriptsig malformed (input {index}: {error})")),
                Ok(None) => return broken(format!("input {index} P2SH redeemscript missing")),
                Ok(Some(redeem)) => {
                    let count = redeem.count_sigops();
                    if count > MAX_P2SH_SIGOPS {
                        return broken(format!(
                            "p2sh redeemscript sigops exceed limit (input {index}: {count} > {MAX_P2SH_SIGOPS})"
                        ));
                    }
                }
            },
            _ => {}
        }
    }
    Ok(())
}

/// Bitcoin Core's `IsWitnessStandard`, for all inputs.
pub(crate) fn witnesses(tx: &Transaction, coins: &[Coin]) -> Result<(), Rejected> {
    if tx.input.iter().zip(coins).all(|(input, coin)| witness(input, &coin.output.script_pubkey)) {
        return Ok(());
    }
    Err(Rejected::plain(RejectKind::WitnessMutated, "bad-witness-nonstandard"))
}

fn witness(input: &TxIn, script_pubkey: &Script) -> bool {
    if input.witness.is_empty() {
        return true;
    }
    if is_anchor(script_pubkey) {
        return false;
    }
    let redeem = script_pubkey.is_p2sh().then(|| last_push(&input.script_sig));
    let script = match &redeem {
        Some(Ok(Some(redeem))) => redeem.as_script(),
        Some(_) => return false,
        None => script_pubkey,
    };
    let mut items: Vec<&[u8]> = input.witness.iter().collect();
    if script.is_p2wsh() {
        let Some(witness_script) = items.pop() else { return false };
        return witness_script.len() <= MAX_WITNESS_SCRIPT
            && items.len() <= MAX_WITNESS_ITEMS
            && items.iter().all(|item| item.len() <= MAX_WITNESS_ITEM);
    }
    if script.is_p2tr() && redeem.is_none() {
        let Some(last) = items.pop() else { return false };
        if items.is_empty() {
            return true;
        }
        // An annex, or else the control block of a script.
        if last.first() == Some(&0x50) {
            return false;
        }
        let Some(leaf) = last.first() else { return false };
        items.pop();
        return leaf & 0xfe != 0xc0 || items.iter().all(|item| item.len() <= MAX_WITNESS_ITEM);
    }
    script.is_witness_program()
}

/// Whether an input needs a witness that an anchor does not: Bitcoin Core's
/// `SpendsNonAnchorWitnessProg`.
pub(crate) fn needs_witness(tx: &Transaction, coins: &[Coin]) -> bool {
    tx.input.iter().zip(coins).any(|(input, coin)| {
        let script = &coin.output.script_pubkey;
        let redeem =
            || matches!(last_push(&input.script_sig), Ok(Some(redeem)) if redeem.is_witness_program());
        script.is_witness_program() && !is_anchor(script) || script.is_p2sh() && redeem()
    })
}
