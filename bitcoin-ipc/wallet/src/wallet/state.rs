//! Everything that a wallet knows, in memory and on disk.
//!
//! In: a file. Out: [`WalletState`]; whoever changes it saves it before it is unlocked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::mpsc::Sender;

use bdk_wallet::rusqlite::Transaction;
use bitcoin::constants::genesis_block;
use bitcoin::{BlockHash, Network, OutPoint, ScriptBuf, Txid};
use bitcoin_ipc::types::{AddressPurpose, ChangeType, Destination, OutputType};
use bitcoin_rpc::descriptor::Parsed;
use zeroize::Zeroizing;

use super::Event;
use crate::keys::{
    Derived, Deriver, Descriptor, KINDS, Range, Unused, Vault, WrappedKey, fresh_key, hd_keys_of_private,
    read_private, standard,
};
use crate::ledger::Ledger;
use crate::options::Options;
use crate::storage::{
    self, BookEntry, Descriptors, Owed, SetAside, Store, Stored, TxMetadata, descriptors, secrets,
};
use crate::{Error, Result};

/// Bits of Bitcoin Core's `WalletFlags` that mean something here.
pub mod flag {
    /// Bitcoin Core's `WALLET_FLAG_AVOID_REUSE`: coins of addresses that were spent from are left aside.
    pub const AVOID_REUSE: u64 = 1 << 0;
    /// Bitcoin Core's `WALLET_FLAG_DISABLE_PRIVATE_KEYS`: the wallet only watches.
    pub const DISABLE_PRIVATE_KEYS: u64 = 1 << 32;
    /// Bitcoin Core's `WALLET_FLAG_BLANK_WALLET`: the wallet begins without keys.
    pub const BLANK: u64 = 1 << 33;
    /// Bitcoin Core's `WALLET_FLAG_DESCRIPTORS`: always set here.
    pub const DESCRIPTORS: u64 = 1 << 34;
}

/// All of a wallet.
pub(super) struct WalletState {
    pub(super) store: Store,
    pub(super) ledger: Ledger,
    pub(super) network: Network,
    /// Whether change of the wallet's own can be spent before it is in a block.
    pub(super) zero_conf_change: bool,
    pub(super) descriptors: Vec<Descriptor>,
    /// Keys that no descriptor uses yet.
    pub(super) unused: Vec<Unused>,
    /// Descriptors of the file that cannot be used.
    pub(super) aside: Vec<SetAside>,
    pub(super) flags: u64,
    pub(super) book: BTreeMap<ScriptBuf, BookEntry>,
    /// What was added to the address book and nobody was told of yet.
    pub(super) book_news: Vec<Event>,
    pub(super) requests: storage::book::Requests,
    /// Coins that must not be chosen, and whether that is on disk.
    pub(super) locked: BTreeMap<OutPoint, bool>,
    pub(super) metadata: HashMap<Txid, TxMetadata>,
    pub(super) tip_time: i64,
    /// What of the chain is still to be searched.
    pub(super) owed: Owed,
    /// Whether the way to the node's tip was aborted.
    pub(super) behind: bool,
    pub(super) with_secrets: BTreeSet<u32>,
    pub(super) wrapped: Option<WrappedKey>,
    /// The data key, while an encrypted wallet is unlocked.
    pub(super) vault: Option<Vault>,
    /// Counts unlocking and locking, so that a timer knows whether it is still meant.
    pub(super) unlocks: u64,
    /// Keeps the timer that locks the wallet again.
    pub(super) relock: Option<Sender<()>>,
    /// When the timer locks it, in seconds since 1970; 0 without a timer.
    pub(super) unlocked_until: i64,
}

impl WalletState {
    /// Fills a new file.
    pub(super) fn create(
        mut store: Store,
        options: &Options,
        flags: u64,
        now: i64,
        encryption: Option<(Vault, WrappedKey)>,
    ) -> Result<WalletState> {
        let (vault, wrapped) = encryption.unzip();
        let mut ledger = Ledger::new(genesis(options), options.keypool);
        store.write(|tx| {
            storage::set_flags(tx, flags | flag::DESCRIPTORS)?;
            if let Some(wrapped) = &wrapped {
                secrets::put_wrapped_key(tx, wrapped)?;
            }
            ledger.changes().put(tx)
        })?;
        ledger.kept();
        let mut state = WalletState::load(store, options)?;
        state.vault = vault;
        if flags & (flag::DISABLE_PRIVATE_KEYS | flag::BLANK) == 0 {
            state.add_fresh_keys(now, |_| Ok(()))?;
        }
        Ok(state)
    }

    /// Reads a file.
    pub(super) fn load(mut store: Store, options: &Options) -> Result<WalletState> {
        let network = options.network;
        let Descriptors { all, unused, mut aside } = store.descriptors(network)?;
        let mut loaded = Vec::new();
        let mut anew = Vec::new();
        let mut open = store.open_secrets()?;
        for (descriptor, range) in all {
            let deriver = &descriptor.deriver;
            if let Some(text) = open.remove(&descriptor.id).filter(|_| deriver.is_hardened()) {
                // One that is damaged is told of when it is to be shown or to sign.
                deriver.set_private(read_private(&text, network).ok());
            }
            let kept = range.map(|range| store.scripts(descriptor.id, range, deriver.width())).transpose()?;
            let derived = match kept.flatten() {
                Some(kept) => Some(kept),
                None => derive_anew(&store, deriver, range, options.keypool)?
                    .inspect(|derived| anew.push((descriptor.id, derived.clone()))),
            };
            match derived {
                Some(derived) => loaded.push((descriptor, derived)),
                None => aside.push(SetAside {
                    id: descriptor.id.into(),
                    text: descriptor.text(),
                    reason: "its scripts cannot be derived".into(),
                }),
            }
        }
        for SetAside { id, reason, .. } in &aside {
            let path = store.path().display();
            tracing::warn!(target: "wallet", "Descriptor {id} of {path} is set aside: {reason}");
        }
        let kept = store.ledger()?;
        let known = loaded.iter().map(|(descriptor, derived)| (descriptor, derived.clone()));
        let ledger = Ledger::load(kept, known, options.keypool)?;
        let descriptors = loaded.into_iter().map(|(descriptor, _)| descriptor).collect();
        if ledger.genesis() != genesis(options) {
            return Err(Error::File(format!("{} is a wallet of another network", store.path().display())));
        }
        let locked = store.locked_coins()?.into_iter().map(|coin| (coin, true)).collect();
        let (flags, tip_time) = store.write(|tx| Ok((storage::flags(tx)?, storage::tip_time(tx)?)))?;
        let mut state = WalletState {
            flags,
            book: store.book()?,
            book_news: Vec::new(),
            requests: store.receive_requests()?,
            locked,
            metadata: store.metadata()?,
            tip_time,
            owed: store.owed()?,
            behind: false,
            with_secrets: store.with_secrets()?.into_iter().collect(),
            wrapped: store.wrapped_key()?,
            vault: None,
            unlocks: 0,
            relock: None,
            unlocked_until: 0,
            network,
            zero_conf_change: options.spend_zero_conf_change,
            ledger,
            descriptors,
            unused,
            aside,
            store,
        };
        state.save_first(|tx| {
            anew.iter().try_for_each(|(id, derived)| descriptors::put_derived(tx, *id, derived))
        })?;
        state.keep_public_keys()?;
        // Locks of coins that were spent before locks were taken off then.
        let view = state.ledger.view();
        let locked = state.locked.iter().filter(|(coin, _)| view.spender(**coin).is_some());
        let spent: Vec<_> = locked.map(|(coin, written)| (*coin, *written)).collect();
        state.save(|db| storage::coins::free(db, &spent))?;
        state.free(&spent);
        Ok(state)
    }

    /// Writes what changed in the ledger, and more, as one.
    pub(super) fn save<T>(&mut self, more: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let paid = self.paid_addresses();
        let entry = BookEntry { label: String::new(), purpose: AddressPurpose::Receive };
        let ledger = &self.ledger;
        let done = self.store.write(|tx| {
            if !ledger.changes().is_empty() {
                ledger.changes().put(tx)?;
            }
            paid.iter().try_for_each(|script| storage::book::put(tx, script, &entry))?;
            more(tx)
        })?;
        self.ledger.kept();
        for script in paid {
            let news = self.enter_in_book(script, entry.clone());
            self.book_news.push(news);
        }
        Ok(done)
    }

    /// Puts an entry that is written into the address book.
    pub(super) fn enter_in_book(&mut self, script: ScriptBuf, entry: BookEntry) -> Event {
        let (address, mine) = (Destination::of_script(&script), self.is_mine(&script));
        let BookEntry { label, purpose } = entry.clone();
        let known = self.book.insert(script, entry).is_some();
        let change = if known { ChangeType::Updated } else { ChangeType::New };
        Event::Book { address, label, mine, purpose, change }
    }

    /// Addresses that others have got from another copy of this wallet, as they or later ones were paid: those that
    /// the wallet would have given out and that are not in the address book (Bitcoin Core's `MarkUnusedAddresses`).
    fn paid_addresses(&self) -> Vec<ScriptBuf> {
        let gives = |id| self.descriptor(id).is_some_and(|found| found.active && !found.internal);
        let scripts = self.ledger.marked().filter(|(id, _)| gives(*id)).map(|(_, script)| script);
        let new = scripts.filter(|script| !self.book.contains_key(*script));
        new.filter(|script| Destination::of_script(script) != Destination::None).cloned().collect()
    }

    /// Notes for good what of the chain is still to be searched.
    pub(super) fn owe(&mut self, owed: Owed) -> Result<()> {
        if owed != self.owed {
            self.store.write(|tx| owed.put(tx))?;
            self.owed = owed;
        }
        Ok(())
    }

    /// As [`save`](Self::save), but writes the other things before what changed in the ledger.
    fn save_first(&mut self, first: impl FnOnce(&Transaction<'_>) -> Result<()>) -> Result<()> {
        let changes = self.ledger.changes().clone();
        self.store.write(|tx| {
            first(tx)?;
            changes.put(tx)
        })?;
        self.ledger.kept();
        Ok(())
    }

    /// Makes a new master key and its eight active descriptors, and writes more in the same go. The
    /// wallet has to be unlocked.
    pub(super) fn add_fresh_keys(
        &mut self,
        now: i64,
        more: impl FnOnce(&Transaction<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut master = fresh_key(self.network.into())?;
        let both = KINDS.iter().flat_map(|kind| [(*kind, false), (*kind, true)]);
        let texts = both.filter_map(|(kind, internal)| Some((standard(&master, kind, internal)?, internal)));
        let texts = texts.collect();
        master.private_key.non_secure_erase();
        self.add_private(texts, now, more)
    }

    /// Takes in a descriptor that was written with its scripts.
    pub(super) fn take(&mut self, descriptor: Descriptor, derived: Derived) {
        self.ledger.add(&descriptor, derived);
        if descriptor.active {
            self.deactivate(descriptor.kind, descriptor.internal);
        }
        self.descriptors.push(descriptor);
    }

    /// New addresses of a kind come from no descriptor any more.
    pub(super) fn deactivate(&mut self, kind: OutputType, internal: bool) {
        let same = |other: &&mut Descriptor| other.kind == kind && other.internal == internal;
        self.descriptors.iter_mut().filter(same).for_each(|other| other.active = false);
    }

    /// A descriptor by its number.
    pub(super) fn descriptor(&self, id: u32) -> Option<&Descriptor> {
        self.descriptors.iter().find(|descriptor| descriptor.id == id)
    }

    /// The descriptor that new addresses come from.
    pub(super) fn active(&self, kind: OutputType, internal: bool) -> Option<&Descriptor> {
        let fits = |one: &&Descriptor| one.active && one.kind == kind && one.internal == internal;
        self.descriptors.iter().find(fits)
    }

    /// What of the file cannot be used, and what was not searched, in words for the user.
    pub(super) fn warnings(&self, scanning: bool) -> Vec<String> {
        let aside = self.aside.iter().map(|SetAside { id, reason, .. }| {
            format!("Descriptor {id} is set aside, its coins are neither seen nor spent: {reason}")
        });
        let behind = format!(
            "The search of the chain was aborted: nothing after block {} is known. It goes on with the next block, or when the wallet is loaded again.",
            self.ledger.tip().height
        );
        let owed = self.owed.warning().filter(|_| !scanning);
        aside.chain(owed).chain((self.behind && !scanning).then_some(behind)).collect()
    }

    /// Whether a script is the wallet's.
    pub(super) fn is_mine(&self, script: &bitcoin::Script) -> bool {
        self.ledger.scripts().origin(script).is_some()
    }

    /// Whether a script is the wallet's own for change: only of descriptors for change, and not in the
    /// address book.
    pub(super) fn is_change(&self, script: &ScriptBuf) -> bool {
        let internal = |(id, _)| self.descriptor(id).is_some_and(|descriptor| descriptor.internal);
        self.is_mine(script)
            && self.ledger.scripts().origins(script).all(internal)
            && !self.book.contains_key(script)
    }

    pub(super) fn is_mine_dest(&self, destination: &Destination) -> bool {
        destination.script_pubkey().is_some_and(|script| self.is_mine(&script))
    }

    pub(super) fn is_locked(&self) -> bool {
        self.wrapped.is_some() && self.vault.is_none()
    }

    pub(super) fn private_keys_disabled(&self) -> bool {
        self.flags & flag::DISABLE_PRIVATE_KEYS != 0
    }

    /// Opens private descriptors.
    ///
    /// # Errors
    ///
    /// The wallet is locked.
    pub(super) fn private(&self, ids: &BTreeSet<u32>) -> Result<Vec<(u32, Parsed)>> {
        if self.is_locked() {
            return Err(Error::Locked);
        }
        let mut found = Vec::new();
        for (id, stored) in self.store.secrets()?.into_iter().filter(|(id, _)| ids.contains(id)) {
            found.push((id, read_private(&self.open_secret(id, stored)?, self.network)?));
        }
        Ok(found)
    }

    /// Gives private keys to the descriptors that derive nothing without them, and derives what is missing of all, as
    /// Bitcoin Core does when a wallet is unlocked.
    pub(super) fn open_hardened(&mut self) -> Result<()> {
        let hardened = self.descriptors.iter().filter(|descriptor| descriptor.deriver.is_hardened());
        let hardened: BTreeSet<u32> = hardened.map(|descriptor| descriptor.id).collect();
        if !hardened.is_empty() {
            for (id, private) in self.private(&hardened)? {
                if let Some(descriptor) = self.descriptor(id) {
                    descriptor.deriver.set_private(Some(private));
                }
            }
        }
        let ahead = self.ledger.scripts().ahead();
        for descriptor in &self.descriptors {
            self.ledger.top_up(descriptor.id, ahead);
        }
        self.save(|_| Ok(()))?;
        self.keep_public_keys()
    }

    /// Keeps the public keys that take private ones, if those are there, of scripts that an older version has written
    /// without them.
    fn keep_public_keys(&mut self) -> Result<()> {
        let scripts = self.ledger.scripts();
        let missing = self.descriptors.iter().map(|descriptor| {
            let range = scripts.range(descriptor.id);
            (&descriptor.deriver, descriptor.id, descriptor.deriver.missing(range.start..range.end))
        });
        let missing: Vec<_> = missing.filter(|(_, _, keys)| !keys.is_empty()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.store.write(|tx| {
            missing.iter().try_for_each(|(_, id, keys)| descriptors::put_public_keys(tx, *id, keys))
        })?;
        missing.iter().for_each(|(deriver, _, keys)| deriver.learn(keys));
        Ok(())
    }

    /// Forgets the private keys that descriptors derive with.
    pub(super) fn close_hardened(&self) {
        self.descriptors.iter().for_each(|descriptor| descriptor.deriver.set_private(None));
    }

    /// The text of a private descriptor.
    pub(super) fn open_secret(&self, id: u32, stored: Stored) -> Result<Zeroizing<String>> {
        match (stored, &self.vault) {
            (Stored::Sealed(sealed), Some(vault)) => vault.open(id, &sealed),
            (Stored::Sealed(_), None) => Err(Error::Locked),
            (Stored::Open(bytes), _) => {
                let damaged = |_| Error::File("a private descriptor is damaged".into());
                Ok(Zeroizing::new(std::str::from_utf8(&bytes).map_err(damaged)?.to_owned()))
            }
        }
    }
}

fn genesis(options: &Options) -> BlockHash {
    genesis_block(options.network).block_hash()
}

/// Derives the scripts of a descriptor whose scripts are not in the file, as in those of older versions.
fn derive_anew(
    store: &Store,
    deriver: &Deriver,
    range: Option<Range>,
    ahead: u32,
) -> Result<Option<Derived>> {
    let range = match (range, deriver.scripts_at(0)) {
        (Some(range), _) => range,
        (None, None) => return Ok(None),
        (None, Some(first)) => {
            let next = first.first().map_or(Ok(0), |first| store.old_next_index(first))?;
            Range { start: 0, end: next, next }
        }
    };
    Ok(deriver.derive(range, ahead))
}

/// Writes a private descriptor, sealed if the wallet is encrypted, and its extended public keys.
pub(crate) fn put_secret(
    tx: &Transaction<'_>,
    wrapped: bool,
    vault: Option<&Vault>,
    id: u32,
    private: &Parsed,
) -> Result<()> {
    let text = private.all.first().and_then(|one| one.to_private_text(&private.keys));
    let text = text.ok_or_else(|| Error::Invalid("a descriptor without private keys".into()))?;
    match (wrapped, vault) {
        (false, _) => secrets::put_open(tx, id, &text)?,
        (true, Some(vault)) => secrets::put_sealed(tx, id, &vault.seal(id, &text)?)?,
        (true, None) => return Err(Error::Locked),
    }
    secrets::put_hd_keys(tx, id, &hd_keys_of_private(private))
}
