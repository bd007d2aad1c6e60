//! Descriptors of a wallet: which there are, and more of them.
//!
//! In: texts. Out: what the wallet watches and can sign for; the chain is searched afterwards.

use bitcoin::ScriptBuf;
use bitcoin_ipc::types::{AddressPurpose, OutputType};

use super::state::put_secret;
use super::{Event, State, WalletHandle};
use crate::keys::{Derived, Deriver, DescriptorImport, DescriptorInfo, Public, Range, Unused, kind, parse};
use crate::storage::{BookEntry, NewDescriptor, book, descriptors};
use crate::{Error, Result};

impl WalletHandle {
    /// The descriptors, without private keys.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn descriptors(&self) -> Result<Vec<DescriptorInfo>> {
        let state = self.state()?;
        let infos = state.descriptors.iter().map(|descriptor| DescriptorInfo {
            id: descriptor.id,
            descriptor: descriptor.public.to_string(),
            kind: descriptor.kind,
            internal: descriptor.internal,
            active: descriptor.active,
            timestamp: descriptor.birth,
            next_index: state.ledger.next_index(descriptor.id),
        });
        Ok(infos.collect())
    }

    /// Whether the wallet has keys that come from a seed (BIP 32).
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn has_seed(&self) -> Result<bool> {
        let state = self.state()?;
        let ranged = |id: &u32| state.descriptor(*id).is_some_and(|found| found.public.has_wildcard());
        Ok(state.with_secrets.iter().any(ranged))
    }

    /// Whether the wallet never holds private keys.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn private_keys_disabled(&self) -> Result<bool> {
        Ok(self.state()?.private_keys_disabled())
    }

    /// Whether the wallet gives new addresses of a kind.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn gives(&self, kind: OutputType) -> Result<bool> {
        Ok(self.state()?.active(kind, false).is_some())
    }

    /// Adds descriptors, one by one, and then searches the chain from the earliest timestamp on. One
    /// that the wallet has already only changes its use.
    ///
    /// # Errors
    ///
    /// The search failed; what was imported stays. Each inner error is of the descriptor in its place.
    pub fn import_descriptors(&self, imports: &[DescriptorImport]) -> Result<Vec<Result<()>>> {
        let mut events = Vec::new();
        let (mut done, mut earliest) = (Vec::new(), None);
        for import in imports {
            let one = self.state()?.import(import, self.network(), &mut events);
            if one.is_ok() {
                earliest = Some(earliest.map_or(import.timestamp, |other: i64| other.min(import.timestamp)));
            }
            done.push(one);
        }
        self.tell(events);
        self.watch_new_scripts();
        if let Some(time) = earliest {
            self.rescan_from_time(time)?;
        }
        Ok(done)
    }
}

/// Derives the scripts of a range of a descriptor, and so many beyond the next new one.
pub(super) fn derive(public: &Public, range: Range, ahead: u32) -> Result<Derived> {
    let cannot = || Error::Invalid("not a usable descriptor: its scripts cannot be derived".into());
    Deriver::new(public).derive(range, ahead).ok_or_else(cannot)
}

impl State {
    fn import(
        &mut self,
        import: &DescriptorImport,
        network: bitcoin::Network,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        if let Some(key) = Unused::key(&import.descriptor) {
            return self.import_unused(key, import.timestamp);
        }
        let (public, private) = parse(&import.descriptor, network.into())?;
        match (self.private_keys_disabled(), &private) {
            (true, Some(_)) => {
                let text = "Cannot import private keys to a wallet with private keys disabled";
                return Err(Error::Refused(text.into()));
            }
            (false, None) => {
                let text =
                    "Cannot import descriptor without private keys to a wallet with private keys enabled";
                return Err(Error::Refused(text.into()));
            }
            _ => {}
        }
        if self.is_locked() {
            return Err(Error::Locked);
        }
        let ranged = public.has_wildcard();
        let kind = kind(&public);
        if import.active && (!ranged || kind == OutputType::Unknown) {
            return Err(Error::Invalid("Active descriptors must be ranged".into()));
        }
        if import.label.is_some() && (ranged || import.internal) {
            let text = "A descriptor with several addresses, or for change, should not have a label";
            return Err(Error::Invalid(text.into()));
        }
        let ahead = self.ledger.ahead();
        let mut range = Range::default();
        if let Some((first, last)) = import.range {
            range =
                Range { start: first, end: last.saturating_add(1), next: import.next_index.unwrap_or(first) };
        }
        let derived = derive(&public, range, ahead)?;
        let known = self.descriptors.iter().position(|descriptor| descriptor.public == public);
        if let Some(known) = known {
            self.update(known, import, derived)?;
        } else {
            let (active, internal) = (import.active, import.internal);
            let new = NewDescriptor { public, kind, internal, active, birth: import.timestamp };
            let (wrapped, vault) = (self.wrapped.is_some(), self.vault.as_ref());
            let added = self.store.write(|tx| {
                let added = descriptors::insert(tx, &new, &derived)?;
                if let Some(text) = &private {
                    put_secret(tx, wrapped, vault, added.id, text)?;
                }
                Ok(added)
            })?;
            if private.is_some() {
                self.with_secrets.insert(added.id);
            }
            self.take(added, derived);
            self.save(|_| Ok(()))?;
        }
        if let Some(label) = &import.label {
            let script = self.first_script(&import.descriptor, network)?;
            let entry = BookEntry { label: label.clone(), purpose: AddressPurpose::Receive };
            self.save(|tx| book::put(tx, &script, &entry))?;
            self.book.insert(script, entry);
        }
        events.push(Event::CanGetAddresses);
        Ok(())
    }

    /// Changes the use of a descriptor, and which of its scripts are watched.
    fn update(&mut self, known: usize, import: &DescriptorImport, derived: Derived) -> Result<()> {
        let mut changed = self.descriptors[known].clone();
        let was = self.ledger.range(changed.id);
        if derived.range.start > was.start || derived.range.end < was.end {
            return Err(Error::Refused(format!(
                "new range must include current range = [{},{}]",
                was.start,
                was.end.saturating_sub(1)
            )));
        }
        (changed.active, changed.internal, changed.birth) =
            (import.active, import.internal, import.timestamp);
        self.store.write(|tx| {
            descriptors::update(tx, &changed)?;
            descriptors::put_derived(tx, changed.id, &derived)
        })?;
        if changed.active {
            self.deactivate(changed.kind, changed.internal);
        }
        self.ledger.add(&changed, derived);
        self.descriptors[known] = changed;
        self.save(|_| Ok(()))
    }

    fn first_script(&self, descriptor: &str, network: bitcoin::Network) -> Result<ScriptBuf> {
        let (public, _) = parse(descriptor, network.into())?;
        let definite = public.at_derivation_index(0);
        let definite =
            definite.map_err(|error| Error::Invalid(format!("not a usable descriptor: {error}")))?;
        Ok(definite.script_pubkey())
    }
}
