//! Extended keys (BIP 32) of a wallet, and descriptors that are made of them.
//!
//! In: keys, kinds of addresses. Out: which descriptors have which keys, more descriptors, derived keys.

use std::collections::{BTreeMap, BTreeSet};

use bdk_wallet::rusqlite::Transaction;
use bitcoin::bip32::{Xpriv, Xpub};
use bitcoin_ipc::types::OutputType;
use bitcoin_rpc::descriptor::Parsed;
use zeroize::Zeroizing;

use super::import::derive;
use super::state::{flag, put_secret};
use super::{Event, Wallet, WalletState};
use crate::keys::{
    self, Candidate, Descriptor, HdKey, Public, Range, SECP, Unused, hd_keys_of_private, hd_keys_of_public,
    read_private, standard,
};
use crate::storage::{self, NewDescriptor, descriptors, secrets};
use crate::{Error, Result};

/// An extended public key, and the descriptors that have it.
pub(crate) struct KeyUse {
    pub(crate) xpub: Xpub,
    /// Whether one of them has the private key.
    pub(crate) private: bool,
    /// The descriptors without private keys, and whether they are active.
    pub(crate) descriptors: Vec<(String, bool)>,
}

/// Which descriptors count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    Active,
    /// Those that only hold a key.
    Unused,
}

impl Wallet {
    /// The extended keys of the wallet, in Bitcoin Core's order: by public key and chain code.
    ///
    /// # Errors
    ///
    /// The wallet is locked, and was last unlocked by a version that did not note them.
    pub(crate) fn key_uses(&self, which: Which) -> Result<Vec<KeyUse>> {
        self.state()?.key_uses(which)
    }

    /// The extended private key of a public one, if the wallet has it. It is not wiped when dropped.
    ///
    /// # Errors
    ///
    /// The wallet is locked.
    pub(crate) fn xprv(&self, xpub: &Xpub) -> Result<Option<Xpriv>> {
        let state = self.state()?;
        let private = state.private(&state.with_secrets)?;
        Ok(private.iter().find_map(|(_, private)| keys::xprv(&private.keys, xpub)))
    }

    /// Adds an extended private key, from which nothing is derived yet, and gives its public one.
    ///
    /// # Errors
    ///
    /// The wallet is locked, has no private keys by choice, has this key as an unused one, or it could not be
    /// written.
    pub(crate) fn add_hd_key(&self, mut xprv: Xpriv) -> Result<Xpub> {
        let added = self.state().and_then(|mut state| state.add_hd_key(&xprv, self.now()));
        xprv.private_key.non_secure_erase();
        added
    }

    /// Makes active descriptors for a kind of addresses from an extended private key. Gives the texts without private
    /// keys of those that the wallet did not have.
    ///
    /// # Errors
    ///
    /// The wallet is locked, or it could not be written.
    pub(crate) fn create_descriptors(
        &self,
        xprv: &Xpriv,
        kind: OutputType,
        internals: &[bool],
    ) -> Result<Vec<String>> {
        let made = {
            let mut state = self.state()?;
            let mut texts = Vec::new();
            for internal in internals {
                let Some(text) = standard(xprv, kind, *internal) else { continue };
                let candidate = Candidate::read(&text, state.network)?;
                if !state.descriptors.iter().any(|known| candidate.is(known)) {
                    texts.push((text, *internal));
                }
            }
            if texts.is_empty() {
                return Ok(Vec::new());
            }
            let (known, now) = (state.descriptors.len(), self.now());
            let flags = state.flags & !flag::BLANK;
            state.add_private(texts, now, |tx| storage::set_flags(tx, flags))?;
            state.flags = flags;
            state.descriptors[known..].iter().map(Descriptor::text).collect()
        };
        self.derived();
        self.tell([Event::CanGetAddresses]);
        Ok(made)
    }
}

impl WalletState {
    /// Adds private descriptors that new addresses come from and that the wallet does not have, and writes more
    /// in the same go. The wallet has to be unlocked.
    pub(crate) fn add_private(
        &mut self,
        texts: Vec<(Zeroizing<String>, bool)>,
        birth: i64,
        more: impl FnOnce(&Transaction<'_>) -> Result<()>,
    ) -> Result<()> {
        let ahead = self.ledger.scripts().ahead();
        let mut parsed = Vec::new();
        for (text, internal) in texts {
            let candidate = Candidate::read(&text, self.network)?;
            let identity = candidate.identity().text().to_owned();
            let Candidate { deriver, kind, given } = candidate;
            let derived = derive(&deriver, Range::default(), ahead)?;
            let new = NewDescriptor { identity, deriver, kind, internal, active: true, birth };
            parsed.push((new, given, derived));
        }
        let (wrapped, vault) = (self.wrapped.is_some(), self.vault.as_ref());
        let added = self.store.write(|tx| {
            let added: Vec<Descriptor> = parsed
                .iter()
                .map(|(new, given, derived)| {
                    let added = descriptors::insert(tx, new, derived)?;
                    put_secret(tx, wrapped, vault, added.id, given)?;
                    Ok(added)
                })
                .collect::<Result<_>>()?;
            more(tx)?;
            Ok(added)
        })?;
        for (descriptor, (_, _, derived)) in added.into_iter().zip(parsed) {
            self.with_secrets.insert(descriptor.id);
            self.take(descriptor, derived);
        }
        self.save(|_| Ok(()))
    }

    /// Adds the key of a descriptor that only holds one.
    pub(super) fn import_unused(&mut self, given: &Parsed, birth: i64) -> Result<()> {
        let refused = |text: &str| Err(Error::Refused(text.into()));
        if self.private_keys_disabled() {
            return refused("Cannot import unused() to wallet without private keys enabled");
        }
        let key = given.all.iter().find_map(Public::unused_key);
        let key = key.map(|key| key.map_or_else(|key| key, |xpub| xpub.to_pub().into()));
        let known = self.private(&self.with_secrets)?;
        if key.is_some_and(|key| known.iter().any(|(_, private)| private.keys.get(&key).is_some())) {
            return refused(
                "Cannot import an unused() descriptor when its private key is already in the wallet",
            );
        }
        self.put_unused(given, birth)
    }

    fn put_unused(&mut self, given: &Parsed, birth: i64) -> Result<()> {
        let Some(public) = given.all.first() else { return Ok(()) };
        let (wrapped, vault) = (self.wrapped.is_some(), self.vault.as_ref());
        let added = self.store.write(|tx| {
            let added = descriptors::insert_unused(tx, public, birth)?;
            put_secret(tx, wrapped, vault, added.id, given)?;
            Ok(added)
        })?;
        self.with_secrets.insert(added.id);
        self.unused.push(added);
        Ok(())
    }

    fn add_hd_key(&mut self, xprv: &Xpriv, birth: i64) -> Result<Xpub> {
        if self.private_keys_disabled() {
            return Err(Error::Refused("private keys are disabled for this wallet".into()));
        }
        if self.is_locked() {
            return Err(Error::Locked);
        }
        let xpub = Xpub::from_priv(&SECP, xprv);
        if self.unused.iter().any(|known| known.xpub() == Some(xpub)) {
            return Err(Error::Refused("HD key already exists".into()));
        }
        self.put_unused(&read_private(&Unused::private_text(xprv), self.network)?, birth)?;
        Ok(xpub)
    }

    /// The extended keys of each descriptor.
    ///
    /// # Errors
    ///
    /// The wallet is locked, and was last unlocked by a version that did not note them.
    fn hd_keys(&mut self) -> Result<BTreeMap<u32, Vec<HdKey>>> {
        let mut keys = BTreeMap::new();
        let mut missing = Vec::new();
        for (id, stored) in self.store.hd_keys()? {
            match stored {
                Some(found) => _ = keys.insert(id, found),
                None => missing.push(id),
            }
        }
        if !missing.is_empty() {
            let mut found = Vec::new();
            for (id, stored) in self.store.secrets()? {
                if missing.contains(&id) {
                    let private = read_private(&self.open_secret(id, stored)?, self.network)?;
                    found.push((id, hd_keys_of_private(&private)));
                }
            }
            self.store
                .write(|tx| found.iter().try_for_each(|(id, keys)| secrets::put_hd_keys(tx, *id, keys)))?;
            keys.extend(found);
        }
        for descriptor in &self.descriptors {
            keys.entry(descriptor.id).or_insert_with(|| hd_keys_of_public(descriptor.deriver.public()));
        }
        for Unused { id, public, .. } in &self.unused {
            keys.entry(*id).or_insert_with(|| hd_keys_of_public(public));
        }
        Ok(keys)
    }

    fn key_uses(&mut self, which: Which) -> Result<Vec<KeyUse>> {
        let (mut uses, mut users) = (BTreeMap::<_, KeyUse>::new(), BTreeSet::new());
        for (id, keys) in self.hd_keys()? {
            let counts = match which {
                Which::All => true,
                Which::Active => self.descriptor(id).is_some_and(|found| found.active),
                Which::Unused => self.unused.iter().any(|unused| unused.id == id),
            };
            for HdKey { xpub, private } in keys.into_iter().filter(|_| counts) {
                let order = (xpub.public_key.serialize(), xpub.chain_code.to_bytes());
                let one =
                    uses.entry(order).or_insert(KeyUse { xpub, private: false, descriptors: Vec::new() });
                one.private |= private;
                if users.insert((order, id)) {
                    one.descriptors.push(self.public_text(id));
                }
            }
        }
        Ok(uses.into_values().collect())
    }

    /// A descriptor without private keys, and whether it is active.
    fn public_text(&self, id: u32) -> (String, bool) {
        if let Some(descriptor) = self.descriptor(id) {
            return (descriptor.text(), descriptor.active);
        }
        let unused = self.unused.iter().find(|unused| unused.id == id);
        (unused.map(|unused| unused.public.to_public_text()).unwrap_or_default(), false)
    }
}
