//! How scripts of the wallet are spent.
//!
//! In: an output script. Out: its keys and where they come from, and what its spending takes.

use bdk_wallet::miniscript::Descriptor;
use bdk_wallet::miniscript::descriptor::DefiniteDescriptorKey;
use bitcoin::{PublicKey, Script};
use bitcoin_rpc::descriptor::{DerivedKey, Output};

use super::WalletState;

/// What the wallet knows of a script of its own.
pub(crate) struct Solution {
    pub(crate) keys: Vec<DerivedKey>,
    /// By its keys.
    pub(crate) output: Output<PublicKey>,
    /// The same by keys that tell where they come from.
    pub(crate) definite: Output<DefiniteDescriptorKey>,
}

impl WalletState {
    /// `None` for a script that is not the wallet's, of which it only knows that it is, or whose keys take private
    /// ones that are not there and were not kept.
    pub(crate) fn solution(&self, script: &Script) -> Option<Solution> {
        let (id, number) = self.ledger.scripts().origin(script)?;
        let expanded = self.descriptor(id)?.deriver.at(number)?;
        let (mut outputs, mut definite) = (expanded.outputs().ok()?, expanded.definite().ok()?);
        let place = outputs.iter().position(|output| output.script_pubkey() == *script)?;
        let (output, definite) = (outputs.swap_remove(place), definite.swap_remove(place));
        let solved = !matches!(output, Output::Script(_));
        solved.then_some(Solution { keys: expanded.keys, output, definite })
    }
}

impl Solution {
    /// As the library has it; `None` for an output key that the library has no descriptor of.
    pub(crate) fn descriptor(&self) -> Option<&Descriptor<DefiniteDescriptorKey>> {
        match &self.definite {
            Output::Solved(descriptor) => Some(descriptor),
            Output::Script(_) | Output::Key(..) => None,
        }
    }
}
