//! What is known of how an input spends its output: Bitcoin Core's `SignatureData`.
//!
//! In: what scripts, keys and signatures are found on the way. Out: the input's script and witness as far as they can
//! be made, and what is missing.

use bitcoin::hashes::hash160;
use bitcoin::psbt::Input;
use bitcoin::taproot::TapTree;
use bitcoin::{ScriptBuf, Witness};

use super::TaprootSpendData;

/// What an input lacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Missing {
    /// Hashes of keys that are not known.
    pub keys: Vec<hash160::Hash>,
    /// Hashes of keys that have not signed.
    pub signatures: Vec<hash160::Hash>,
    /// The hash of the script behind the output.
    pub redeem_script: Option<hash160::Hash>,
    /// The hash of the script behind the witness program.
    pub witness_script: Option<[u8; 32]>,
}

/// What is known of an input, and what has been made of it.
#[derive(Clone, Debug, Default)]
pub struct SignatureData {
    /// Scripts, keys, signatures and preimages, in the fields that a PSBT has for them; those of an output of a PSBT
    /// stand in the fields of an input that spends it.
    pub fields: Input,
    /// The scripts that a taproot output may be spent by.
    pub tree: Option<TapTree>,
    /// The input's script, which still may be wrong, for instance for a wrong signature.
    pub script_sig: ScriptBuf,
    /// The input's witness, of which the same is true.
    pub script_witness: Witness,
    /// Whether it is spent by a witness.
    pub witness: bool,
    /// What is missing.
    pub missing: Missing,
}

impl SignatureData {
    /// Takes what another one has of the same input. What is there already stays.
    pub fn merge(&mut self, other: SignatureData) {
        let (fields, more) = (&mut self.fields, other.fields);
        fields.redeem_script = fields.redeem_script.take().or(more.redeem_script);
        fields.witness_script = fields.witness_script.take().or(more.witness_script);
        for (key, signature) in more.partial_sigs {
            fields.partial_sigs.entry(key).or_insert(signature);
        }
    }

    /// Adds how a taproot output is made; what is there already stays.
    pub(super) fn add_taproot(&mut self, known: TaprootSpendData) {
        let (root, leaves) = known.leaves();
        let fields = &mut self.fields;
        fields.tap_internal_key = fields.tap_internal_key.or(Some(known.internal_key));
        fields.tap_merkle_root = fields.tap_merkle_root.or(root);
        for (proof, leaf) in leaves {
            fields.tap_scripts.entry(proof).or_insert(leaf);
        }
        self.tree = known.tree;
    }
}
