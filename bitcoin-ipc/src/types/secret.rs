//! Passphrases and private keys.
//!
//! In: secret bytes. Out: the same, which no log shows and which are wiped when dropped.

use mp_runtime::wire::build::{BuildContext, FieldBuilder};
use mp_runtime::wire::node::Type;
use mp_runtime::wire::read::{FieldReader, ReadContext};
use mp_runtime::wire::slot::{Slot, Slots};
use mp_runtime::wire::traits::{BuildField, ReadField, WireType};
use mp_runtime::{IpcStruct, Result};
use zeroize::Zeroizing;

use super::Bitcoin;
use crate::files::WALLET;

/// Secret bytes (Core's `SecureString`). Neither `Debug` nor the IPC log shows them, and they are
/// wiped when dropped. What a message held on its way is not wiped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes secret bytes, usually the UTF-8 of a passphrase.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Secret(Zeroizing::new(bytes.into()))
    }

    /// The bytes themselves; mind where you copy them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl WireType<Bitcoin> for Secret {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Data;
    const SECRET: bool = true;
}

impl BuildField<Bitcoin> for Secret {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_data(&self.0)
    }
}

impl<'a> ReadField<'a, Bitcoin> for Secret {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Secret> {
        input.data().map(Secret::new)
    }
}

/// A [`Secret`] as Text, as the interface of wallet loaders has it.
pub mod secret_text {
    use mp_runtime::{Error, Result};

    use super::Secret;

    /// The passphrase.
    pub type Wire = String;

    /// Writes the passphrase.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8.
    pub fn build(secret: &Secret) -> Result<Wire> {
        let text = std::str::from_utf8(secret.expose());
        text.map(str::to_owned).map_err(|_| Error::bad_value("the passphrase is not UTF-8"))
    }

    /// Reads the passphrase.
    ///
    /// # Errors
    ///
    /// Never; the signature is that of all conversions.
    pub fn read(text: Wire) -> Result<Secret> {
        Ok(Secret::new(text))
    }
}

/// A private key (`CKey`). No method passes one.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin)]
pub struct Key {
    /// The 32 bytes.
    #[ipc(secret)]
    pub secret: Secret,
    /// Whether its public key is written in 33 bytes.
    pub is_compressed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), b"hunter2");
        assert!(secret_text::build(&Secret::new(vec![0xff])).is_err());
    }
}
