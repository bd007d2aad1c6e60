//! Descriptors and scripts of the wallet, as Bitcoin Core writes them.
//!
//! In: an output script. Out: the descriptor of it alone, of all its like, and the scripts inside.

use bdk_wallet::miniscript::descriptor::{DefiniteDescriptorKey, DescriptorType};
use bdk_wallet::miniscript::{Descriptor, ForEachKey as _};
use bitcoin::bip32::DerivationPath;
use bitcoin::script::Instruction;
use bitcoin::{PublicKey, Script, ScriptBuf};
use bitcoin_rpc::script::with_checksum;

use crate::keys::SECP;
use crate::wallet::State;

/// What the wallet knows of a script of its own.
pub(super) struct Solution {
    definite: Descriptor<DefiniteDescriptorKey>,
    derived: Descriptor<PublicKey>,
}

/// A descriptor's text with `h` for hardened steps, and its checksum.
pub(super) fn normal(text: &str) -> String {
    let bare = text.split('#').next().unwrap_or(text);
    with_checksum(&bare.replace('\'', "h"))
}

/// A path without its `m/`, with `h` for hardened steps.
pub(super) fn path(path: &DerivationPath) -> String {
    format!("{path}").trim_start_matches("m/").replace('\'', "h")
}

/// The descriptors that a script comes from.
pub(super) fn parents(state: &State, script: &Script) -> Vec<String> {
    let found = state.ledger.origins(script).filter_map(|(id, _)| state.descriptor(id));
    found.map(|descriptor| normal(&descriptor.public.to_string())).collect()
}

impl Solution {
    /// `None` for a script that is not the wallet's.
    pub(super) fn of(state: &State, script: &Script) -> Option<Solution> {
        let (id, index) = state.ledger.origin(script)?;
        let definite = state.descriptor(id)?.public.at_derivation_index(index).ok()?;
        let derived = definite.derived_descriptor(&SECP).ok()?;
        Some(Solution { definite, derived })
    }

    /// The descriptor of this one script, with its keys and where they come from.
    pub(super) fn descriptor(&self) -> String {
        let text = self.definite.to_string();
        let mut text = text.split('#').next().unwrap_or(&text).to_owned();
        let taproot = self.definite.desc_type() == DescriptorType::Tr;
        self.definite.for_each_key(|key| {
            let Ok(public) = key.derive_public_key(&SECP) else { return true };
            let public =
                if taproot { public.inner.x_only_public_key().0.to_string() } else { public.to_string() };
            let steps = key.full_derivation_path().map(|steps| path(&steps)).unwrap_or_default();
            let slash = if steps.is_empty() { "" } else { "/" };
            let origin = format!("[{}{slash}{steps}]{public}", key.master_fingerprint());
            text = text.replace(&key.to_string(), &origin);
            true
        });
        with_checksum(&text)
    }

    /// The key of a script that has only one.
    pub(super) fn key(&self) -> Option<(PublicKey, &DefiniteDescriptorKey)> {
        let (mut keys, mut definite) = (Vec::new(), Vec::new());
        self.derived.for_each_key(|key| {
            keys.push(*key);
            true
        });
        self.definite.for_each_key(|key| {
            definite.push(key);
            true
        });
        match (&keys[..], &definite[..]) {
            ([key], [definite]) => Some((*key, *definite)),
            _ => None,
        }
    }

    /// The script that a P2SH output is the hash of.
    pub(super) fn redeem_script(&self) -> Option<ScriptBuf> {
        match self.derived.desc_type() {
            DescriptorType::Sh | DescriptorType::ShSortedMulti => self.derived.explicit_script().ok(),
            DescriptorType::ShWpkh | DescriptorType::ShWsh | DescriptorType::ShWshSortedMulti => {
                let signature = self.derived.unsigned_script_sig();
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
        match self.derived.desc_type() {
            DescriptorType::Wsh
            | DescriptorType::WshSortedMulti
            | DescriptorType::ShWsh
            | DescriptorType::ShWshSortedMulti => self.derived.explicit_script().ok(),
            _ => None,
        }
    }
}
