//! Where coins can go: `CTxDestination`.
//!
//! In: one of the standard kinds of output. Out: Core's struct `TxDestination`, in which exactly one
//! pointer is set.

use bitcoin::hashes::Hash;
use bitcoin::{Address, Network, PubkeyHash, Script, ScriptBuf, ScriptHash, WPubkeyHash, WScriptHash};
use bitcoin::{WitnessProgram, WitnessVersion, opcodes, script};
use mp_runtime::wire::build::{BuildContext, FieldBuilder};
use mp_runtime::wire::node::Type;
use mp_runtime::wire::read::{FieldReader, ReadContext};
use mp_runtime::wire::slot::Slots;
use mp_runtime::wire::traits::{BuildField, ReadField, WireType};
use mp_runtime::{Error, IpcStruct, Result};

use super::Bitcoin;
use crate::files::WALLET;

/// Where coins can go (`CTxDestination`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    /// No destination.
    #[default]
    None,
    /// A bare public key of 33 or 65 bytes, which need not be a point of the curve.
    PubKey(Vec<u8>),
    /// P2PKH.
    PkHash(PubkeyHash),
    /// P2SH.
    ScriptHash(ScriptHash),
    /// P2WSH.
    WitnessV0ScriptHash(WScriptHash),
    /// P2WPKH.
    WitnessV0KeyHash(WPubkeyHash),
    /// P2TR: an output key, which need not be a point of the curve.
    WitnessV1Taproot([u8; 32]),
    /// A witness program of a version without a meaning of its own.
    WitnessUnknown(WitnessUnknown),
}

/// A witness program of a version without a meaning of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin)]
pub struct WitnessUnknown {
    /// The version, 1 to 16.
    pub version: u32,
    /// The program, 2 to 40 bytes.
    pub program: Vec<u8>,
}

/// Where coins can go; exactly one field is set, or none for no destination.
#[derive(Debug, Default, IpcStruct)]
#[ipc(name = "TxDestination", file = WALLET, types = Bitcoin)]
struct TxDestination {
    pub_key: Option<Vec<u8>>,
    pk_hash: Option<PubkeyHash>,
    script_hash: Option<ScriptHash>,
    witness_v0_script_hash: Option<WScriptHash>,
    witness_v0_key_hash: Option<WPubkeyHash>,
    witness_v1_taproot: Option<[u8; 32]>,
    witness_unknown: Option<WitnessUnknown>,
}

impl Destination {
    /// The destination of an output script, [`Destination::None`] where it has none. Bare
    /// multisig, pay-to-anchor and data have none that travels.
    #[must_use]
    pub fn of_script(script: &Script) -> Destination {
        let program = |range: std::ops::RangeFrom<usize>| script.as_bytes().get(range).unwrap_or_default();
        let hash20 = |bytes: &[u8]| <[u8; 20]>::try_from(bytes).ok();
        let found = if script.is_p2pkh() {
            script
                .as_bytes()
                .get(3..23)
                .and_then(hash20)
                .map(|hash| Self::PkHash(PubkeyHash::from_byte_array(hash)))
        } else if script.is_p2sh() {
            script
                .as_bytes()
                .get(2..22)
                .and_then(hash20)
                .map(|hash| Self::ScriptHash(ScriptHash::from_byte_array(hash)))
        } else if script.is_p2wpkh() {
            hash20(program(2..)).map(|hash| Self::WitnessV0KeyHash(WPubkeyHash::from_byte_array(hash)))
        } else if script.is_p2wsh() {
            let hash = <[u8; 32]>::try_from(program(2..)).ok();
            hash.map(|hash| Self::WitnessV0ScriptHash(WScriptHash::from_byte_array(hash)))
        } else if script.is_p2tr() {
            <[u8; 32]>::try_from(program(2..)).ok().map(Self::WitnessV1Taproot)
        } else if script.is_witness_program() && script.as_bytes() != PAY_TO_ANCHOR {
            let version = script.witness_version().map_or(0, |version| u32::from(version.to_num()));
            let program = program(2..).to_vec();
            (version > 0).then_some(Self::WitnessUnknown(WitnessUnknown { version, program }))
        } else {
            bare_key(script).map(Self::PubKey)
        };
        found.unwrap_or_default()
    }

    /// The output script that pays here, `None` for no destination or one that no script has.
    #[must_use]
    pub fn script_pubkey(&self) -> Option<ScriptBuf> {
        Some(match self {
            Self::None => return None,
            Self::PubKey(key) => {
                let key = script::PushBytesBuf::try_from(key.clone()).ok()?;
                script::Builder::new().push_slice(key).push_opcode(opcodes::all::OP_CHECKSIG).into_script()
            }
            Self::PkHash(hash) => ScriptBuf::new_p2pkh(hash),
            Self::ScriptHash(hash) => ScriptBuf::new_p2sh(hash),
            Self::WitnessV0ScriptHash(hash) => ScriptBuf::new_p2wsh(hash),
            Self::WitnessV0KeyHash(hash) => ScriptBuf::new_p2wpkh(hash),
            Self::WitnessV1Taproot(key) => witness_program(WitnessVersion::V1, key)?,
            Self::WitnessUnknown(WitnessUnknown { version, program }) => {
                let version = u8::try_from(*version).ok().and_then(|version| version.try_into().ok())?;
                witness_program(version, program)?
            }
        })
    }

    /// The address on a network, `None` where there is none.
    #[must_use]
    pub fn address(&self, network: Network) -> Option<Address> {
        Address::from_script(&self.script_pubkey()?, network).ok()
    }
}

/// The script of pay-to-anchor, which has no form on the wire.
const PAY_TO_ANCHOR: &[u8] = &[0x51, 0x02, 0x4e, 0x73];

fn witness_program(version: WitnessVersion, program: &[u8]) -> Option<ScriptBuf> {
    Some(ScriptBuf::new_witness_program(&WitnessProgram::new(version, program).ok()?))
}

/// The key of a script that is a key and `OP_CHECKSIG`.
fn bare_key(script: &Script) -> Option<Vec<u8>> {
    let (checksig, rest) = script.as_bytes().split_last()?;
    let (length, key) = rest.split_first()?;
    let fits = matches!((length, key.first()), (33, Some(2 | 3)) | (65, Some(4 | 6 | 7)));
    let whole = usize::from(*length) == key.len() && *checksig == opcodes::all::OP_CHECKSIG.to_u8();
    (fits && whole).then(|| key.to_vec())
}

impl From<&Address> for Destination {
    fn from(address: &Address) -> Self {
        Destination::of_script(&address.script_pubkey())
    }
}

impl From<&Destination> for TxDestination {
    fn from(destination: &Destination) -> Self {
        let none = TxDestination::default();
        match destination {
            Destination::None => none,
            Destination::PubKey(key) => TxDestination { pub_key: Some(key.clone()), ..none },
            Destination::PkHash(hash) => TxDestination { pk_hash: Some(*hash), ..none },
            Destination::ScriptHash(hash) => TxDestination { script_hash: Some(*hash), ..none },
            Destination::WitnessV0ScriptHash(hash) => {
                TxDestination { witness_v0_script_hash: Some(*hash), ..none }
            }
            Destination::WitnessV0KeyHash(hash) => TxDestination { witness_v0_key_hash: Some(*hash), ..none },
            Destination::WitnessV1Taproot(key) => TxDestination { witness_v1_taproot: Some(*key), ..none },
            Destination::WitnessUnknown(unknown) => {
                TxDestination { witness_unknown: Some(unknown.clone()), ..none }
            }
        }
    }
}

impl TryFrom<TxDestination> for Destination {
    type Error = Error;

    fn try_from(wire: TxDestination) -> Result<Destination> {
        let mut kinds = [
            wire.pub_key.map(Destination::PubKey),
            wire.pk_hash.map(Destination::PkHash),
            wire.script_hash.map(Destination::ScriptHash),
            wire.witness_v0_script_hash.map(Destination::WitnessV0ScriptHash),
            wire.witness_v0_key_hash.map(Destination::WitnessV0KeyHash),
            wire.witness_v1_taproot.map(Destination::WitnessV1Taproot),
            wire.witness_unknown.map(Destination::WitnessUnknown),
        ]
        .into_iter()
        .flatten();
        let destination = kinds.next().unwrap_or_default();
        match kinds.next() {
            None => Ok(destination),
            Some(_) => Err(Error::bad_value("a destination of two kinds at once")),
        }
    }
}

impl WireType<Bitcoin> for Destination {
    const SLOTS: Slots = <TxDestination as WireType<Bitcoin>>::SLOTS;
    const TYPE: Type = <TxDestination as WireType<Bitcoin>>::TYPE;
    const STRUCT: Option<(u16, u16)> = <TxDestination as WireType<Bitcoin>>::STRUCT;
}

impl BuildField<Bitcoin> for Destination {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        BuildField::<Bitcoin>::build_owned(TxDestination::from(self), cx, out)
    }
}

impl<'a> ReadField<'a, Bitcoin> for Destination {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Destination> {
        <TxDestination as ReadField<'a, Bitcoin>>::read_field(cx, input)?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_destination_has_its_script() {
        let kinds = [
            Destination::PubKey([vec![2], vec![7; 32]].concat()),
            Destination::PkHash(PubkeyHash::from_byte_array([1; 20])),
            Destination::ScriptHash(ScriptHash::from_byte_array([2; 20])),
            Destination::WitnessV0ScriptHash(WScriptHash::from_byte_array([3; 32])),
            Destination::WitnessV0KeyHash(WPubkeyHash::from_byte_array([4; 20])),
            Destination::WitnessV1Taproot([5; 32]),
            Destination::WitnessUnknown(WitnessUnknown { version: 2, program: vec![6; 10] }),
        ];
        for kind in kinds {
            let script = kind.script_pubkey().expect("a script");
            assert_eq!(Destination::of_script(&script), kind);
            assert_eq!(Destination::try_from(TxDestination::from(&kind)), Ok(kind));
        }
        assert_eq!(Destination::of_script(Script::from_bytes(PAY_TO_ANCHOR)), Destination::None);
        assert_eq!(Destination::of_script(Script::from_bytes(&[0x6a])), Destination::None);
    }

    #[test]
    fn two_kinds_at_once_are_refused() {
        let both = TxDestination {
            pub_key: Some(vec![2; 33]),
            witness_v1_taproot: Some([0; 32]),
            ..TxDestination::default()
        };
        assert!(Destination::try_from(both).is_err());
    }
}
