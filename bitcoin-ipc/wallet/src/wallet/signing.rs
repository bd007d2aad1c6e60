//! Keys that sign.
//!
//! In: scripts, and public keys that others name. Out: what the wallet knows of them, with the private keys if they are
//! wanted and not locked; and which inputs are spent validly.

use std::collections::BTreeSet;
use std::ops::Range;

use bdk_wallet::miniscript::interpreter::Interpreter;
use bitcoin::bip32::KeySource;
use bitcoin::key::TapTweak as _;
use bitcoin::secp256k1::Parity;
use bitcoin::sighash::Prevouts;
use bitcoin::{PublicKey, Script, ScriptBuf, Transaction, TxOut, XOnlyPublicKey};
use bitcoin_rpc::descriptor::{Expander, Parsed};
use bitcoin_rpc::sign::FlatSigningProvider;

use super::{Wallet, WalletState};
use crate::Result;
use crate::keys::SECP;
use crate::ledger::Origin;

/// A public key, and where it is said to come from.
pub(super) type Named<'a> = (PublicKey, Option<&'a KeySource>);

/// The two keys that an x-only key may be.
pub(super) fn both(key: XOnlyPublicKey) -> [PublicKey; 2] {
    [Parity::Even, Parity::Odd].map(|parity| PublicKey::new(key.public_key(parity)))
}

/// The scripts that want one signature of a key, and no more than that.
fn scripts_of(key: PublicKey) -> Vec<ScriptBuf> {
    let x_only = key.inner.x_only_public_key().0;
    let mut scripts = vec![
        ScriptBuf::new_p2pkh(&key.pubkey_hash()),
        ScriptBuf::new_p2pk(&key),
        ScriptBuf::new_p2tr(&SECP, x_only, None),
        ScriptBuf::new_p2tr_tweaked(x_only.dangerous_assume_tweaked()),
    ];
    if let Ok(hash) = key.wpubkey_hash() {
        let script = ScriptBuf::new_p2wpkh(&hash);
        scripts.extend([script.to_p2sh(), script]);
    }
    scripts
}

/// Descriptors that are opened for signing, or looked at only.
pub(super) struct Keyring<'a> {
    state: &'a WalletState,
    opened: Vec<(u32, Expander<'a>)>,
}

impl<'a> Keyring<'a> {
    /// Of private descriptors, which are taken from [`WalletState::private`]; the others are looked at.
    pub(super) fn new(state: &'a WalletState, private: &'a [(u32, Parsed)]) -> Self {
        let open = |(id, private): &'a (u32, Parsed)| {
            // One that derives nothing has no scripts that anybody pays.
            Some((*id, Expander::new(private.all.first()?, &private.keys, &SECP).ok()?))
        };
        Keyring { state, opened: private.iter().filter_map(open).collect() }
    }

    /// Adds what is known of a descriptor's script at a number.
    pub(super) fn add(&self, provider: &mut FlatSigningProvider, (id, number): Origin) {
        let opened = self.opened.iter().find(|(opened, _)| *opened == id);
        let expanded = match opened {
            Some((_, expander)) => expander.at(number).ok(),
            None => self.state.descriptor(id).and_then(|descriptor| descriptor.deriver.at(number)),
        };
        // What has no key, or would be no script, is nobody's.
        let _ = expanded.map(|expanded| provider.add(expanded, opened.is_some()));
    }
}

impl Wallet {
    /// What the wallet knows of scripts, with the private keys.
    ///
    /// # Errors
    ///
    /// The wallet is locked or unloaded.
    pub(crate) fn signing_provider<'a>(
        &self,
        scripts: impl IntoIterator<Item = &'a Script>,
    ) -> Result<FlatSigningProvider> {
        self.state()?.signing_provider(scripts)
    }
}

impl WalletState {
    pub(super) fn signing_provider<'a>(
        &self,
        scripts: impl IntoIterator<Item = &'a Script>,
    ) -> Result<FlatSigningProvider> {
        let origins: BTreeSet<Origin> =
            scripts.into_iter().flat_map(|script| self.ledger.scripts().origins(script)).collect();
        let private = self.private(&origins.iter().map(|(id, _)| *id).collect())?;
        let (keyring, mut provider) = (Keyring::new(self, &private), FlatSigningProvider::default());
        for origin in origins {
            keyring.add(&mut provider, origin);
        }
        Ok(provider)
    }

    /// Where keys of the wallet come from that others name.
    ///
    /// A key that is all that a script of the wallet takes is found by that script, wherever it is said to come from.
    /// One of several is found if it comes from where it is said to.
    pub(super) fn origins_of_keys<'a>(&self, keys: impl IntoIterator<Item = Named<'a>>) -> BTreeSet<Origin> {
        let mut found = BTreeSet::new();
        for (key, source) in keys {
            found.extend(scripts_of(key).iter().flat_map(|script| self.ledger.scripts().origins(script)));
            found.extend(source.into_iter().flat_map(|source| self.derived_from(key, source)));
        }
        found
    }

    /// The descriptors and numbers that derive a key in the way that is said.
    fn derived_from(&self, key: PublicKey, source: &KeySource) -> impl Iterator<Item = Origin> {
        self.descriptors.iter().filter_map(move |descriptor| {
            let range = self.ledger.scripts().range(descriptor.id);
            // A key that is the same at all numbers may have none.
            let number = descriptor.deriver.public().number_of(source)?.max(range.start);
            let expanded = descriptor.deriver.at(number).filter(|_| number < range.end)?;
            expanded.keys.iter().any(|derived| derived.public == key).then_some((descriptor.id, number))
        })
    }
}

/// Which inputs are spent validly, as far as scripts of miniscript go.
pub(crate) fn verify<E>(
    tx: &Transaction,
    spent: &[Option<&TxOut>],
    wanted: Range<usize>,
) -> Result<Vec<bool>, E> {
    let all: Option<Vec<&TxOut>> = spent.iter().copied().collect();
    let is_valid = |place: usize| {
        let (Some(input), Some(output)) = (tx.input.get(place), spent.get(place).copied().flatten()) else {
            return false;
        };
        // Taproot signs all amounts, the others only their own.
        let prevouts = match &all {
            Some(all) => Prevouts::All(all),
            None if output.script_pubkey.is_p2tr() => return false,
            None => Prevouts::One(place, output),
        };
        let (sequence, lock_time) = (input.sequence, tx.lock_time);
        let read = Interpreter::from_txdata(
            &output.script_pubkey,
            &input.script_sig,
            &input.witness,
            sequence,
            lock_time,
        );
        read.is_ok_and(|read| read.iter(&SECP, tx, place, &prevouts).all(|step| step.is_ok()))
    };
    Ok(wanted.map(is_valid).collect())
}
