//! An unspent output.
//!
//! In: the bytes of Bitcoin Core's `Coin`. Out: a [`Coin`], and back.

use bitcoin::TxOut;
use mp_runtime::Result;

use super::compressed_output;
use super::cursor::{Reader, push_varint};

/// An unspent output with the place of its transaction: Bitcoin Core's `Coin`.
///
/// Its bytes are Bitcoin Core's VARINT of twice the height, plus one for a coinbase, then the
/// compressed output. A spent coin has no bytes at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coin {
    /// The output: amount in satoshi and script.
    pub output: TxOut,
    /// The height of the block with the output's transaction, below 2^31. An output that is not in
    /// a block yet has 0x7fffffff, Bitcoin Core's `MEMPOOL_HEIGHT`.
    pub height: u32,
    /// Whether the output's transaction is its block's coinbase.
    pub coinbase: bool,
}

impl Coin {
    /// The coin's bytes.
    ///
    /// A height of 2^31 or more, or an amount far above 21 million coins, is written in a form that
    /// every reader refuses, since Bitcoin Core has none for it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.push_place(&mut out);
        compressed_output::push(&mut out, &self.output);
        out
    }

    /// Reads a coin's bytes.
    ///
    /// A script of more than 10,000 bytes, which nobody can spend, is read as a lone `OP_RETURN`, as
    /// Bitcoin Core does it.
    ///
    /// # Errors
    ///
    /// The bytes end early or late, a number is out of range, or a short form of a script holds no
    /// public key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("coin", bytes);
        let (height, coinbase) = Self::read_place(&mut reader)?;
        let output = compressed_output::read(&mut reader)?;
        reader.finish()?;
        Ok(Coin { output, height, coinbase })
    }

    /// Appends height and coinbase flag.
    pub(super) fn push_place(&self, out: &mut Vec<u8>) {
        push_varint(out, u128::from(self.height) * 2 + u128::from(self.coinbase));
    }

    /// Reads height and coinbase flag.
    pub(super) fn read_place(reader: &mut Reader<'_>) -> Result<(u32, bool)> {
        let code = reader.varint(u32::MAX.into())?;
        // Without its last bit, a code of 32 bits has 31.
        Ok(((code >> 1) as u32, code & 1 == 1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::assert_exact_length;
    use super::*;
    use bitcoin::hex::FromHex;
    use bitcoin::{Amount, ScriptBuf};
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        Vec::from_hex(text).unwrap()
    }

    #[test]
    fn genesis_coinbase_output() {
        let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin);
        let coin = Coin { output: genesis.txdata[0].output[0].clone(), height: 0, coinbase: true };
        let bytes = hex("013205678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6");
        assert_eq!(coin.to_bytes(), bytes);
        assert_eq!(Coin::from_bytes(&bytes).unwrap(), coin);
        assert_exact_length(&bytes, Coin::from_bytes);
    }

    /// Coins of the main chain, as Bitcoin Core keeps them.
    #[test]
    fn known_coins() {
        for (bytes, height, coinbase, satoshi, hash) in [
            (
                "97f23c835800816115944e077fe7c803cfa57f29b36bf87c1d35",
                203_998,
                false,
                60_000_000_000,
                "816115944e077fe7c803cfa57f29b36bf87c1d35",
            ),
            (
                "8ddf77bbd123008c988f1a4a4de2161e0f50aac7f17e7f9555caa4",
                120_891,
                true,
                110_397,
                "8c988f1a4a4de2161e0f50aac7f17e7f9555caa4",
            ),
        ] {
            let coin = Coin::from_bytes(&hex(bytes)).unwrap();
            assert_eq!((coin.height, coin.coinbase), (height, coinbase));
            assert_eq!(coin.output.value, Amount::from_sat(satoshi));
            assert_eq!(coin.output.script_pubkey.to_hex_string(), format!("76a914{hash}88ac"));
            assert_eq!(coin.to_bytes(), hex(bytes));
            assert_exact_length(&hex(bytes), Coin::from_bytes);
        }
    }

    #[test]
    fn the_smallest_coin_and_its_broken_neighbours() {
        let coin = Coin::from_bytes(&hex("000006")).unwrap();
        let output = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() };
        assert_eq!(coin, Coin { output, height: 0, coinbase: false });
        // One byte of script promised, and four gigabytes of it; nothing there.
        Coin::from_bytes(&hex("000007")).unwrap_err();
        Coin::from_bytes(&hex("00008efefefe7f")).unwrap_err();
    }

    #[test]
    fn height_has_31_bits() {
        let output = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() };
        let mut coin = Coin { output, height: 0x7fff_ffff, coinbase: true };
        assert_eq!(Coin::from_bytes(&coin.to_bytes()).unwrap(), coin);
        coin.height += 1;
        Coin::from_bytes(&coin.to_bytes()).unwrap_err();
    }

    proptest! {
        #[test]
        fn round_trip(
            height in 0..1u32 << 31,
            coinbase: bool,
            satoshi in 0..=2_100_000_000_000_000u64,
            script: Vec<u8>,
        ) {
            let output = TxOut { value: Amount::from_sat(satoshi), script_pubkey: script.into() };
            let coin = Coin { output, height, coinbase };
            prop_assert_eq!(Coin::from_bytes(&coin.to_bytes()).unwrap(), coin);
        }
    }
}
