//! PSBTs (BIP 174, BIP 370, BIP 371): what the wallet knows of their inputs and outputs, and its signatures.
//!
//! In: a PSBT. Out: the same with more in it.

use std::collections::BTreeSet;

use bdk_wallet::miniscript::psbt::{PsbtExt as _, PsbtInputExt as _, PsbtOutputExt as _};
use bitcoin::bip32::KeySource;
use bitcoin::psbt::{Input, PsbtSighashType};
use bitcoin::taproot::TapLeafHash;
use bitcoin::{EcdsaSighashType, OutPoint, Transaction, XOnlyPublicKey};
use bitcoin_ipc::interfaces::FilledPsbt;
use bitcoin_ipc::types::psbt::{Psbt, lock_time};
use bitcoin_ipc::types::{PsbtError, PsbtFillOptions};
use bitcoin_rpc::descriptor::Output;

use super::{Solution, Wallet, WalletState};
use crate::keys::SECP;
use crate::ledger::Origin;
use crate::{Error, Result};

/// How it is known which coins a PSBT spends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coins {
    /// Signatures or whole transactions tell: a wrong amount makes no valid signature.
    Proven,
    /// The user has said it.
    Given,
}

impl Wallet {
    /// Fills in what the wallet knows, signs if that is wanted and the wallet is not locked, and
    /// finalizes inputs that have all signatures.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded. What is wrong with the PSBT is in the answer.
    pub fn fill_psbt(&self, options: &PsbtFillOptions, psbt: &Psbt) -> Result<FilledPsbt> {
        self.fill_from(options, psbt, Coins::Proven)
    }

    /// The same for a PSBT that was made of outputs of which the user says what they are: of a coin without
    /// witness, too, only the output is known.
    pub(crate) fn fill_psbt_of_outputs(&self, options: &PsbtFillOptions, psbt: &Psbt) -> Result<FilledPsbt> {
        self.fill_from(options, psbt, Coins::Given)
    }

    fn fill_from(&self, options: &PsbtFillOptions, psbt: &Psbt, coins: Coins) -> Result<FilledPsbt> {
        let mut filled = psbt.clone();
        let mut state = self.state()?;
        let (n_signed, error) = state.fill(&mut filled, options, coins)?;
        let complete = error.is_none() && is_complete(&filled);
        Ok(FilledPsbt { n_signed, psbtx: filled, complete, error })
    }
}

/// Whether all inputs are final.
pub(crate) fn is_complete(psbt: &Psbt) -> bool {
    psbt.inputs.iter().all(|input| input.final_script_sig.is_some() || input.final_script_witness.is_some())
}

impl WalletState {
    /// Signs everything, and gives the transaction.
    ///
    /// # Errors
    ///
    /// The wallet is locked, or an input lacks a signature that the wallet cannot give.
    pub(crate) fn sign_all(&mut self, psbt: &mut Psbt) -> Result<Transaction> {
        if self.is_locked() {
            return Err(Error::Locked);
        }
        let options = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: false };
        let (_, error) = self.fill(psbt, &options, Coins::Proven)?;
        if error.is_some() || !is_complete(psbt) {
            return Err(Error::Refused("Signing transaction failed".into()));
        }
        Ok(psbt.clone().extract_tx_unchecked_fee_rate())
    }

    fn fill(
        &mut self,
        psbt: &mut Psbt,
        options: &PsbtFillOptions,
        coins: Coins,
    ) -> Result<(u64, Option<PsbtError>)> {
        if psbt.inputs.len() != psbt.unsigned_tx.input.len() || lock_time(psbt).is_none() {
            return Ok((0, Some(PsbtError::InvalidTx)));
        }
        let spent = psbt.unsigned_tx.input.iter().map(|input| input.previous_output);
        let lacks = |(input, coin): (&Input, OutPoint)| {
            let vout = usize::try_from(coin.vout).unwrap_or(usize::MAX);
            input.non_witness_utxo.as_ref().is_some_and(|tx| tx.output.len() <= vout)
        };
        if psbt.inputs.iter().zip(spent).any(lacks) {
            return Ok((0, Some(PsbtError::MissingInputs)));
        }
        let mut wanted = None;
        if let Some(number) = options.sighash_type {
            let Ok(number) = u32::try_from(number) else { return Ok((0, Some(PsbtError::SighashMismatch))) };
            wanted = Some(PsbtSighashType::from_u32(number));
        }
        let mut own = Vec::new();
        let mut origins = BTreeSet::new();
        let before = psbt.clone();
        for index in 0..psbt.inputs.len() {
            if psbt.inputs[index].final_script_sig.is_some()
                || psbt.inputs[index].final_script_witness.is_some()
            {
                continue;
            }
            match self.fill_input(psbt, index, coins) {
                Ok(found) if found.is_empty() => {}
                Ok(found) => {
                    own.push(index);
                    origins.extend(found);
                }
                Err(error) => return Ok((0, Some(error))),
            }
            let input = &mut psbt.inputs[index];
            // 0 is taproot's default, and what ECDSA has no name for.
            let asked = wanted.filter(|wanted| wanted.to_u32() != 0);
            match (input.sighash_type, asked) {
                (Some(there), Some(asked)) if there != asked => {
                    return Ok((0, Some(PsbtError::SighashMismatch)));
                }
                (Some(there), None) if options.sign && !is_default(there) => {
                    return Ok((0, Some(PsbtError::SighashMismatch)));
                }
                // What is so without being said is not said, as in Bitcoin Core.
                (None, Some(asked)) => {
                    let taproot =
                        input.witness_utxo.as_ref().is_some_and(|output| output.script_pubkey.is_p2tr());
                    if taproot || asked.to_u32() != EcdsaSighashType::All.to_u32() {
                        input.sighash_type = Some(asked);
                    }
                }
                _ => {}
            }
        }
        self.fill_outputs(psbt);
        let mut n_signed = 0;
        if options.sign && !self.is_locked() && !own.is_empty() {
            let signatures = |psbt: &Psbt, index: usize| {
                let input = &psbt.inputs[index];
                input.partial_sigs.len()
                    + usize::from(input.tap_key_sig.is_some())
                    + input.tap_script_sigs.len()
            };
            let had: Vec<usize> = own.iter().map(|index| signatures(psbt, *index)).collect();
            let signer = self.signer(&origins)?;
            psbt.with(|psbt| signer.sign(psbt));
            let more = own.iter().zip(had).filter(|(index, had)| signatures(psbt, **index) > *had);
            n_signed = u64::try_from(more.count()).unwrap_or(u64::MAX);
        }
        if options.finalize {
            psbt.with(|psbt| {
                for index in 0..psbt.inputs.len() {
                    let input = &psbt.inputs[index];
                    let (proprietary, unknown) = (input.proprietary.clone(), input.unknown.clone());
                    // One that lacks something stays as it is; of another one the library forgets these.
                    let _ = psbt.finalize_inp_mut(&SECP, index);
                    let input = &mut psbt.inputs[index];
                    (input.proprietary, input.unknown) = (proprietary, unknown);
                }
            });
        }
        if !options.bip32_derivs {
            for (input, old) in psbt.inputs.iter_mut().zip(before.inputs) {
                (input.bip32_derivation, input.tap_key_origins) = (old.bip32_derivation, old.tap_key_origins);
            }
            for (output, old) in psbt.outputs.iter_mut().zip(before.outputs) {
                (output.bip32_derivation, output.tap_key_origins) =
                    (old.bip32_derivation, old.tap_key_origins);
            }
        }
        Ok((n_signed, None))
    }

    /// Fills in the coin and the keys of an input, and tells where its script comes from if it is the wallet's.
    fn fill_input(&self, psbt: &mut Psbt, index: usize, coins: Coins) -> Result<Vec<Origin>, PsbtError> {
        let spent = psbt.unsigned_tx.input[index].previous_output;
        let input = &mut psbt.inputs[index];
        if let Some(tx) = &input.non_witness_utxo
            && tx.compute_txid() != spent.txid
        {
            return Err(PsbtError::InvalidTx);
        }
        if let Some(output) = self.ledger.own_txout(spent) {
            if input.witness_utxo.as_ref().is_some_and(|there| there != output) {
                return Err(PsbtError::InvalidTx);
            }
            let script = &output.script_pubkey;
            // P2TR signs the amounts; for all others the whole transaction proves them.
            if !script.is_p2tr() && input.non_witness_utxo.is_none() {
                input.non_witness_utxo = self.ledger.tx(spent.txid).map(|tx| (*tx).clone());
            }
            if script.is_witness_program() || script.is_p2sh() {
                input.witness_utxo = Some(output.clone());
            }
        }
        let output = match (&input.witness_utxo, &input.non_witness_utxo) {
            (Some(output), _) => output.clone(),
            (None, Some(tx)) => {
                let place = usize::try_from(spent.vout).ok().and_then(|vout| tx.output.get(vout));
                place.cloned().ok_or(PsbtError::MissingInputs)?
            }
            (None, None) => return Ok(Vec::new()),
        };
        let Some(solution) = self.solution(&output.script_pubkey) else { return Ok(Vec::new()) };
        match &solution.definite {
            Output::Solved(definite) => {
                if definite.desc_type().segwit_version().is_none() && coins == Coins::Proven {
                    input.witness_utxo = None;
                }
                input.update_with_descriptor_unchecked(definite).map_err(|_| PsbtError::Unsupported)?;
            }
            Output::Key(..) | Output::Script(_) => input.tap_key_origins.extend(output_key(&solution)),
        }
        Ok(self.ledger.scripts().origins(&output.script_pubkey).collect())
    }

    fn fill_outputs(&self, psbt: &mut Psbt) {
        for (output, to) in psbt.outputs.iter_mut().zip(&psbt.unsigned_tx.output) {
            let Some(solution) = self.solution(&to.script_pubkey) else { continue };
            match &solution.definite {
                // A key that cannot be derived has no script that is the wallet's either.
                Output::Solved(definite) => _ = output.update_with_descriptor_unchecked(definite),
                Output::Key(..) | Output::Script(_) => output.tap_key_origins.extend(output_key(&solution)),
            }
        }
    }
}

/// An output key that no other key is behind, and where it comes from.
fn output_key(solution: &Solution) -> impl Iterator<Item = (XOnlyPublicKey, (Vec<TapLeafHash>, KeySource))> {
    let keys = solution.keys.iter();
    keys.map(|key| (key.public.inner.x_only_public_key().0, (Vec::new(), key.origin.clone())))
}

/// Whether signatures are for everything, `SIGHASH_ALL` or taproot's default.
fn is_default(sighash: PsbtSighashType) -> bool {
    matches!(sighash.to_u32(), 0 | 1)
}
