//! PSBTs (BIP 174, BIP 370, BIP 371): what the wallet knows of their inputs and outputs, and its signatures.
//!
//! In: a PSBT. Out: the same with more in it; Bitcoin Core's `FillPSBT`.

use std::collections::BTreeSet;

use bitcoin::psbt::Input;
use bitcoin::{PublicKey, Script, Transaction, XOnlyPublicKey};
use bitcoin_ipc::interfaces::FilledPsbt;
use bitcoin_ipc::types::psbt::{Psbt, lock_time};
use bitcoin_ipc::types::{PsbtError, PsbtFillOptions};
use bitcoin_rpc::psbt::is_final;
use bitcoin_rpc::sign::{
    FlatSigningProvider, PrecomputedTransactionData, SignOptions, Signed, psbt_input_signed_and_verified,
    remove_unnecessary_transactions, sign_psbt_input, update_psbt_output, utxo,
};

use super::signing::{Keyring, Named, both, verify};
use super::{Wallet, WalletState};
use crate::ledger::Origin;
use crate::{Error, Result};

impl Wallet {
    /// Fills in what the wallet knows, signs if that is wanted and the wallet is not locked, and
    /// finalizes inputs that have all signatures.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded. What is wrong with the PSBT is in the answer.
    pub fn fill_psbt(&self, options: &PsbtFillOptions, psbt: &Psbt) -> Result<FilledPsbt> {
        let mut filled = psbt.clone();
        let (n_signed, complete, error) = match self.state()?.fill(&mut filled, options)? {
            Ok((n_signed, complete)) => (n_signed, complete, None),
            Err(error) => (0, false, Some(error)),
        };
        Ok(FilledPsbt { n_signed, psbtx: filled, complete, error })
    }
}

/// The keys that an input names beside its script.
fn named_keys<'a>(input: &'a Input, script: &'a Script) -> impl Iterator<Item = Named<'a>> {
    let long = input.bip32_derivation.iter().map(|(key, source)| (PublicKey::new(*key), Some(source)));
    let output = script.as_bytes().get(2..).filter(|_| script.is_p2tr());
    let output = output.and_then(|key| XOnlyPublicKey::from_slice(key).ok());
    let alone = input.tap_internal_key.into_iter().chain(output).map(|key| (key, None));
    let x_only = input.tap_key_origins.iter().map(|(key, (_, source))| (*key, Some(source))).chain(alone);
    long.chain(x_only.flat_map(|(key, source)| both(key).map(|key| (key, source))))
}

impl WalletState {
    /// Signs everything, and gives the transaction.
    ///
    /// # Errors
    ///
    /// The wallet is locked, or an input lacks a signature that the wallet cannot give.
    pub(crate) fn sign_all(&self, psbt: &mut Psbt) -> Result<Transaction> {
        if self.is_locked() {
            return Err(Error::Locked);
        }
        let options = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: false };
        match self.fill(psbt, &options)? {
            Ok((_, true)) => Ok(psbt.clone().extract_tx_unchecked_fee_rate()),
            _ => Err(Error::Refused("Signing transaction failed".into())),
        }
    }

    /// Tells how many inputs were signed, and whether all are complete.
    fn fill(&self, psbt: &mut Psbt, options: &PsbtFillOptions) -> Result<Result<(u64, bool), PsbtError>> {
        if psbt.inputs.len() != psbt.unsigned_tx.input.len() || lock_time(psbt).is_none() {
            return Ok(Err(PsbtError::InvalidTx));
        }
        let Ok(sighash) = options.sighash_type.map(u8::try_from).transpose() else {
            return Ok(Err(PsbtError::SighashMismatch));
        };
        for index in 0..psbt.inputs.len() {
            if let Err(error) = self.add_spent(psbt, index) {
                return Ok(Err(error));
            }
        }
        let data = PrecomputedTransactionData::of_psbt(psbt);
        let origins: Vec<_> =
            (0..psbt.inputs.len()).map(|index| self.origins_of_input(psbt, index)).collect();
        let mut private = Vec::new();
        if options.sign && !self.is_locked() {
            private = self.private(&origins.iter().flatten().map(|(id, _)| *id).collect())?;
        }
        let keyring = Keyring::new(self, &private);
        let provider = |origins: &BTreeSet<Origin>| {
            let mut provider = FlatSigningProvider::default();
            origins.iter().for_each(|origin| keyring.add(&mut provider, *origin));
            if !options.bip32_derivs {
                provider.forget_origins();
            }
            provider
        };
        let sign = SignOptions::<Error> { sighash, finalize: options.finalize, verify };
        let (mut n_signed, mut complete) = (0, true);
        for (index, origins) in origins.iter().enumerate() {
            if is_final(&psbt.inputs[index]) {
                complete &= psbt_input_signed_and_verified(psbt, index, data.spent(), sign.verify)?;
                continue;
            }
            let input = sign_psbt_input(&provider(origins), psbt, index, Some(&data), &sign)?;
            if input.signed == Signed::Mismatch {
                return Ok(Err(PsbtError::SighashMismatch));
            }
            n_signed += u64::from(input.made > 0);
            complete &= input.signed == Signed::Complete && options.finalize;
        }
        for index in 0..psbt.outputs.len() {
            let Some(output) = psbt.unsigned_tx.output.get(index) else { break };
            let origins = self.ledger.scripts().origins(&output.script_pubkey).collect();
            update_psbt_output(&provider(&origins), psbt, index);
        }
        remove_unnecessary_transactions(psbt);
        Ok(Ok((n_signed, complete)))
    }

    /// Adds what the wallet knows of the coin that an input spends.
    fn add_spent(&self, psbt: &mut Psbt, index: usize) -> Result<(), PsbtError> {
        let (spent, input) = (psbt.unsigned_tx.input[index].previous_output, &mut psbt.inputs[index]);
        if is_final(input) {
            return Ok(());
        }
        if let Some(whole) = &input.non_witness_utxo {
            match usize::try_from(spent.vout) {
                Ok(vout) if vout < whole.output.len() => {}
                _ => return Err(PsbtError::MissingInputs),
            }
            if whole.compute_txid() != spent.txid {
                return Err(PsbtError::InvalidTx);
            }
        }
        let known = self.ledger.own_txout(spent);
        if known.is_some_and(|known| input.witness_utxo.as_ref().is_some_and(|there| there != known)) {
            return Err(PsbtError::InvalidTx);
        }
        if input.non_witness_utxo.is_none() {
            input.non_witness_utxo = self.ledger.tx(spent.txid).map(|tx| (*tx).clone());
        }
        Ok(())
    }

    /// Where an input's script comes from, and the keys that it names besides.
    fn origins_of_input(&self, psbt: &Psbt, index: usize) -> BTreeSet<Origin> {
        let (input, utxo) = (&psbt.inputs[index], utxo(psbt, index));
        let Some(script) = utxo.map(|utxo| utxo.script_pubkey).filter(|_| !is_final(input)) else {
            return BTreeSet::new();
        };
        let mut origins: BTreeSet<Origin> = self.ledger.scripts().origins(&script).collect();
        // The only key of a script of the wallet is where the script is.
        if origins.is_empty() || input.bip32_derivation.len() + input.tap_key_origins.len() > 1 {
            origins.extend(self.origins_of_keys(named_keys(input, &script)));
        }
        origins
    }
}
