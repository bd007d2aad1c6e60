//! Descriptors and scripts of the wallet, as Bitcoin Core writes them.
//!
//! In: how an output script is spent. Out: its key, and the scripts inside.

use bdk_wallet::miniscript::descriptor::DescriptorType;
use bitcoin::ScriptBuf;
use bitcoin::bip32::DerivationPath;
use bitcoin::script::Instruction;
use bitcoin_rpc::descriptor::{DerivedKey, Output};

use crate::wallet::Solution;

/// A path without its `m/`, with `h` for hardened steps.
pub(super) fn path(path: &DerivationPath) -> String {
    format!("{path}").trim_start_matches("m/").replace('\'', "h")
}

impl Solution {
    fn kind(&self) -> Option<DescriptorType> {
        self.descriptor().map(|descriptor| descriptor.desc_type())
    }

    /// The key of an address that is one's: Bitcoin Core's `GetKeyForDestination`.
    pub(super) fn key(&self) -> Option<&DerivedKey> {
        use DescriptorType::{Pkh, ShWpkh, Tr, Wpkh};
        let [key] = &self.keys[..] else { return None };
        let has_tree = self.descriptor().is_some_and(|descriptor| match descriptor {
            bdk_wallet::miniscript::Descriptor::Tr(tr) => tr.tap_tree().is_some(),
            _ => false,
        });
        matches!(self.kind()?, Pkh | Wpkh | ShWpkh | Tr).then_some(key).filter(|_| !has_tree)
    }

    /// The script that a P2SH output is the hash of.
    pub(super) fn redeem_script(&self) -> Option<ScriptBuf> {
        let Output::Solved(descriptor) = &self.output else { return None };
        match descriptor.desc_type() {
            DescriptorType::Sh | DescriptorType::ShSortedMulti => descriptor.explicit_script().ok(),
            DescriptorType::ShWpkh | DescriptorType::ShWsh | DescriptorType::ShWshSortedMulti => {
                let signature = descriptor.unsigned_script_sig();
                match signature.instructions().next() {
                    Some(Ok(Instruction::PushBytes(push))) => Some(push.as_bytes().to_vec().into()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The script that a P2WSH output is the hash of, also one inside of P2SH.
    pub(super) fn witness_script(&self) -> Option<ScriptBuf> {
        let Output::Solved(descriptor) = &self.output else { return None };
        match descriptor.desc_type() {
            DescriptorType::Wsh
            | DescriptorType::WshSortedMulti
            | DescriptorType::ShWsh
            | DescriptorType::ShWshSortedMulti => descriptor.explicit_script().ok(),
            _ => None,
        }
    }
}
