//! Transactions for both nodes, signed here.
//!
//! In: coins and outputs. Out: transactions, what both nodes make of them, and what their mempools hold
//! then.

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::key::{CompressedPublicKey, Keypair};
use bitcoin::secp256k1::{Message, Secp256k1, SecretKey};
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute, transaction,
};
use serde_json::{Value, json};

use super::both::Both;

pub(crate) const REWARD: u64 = 5_000_000_000;
/// Fields that both may tell in their own way, since ours has no peers.
const OTHER: &[&str] = &["unbroadcast"];
fn keypair() -> Keypair {
    let mut key = [0; 32];
    key[31] = 1;
    Keypair::from_secret_key(&Secp256k1::new(), &SecretKey::from_slice(&key).unwrap())
}

/// The script of [`ADDRESS`].
pub(crate) fn script() -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&CompressedPublicKey(keypair().public_key()).wpubkey_hash())
}

pub(crate) fn anchor() -> ScriptBuf {
    ScriptBuf::from_bytes(vec![0x51, 0x02, 0x4e, 0x73])
}

pub(crate) fn output(value: u64) -> TxOut {
    TxOut { value: Amount::from_sat(value), script_pubkey: script() }
}

pub(crate) fn data(bytes: usize) -> TxOut {
    let push = bitcoin::script::PushBytesBuf::try_from(vec![0; bytes]).unwrap();
    TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return(push) }
}

/// An output that waits to be spent.
#[derive(Clone, Copy)]
pub(crate) struct Coin {
    pub(crate) outpoint: OutPoint,
    pub(crate) value: u64,
    /// Whether it takes a signature; otherwise it is an anchor.
    pub(crate) signed: bool,
}

pub(crate) fn coin(tx: &Transaction, vout: u32) -> Coin {
    let output = &tx.output[vout as usize];
    let signed = output.script_pubkey == script();
    Coin { outpoint: OutPoint::new(tx.compute_txid(), vout), value: output.value.to_sat(), signed }
}

/// The coinbase at a height.
pub(crate) fn reward(both: &Both, height: u32) -> Coin {
    let hash = both.core("getblockhash", json!([height])).unwrap();
    let block = both.core("getblock", json!([hash, 1])).unwrap();
    let txid = block["tx"][0].as_str().unwrap().parse().unwrap();
    Coin { outpoint: OutPoint::new(txid, 0), value: REWARD, signed: true }
}

/// A transaction with these outputs; signatures of one `nonce` are the same.
pub(crate) fn spend(version: i32, inputs: &[Coin], outputs: Vec<TxOut>, nonce: u8) -> Transaction {
    let input = |coin: &Coin| TxIn {
        previous_output: coin.outpoint,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let mut tx = Transaction {
        version: transaction::Version(version),
        lock_time: absolute::LockTime::ZERO,
        input: inputs.iter().map(input).collect(),
        output: outputs,
    };
    let key = keypair();
    for (index, coin) in inputs.iter().enumerate().filter(|(_, coin)| coin.signed) {
        let sighash_type = EcdsaSighashType::All;
        let hash = SighashCache::new(&tx)
            .p2wpkh_signature_hash(index, &script(), Amount::from_sat(coin.value), sighash_type)
            .unwrap();
        let signature =
            Secp256k1::new().sign_ecdsa_with_noncedata(&Message::from(hash), &key.secret_key(), &[nonce; 32]);
        let signature = bitcoin::ecdsa::Signature { signature, sighash_type };
        tx.input[index].witness = Witness::p2wpkh(&signature, &key.public_key());
    }
    tx
}

pub(crate) fn total(inputs: &[Coin]) -> u64 {
    inputs.iter().map(|coin| coin.value).sum()
}

/// Pays all but a fee back to the same key.
pub(crate) fn pay(inputs: &[Coin], fee: u64) -> Transaction {
    pay_by(2, inputs, fee)
}

pub(crate) fn pay_by(version: i32, inputs: &[Coin], fee: u64) -> Transaction {
    spend(version, inputs, vec![output(total(inputs) - fee)], 0)
}

/// Pays with more bytes.
pub(crate) fn pay_with_data(version: i32, inputs: &[Coin], fee: u64, bytes: usize) -> Transaction {
    spend(version, inputs, vec![output(total(inputs) - fee), data(bytes)], 0)
}

/// Pays in two halves.
pub(crate) fn halve(inputs: &[Coin], fee: u64) -> Transaction {
    let half = (total(inputs) - fee) / 2;
    spend(2, inputs, vec![output(half), output(half)], 0)
}

pub(crate) fn list(txs: &[&Transaction]) -> Value {
    txs.iter().map(|tx| serialize_hex(*tx)).collect()
}

pub(crate) fn test(both: &Both, txs: &[&Transaction]) -> Value {
    both.same("testmempoolaccept", json!([list(txs)])).unwrap()
}

pub(crate) fn send(both: &Both, tx: &Transaction) {
    both.same("sendrawtransaction", json!([serialize_hex(tx)])).unwrap();
}

/// Tests and submits, and gives Core's message.
pub(crate) fn submit(both: &Both, txs: &[&Transaction]) -> String {
    test(both, txs);
    let answer = both.same("submitpackage", json!([list(txs)])).unwrap();
    look(both, txs);
    answer["package_msg"].as_str().unwrap().to_owned()
}

/// What the mempools hold of these transactions.
pub(crate) fn look(both: &Both, txs: &[&Transaction]) {
    for tx in txs {
        let txid = tx.compute_txid().to_string();
        let _ = both.same_without("getmempoolentry", json!([txid]), OTHER);
        let _ = both.same("getmempoolcluster", json!([txid]));
    }
    both.same("getmempoolfeeratediagram", json!([])).unwrap();
}

/// All outputs that can be spent.
pub(crate) fn coins_of(tx: &Transaction) -> impl Iterator<Item = Coin> + '_ {
    let spendable = (0..).zip(&tx.output).filter(|(_, output)| !output.script_pubkey.is_op_return());
    spendable.map(|(vout, _)| coin(tx, vout))
}
