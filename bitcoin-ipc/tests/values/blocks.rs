//! Blocks, transactions and what is in them, in their consensus form.

use std::sync::Arc;

use bitcoin::block::Header;
use bitcoin::consensus::deserialize;
use bitcoin::constants::genesis_block;
use bitcoin::hashes::Hash;
use bitcoin::{
    Block, BlockHash, Network, OutPoint, Transaction, TxIn, TxMerkleNode, TxOut, Txid, Witness, Wtxid,
};
use bitcoin_ipc::Result;
use bitcoin_ipc::types::psbt::{Psbt, decode};
use bitcoin_ipc::types::{Bitcoin, BlockLocator, BlockUndo, Coin, TxUndo, WireFeeRate};

use crate::ends::{Bytes, Ends, Mirror, echoes};
use crate::vectors::{GENESIS_COINBASE, GENESIS_HEADER, PSBT, SIGNED, UNSIGNED, hex};

echoes! {
    Chain, ChainWire, Bytes, 0x9a1c_4e07_55d2_8b01;
    block: Block,
    header: Header,
    transaction: Transaction,
    out_point: OutPoint,
    input: TxIn,
    output: TxOut,
    block_hash: BlockHash,
    txid: Txid,
    wtxid: Wtxid,
    merkle_node: TxMerkleNode,
    psbt: Psbt,
    locator: BlockLocator,
    undo: BlockUndo,
    coin: Coin,
    fee_rate: WireFeeRate,
}

fn ends() -> Ends<dyn Chain, dyn ChainWire, Bytes> {
    Ends::<dyn Chain, dyn ChainWire, Bytes>::new(Arc::new(Mirror), |tape| tape)
}

fn signed() -> Transaction {
    deserialize(&hex(SIGNED)).expect("a transaction")
}

#[test]
fn the_first_block_is_its_285_bytes_and_nothing_else() {
    let bytes = hex(&format!("{GENESIS_HEADER}01{GENESIS_COINBASE}"));
    assert_eq!(bytes.len(), 285);
    ends().only(Chain::block, ChainWire::block, &genesis_block(Network::Bitcoin), &bytes);
}

#[test]
fn a_block_travels_with_its_witnesses() {
    let mut block = genesis_block(Network::Regtest);
    block.txdata[0].input[0].witness = Witness::from_slice(&[[0; 32]]);
    block.txdata.push(signed());
    let coinbase = hex(GENESIS_COINBASE);
    let (start, end) = coinbase.split_at(coinbase.len() - 4);
    let mut bytes = bitcoin::consensus::serialize(&block.header);
    bytes.extend([2]);
    // The marker and the flag come after the version, the witness before the lock time.
    bytes.extend([&start[..4], &[0, 1], &start[4..], &[1, 32], &[0; 32], end].concat());
    bytes.extend(hex(SIGNED));
    ends().only(Chain::block, ChainWire::block, &block, &bytes);
}

#[test]
fn a_header_is_80_bytes() {
    let bytes = hex(GENESIS_HEADER);
    assert_eq!(bytes.len(), 80);
    ends().only(Chain::header, ChainWire::header, &genesis_block(Network::Bitcoin).header, &bytes);
}

#[test]
fn a_transaction_travels_with_its_witness_if_it_has_one() {
    let ends = ends();
    let unsigned: Transaction = deserialize(&hex(UNSIGNED)).expect("a transaction");
    assert!(unsigned.input[0].witness.is_empty());
    ends.only(Chain::transaction, ChainWire::transaction, &unsigned, &hex(UNSIGNED));
    assert_eq!(signed().input[0].witness.len(), 2);
    ends.only(Chain::transaction, ChainWire::transaction, &signed(), &hex(SIGNED));
}

#[test]
fn a_witness_that_is_superfluous_is_refused() {
    let unsigned = hex(UNSIGNED);
    let (start, end) = unsigned.split_at(unsigned.len() - 4);
    let bytes = [&start[..4], &[0, 1], &start[4..], &[0], end].concat();
    ends().refused(Chain::transaction, ChainWire::transaction, &signed(), &bytes);
}

#[test]
fn an_out_point_is_a_hash_and_a_number_of_36_bytes() {
    let bytes = hex(&format!("{}01000000", &UNSIGNED[10..74]));
    assert_eq!(bytes.len(), 36);
    ends().only(Chain::out_point, ChainWire::out_point, &signed().input[0].previous_output, &bytes);
}

#[test]
fn an_input_travels_without_its_witness() {
    let ends = ends();
    let input = signed().input[0].clone();
    let bare = TxIn { witness: Witness::new(), ..input.clone() };
    let bytes = hex(&SIGNED[14..14 + 2 * 64]);
    ends.only(Chain::input, ChainWire::input, &bare, &bytes);
    assert_ne!(input, bare);
    ends.writes(Chain::input, input, &bytes);
}

#[test]
fn an_output_is_an_amount_and_a_script_with_its_length() {
    let bytes = hex("b8b4eb0b000000001976a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac");
    ends().only(Chain::output, ChainWire::output, &signed().output[0], &bytes);
}

#[test]
fn hashes_are_32_bytes_in_the_order_that_they_are_not_shown_in() {
    let ends = ends();
    let shown = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
    let mut bytes = hex(shown);
    bytes.reverse();
    let hash: BlockHash = shown.parse().expect("a hash");
    assert_eq!(hash, genesis_block(Network::Bitcoin).block_hash());
    ends.only(Chain::block_hash, ChainWire::block_hash, &hash, &bytes);
    let txid: Txid = shown.parse().expect("an id");
    ends.only(Chain::txid, ChainWire::txid, &txid, &bytes);
    let wtxid: Wtxid = shown.parse().expect("an id");
    ends.only(Chain::wtxid, ChainWire::wtxid, &wtxid, &bytes);
    let node: TxMerkleNode = shown.parse().expect("a node");
    ends.only(Chain::merkle_node, ChainWire::merkle_node, &node, &bytes);
    // Not even a hash of zeros is none.
    ends.same(Chain::txid, ChainWire::txid, &Txid::all_zeros(), &vec![0; 32]);
}

#[test]
fn a_psbt_is_the_bytes_of_bip_174() {
    let mut psbt = decode(&hex(PSBT)).expect("a PSBT");
    assert_eq!((psbt.inputs.len(), psbt.outputs.len()), (1, 2));
    // What a transaction that is spent from was signed with does not travel, as from Bitcoin Core.
    let spent = psbt.inputs[0].non_witness_utxo.as_mut().expect("a transaction");
    spent.input.iter_mut().for_each(|input| input.witness.clear());
    let bytes = psbt.with(|psbt| psbt.serialize());
    let ends = ends();
    ends.only(Chain::psbt, ChainWire::psbt, &psbt, &bytes);
    let error = ends.refused(Chain::psbt, ChainWire::psbt, &psbt, &[&bytes[..], b"psbt"].concat());
    assert!(error.text().contains("PSBT"), "{error}");
    ends.refused(Chain::psbt, ChainWire::psbt, &psbt, &bytes[1..].to_vec());
}

#[test]
fn a_locator_is_a_version_a_count_and_hashes() {
    let ends = ends();
    let hashes = vec![BlockHash::from_byte_array([7; 32]), BlockHash::from_byte_array([8; 32])];
    let locator = BlockLocator { hashes };
    let bytes = [&70016i32.to_le_bytes()[..], &[2], &[7; 32], &[8; 32]].concat();
    ends.only(Chain::locator, ChainWire::locator, &locator, &bytes);
    // Older nodes write their own version there.
    let old = [&210_000i32.to_le_bytes()[..], &bytes[4..]].concat();
    ends.reads(Chain::locator, &locator, &old);
    let bytes = [&70016i32.to_le_bytes()[..], &[0]].concat();
    ends.only(Chain::locator, ChainWire::locator, &BlockLocator::default(), &bytes);
    // A count of 2^32 hashes, none of which is there.
    let error =
        ends.refused(Chain::locator, ChainWire::locator, &locator, &hex("80110100ff0000000001000000"));
    assert!(error.text().contains("limit"), "{error}");
}

#[test]
fn a_coin_is_its_place_and_its_compressed_output() {
    // Output 1 of the example pays 8 coins to a key's hash, at height 1000 in no coinbase.
    let coin = Coin { output: signed().output[1].clone(), height: 1000, coinbase: false };
    assert_eq!(coin.output.value.to_sat(), 800_000_000);
    let bytes = hex("8e504f00fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c");
    ends().only(Chain::coin, ChainWire::coin, &coin, &bytes);
}

#[test]
fn undo_data_is_all_spent_coins() {
    let ends = ends();
    let coin = Coin { output: signed().output[1].clone(), height: 1000, coinbase: false };
    let undo = BlockUndo { transactions: vec![TxUndo { spent: vec![coin] }] };
    let bytes = hex("01018e50004f00fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c");
    ends.only(Chain::undo, ChainWire::undo, &undo, &bytes);
    ends.only(Chain::undo, ChainWire::undo, &BlockUndo::default(), &[0]);
}

#[test]
fn a_fee_rate_is_a_fee_and_a_size_of_12_bytes() {
    let ends = ends();
    let rate = WireFeeRate { fee: bitcoin::SignedAmount::from_sat(1234), size: 567 };
    ends.only(Chain::fee_rate, ChainWire::fee_rate, &rate, &hex("d20400000000000037020000"));
    let below = WireFeeRate { fee: bitcoin::SignedAmount::from_sat(-1), size: 1000 };
    ends.only(Chain::fee_rate, ChainWire::fee_rate, &below, &hex("ffffffffffffffffe8030000"));
    let error = ends.refused(Chain::fee_rate, ChainWire::fee_rate, &rate, &vec![0; 8]);
    assert!(error.text().contains("before 2025-07"), "{error}");
}
