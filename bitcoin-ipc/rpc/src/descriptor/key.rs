//! One key of a descriptor (BIP 380, BIP 389).
//!
//! In: a text, with or without where the key comes from. Out: the key, one for each of several paths, and its
//! texts; errors in Bitcoin Core's words.

use std::str::FromStr as _;

use bitcoin::bip32::{ChildNumber, Fingerprint, KeySource, Xpriv, Xpub};
use bitcoin::hashes::{Hash as _, hash160};
use bitcoin::hex::{DisplayHex as _, FromHex as _};
use bitcoin::secp256k1::{All, Parity, Secp256k1};
use bitcoin::{NetworkKind, PrivateKey, PublicKey, XOnlyPublicKey};

use super::PrivateKeys;
use super::path::{self, Derive};
use super::text::Form;

/// Where a key stands, which decides what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Top,
    Sh,
    Wpkh,
    Wsh,
    Tr,
}

impl Context {
    fn permits_uncompressed(self) -> bool {
        matches!(self, Context::Top | Context::Sh)
    }
}

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) fingerprint: Fingerprint,
    pub(super) path: Vec<ChildNumber>,
    apostrophe: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Single { public: PublicKey, x_only: bool },
    Extended { xpub: Xpub, path: Vec<ChildNumber>, derive: Derive, apostrophe: bool },
}

/// A key of a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) origin: Option<Origin>,
    pub(super) body: Body,
}

/// What keys are read with.
pub(super) struct Reader<'a> {
    pub(super) network: NetworkKind,
    pub(super) secp: &'a Secp256k1<All>,
    /// Takes the private keys.
    pub(super) keys: PrivateKeys,
}

impl Reader<'_> {
    /// Reads a key; several if its path has several numbers in a place.
    pub(super) fn key(&mut self, text: &str, context: Context) -> Result<Vec<Key>, String> {
        if text.starts_with("musig(") {
            return Err(match context {
                Context::Tr => "musig() is not supported".to_owned(),
                _ => "musig() is only allowed in tr() and rawtr()".to_owned(),
            });
        }
        let mut apostrophe = false;
        let parts: Vec<&str> = text.split(']').collect();
        let (origin, rest) = match parts[..] {
            [rest] => (None, rest),
            [origin, rest] => (Some(read_origin(origin, &mut apostrophe)?), rest),
            _ => return Err("Multiple ']' characters found for a single pubkey".to_owned()),
        };
        let bodies = self.bodies(rest, context, &mut apostrophe)?;
        // One mark for all hardened steps of a key: the last one.
        let origin = origin.map(|origin| Origin { apostrophe, ..origin });
        Ok(bodies.into_iter().map(|body| Key { origin: origin.clone(), body }).collect())
    }

    fn bodies(&mut self, text: &str, context: Context, apostrophe: &mut bool) -> Result<Vec<Body>, String> {
        let mut steps: Vec<&str> = text.split('/').collect();
        let first = steps.remove(0);
        if first.is_empty() {
            return Err("No key provided".to_owned());
        }
        let space = [' ', '\x0c', '\n', '\r', '\t', '\x0b'];
        if first.starts_with(space) || first.ends_with(space) {
            return Err(format!("Key '{first}' is invalid due to whitespace"));
        }
        if steps.is_empty() {
            if let Ok(bytes) = Vec::from_hex(first) {
                return single(first, &bytes, context).map(|body| vec![body]);
            }
            let private = PrivateKey::from_wif(first).ok().filter(|key| key.network == self.network);
            if let Some(private) = private {
                if !private.compressed && !context.permits_uncompressed() {
                    return Err("Uncompressed keys are not allowed".to_owned());
                }
                self.keys.insert(self.secp, private);
                let public = private.public_key(self.secp);
                return Ok(vec![Body::Single { public, x_only: context == Context::Tr }]);
            }
        }
        let xpub = self.xpub(first).ok_or_else(|| format!("key '{first}' is not valid"))?;
        let derive = path::take_wildcard(&mut steps, apostrophe);
        let paths = path::parse(&steps, apostrophe, true)?;
        let apostrophe = *apostrophe;
        let body = |path| Body::Extended { xpub, path, derive, apostrophe };
        Ok(paths.into_iter().map(body).collect())
    }

    /// An extended key of the network; a private one is kept.
    fn xpub(&mut self, text: &str) -> Option<Xpub> {
        if let Ok(mut xprv) = Xpriv::from_str(text) {
            let xpub = Xpub::from_priv(self.secp, &xprv);
            let usable = is_usable(&xpub, self.network);
            if usable {
                self.keys.insert(self.secp, xprv.to_priv());
            }
            xprv.private_key.non_secure_erase();
            return Some(xpub).filter(|_| usable);
        }
        Xpub::from_str(text).ok().filter(|xpub| is_usable(xpub, self.network))
    }
}

/// Whether a key is of a network, and a master key says so in all its fields.
fn is_usable(xpub: &Xpub, network: NetworkKind) -> bool {
    let is_master = xpub.parent_fingerprint == Fingerprint::default()
        && xpub.child_number == ChildNumber::Normal { index: 0 };
    xpub.network == network && (xpub.depth > 0 || is_master)
}

fn single(text: &str, bytes: &[u8], context: Context) -> Result<Body, String> {
    if bytes.len() == 65 && matches!(bytes.first(), Some(6 | 7)) {
        return Err("Hybrid public keys are not allowed".to_owned());
    }
    if let Ok(public) = PublicKey::from_slice(bytes) {
        if !public.compressed && !context.permits_uncompressed() {
            return Err("Uncompressed keys are not allowed".to_owned());
        }
        return Ok(Body::Single { public, x_only: false });
    }
    let x_only = XOnlyPublicKey::from_slice(bytes).ok().filter(|_| context == Context::Tr);
    match x_only {
        Some(key) => Ok(Body::Single { public: PublicKey::new(key.public_key(Parity::Even)), x_only: true }),
        None => Err(format!("Pubkey '{text}' is invalid")),
    }
}

fn read_origin(text: &str, apostrophe: &mut bool) -> Result<Origin, String> {
    let Some(inside) = text.strip_prefix('[') else {
        let got = text.chars().next().unwrap_or(']');
        return Err(format!("Key origin start '[ character expected but not found, got '{got}' instead"));
    };
    let mut steps: Vec<&str> = inside.split('/').collect();
    let first = steps.remove(0);
    if first.len() != 8 {
        let length = first.len();
        return Err(format!("Fingerprint is not 4 bytes ({length} characters instead of 8 characters)"));
    }
    let fingerprint =
        Fingerprint::from_hex(first).map_err(|_| format!("Fingerprint '{first}' is not hex"))?;
    let path = path::parse(&steps, apostrophe, false)?.into_iter().next().unwrap_or_default();
    Ok(Origin { fingerprint, path, apostrophe: false })
}

/// The first bytes of a key's hash.
pub(super) fn fingerprint(public: &PublicKey) -> Fingerprint {
    let [a, b, c, d, ..] = hash160::Hash::hash(&public.to_bytes()).to_byte_array();
    Fingerprint::from([a, b, c, d])
}

impl Key {
    /// Whether it differs from number to number.
    pub(super) fn is_range(&self) -> bool {
        matches!(self.body, Body::Extended { derive: Derive::Normal | Derive::Hardened, .. })
    }

    /// Where it comes from, but for the number of the script.
    pub(super) fn source(&self) -> KeySource {
        let steps: &[ChildNumber] = match &self.body {
            Body::Single { .. } => &[],
            Body::Extended { path, .. } => path,
        };
        match (&self.origin, &self.body) {
            (Some(origin), _) => (origin.fingerprint, [&origin.path, steps].concat().into()),
            (None, Body::Single { public, .. }) => (fingerprint(public), steps.into()),
            (None, Body::Extended { xpub, .. }) => (xpub.fingerprint(), steps.into()),
        }
    }

    /// Where the key of a number comes from; `None` for a number that is too high.
    pub(super) fn source_at(&self, number: u32) -> Option<KeySource> {
        let (fingerprint, path) = self.source();
        let derive = match &self.body {
            Body::Single { .. } => Derive::Nothing,
            Body::Extended { derive, .. } => *derive,
        };
        Some((fingerprint, path.extend(derive.step(number).ok()?.as_slice())))
    }

    /// The number of the script whose key comes from there; 0 if it is the same in all.
    pub(super) fn number_of(&self, (fingerprint, path): &KeySource) -> Option<u32> {
        let (own, before) = self.source();
        let rest = path.as_ref().strip_prefix(before.as_ref()).filter(|_| own == *fingerprint)?;
        let derive = match &self.body {
            Body::Single { .. } => Derive::Nothing,
            Body::Extended { derive, .. } => *derive,
        };
        match (derive, rest) {
            (Derive::Nothing, []) => Some(0),
            (Derive::Normal, [ChildNumber::Normal { index }])
            | (Derive::Hardened, [ChildNumber::Hardened { index }]) => Some(*index),
            _ => None,
        }
    }

    /// Whether it can only be derived with the private key.
    pub(super) fn is_hardened(&self) -> bool {
        let Body::Extended { path, derive, .. } = &self.body else { return false };
        *derive == Derive::Hardened || path.iter().any(ChildNumber::is_hardened)
    }

    /// The public key at the first number, if it takes no private one.
    pub(super) fn first(&self, secp: &Secp256k1<All>) -> Option<PublicKey> {
        match &self.body {
            Body::Single { public, .. } => Some(*public),
            Body::Extended { xpub, path, derive, .. } => {
                let last = (*derive == Derive::Normal).then_some(ChildNumber::Normal { index: 0 });
                let path: Vec<ChildNumber> = path.iter().copied().chain(last).collect();
                let derived = xpub.derive_pub(secp, &path).ok().filter(|_| !self.is_hardened());
                derived.map(|derived| PublicKey::new(derived.public_key))
            }
        }
    }

    /// How many bytes it has in a script that is not taproot's.
    pub(super) fn len(&self) -> usize {
        match &self.body {
            Body::Single { public, .. } if !public.compressed => 65,
            _ => 33,
        }
    }

    /// The private key that it is written with.
    pub(super) fn secret<'a>(&self, keys: &'a PrivateKeys) -> Option<&'a PrivateKey> {
        match &self.body {
            Body::Single { public, x_only: true } => keys.get_x_only(public.inner.x_only_public_key().0),
            Body::Single { public, .. } => keys.get(public),
            Body::Extended { xpub, .. } => keys.get(&xpub.to_pub().into()),
        }
    }

    /// The extended private key that it is written with. It is not wiped when dropped.
    pub(super) fn xprv(&self, keys: &PrivateKeys) -> Option<Xpriv> {
        let Body::Extended { xpub, .. } = &self.body else { return None };
        Some(Xpriv {
            network: xpub.network,
            depth: xpub.depth,
            parent_fingerprint: xpub.parent_fingerprint,
            child_number: xpub.child_number,
            private_key: self.secret(keys)?.inner,
            chain_code: xpub.chain_code,
        })
    }

    /// Writes it in a form; whether the form could be had: its private key, or what it takes to normalize it.
    pub(super) fn write(&self, text: &mut String, form: &Form<'_>) -> bool {
        match form {
            Form::Public | Form::Compat => {
                self.write_public(text, *form == Form::Compat);
                true
            }
            Form::Private(keys) => self.write_private(text, keys),
            Form::Normalized(keys, secp) => self.write_normalized(text, keys, secp),
        }
    }

    fn write_origin(&self, text: &mut String, apostrophes: Option<bool>) {
        let Some(Origin { fingerprint, path, apostrophe }) = &self.origin else { return };
        text.push('[');
        text.push_str(&format!("{fingerprint:x}"));
        path::write(text, path, apostrophes.unwrap_or(*apostrophe));
        text.push(']');
    }

    fn write_public(&self, text: &mut String, compat: bool) {
        self.write_origin(text, compat.then_some(true));
        match &self.body {
            Body::Single { .. } => self.write_single(text),
            Body::Extended { xpub, path, derive, apostrophe } => {
                text.push_str(&xpub.to_string());
                path::write(text, path, compat || *apostrophe);
                write_wildcard(text, *derive, compat || *apostrophe);
            }
        }
    }

    fn write_single(&self, text: &mut String) {
        let Body::Single { public, x_only } = &self.body else { return };
        let bytes = public.to_bytes();
        text.push_str(&bytes[usize::from(*x_only)..].to_lower_hex_string());
    }

    fn write_private(&self, text: &mut String, keys: &PrivateKeys) -> bool {
        let Some(secret) = self.secret(keys) else {
            self.write_public(text, false);
            return false;
        };
        self.write_origin(text, None);
        match &self.body {
            Body::Single { .. } => text.push_str(&zeroize::Zeroizing::new(secret.to_wif())),
            Body::Extended { path, derive, apostrophe, .. } => {
                if let Some(mut xprv) = self.xprv(keys) {
                    text.push_str(&zeroize::Zeroizing::new(xprv.to_string()));
                    xprv.private_key.non_secure_erase();
                }
                path::write(text, path, *apostrophe);
                write_wildcard(text, *derive, *apostrophe);
            }
        }
        true
    }

    /// With the key after the last hardened step, so that all others can be derived from it.
    fn write_normalized(&self, text: &mut String, keys: &PrivateKeys, secp: &Secp256k1<All>) -> bool {
        let Body::Extended { xpub, path, derive, .. } = &self.body else {
            self.write_origin(text, Some(false));
            self.write_single(text);
            return true;
        };
        let last = path.iter().rposition(ChildNumber::is_hardened).filter(|_| *derive != Derive::Hardened);
        let Some(last) = last else {
            // Bitcoin Core leaves the marks of a key without hardened steps alone, of which there are none.
            self.write_origin(text, Some(false));
            text.push_str(&xpub.to_string());
            path::write(text, path, false);
            write_wildcard(text, *derive, false);
            return true;
        };
        let (hardened, rest) = path.split_at(last + 1);
        let Some(mut xprv) = self.xprv(keys) else { return false };
        let derived = xprv.derive_priv(secp, &hardened);
        xprv.private_key.non_secure_erase();
        let Ok(mut derived) = derived else { return false };
        let known = self.origin.as_ref();
        let fingerprint = known.map_or_else(|| xpub.fingerprint(), |origin| origin.fingerprint);
        let before = known.map(|origin| origin.path.as_slice()).unwrap_or_default();
        text.push_str(&format!("[{fingerprint:x}"));
        path::write(text, before, false);
        path::write(text, hardened, false);
        text.push(']');
        text.push_str(&Xpub::from_priv(secp, &derived).to_string());
        derived.private_key.non_secure_erase();
        path::write(text, rest, false);
        write_wildcard(text, *derive, false);
        true
    }
}

fn write_wildcard(text: &mut String, derive: Derive, apostrophe: bool) {
    text.push_str(match (derive, apostrophe) {
        (Derive::Nothing, _) => "",
        (Derive::Normal, _) => "/*",
        (Derive::Hardened, true) => "/*'",
        (Derive::Hardened, false) => "/*h",
    });
}
