//! In: signed transactions. Out: the kernel's word on each input.

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash;
use bitcoin::key::{CompressedPublicKey, Keypair, TapTweak, UntweakedPublicKey};
use bitcoin::secp256k1::{Message, Secp256k1, SecretKey};
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};

use super::*;

fn keypair() -> Keypair {
    Keypair::from_secret_key(&Secp256k1::new(), &SecretKey::from_slice(&[7; 32]).unwrap())
}

fn coin(value: u64, script_pubkey: ScriptBuf) -> Coin {
    let output = bitcoin::TxOut { value: Amount::from_sat(value), script_pubkey };
    Coin { output, height: 1, coinbase: false }
}

/// Spends two coins of other transactions.
fn unsigned() -> Transaction {
    let input = |number: u8| TxIn {
        previous_output: OutPoint::new(Txid::from_byte_array([number; 32]), 0),
        sequence: Sequence::MAX,
        ..TxIn::default()
    };
    let output = TxOut { value: Amount::from_sat(99_000), script_pubkey: ScriptBuf::new_op_return([1]) };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![input(1), input(2)],
        output: vec![output],
    }
}

fn failure(tx: &Transaction, coins: &[Coin]) -> Option<usize> {
    KernelScripts.first_failure(tx, coins).unwrap()
}

#[test]
fn keys_sign_for_the_amounts_that_they_spend() {
    let (secp, key) = (Secp256k1::new(), keypair());
    let script = ScriptBuf::new_p2wpkh(&CompressedPublicKey(key.public_key()).wpubkey_hash());
    let coins = [coin(50_000, script.clone()), coin(60_000, script.clone())];
    let mut tx = unsigned();
    for (index, coin) in coins.iter().enumerate() {
        let (mut cache, all) = (SighashCache::new(&tx), EcdsaSighashType::All);
        let hash = cache.p2wpkh_signature_hash(index, &script, coin.output.value, all).unwrap();
        let signature = secp.sign_ecdsa(&Message::from(hash), &key.secret_key());
        let signature = bitcoin::ecdsa::Signature { signature, sighash_type: all };
        tx.input[index].witness = Witness::p2wpkh(&signature, &key.public_key());
    }
    assert_eq!(failure(&tx, &coins), None);
    assert_eq!(failure(&tx, &[coins[0].clone(), coin(60_001, script.clone())]), Some(1));
    assert_eq!(failure(&tx, &[coin(50_001, script), coins[1].clone()]), Some(0));
    let mut other = tx.clone();
    other.output[0].value -= Amount::ONE_SAT;
    assert_eq!(failure(&other, &coins), Some(0));
    tx.input[1].witness.clear();
    assert_eq!(failure(&tx, &coins), Some(1));
}

#[test]
fn a_taproot_key_spends() {
    let (secp, key) = (Secp256k1::new(), keypair());
    let script = ScriptBuf::new_p2tr(&secp, UntweakedPublicKey::from_keypair(&key).0, None);
    let coins = [coin(50_000, script.clone()), coin(50_000, script)];
    let mut tx = unsigned();
    let spent = coins.clone().map(|coin| coin.output);
    for index in 0..2 {
        let mut cache = SighashCache::new(&tx);
        let kind = TapSighashType::Default;
        let hash = cache.taproot_key_spend_signature_hash(index, &Prevouts::All(&spent), kind).unwrap();
        let tweaked = key.tap_tweak(&secp, None).to_keypair();
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from(hash), &tweaked);
        let signature = bitcoin::taproot::Signature { signature, sighash_type: kind };
        tx.input[index].witness = Witness::p2tr_key_spend(&signature);
    }
    assert_eq!(failure(&tx, &coins), None);
    let mut other = tx.clone();
    other.input[1].sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;
    assert_eq!(failure(&other, &coins), Some(0));
    // A signature with a byte for its kind covers something else.
    let mut longer = tx;
    let signature = [longer.input[1].witness.nth(0).unwrap(), &[1]].concat();
    longer.input[1].witness = Witness::from_slice(&[signature]);
    assert_eq!(failure(&longer, &coins), Some(1));
}
