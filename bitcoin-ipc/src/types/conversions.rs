//! The forms on the wire of types that other crates own.
//!
//! In: types of the `bitcoin` crate. Out: their conversions, in the set [`Bitcoin`]: hashes as their
//! raw bytes, blocks and transactions in their consensus form, amounts as satoshis.

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, Block, BlockHash, OutPoint, PubkeyHash, PublicKey, ScriptBuf, ScriptHash, SignedAmount,
    Transaction, TxIn, TxMerkleNode, TxOut, Txid, WPubkeyHash, WScriptHash, Wtxid, block, consensus,
};
use mp_runtime::wire::build::{BuildContext, FieldBuilder};
use mp_runtime::wire::node::Type;
use mp_runtime::wire::read::{FieldReader, ReadContext};
use mp_runtime::wire::slot::{Slot, Slots};
use mp_runtime::wire::traits::{BuildField, ReadField, WireType};
use mp_runtime::{Error, Result};

use super::psbt::Psbt;
use super::{
    Bitcoin, BlockLocator, BlockUndo, Coin, NetAddr, PeerAddress, Service, SubNet, WireFeeRate, psbt,
};

/// Types as Data: how a value becomes bytes, and bytes a value.
macro_rules! data {
    ($($ty:ty, $encode:expr, $decode:expr;)*) => {$(
        impl WireType<Bitcoin> for $ty {
            const SLOTS: Slots = Slots::one(Slot::Pointer);
            const TYPE: Type = Type::Data;
            const NEVER_EMPTY: bool = true;
        }

        impl BuildField<Bitcoin> for $ty {
            fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
                let encode: fn(&$ty) -> _ = $encode;
                out.set_data(encode(self).as_ref())
            }
        }

        impl<'a> ReadField<'a, Bitcoin> for $ty {
            fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<$ty> {
                let decode: fn(&[u8]) -> Result<$ty> = $decode;
                decode(input.data()?)
            }
        }
    )*};
}

fn decode<T: consensus::Decodable>(bytes: &[u8]) -> Result<T> {
    consensus::deserialize(bytes).map_err(|error| {
        let name = std::any::type_name::<T>().rsplit("::").next().unwrap_or_default();
        Error::bad_value(format!("{} bytes do not decode as {name}: {error}", bytes.len()))
    })
}

/// A transaction. One with neither inputs nor a flag for witnesses is empty in Bitcoin Core, whatever follows.
fn transaction(bytes: &[u8]) -> Result<Transaction> {
    match *bytes {
        [v0, v1, v2, v3, 0, 0, t0, t1, t2, t3, ..] => Ok(Transaction {
            version: Version(i32::from_le_bytes([v0, v1, v2, v3])),
            lock_time: LockTime::from_consensus(u32::from_le_bytes([t0, t1, t2, t3])),
            input: Vec::new(),
            output: Vec::new(),
        }),
        _ => decode(bytes),
    }
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| Error::bad_value(format!("expected {N} bytes, found {}", bytes.len())))
}

data! {
    BlockHash, |hash| hash.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    Txid, |id| id.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    Wtxid, |id| id.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    TxMerkleNode, |node| node.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    PubkeyHash, |hash| hash.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    ScriptHash, |hash| hash.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    WPubkeyHash, |hash| hash.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    WScriptHash, |hash| hash.to_byte_array(), |bytes| sized(bytes).map(Self::from_byte_array);
    Block, consensus::serialize, decode;
    block::Header, consensus::serialize, decode;
    Transaction, consensus::serialize, transaction;
    OutPoint, consensus::serialize, decode;
    TxIn, consensus::serialize, decode;
    TxOut, consensus::serialize, decode;
    Psbt, psbt::encode, psbt::decode;
    PublicKey, |key| key.to_bytes(), |bytes| {
        PublicKey::from_slice(bytes).map_err(|error| Error::bad_value(format!("not a public key: {error}")))
    };
    BlockLocator, BlockLocator::to_bytes, BlockLocator::from_bytes;
    BlockUndo, BlockUndo::to_bytes, BlockUndo::from_bytes;
    Coin, Coin::to_bytes, Coin::from_bytes;
    NetAddr, NetAddr::to_bytes, NetAddr::from_bytes;
    PeerAddress, PeerAddress::to_bytes, PeerAddress::from_bytes;
    Service, Service::to_bytes, Service::from_bytes;
    SubNet, SubNet::to_bytes, SubNet::from_bytes;
    WireFeeRate, WireFeeRate::to_bytes, WireFeeRate::from_bytes;
}

/// Raw bytes without a length; an empty script is a script.
impl WireType<Bitcoin> for ScriptBuf {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Data;
}

impl BuildField<Bitcoin> for ScriptBuf {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_data(self.as_bytes())
    }
}

impl<'a> ReadField<'a, Bitcoin> for ScriptBuf {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<ScriptBuf> {
        input.data().map(|bytes| ScriptBuf::from_bytes(bytes.to_vec()))
    }
}

impl WireType<Bitcoin> for Amount {
    const SLOTS: Slots = Slots::one(Slot::EightBytes);
    const TYPE: Type = Type::Int64;
}

impl BuildField<Bitcoin> for Amount {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        if i64::try_from(self.to_sat()).is_err() {
            return Err(Error::bad_value(format!("{self} is more than 64 bits of satoshis with a sign")));
        }
        out.set_bits(self.to_sat());
        Ok(())
    }
}

impl<'a> ReadField<'a, Bitcoin> for Amount {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Amount> {
        let satoshis = input.bits() as i64;
        u64::try_from(satoshis)
            .map(Amount::from_sat)
            .map_err(|_| Error::bad_value(format!("{satoshis} satoshis, where an amount is never negative")))
    }
}

impl WireType<Bitcoin> for SignedAmount {
    const SLOTS: Slots = Slots::one(Slot::EightBytes);
    const TYPE: Type = Type::Int64;
}

impl BuildField<Bitcoin> for SignedAmount {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_bits(self.to_sat() as u64);
        Ok(())
    }
}

impl<'a> ReadField<'a, Bitcoin> for SignedAmount {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<SignedAmount> {
        Ok(SignedAmount::from_sat(input.bits() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_without_anything_is_read_as_by_bitcoin_core() {
        let read = transaction(&[0; 64]).unwrap();
        assert_eq!((read.version, read.input.len(), read.output.len()), (Version(0), 0, 0));
        let read = transaction(&[2, 0, 0, 0, 0, 0, 7, 0, 0, 0]).unwrap();
        assert_eq!((read.version, read.lock_time.to_consensus_u32()), (Version::TWO, 7));
        for bytes in [&[0; 9][..], &[0, 0, 0, 0, 0, 2, 0, 0, 0, 0]] {
            assert!(transaction(bytes).unwrap_err().text().contains("do not decode as Transaction"));
        }
    }
}
