//! What a block spent.
//!
//! In: the bytes of Bitcoin Core's `CBlockUndo`. Out: a [`BlockUndo`], and back.

use mp_runtime::Result;

use super::coin::Coin;
use super::compressed_output;
use super::cursor::{Reader, push_count};

/// The coins that one transaction spent, in the order of its inputs: Bitcoin Core's `CTxUndo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TxUndo {
    /// One coin for each input.
    pub spent: Vec<Coin>,
}

/// The coins that a block spent: Bitcoin Core's `CBlockUndo`.
///
/// Its bytes are a compact-size count and the transactions; each of these is a compact-size count
/// and its coins; each coin is as in [`Coin::to_bytes`], except that above height 0 a number without
/// meaning stands before the output. It was once a transaction version; it is written as 0 and
/// skipped when read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BlockUndo {
    /// One entry for each of the block's transactions but the coinbase, in their order.
    pub transactions: Vec<TxUndo>,
}

impl TxUndo {
    /// The bytes of one transaction's entry.
    ///
    /// [`Coin::to_bytes`] says what it does with heights and amounts that are out of range.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.push(&mut out);
        out
    }

    /// Reads the bytes of one transaction's entry.
    ///
    /// # Errors
    ///
    /// The bytes end early or late, or a coin in them is malformed as in [`Coin::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("transaction undo data", bytes);
        let undo = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(undo)
    }

    fn push(&self, out: &mut Vec<u8>) {
        push_count(out, self.spent.len());
        for coin in &self.spent {
            coin.push_place(out);
            if coin.height > 0 {
                out.push(0);
            }
            compressed_output::push(out, &coin.output);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let count = reader.count()?;
        // Room is made as coins come in, not on the word of the count.
        let mut spent = Vec::new();
        for _ in 0..count {
            let (height, coinbase) = Coin::read_place(reader)?;
            if height > 0 {
                reader.varint(u32::MAX.into())?;
            }
            spent.push(Coin { output: compressed_output::read(reader)?, height, coinbase });
        }
        Ok(TxUndo { spent })
    }
}

impl BlockUndo {
    /// The undo data's bytes.
    ///
    /// [`Coin::to_bytes`] says what it does with heights and amounts that are out of range.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        push_count(&mut out, self.transactions.len());
        for transaction in &self.transactions {
            transaction.push(&mut out);
        }
        out
    }

    /// Reads undo data's bytes.
    ///
    /// # Errors
    ///
    /// The bytes end early or late, or a coin in them is malformed as in [`Coin::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("block undo data", bytes);
        let count = reader.count()?;
        let mut transactions = Vec::new();
        for _ in 0..count {
            transactions.push(TxUndo::read(&mut reader)?);
        }
        reader.finish()?;
        Ok(BlockUndo { transactions })
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::assert_exact_length;
    use super::*;
    use bitcoin::hex::FromHex;
    use bitcoin::{Amount, ScriptBuf, TxOut};
    use proptest::prelude::*;

    /// The x coordinate and the whole of the key that block 9 paid to and block 170 spent from.
    const X: &str = "11db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5c";
    const Y: &str = "b2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3";

    fn hex(text: &str) -> Vec<u8> {
        Vec::from_hex(text).unwrap()
    }

    fn coin(height: u32) -> Coin {
        let script_pubkey = ScriptBuf::from_hex(&format!("4104{X}{Y}ac")).unwrap();
        let output = TxOut { value: Amount::from_int_btc(50), script_pubkey };
        Coin { output, height, coinbase: true }
    }

    #[test]
    fn block_170_spends_block_9() {
        let undo = BlockUndo { transactions: vec![TxUndo { spent: vec![coin(9)] }] };
        let bytes = hex(&format!("010113003205{X}"));
        assert_eq!(undo.to_bytes(), bytes);
        assert_eq!(BlockUndo::from_bytes(&bytes).unwrap(), undo);
        assert_exact_length(&bytes, BlockUndo::from_bytes);
        assert_eq!(undo.transactions[0].to_bytes(), bytes[1..]);
        assert_exact_length(&bytes[1..], TxUndo::from_bytes);
    }

    #[test]
    fn the_dummy_version_may_be_anything_and_is_absent_at_height_0() {
        let nine = BlockUndo::from_bytes(&hex(&format!("010113803205{X}"))).unwrap_err();
        assert!(nine.text().starts_with("block undo data: "), "{nine}");
        let nine = BlockUndo::from_bytes(&hex(&format!("01011380003205{X}"))).unwrap();
        assert_eq!(nine.transactions[0].spent, [coin(9)]);
        let zero = TxUndo { spent: vec![coin(0)] };
        assert_eq!(zero.to_bytes(), hex(&format!("01013205{X}")));
        assert_eq!(TxUndo::from_bytes(&zero.to_bytes()).unwrap(), zero);
    }

    #[test]
    fn a_count_is_not_believed() {
        BlockUndo::from_bytes(&hex("fe00000002")).unwrap_err();
        BlockUndo::from_bytes(&hex("ffffffffffffffffff")).unwrap_err();
        assert_eq!(BlockUndo::from_bytes(&[0]).unwrap(), BlockUndo::default());
    }

    proptest! {
        #[test]
        fn round_trip(heights in prop::collection::vec(prop::collection::vec(0..1u32 << 31, 0..4), 0..4)) {
            let spent = |heights: Vec<u32>| heights.into_iter().map(coin).collect();
            let transactions = heights.into_iter().map(|heights| TxUndo { spent: spent(heights) }).collect();
            let undo = BlockUndo { transactions };
            prop_assert_eq!(BlockUndo::from_bytes(&undo.to_bytes()).unwrap(), undo);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = BlockUndo::from_bytes(&bytes);
        }
    }
}
