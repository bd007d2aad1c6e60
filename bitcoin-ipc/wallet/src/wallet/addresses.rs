//! Addresses, their labels, and the payment requests that a GUI keeps.
//!
//! In: kinds, labels. Out: new addresses, the address book.

use bitcoin::key::PubkeyHash;
use bitcoin::sign_message::{MessageSignature, signed_msg_hash};
use bitcoin::{Address, PublicKey, ScriptBuf, secp256k1};
use bitcoin_ipc::interfaces::AddressBookEntry;
use bitcoin_ipc::types::{AddressPurpose, ChangeType, Destination, OutputType, SigningResult, WalletAddress};

use super::{Event, Wallet, WalletState};
use crate::keys::SECP;
use crate::storage::{BookEntry, book};
use crate::{Error, Result};

impl Wallet {
    /// A new address with a label, in the address book.
    ///
    /// # Errors
    ///
    /// The wallet has no descriptor for addresses of this kind.
    pub fn new_address(&self, kind: OutputType, label: &str) -> Result<Address> {
        let (address, event) = {
            let mut state = self.state()?;
            let script = state.reveal(kind, false)?;
            let entry = BookEntry { label: label.to_owned(), purpose: AddressPurpose::Receive };
            state.save(|tx| book::put(tx, &script, &entry))?;
            let event = state.enter_in_book(script.clone(), entry);
            (self.address(&script)?, event)
        };
        self.derived();
        self.tell([event]);
        Ok(address)
    }

    /// A new address for change, which is not in the address book.
    ///
    /// # Errors
    ///
    /// The wallet has no descriptor for change of this kind.
    pub fn new_change_address(&self, kind: OutputType) -> Result<Address> {
        let script = {
            let mut state = self.state()?;
            let script = state.reveal(kind, true)?;
            state.save(|_| Ok(()))?;
            script
        };
        self.derived();
        self.address(&script)
    }

    fn address(&self, script: &ScriptBuf) -> Result<Address> {
        Address::from_script(script, self.network())
            .map_err(|_| Error::Unsupported("this descriptor has scripts without an address".into()))
    }

    /// Whether coins of an address are the wallet's.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn is_mine(&self, destination: &Destination) -> Result<bool> {
        Ok(self.state()?.is_mine_dest(destination))
    }

    /// Whether the wallet can give new addresses of any kind.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn can_get_addresses(&self) -> Result<bool> {
        self.gives_any(false)
    }

    /// The same, or new addresses for change.
    pub(crate) fn gives_any(&self, internal: bool) -> Result<bool> {
        let state = self.state()?;
        Ok(state.descriptors.iter().any(|descriptor| descriptor.active && descriptor.internal == internal))
    }

    /// Puts an address into the address book or changes its entry. Gives false for no address.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn set_address_book(
        &self,
        destination: &Destination,
        label: &str,
        purpose: AddressPurpose,
    ) -> Result<bool> {
        let Some(script) = destination.script_pubkey() else { return Ok(false) };
        let event = {
            let mut state = self.state()?;
            let entry = BookEntry { label: label.to_owned(), purpose };
            state.save(|tx| book::put(tx, &script, &entry))?;
            state.enter_in_book(script, entry)
        };
        self.tell([event]);
        Ok(true)
    }

    /// Takes an address out of the address book. Gives false for an address of the wallet's own, which
    /// has to stay, and for one that is not there.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn del_address_book(&self, destination: &Destination) -> Result<bool> {
        let Some(script) = destination.script_pubkey() else { return Ok(false) };
        let event = {
            let mut state = self.state()?;
            if state.is_mine(&script) || !state.book.contains_key(&script) {
                return Ok(false);
            }
            state.save(|tx| book::delete(tx, &script))?;
            state.requests.retain(|(of, _), _| *of != script);
            let Some(BookEntry { purpose, .. }) = state.book.remove(&script) else { return Ok(false) };
            let (address, change) = (destination.clone(), ChangeType::Deleted);
            Event::Book { address, label: String::new(), mine: false, purpose, change }
        };
        self.tell([event]);
        Ok(true)
    }

    /// The entry of an address in the address book.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn book_entry(&self, destination: &Destination) -> Result<Option<AddressBookEntry>> {
        let Some(script) = destination.script_pubkey() else { return Ok(None) };
        let entry = self.state()?.book.get(&script).cloned();
        Ok(entry.map(|BookEntry { label, purpose }| AddressBookEntry { name: label, purpose }))
    }

    /// The address book.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn book(&self) -> Result<Vec<WalletAddress>> {
        Ok(self.state()?.addresses())
    }

    /// The payment requests of all addresses.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn receive_requests(&self) -> Result<Vec<Vec<u8>>> {
        Ok(self.state()?.requests.values().cloned().collect())
    }

    /// Keeps a payment request; an empty one takes it out. Gives false for no address.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn set_receive_request(&self, destination: &Destination, id: &[u8], value: &[u8]) -> Result<bool> {
        let Some(script) = destination.script_pubkey() else { return Ok(false) };
        let mut state = self.state()?;
        state.save(|tx| book::put_request(tx, &script, id, value))?;
        let key = (script, id.to_vec());
        if value.is_empty() {
            state.requests.remove(&key);
        } else {
            state.requests.insert(key, value.to_vec());
        }
        Ok(true)
    }

    /// The public key with this hash, if it is in the script and the script is the wallet's.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn pub_key(&self, script: &ScriptBuf, hash: PubkeyHash) -> Result<Option<PublicKey>> {
        let state = self.state()?;
        Ok(state.public_keys(script).into_iter().find(|key| key.pubkey_hash() == hash))
    }

    /// Signs a message with the key of a P2PKH address, and gives the signature in base64.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded. The inner error is for a key that the wallet does not have or that is
    /// locked.
    pub fn sign_message(&self, message: &str, hash: PubkeyHash) -> Result<Result<String, SigningResult>> {
        let script = ScriptBuf::new_p2pkh(&hash);
        let state = self.state()?;
        let public = state.public_keys(&script).into_iter().find(|key| key.pubkey_hash() == hash);
        let provider = match state.signing_provider([&*script]) {
            Err(Error::Locked) => return Ok(Err(SigningResult::PrivateKeyNotAvailable)),
            provider => provider?,
        };
        let Some(key) = public.and_then(|public| provider.key(&public)) else {
            return Ok(Err(SigningResult::PrivateKeyNotAvailable));
        };
        drop(state);
        let digest = signed_msg_hash(message);
        let digest = secp256k1::Message::from_digest(*digest.as_ref());
        let signature = SECP.sign_ecdsa_recoverable(&digest, &key.inner);
        Ok(Ok(MessageSignature::new(signature, key.compressed).to_base64()))
    }
}

impl WalletState {
    /// The next new script of a kind. It is to be saved.
    pub(crate) fn reveal(&mut self, kind: OutputType, internal: bool) -> Result<ScriptBuf> {
        let name = match kind {
            OutputType::Legacy => "legacy",
            OutputType::P2shSegwit => "p2sh-segwit",
            OutputType::Bech32 => "bech32",
            OutputType::Bech32m => "bech32m",
            OutputType::Unknown => "unknown",
        };
        let none = || Error::Refused(format!("Error: No {name} addresses available."));
        let descriptor = self.active(kind, internal).ok_or_else(none)?.id;
        // What is hardened goes no further while the wallet is locked.
        let out = || Error::Refused("Error: Keypool ran out, please call keypoolrefill first".to_owned());
        self.ledger.reveal(descriptor).map(|(_, script)| script).ok_or_else(out)
    }

    /// The public keys in a script of the wallet.
    fn public_keys(&self, script: &ScriptBuf) -> Vec<PublicKey> {
        let keys = self.solution(script).map(|solution| solution.keys).unwrap_or_default();
        keys.into_iter().map(|key| key.public).collect()
    }

    /// The address book in Bitcoin Core's order: that of its kinds of destinations, then of their bytes.
    pub(super) fn addresses(&self) -> Vec<WalletAddress> {
        let rank = |script: &ScriptBuf| match () {
            () if script.is_p2pk() => 1,
            () if script.is_p2pkh() => 2,
            () if script.is_p2sh() => 3,
            () if script.is_p2wsh() => 4,
            () if script.is_p2wpkh() => 5,
            () if script.is_p2tr() => 6,
            () if script.is_witness_program() => 7,
            () => 0,
        };
        let mut book: Vec<_> = self.book.iter().collect();
        book.sort_by_key(|(script, _)| (rank(script), *script));
        let address = |(script, entry): (&ScriptBuf, &BookEntry)| WalletAddress {
            dest: Destination::of_script(script),
            is_mine: self.is_mine(script),
            name: entry.label.clone(),
            purpose: entry.purpose,
        };
        book.into_iter().map(address).collect()
    }
}
