//! PSBTs as bytes.
//!
//! In: a [`Psbt`]. Out: the bytes of its version.

use bitcoin::consensus::encode::serialize;
use bitcoin::{OutPoint, TxOut, VarInt};

use super::Psbt;
use super::fields::{PROPRIETARY, global, input, output};
use super::maps::{self, Pair};

/// Writes a PSBT in its version, version 2 in Bitcoin Core's order. What has no place in its version, such as
/// two values of one field, is written but cannot be read. Whole transactions that inputs spend from are written
/// without their witnesses, as Bitcoin Core writes them: their ids do not depend on those.
#[must_use]
pub fn encode(psbt: &Psbt) -> Vec<u8> {
    let mut psbt = psbt.clone();
    let whole = psbt.inputs.iter_mut().filter_map(|input| input.non_witness_utxo.as_mut());
    whole.flat_map(|tx| &mut tx.input).for_each(|input| input.witness.clear());
    if psbt.version != 2 { psbt.pairs().serialize() } else { encode_2(psbt) }
}

fn encode_2(psbt: Psbt) -> Vec<u8> {
    let psbt = psbt.pairs();
    let tx = &psbt.unsigned_tx;
    let bytes = psbt.serialize();
    let mut rest = bytes.get(maps::MAGIC.len()..).unwrap_or_default();
    let mut globals = maps::written(&mut rest);
    globals.retain(|pair| pair.kind() != global::UNSIGNED_TX);
    let count = |count: usize| serialize(&VarInt::from(count));
    globals.extend([
        Pair::new(global::TX_VERSION, tx.version.0.to_le_bytes().to_vec()),
        Pair::new(global::INPUT_COUNT, count(psbt.inputs.len())),
        Pair::new(global::OUTPUT_COUNT, count(psbt.outputs.len())),
        Pair::new(global::VERSION, 2_u32.to_le_bytes().to_vec()),
    ]);
    globals.sort_by_key(|pair| match pair.kind() {
        kind @ (..=global::TX_MODIFIABLE | global::VERSION) => (0, kind),
        PROPRIETARY => (1, 0),
        _ => (2, 0),
    });
    let mut maps = vec![globals];
    for place in 0..psbt.inputs.len() {
        let mut map = maps::written(&mut rest);
        if let Some(OutPoint { txid, vout }) = tx.input.get(place).map(|input| input.previous_output) {
            map.push(Pair::new(input::PREVIOUS_TXID, serialize(&txid)));
            map.push(Pair::new(input::OUTPUT_INDEX, vout.to_le_bytes().to_vec()));
        }
        map.sort_by_key(|pair| match pair.kind() {
            kind @ input::PREVIOUS_TXID..=input::REQUIRED_HEIGHT_LOCKTIME => (1, kind),
            PROPRIETARY => (2, 0),
            kind if input::KNOWN.contains(&kind) => (0, 0),
            _ => (3, 0),
        });
        maps.push(map);
    }
    for place in 0..psbt.outputs.len() {
        let mut map = maps::written(&mut rest);
        if let Some(TxOut { value, script_pubkey }) = tx.output.get(place) {
            map.push(Pair::new(output::AMOUNT, serialize(value)));
            map.push(Pair::new(output::SCRIPT, script_pubkey.to_bytes()));
        }
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
