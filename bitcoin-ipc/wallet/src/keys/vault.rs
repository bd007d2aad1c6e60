//! Encryption of the private descriptors.
//!
//! In: a passphrase, and secret texts. Out: sealed texts, that a data key opens, which the passphrase
//! opens. So a new passphrase seals the data key again, and nothing else.
//!
//! The passphrase becomes a key by Argon2id, whose parameters and salt are stored; both seals are
//! XChaCha20-Poly1305 with random nonces, bound to what they seal.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use bitcoin::key::rand::RngCore as _;
use bitcoin::key::rand::rngs::OsRng;
use bitcoin_ipc::types::Secret;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::locked::LockedKey;
use super::random;
use crate::{Error, Result};

/// Argon2id's cost for new passphrases: 64 MiB, three passes (RFC 9106's second recommendation, with
/// one lane).
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

/// The most that a file may ask for: a damaged or foreign one must not exhaust the machine.
const MOST: Cost = Cost { memory_kib: 1024 * 1024, passes: 64, lanes: 16 };

/// Held while a passphrase is stretched: each takes its memory, and clients may send many at once.
static STRETCHING: Mutex<()> = Mutex::new(());

/// What Argon2id costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Memory, in KiB.
    pub(crate) memory_kib: u32,
    /// Passes over it.
    pub(crate) passes: u32,
    /// Lanes.
    pub(crate) lanes: u32,
}

/// Something sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// 24 bytes that are never used twice.
    pub(crate) nonce: Vec<u8>,
    /// The bytes, and a tag of 16 bytes.
    pub(crate) data: Vec<u8>,
}

/// The data key, sealed by the passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrappedKey {
    /// 16 random bytes.
    pub(crate) salt: Vec<u8>,
    /// The cost of the passphrase's key.
    pub(crate) cost: Cost,
    /// The key.
    pub(crate) sealed: Sealed,
}

/// The key that seals the secrets. It is kept out of swap space, and wiped when dropped.
pub(crate) struct Vault(LockedKey);

/// What the passphrase seals, as opposed to descriptors.
const DATA_KEY: &[u8] = b"data key";

impl Vault {
    /// A new data key, and its sealed form.
    pub(crate) fn create(passphrase: &Secret) -> Result<(Vault, WrappedKey)> {
        let vault = Vault(LockedKey::new(|key| OsRng.fill_bytes(key)));
        let wrapped = vault.wrap(passphrase)?;
        Ok((vault, wrapped))
    }

    /// Seals the data key with a passphrase.
    pub(crate) fn wrap(&self, passphrase: &Secret) -> Result<WrappedKey> {
        let salt = random::<16>().to_vec();
        let sealed = seal(&*stretch(passphrase, &salt, COST)?, DATA_KEY, &*self.0)?;
        Ok(WrappedKey { salt, cost: COST, sealed })
    }

    /// Opens the data key; `None` for a wrong passphrase.
    pub(crate) fn unwrap(wrapped: &WrappedKey, passphrase: &Secret) -> Result<Option<Vault>> {
        let WrappedKey { salt, cost, sealed } = wrapped;
        let Some(key) = open(&*stretch(passphrase, salt, *cost)?, DATA_KEY, sealed) else {
            return Ok(None);
        };
        let key: &[u8; 32] = key.as_slice().try_into().map_err(|_| damaged())?;
        Ok(Some(Vault(LockedKey::new(|own| own.copy_from_slice(key)))))
    }

    /// Seals the private text of a descriptor.
    pub(crate) fn seal(&self, descriptor: u32, text: &str) -> Result<Sealed> {
        seal(&self.0, &descriptor.to_le_bytes(), text.as_bytes())
    }

    /// Opens the private text of a descriptor.
    pub(crate) fn open(&self, descriptor: u32, sealed: &Sealed) -> Result<Zeroizing<String>> {
        let bytes = open(&self.0, &descriptor.to_le_bytes(), sealed).ok_or_else(damaged)?;
        std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| damaged())
    }
}

fn damaged() -> Error {
    Error::File("the wallet's secret keys are damaged".into())
}

fn stretch(passphrase: &Secret, salt: &[u8], cost: Cost) -> Result<Zeroizing<[u8; 32]>> {
    let within = cost.memory_kib <= MOST.memory_kib && cost.passes <= MOST.passes && cost.lanes <= MOST.lanes;
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok().filter(|_| within);
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.ok_or_else(damaged)?);
    let _turn = STRETCHING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut key = Zeroizing::new([0; 32]);
    argon
        .hash_password_into(passphrase.expose(), salt, &mut *key)
        .map_err(|error| Error::Refused(format!("the passphrase cannot be used: {error}")))?;
    Ok(key)
}

fn seal(key: &[u8; 32], about: &[u8], bytes: &[u8]) -> Result<Sealed> {
    let nonce = random::<24>();
    let payload = Payload { msg: bytes, aad: about };
    let data = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Error::Refused("the keys cannot be encrypted".into()))?;
    Ok(Sealed { nonce: nonce.to_vec(), data })
}

fn open(key: &[u8; 32], about: &[u8], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let nonce = <[u8; 24]>::try_from(sealed.nonce.as_slice()).ok()?;
    let payload = Payload { msg: &sealed.data, aad: about };
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_with_its_passphrase_and_for_its_descriptor() {
        let (vault, wrapped) = Vault::create(&Secret::new("right")).unwrap();
        let sealed = vault.seal(3, "text").unwrap();
        assert!(!sealed.data.windows(4).any(|part| part == b"text"));
        assert!(Vault::unwrap(&wrapped, &Secret::new("wrong")).unwrap().is_none());
        let again = Vault::unwrap(&wrapped, &Secret::new("right")).unwrap().unwrap();
        assert_eq!(*again.open(3, &sealed).unwrap(), "text");
        assert!(again.open(4, &sealed).is_err());
        let mut changed = sealed;
        changed.data[0] ^= 1;
        assert!(again.open(3, &changed).is_err());
    }

    #[test]
    fn many_at_once_take_the_memory_of_one() {
        /// The most memory that this process has had, in KiB.
        fn peak() -> u64 {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        }
        let (_, wrapped) = Vault::create(&Secret::new("right")).unwrap();
        let before = peak();
        let begin = std::sync::Barrier::new(16);
        std::thread::scope(|scope| {
            for number in 0..16 {
                let (wrapped, begin) = (&wrapped, &begin);
                scope.spawn(move || {
                    begin.wait();
                    let passphrase = Secret::new(if number % 2 == 0 { "right" } else { "wrong" });
                    let vault = Vault::unwrap(wrapped, &passphrase).unwrap();
                    assert_eq!(vault.is_some(), number % 2 == 0);
                });
            }
        });
        let more = peak() - before;
        assert!(more < 4 * u64::from(COST.memory_kib), "{more} KiB");
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        let (_, mut wrapped) = Vault::create(&Secret::new("right")).unwrap();
        wrapped.cost.memory_kib = u32::MAX;
        assert!(Vault::unwrap(&wrapped, &Secret::new("right")).is_err());
    }
}
