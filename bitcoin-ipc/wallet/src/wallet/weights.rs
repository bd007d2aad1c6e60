//! What inputs and transactions weigh when they are signed.
//!
//! In: descriptors, scripts. Out: the weight that fees are reckoned by, equal to Bitcoin Core's
//! `CalculateMaximumSignedTxSize`: signatures of ECDSA have a low R, which takes 71 bytes with their type, as
//! the wallet's own have; taproot coins are spent by their key.

use std::collections::HashMap;

use bdk_wallet::miniscript::descriptor::{ShInner, WshInner};
use bdk_wallet::miniscript::miniscript::decode::Terminal;
use bdk_wallet::miniscript::{Descriptor, Miniscript, MiniscriptKey, ScriptContext};
use bitcoin::{OutPoint, PublicKey, Script, TxIn, VarInt, ecdsa};
use bitcoin_rpc::descriptor::Output;

use super::WalletState;
use crate::keys::Public;

/// The most that nodes relay: Bitcoin Core's `MAX_STANDARD_TX_WEIGHT`.
pub(crate) const MAX_WEIGHT: u64 = 400_000;
/// The least that nodes relay: Bitcoin Core's `MIN_STANDARD_TX_NONWITNESS_SIZE`.
pub(crate) const MIN_WEIGHT: u64 = 65 * 4;
/// The most that a transaction of version 3 may weigh: Bitcoin Core's `TRUC_MAX_WEIGHT`.
pub(crate) const TRUC_MAX_WEIGHT: u64 = 40_000;
/// The same if it spends an unconfirmed one: Bitcoin Core's `TRUC_CHILD_MAX_WEIGHT`.
pub(crate) const TRUC_CHILD_MAX_WEIGHT: u64 = 4_000;

/// The most bytes of a signature of ECDSA with its type, with a high R.
const MAX_SIGNATURE: usize = 72;

/// An input without anything that satisfies it: its coin, its sequence number, an empty script.
const BARE_INPUT: u64 = (32 + 4 + 4 + 1) * 4;
/// What a transaction has besides inputs and outputs: version and lock time.
const FIXED: u64 = (4 + 4) * 4;
/// Marker and flag of a transaction with witnesses.
const SEGWIT_HEADER: u64 = 2;

/// A signature of taproot with its type and its length, as Bitcoin Core reckons.
pub(super) const TAPROOT_SIGNATURE: u64 = 66;

/// What an input weighs when it is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InputWeight {
    pub(crate) weight: u64,
    /// Whether it has a witness.
    pub(crate) segwit: bool,
    /// What it weighs more in a transaction whose other inputs have a witness.
    pub(crate) beside_segwit: u64,
}

impl InputWeight {
    /// One with a witness of so much, without the count of its elements.
    pub(super) fn segwit(satisfaction: u64) -> Self {
        InputWeight { weight: BARE_INPUT + 1 + satisfaction, segwit: true, beside_segwit: 0 }
    }

    fn legacy(satisfaction: u64) -> Self {
        InputWeight { weight: BARE_INPUT + satisfaction, segwit: false, beside_segwit: 1 }
    }

    /// One with a script of so many bytes.
    pub(super) fn legacy_of(script: u64) -> Self {
        Self::legacy((script + compact(script) - 1) * 4)
    }

    /// One that a user says weighs so much, with the count of its witness.
    pub(crate) fn given(weight: u64, segwit: bool) -> Self {
        InputWeight { weight, segwit, beside_segwit: 0 }
    }

    /// One like an input that is signed, with the largest signatures that it may have: Bitcoin Core's
    /// `SignatureWeightChecker`.
    pub(crate) fn of_signed(input: &TxIn) -> Self {
        let growth = |item: &[u8]| match ecdsa::Signature::from_slice(item) {
            Ok(_) => MAX_SIGNATURE.saturating_sub(item.len()),
            Err(_) => 0,
        };
        let script = input.script_sig.instructions();
        let in_script: usize =
            script.filter_map(|step| Some(growth(step.ok()?.push_bytes()?.as_bytes()))).sum();
        let in_witness: usize = input.witness.iter().map(growth).sum();
        let more = u64::try_from(in_script * 4 + in_witness).unwrap_or(u64::MAX / 8);
        if input.witness.is_empty() {
            InputWeight { weight: input.legacy_weight().to_wu() + more, segwit: false, beside_segwit: 1 }
        } else {
            InputWeight { weight: input.segwit_weight().to_wu() + more, segwit: true, beside_segwit: 0 }
        }
    }

    /// In virtual bytes, as if it were alone among inputs with witnesses.
    pub(crate) fn vbytes(self) -> u64 {
        (self.weight + self.beside_segwit).div_ceil(4)
    }
}

/// Inputs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InputWeights {
    pub(crate) inputs: u64,
    weight: u64,
    segwit: u64,
    beside_segwit: u64,
}

impl InputWeights {
    pub(crate) fn add(&mut self, input: InputWeight) {
        self.merge(InputWeights {
            inputs: 1,
            weight: input.weight,
            segwit: input.segwit.into(),
            beside_segwit: input.beside_segwit,
        });
    }

    pub(crate) fn merge(&mut self, other: InputWeights) {
        self.inputs += other.inputs;
        self.weight += other.weight;
        self.segwit += other.segwit;
        self.beside_segwit += other.beside_segwit;
    }

    /// Takes away what was added before.
    pub(crate) fn take(&mut self, other: InputWeights) {
        self.inputs -= other.inputs;
        self.weight -= other.weight;
        self.segwit -= other.segwit;
        self.beside_segwit -= other.beside_segwit;
    }

    /// The least that a transaction weighs more with these.
    pub(crate) fn least(self) -> u64 {
        self.weight
    }

    /// What a transaction with these inputs weighs.
    pub(crate) fn with_outputs(self, outputs: OutputWeights) -> u64 {
        let segwit = if self.segwit > 0 { SEGWIT_HEADER + self.beside_segwit } else { 0 };
        let counts = (compact(self.inputs) + compact(outputs.outputs)) * 4;
        FIXED + counts + self.weight + segwit + outputs.weight
    }
}

/// Outputs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutputWeights {
    outputs: u64,
    weight: u64,
}

impl OutputWeights {
    /// The outputs with one more to a script.
    pub(crate) fn with(self, script: &Script) -> Self {
        let length = u64::try_from(script.len()).unwrap_or(u64::MAX / 8);
        OutputWeights { outputs: self.outputs + 1, weight: self.weight + (8 + compact(length) + length) * 4 }
    }
}

/// The bytes of a count.
fn compact(count: u64) -> u64 {
    u64::try_from(VarInt(count).size()).unwrap_or(9)
}

impl WalletState {
    /// What inputs weigh that spend coins of descriptors.
    pub(crate) fn input_weights(&self) -> HashMap<u32, DescriptorWeights> {
        self.descriptors.iter().map(|found| (found.id, of_descriptor(found.deriver.public()))).collect()
    }

    /// What an input weighs that spends a coin of the wallet.
    pub(crate) fn input_weight(&self, coin: OutPoint) -> Option<InputWeight> {
        let (id, output) = self.ledger.own_output(coin)?;
        of_descriptor(self.descriptor(id)?.deriver.public()).of(&output.script_pubkey)
    }
}

/// What inputs weigh that spend coins of a descriptor, one for each of the scripts of a number. There is none if
/// nobody says how they are spent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DescriptorWeights(Vec<InputWeight>);

impl DescriptorWeights {
    /// What an input weighs that spends a script of the descriptor; `None` for what the wallet cannot spend.
    pub(crate) fn of(&self, script: &Script) -> Option<InputWeight> {
        let place = match self.0.len() {
            // The scripts of `combo`, in their order.
            2.. if script.is_p2pk() => 0,
            2.. if script.is_p2pkh() => 1,
            2.. if script.is_p2wpkh() => 2,
            2.. => 3,
            _ => 0,
        };
        self.0.get(place).copied()
    }
}

/// What inputs weigh that spend coins of a descriptor.
pub(crate) fn of_descriptor(public: &Public) -> DescriptorWeights {
    let outputs = public.sample().outputs().unwrap_or_default();
    let weights = outputs.iter().map(|output| match output {
        Output::Script(_) => None,
        Output::Key(..) => Some(InputWeight::segwit(TAPROOT_SIGNATURE)),
        // The library reckons with signatures that may have a high R.
        Output::Solved(descriptor) => weight_of(descriptor, low_r_signatures(descriptor)),
    });
    DescriptorWeights(weights.collect::<Option<_>>().unwrap_or_default())
}

/// What an input weighs that others sign.
pub(super) fn of_foreign(descriptor: &Descriptor<PublicKey>) -> Option<InputWeight> {
    weight_of(descriptor, 0)
}

/// The weight with so many signatures that are a byte shorter.
fn weight_of<Key: MiniscriptKey>(descriptor: &Descriptor<Key>, signatures: u64) -> Option<InputWeight> {
    let satisfaction = descriptor.max_weight_to_satisfy().ok()?.to_wu();
    Some(match descriptor {
        Descriptor::Bare(_) | Descriptor::Pkh(_) => InputWeight::legacy(satisfaction - 4 * signatures),
        Descriptor::Sh(sh) => match sh.as_inner() {
            ShInner::Wsh(_) | ShInner::Wpkh(_) => InputWeight::segwit(satisfaction - signatures),
            ShInner::SortedMulti(_) | ShInner::Ms(_) => InputWeight::legacy(satisfaction - 4 * signatures),
        },
        Descriptor::Wpkh(_) | Descriptor::Wsh(_) => InputWeight::segwit(satisfaction - signatures),
        // By its key, whatever scripts there are.
        Descriptor::Tr(_) => InputWeight::segwit(TAPROOT_SIGNATURE),
    })
}

/// How many signatures of ECDSA an input has, as far as Bitcoin Core takes them for ones with a low R: in
/// conditions that are written in miniscript it does not.
fn low_r_signatures(descriptor: &Descriptor<PublicKey>) -> u64 {
    let count = match descriptor {
        Descriptor::Pkh(_) | Descriptor::Wpkh(_) => 1,
        Descriptor::Bare(bare) => signatures_of(bare.as_inner()),
        Descriptor::Sh(sh) => match sh.as_inner() {
            ShInner::Wpkh(_) => 1,
            ShInner::Wsh(wsh) => match wsh.as_inner() {
                WshInner::SortedMulti(multi) => multi.k(),
                WshInner::Ms(script) => signatures_of(script),
            },
            ShInner::SortedMulti(multi) => multi.k(),
            ShInner::Ms(script) => signatures_of(script),
        },
        Descriptor::Wsh(wsh) => match wsh.as_inner() {
            WshInner::SortedMulti(multi) => multi.k(),
            WshInner::Ms(script) => signatures_of(script),
        },
        Descriptor::Tr(_) => 0,
    };
    u64::try_from(count).unwrap_or_default()
}

fn signatures_of<Key: MiniscriptKey, Context: ScriptContext>(script: &Miniscript<Key, Context>) -> usize {
    match &script.node {
        Terminal::Multi(keys) => keys.k(),
        Terminal::Check(inner) => match inner.node {
            Terminal::PkK(_) | Terminal::PkH(_) => 1,
            _ => 0,
        },
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::read_public;

    const KEY: &str = "tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/0/*";

    fn vbytes(text: &str) -> (u64, bool) {
        let public = read_public(&text.replace('K', KEY), bitcoin::Network::Regtest).unwrap();
        let weight = of_descriptor(&public).0[0];
        (weight.vbytes(), weight.segwit)
    }

    #[test]
    fn inputs_weigh_what_bitcoin_core_says() {
        // What Core's fundrawtransaction adds to the fee for one more coin of the kind, at 1 sat/vB.
        for (descriptor, size) in [
            ("pkh(K)", (148, false)),
            ("sh(wpkh(K))", (91, true)),
            ("wpkh(K)", (68, true)),
            ("tr(K)", (58, true)),
            ("wsh(pk(K))", (69, true)),
        ] {
            assert_eq!(vbytes(descriptor), size, "{descriptor}");
        }
    }

    #[test]
    fn a_transaction_weighs_more_with_witnesses_and_large_counts() {
        let (legacy, segwit) = (InputWeight::legacy(428), InputWeight::segwit(106));
        let outputs = OutputWeights::default().with(Script::from_bytes(&[0; 22]));
        let weight = |inputs: &[InputWeight]| {
            let mut all = InputWeights::default();
            inputs.iter().for_each(|input| all.add(*input));
            all.with_outputs(outputs)
        };
        assert_eq!(weight(&[segwit]), 437);
        assert_eq!(weight(&[legacy]), (8 + 2 + 41 + 107 + 31) * 4);
        assert_eq!(weight(&[legacy, segwit]), weight(&[legacy]) + segwit.weight + 2 + 1);
        assert_eq!(weight(&[segwit; 253]), weight(&[segwit; 252]) + segwit.weight + 8);
    }
}
