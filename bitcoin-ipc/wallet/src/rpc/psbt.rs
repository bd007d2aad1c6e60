//! The command that signs PSBTs.
//!
//! In: a PSBT. Out: the same with what the wallet knows and can sign.

use bitcoin_ipc::types::{PsbtError, PsbtFillOptions};
use bitcoin_rpc::Kind::{Bool, Text};
use bitcoin_rpc::{Answer, Code, RpcError, arg, prevouts, psbt, transaction};
use serde_json::Map;

use super::command::{Call, Command, command, ensure_unlocked};

pub(super) const SIGHASH: &str = "What signatures are for, such as \"ALL\" or \"SINGLE|ANYONECANPAY\".";

pub(super) const COMMANDS: &[Command] =
    &[command("walletprocesspsbt", "Adds to a PSBT what the wallet knows, and signs it.", process).args(&[
        arg("psbt", Text, "The PSBT in base 64."),
        arg("sign", Bool, "Whether to sign.").default("true"),
        arg("sighashtype", Text, SIGHASH).default("DEFAULT for taproot, otherwise ALL"),
        arg("bip32derivs", Bool, "Whether to tell where keys come from.").default("true"),
        arg("finalize", Bool, "Whether to finalize inputs that have all signatures.").default("true"),
    ])];

/// What is wrong with a PSBT, with Bitcoin Core's code.
pub(super) fn psbt_error(error: PsbtError) -> RpcError {
    let (code, text) = match error {
        PsbtError::MissingInputs => (Code::VerifyError, "Inputs missing or spent"),
        PsbtError::SighashMismatch => {
            (Code::DeserializationError, "Specified sighash value does not match value stored in PSBT")
        }
        PsbtError::ExternalSignerNotFound => (Code::VerifyError, "External signer not found"),
        PsbtError::ExternalSignerFailed => (Code::VerifyError, "External signer failed to sign"),
        PsbtError::Unsupported => (Code::InvalidParameter, "Signer does not support PSBT"),
        PsbtError::Incomplete => (Code::VerifyError, "Input needs additional signatures or other data"),
        PsbtError::InvalidTx => (Code::VerifyError, "The transaction cannot be valid"),
        PsbtError::Ok => (Code::VerifyError, "No errors"),
    };
    RpcError::new(code, text)
}

fn process(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let given = psbt::parse(call.text(0)?)?;
    let options = PsbtFillOptions {
        sign: call.flag_or(1, true)?,
        sighash_type: prevouts::sighash_type(call.value(2))?.map(i32::from),
        bip32_derivs: call.flag_or(3, true)?,
        finalize: call.flag_or(4, true)?,
    };
    if options.sign {
        ensure_unlocked(&wallet)?;
    }
    let filled = wallet.fill_psbt(&options, &given)?;
    if let Some(error) = filled.error {
        return Err(psbt_error(error));
    }
    let mut object = Map::new();
    object.insert("psbt".into(), psbt::text(filled.psbtx.clone()).into());
    object.insert("complete".into(), filled.complete.into());
    if filled.complete {
        let tx = filled.psbtx.extract_tx_unchecked_fee_rate();
        object.insert("hex".into(), transaction::hex(&tx).into());
    }
    Ok(object.into())
}
