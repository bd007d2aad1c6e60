//! PSBTs as bytes.
//!
//! In: a [`Psbt`]. Out: the bytes of its version.

use bitcoin::consensus::encode::serialize;
use bitcoin::{Psbt, VarInt};

use super::fields::{PROPRIETARY, global, input, output};
use super::maps::{self, Pair};

/// Writes a PSBT in its version, version 2 in Bitcoin Core's order.
#[must_use]
pub fn encode(psbt: &Psbt) -> Vec<u8> {
    if psbt.version != 2 { psbt.serialize() } else { encode_2(psbt) }
}

fn encode_2(psbt: &Psbt) -> Vec<u8> {
    let tx = &psbt.unsigned_tx;
    let bytes = Psbt { version: 0, ..psbt.clone() }.serialize();
    let mut rest = bytes.as_slice();
    maps::begin(&mut rest).expect("the library writes the magic bytes");
    let mut next = || maps::read(&mut rest, "").expect("the library writes maps");
    let mut globals = next();
    globals.retain(|pair| pair.kind() != global::UNSIGNED_TX);
    let count = |count: usize| serialize(&VarInt::from(count));
    globals.extend([
        Pair::new(global::TX_VERSION, tx.version.0.to_le_bytes().to_vec()),
        Pair::new(global::INPUT_COUNT, count(tx.input.len())),
        Pair::new(global::OUTPUT_COUNT, count(tx.output.len())),
        Pair::new(global::VERSION, 2_u32.to_le_bytes().to_vec()),
    ]);
    globals.sort_by_key(|pair| match pair.kind() {
        kind @ (..=global::TX_MODIFIABLE | global::VERSION) => (0, kind),
        PROPRIETARY => (1, 0),
        _ => (2, 0),
    });
    let mut maps = vec![globals];
    for spent in &tx.input {
        let mut map = next();
        map.push(Pair::new(input::PREVIOUS_TXID, serialize(&spent.previous_output.txid)));
        map.push(Pair::new(input::OUTPUT_INDEX, spent.previous_output.vout.to_le_bytes().to_vec()));
        map.sort_by_key(|pair| match pair.kind() {
            kind @ input::PREVIOUS_TXID..=input::REQUIRED_HEIGHT_LOCKTIME => (1, kind),
            PROPRIETARY => (2, 0),
            kind if input::KNOWN.contains(&kind) => (0, 0),
            _ => (3, 0),
        });
        maps.push(map);
    }
    for paid in &tx.output {
        let mut map = next();
        map.push(Pair::new(output::AMOUNT, serialize(&paid.value)));
        map.push(Pair::new(output::SCRIPT, paid.script_pubkey.to_bytes()));
        map.sort_by_key(|pair| match pair.kind() {
            kind @ ..=output::SCRIPT => (0, kind),
            PROPRIETARY => (1, 0),
            kind if output::KNOWN.contains(&kind) => (2, kind),
            _ => (3, 0),
        });
        maps.push(map);
    }
    maps::write(&maps)
}
