//! Descriptors of a wallet: which there are, and more of them.
//!
//! In: texts. Out: what the wallet watches and can sign for. Scripts are derived before the wallet is locked, as that
//! may take long.

use bitcoin::{Address, ScriptBuf};
use bitcoin_ipc::types::{AddressPurpose, OutputType};
use bitcoin_rpc::descriptor::{Expander, Parsed};

use super::state::put_secret;
use super::{Event, Wallet, WalletState};
use crate::keys::{
    Candidate, Derived, Deriver, DescriptorImport, DescriptorInfo, Imported, Range, SECP, parse,
};
use crate::storage::{BookEntry, NewDescriptor, book, descriptors};
use crate::{Error, Result};

/// How many addresses are derived at once when the wallet looks ahead farther.
const PIECE: u32 = 1000;

impl Wallet {
    /// The descriptors, without private keys.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn descriptors(&self) -> Result<Vec<DescriptorInfo>> {
        let state = self.state()?;
        let infos = state.descriptors.iter().map(|descriptor| DescriptorInfo {
            id: descriptor.id,
            descriptor: descriptor.text(),
            kind: descriptor.kind,
            internal: descriptor.internal,
            active: descriptor.active,
            timestamp: descriptor.birth,
            next_index: state.ledger.scripts().range(descriptor.id).next,
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
        let ranged = |id: &u32| state.descriptor(*id).is_some_and(|found| found.deriver.is_ranged());
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

    /// Adds descriptors, one by one. One that the wallet has already only changes its use.
    pub(crate) fn import_each(&self, imports: &[DescriptorImport]) -> Vec<Imported> {
        let mut events = Vec::new();
        let import = |import| {
            let mut warnings = Vec::new();
            let result = self.import(import, &mut warnings, &mut events);
            Imported { result, warnings }
        };
        let done = imports.iter().map(import).collect();
        self.tell(events);
        self.derived();
        done
    }

    fn import(
        &self,
        import: &DescriptorImport,
        warnings: &mut Vec<String>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let refused = |text: &str| Err(Error::Refused(text.into()));
        let Parsed { all, keys } = parse(&import.descriptor, self.network())?;
        let (disabled, ahead) = {
            let state = self.state()?;
            if state.is_locked() {
                return Err(Error::Locked);
            }
            (state.private_keys_disabled(), state.ledger.scripts().ahead())
        };
        check(import, &all)?;
        if disabled && !keys.is_empty() {
            return refused("Cannot import private keys to a wallet with private keys disabled");
        }
        let mut range = Range::default();
        if let Some((first, last)) = import.range {
            range =
                Range { start: first, end: last.saturating_add(1), next: import.next_index.unwrap_or(first) };
        }
        let count = all.len();
        for (place, descriptor) in all.into_iter().enumerate() {
            if Expander::new(&descriptor, &keys, &SECP).and_then(|all| all.scripts(0)).is_err() {
                return refused(
                    "Cannot expand descriptor. Probably because of hardened derivations without private keys provided",
                );
            }
            warnings.extend(descriptor.warnings());
            if !disabled && keys.is_empty() {
                return refused(
                    "Cannot import descriptor without private keys to a wallet with private keys enabled",
                );
            }
            if !disabled && !descriptor.has_private_keys(&keys) {
                let text =
                    "Not all private keys provided. Some wallet functionality may return unexpected errors";
                warnings.push(text.into());
            }
            if descriptor.is_unused() {
                let private = Parsed { all: vec![descriptor], keys: keys.clone() };
                self.state()?.import_unused(&private, import.timestamp)?;
                continue;
            }
            let candidate = Candidate::of(descriptor, keys.clone(), self.network())?;
            let active = import.active && candidate.kind != OutputType::Unknown;
            if import.active && !active {
                warnings.push("Unknown output type, cannot set descriptor to active.".into());
            }
            let derived = derive(&candidate.deriver, range, ahead)?;
            let usage =
                Usage { internal: if count == 2 { place == 1 } else { import.internal }, active, import };
            self.state()?.put_import(candidate, derived, &usage, self.network(), events)?;
            events.push(Event::CanGetAddresses);
        }
        Ok(())
    }

    /// Derives so many new addresses of each active descriptor.
    ///
    /// # Errors
    ///
    /// They could not be written.
    pub(crate) fn look_ahead(&self, ahead: u32) -> Result<()> {
        let active: Vec<(u32, Deriver)> = {
            let state = self.state()?;
            let active = state.descriptors.iter().filter(|descriptor| descriptor.active);
            active.map(|descriptor| (descriptor.id, descriptor.deriver.clone())).collect()
        };
        for (id, deriver) in active {
            loop {
                let range = self.state()?.ledger.scripts().range(id);
                let end = deriver.end(range, ahead).min(range.end.saturating_add(PIECE));
                let steps = deriver.steps(range.end..end);
                if steps.is_empty() {
                    break;
                }
                let mut state = self.state()?;
                state.ledger.extend(id, steps);
                state.save(|_| Ok(()))?;
            }
        }
        self.derived();
        Ok(())
    }
}

/// What an import asks for that cannot be.
fn check(import: &DescriptorImport, all: &[crate::keys::Public]) -> Result<()> {
    let ranged = all.iter().any(crate::keys::Public::is_range);
    let text = match () {
        () if import.internal && all.len() > 1 => {
            "Cannot have multipath descriptor while also specifying 'internal'"
        }
        () if import.active && !ranged => "Active descriptors must be ranged",
        () if import.label.is_some() && ranged => "Ranged descriptors should not have a label",
        () if import.label.is_some() && import.internal => "Internal addresses should not have a label",
        () if import.active && all.iter().any(|one| !one.is_single_type()) => {
            return Err(Error::Refused("Combo descriptors cannot be set to active".into()));
        }
        () => return Ok(()),
    };
    Err(Error::Invalid(text.into()))
}

/// What an imported descriptor is for.
struct Usage<'a> {
    internal: bool,
    active: bool,
    import: &'a DescriptorImport,
}

/// Derives the scripts of a range of a descriptor, and so many beyond the next new one.
pub(super) fn derive(deriver: &Deriver, range: Range, ahead: u32) -> Result<Derived> {
    let cannot = || Error::Refused("Could not top up scriptPubKeys".into());
    deriver.derive(range, ahead).ok_or_else(cannot)
}

impl WalletState {
    fn put_import(
        &mut self,
        candidate: Candidate,
        derived: Derived,
        usage: &Usage<'_>,
        network: bitcoin::Network,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        if self.is_locked() {
            return Err(Error::Locked);
        }
        let scripts = derived.scripts.clone();
        match self.descriptors.iter().position(|known| candidate.is(known)) {
            Some(known) => self.update(known, &candidate, derived, usage)?,
            None => self.add_import(candidate, derived, usage)?,
        }
        let Some(label) = usage.import.label.as_ref().filter(|_| !usage.internal) else { return Ok(()) };
        let has_address = |script: &ScriptBuf| Address::from_script(script, network).is_ok();
        let scripts: Vec<ScriptBuf> = scripts.into_iter().filter(has_address).collect();
        let entry = BookEntry { label: label.clone(), purpose: AddressPurpose::Receive };
        self.save(|tx| scripts.iter().try_for_each(|script| book::put(tx, script, &entry)))?;
        events.extend(scripts.into_iter().map(|script| self.enter_in_book(script, entry.clone())));
        Ok(())
    }

    fn add_import(&mut self, candidate: Candidate, derived: Derived, usage: &Usage<'_>) -> Result<()> {
        let identity = candidate.identity().text().to_owned();
        let Candidate { deriver, kind, given } = candidate;
        let Usage { internal, active, import } = *usage;
        let new = NewDescriptor { identity, deriver, kind, internal, active, birth: import.timestamp };
        let (wrapped, vault) = (self.wrapped.is_some(), self.vault.as_ref());
        let is_private = !given.keys.is_empty();
        let added = self.store.write(|tx| {
            let added = descriptors::insert(tx, &new, &derived)?;
            if is_private {
                put_secret(tx, wrapped, vault, added.id, &given)?;
            }
            Ok(added)
        })?;
        if is_private {
            self.with_secrets.insert(added.id);
        }
        self.take(added, derived);
        self.save(|_| Ok(()))
    }

    /// Changes the use of a descriptor, and which of its scripts are watched; it may get more private keys.
    fn update(
        &mut self,
        known: usize,
        candidate: &Candidate,
        derived: Derived,
        usage: &Usage<'_>,
    ) -> Result<()> {
        let mut changed = self.descriptors[known].clone();
        let was = self.ledger.scripts().range(changed.id);
        let shrinks = derived.range.start > was.start || derived.range.end < was.end;
        if changed.deriver.is_ranged() && shrinks {
            return Err(Error::Update(format!(
                "new range must include current range = [{},{}]",
                was.start,
                was.end.saturating_sub(1)
            )));
        }
        if usage.active || !changed.active || changed.internal == usage.internal {
            (changed.active, changed.internal) = (usage.active, usage.internal);
        }
        changed.birth = usage.import.timestamp;
        let mut private = candidate.given.clone();
        let is_private = !private.keys.is_empty();
        for (_, known) in self.private(&[changed.id].into())? {
            private.keys.extend(&known.keys);
        }
        let (wrapped, vault) = (self.wrapped.is_some(), self.vault.as_ref());
        self.store.write(|tx| {
            descriptors::update(tx, &changed)?;
            if is_private {
                put_secret(tx, wrapped, vault, changed.id, &private)?;
            }
            descriptors::put_derived(tx, changed.id, &derived)
        })?;
        if is_private {
            self.with_secrets.insert(changed.id);
            changed.deriver.set_private(Some(private));
        }
        if changed.active {
            self.deactivate(changed.kind, changed.internal);
        }
        self.ledger.add(&changed, derived);
        self.descriptors[known] = changed;
        self.save(|_| Ok(()))
    }
}
