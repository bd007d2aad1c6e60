//! In: a chain in memory and signed transactions. Out: what the mempool makes of them.

mod block;
mod fees;
mod files;
mod packages;
mod reject;
mod relatives;
mod replace;
mod select;

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::hashes::Hash;
use bitcoin::key::{CompressedPublicKey, Keypair, UntweakedPublicKey};
use bitcoin::secp256k1::{Message, Secp256k1, SecretKey};
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute, transaction,
};
use bitcoin_ipc::types::{Coin, MempoolRemovalReason, RbfTransactionState};

use super::*;

/// A time far above the median times of the first thousands of blocks.
pub(crate) const NOW: u64 = 1_800_000_000;

/// Coins by outpoint, and a time every ten minutes.
pub(crate) struct Chain {
    pub(crate) coins: HashMap<OutPoint, Coin>,
    pub(crate) height: u32,
}

impl View for Chain {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Ok(self.coins.get(outpoint).cloned())
    }

    fn height(&self) -> u32 {
        self.height
    }

    fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError> {
        assert!(height <= self.height);
        Ok(1_700_000_000 + 600 * height)
    }
}

fn keypair() -> Keypair {
    Keypair::from_secret_key(&Secp256k1::new(), &SecretKey::from_slice(&[7; 32]).unwrap())
}

/// Pays to the hash of the tests' key.
pub(crate) fn script() -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&CompressedPublicKey(keypair().public_key()).wpubkey_hash())
}

/// Pays to the tests' key by BIP 86.
fn taproot_script() -> ScriptBuf {
    let (key, _) = UntweakedPublicKey::from_keypair(&keypair());
    ScriptBuf::new_p2tr(&Secp256k1::new(), key, None)
}

impl Chain {
    /// A chain with coins 0 to 199, each of 100,000 satoshi to [`script`], at height 500.
    pub(crate) fn new() -> Self {
        let mut chain = Chain { coins: HashMap::new(), height: 1000 };
        for number in 0..200 {
            chain.add(outpoint(number), 100_000, script(), false);
        }
        chain
    }

    fn add(&mut self, outpoint: OutPoint, value: u64, script_pubkey: ScriptBuf, coinbase: bool) {
        let output = TxOut { value: Amount::from_sat(value), script_pubkey };
        self.coins.insert(outpoint, Coin { output, height: 500, coinbase });
    }
}

/// The coins of [`Chain::new`].
pub(crate) fn outpoint(number: u8) -> OutPoint {
    OutPoint::new(Txid::from_byte_array([number; 32]), 0)
}

/// A coin, and the amount and the script that a signature covers.
pub(crate) type Input = (OutPoint, u64);

pub(crate) fn unsigned(inputs: &[Input], outputs: &[u64]) -> Transaction {
    let input = |(outpoint, _): &Input| TxIn {
        previous_output: *outpoint,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let output = |value: &u64| TxOut { value: Amount::from_sat(*value), script_pubkey: script() };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: inputs.iter().map(input).collect(),
        output: outputs.iter().map(output).collect(),
    }
}

/// Signs all inputs, which pay to [`script`].
pub(crate) fn sign(mut tx: Transaction, inputs: &[Input]) -> Transaction {
    let secp = Secp256k1::new();
    let key = keypair();
    for (index, (_, value)) in inputs.iter().enumerate() {
        let mut cache = SighashCache::new(&tx);
        let all = EcdsaSighashType::All;
        let hash = cache.p2wpkh_signature_hash(index, &script(), Amount::from_sat(*value), all).unwrap();
        let signature = secp.sign_ecdsa(&Message::from(hash), &key.secret_key());
        let signature = bitcoin::ecdsa::Signature { signature, sighash_type: all };
        tx.input[index].witness = Witness::p2wpkh(&signature, &key.public_key());
    }
    tx
}

pub(crate) fn spend(inputs: &[Input], outputs: &[u64]) -> Transaction {
    sign(unsigned(inputs, outputs), inputs)
}

/// Spends a coin of [`Chain::new`] to one output.
pub(crate) fn pay(number: u8, fee: u64) -> Transaction {
    spend(&[(outpoint(number), 100_000)], &[100_000 - fee])
}

/// Spends an output of a transaction to one output.
pub(crate) fn child(parent: &Transaction, index: u32, fee: u64) -> Transaction {
    let value = parent.output[index as usize].value.to_sat();
    spend(&[(OutPoint::new(parent.compute_txid(), index), value)], &[value - fee])
}

pub(crate) fn at(now: u64) -> AcceptOptions {
    AcceptOptions { now, ..AcceptOptions::default() }
}

/// Who runs the tests' scripts: signatures of outputs that pay to [`script`] are checked, others stand.
#[derive(Debug)]
struct Signatures;

impl ScriptCheck for Signatures {
    fn first_failure(&self, tx: &Transaction, coins: &[Coin]) -> Result<Option<usize>, ScriptCheckError> {
        let (secp, mut cache) = (Secp256k1::verification_only(), SighashCache::new(tx));
        let mut valid = |index: usize, coin: &Coin| {
            let signature = tx.input[index].witness.nth(0)?.split_last()?.1;
            let signature = bitcoin::secp256k1::ecdsa::Signature::from_der(signature).ok()?;
            let (script, all) = (&coin.output.script_pubkey, EcdsaSighashType::All);
            let hash = cache.p2wpkh_signature_hash(index, script, coin.output.value, all).ok()?;
            secp.verify_ecdsa(&Message::from(hash), &signature, &keypair().public_key()).ok()
        };
        let own = script();
        let fails =
            |(index, coin): (usize, &Coin)| coin.output.script_pubkey == own && valid(index, coin).is_none();
        Ok(coins.iter().enumerate().position(fails))
    }
}

pub(crate) fn mempool_of(options: MempoolOptions) -> Mempool {
    Mempool::new(options, Arc::new(Signatures))
}

pub(crate) fn mempool() -> Mempool {
    mempool_of(MempoolOptions::default())
}

impl Mempool {
    pub(crate) fn take(&mut self, chain: &Chain, tx: &Transaction) -> Result<Accepted, Rejected> {
        self.accept(chain, Arc::new(tx.clone()), at(NOW))
    }

    /// The reason of a refusal, which leaves the mempool as it is.
    fn reason(&mut self, chain: &Chain, tx: &Transaction) -> String {
        let before = (self.len(), self.sequence(), self.usage());
        let reason = self.take(chain, tx).unwrap_err().reason;
        assert_eq!((self.len(), self.sequence(), self.usage()), before);
        reason
    }

    fn holds(&self, txs: &[&Transaction]) -> bool {
        self.len() == txs.len() && txs.iter().all(|tx| self.get(&tx.compute_txid()).is_some())
    }
}

/// What a change is, in short.
fn told(changes: &[Change]) -> Vec<(Option<MempoolRemovalReason>, Txid)> {
    let short = |change: &Change| match change {
        Change::Added { entry, .. } => (None, entry.txid),
        Change::Removed(removed) => (Some(removed.reason), removed.entry.txid),
    };
    changes.iter().map(short).collect()
}

#[test]
fn a_signed_transaction_is_taken_with_its_numbers() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let tx = pay(1, 1000);
    let tested =
        pool.accept(&chain, Arc::new(tx.clone()), AcceptOptions { test_only: true, ..at(NOW) }).unwrap();
    assert!(pool.is_empty() && tested.changes.is_empty());
    let accepted = pool.take(&chain, &tx).unwrap();
    assert!(!accepted.entry.has_parents);
    assert_eq!(told(&accepted.changes), [(None, tx.compute_txid())]);
    let entry = pool.get_by_wtxid(&tx.compute_wtxid()).unwrap();
    assert_eq!(entry.fee, Amount::from_sat(1000));
    assert_eq!((entry.weight, entry.vsize), (tx.weight().to_wu(), tx.vsize() as u64));
    assert_eq!((entry.sigops_cost, entry.height, entry.time, entry.sequence), (1, 1000, NOW, 1));
    assert_eq!(pool.spender(&outpoint(1)).unwrap().txid, tx.compute_txid());
    let info = pool.info(NOW);
    assert_eq!((info.size, info.bytes, info.total_fee.to_sat()), (1, tx.vsize() as u64, 1000));
    assert_eq!(info.min_rate, Rate::from_sat_per_kvb(100));
    assert_eq!(pool.reason(&chain, &tx), "txn-already-in-mempool");
}

#[test]
fn signatures_are_checked() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let tx = pay(1, 1000);
    let mut other = tx.clone();
    other.output[0].value -= Amount::from_sat(1);
    let rejected = pool.take(&chain, &other).unwrap_err();
    assert!(rejected.reason.starts_with("mempool-script-verify-flag-failed"), "{rejected}");
    assert!(rejected.details.starts_with("input 0 of "), "{rejected}");
    assert_eq!(rejected.kind, RejectKind::Consensus);
    let mut stripped = tx.clone();
    stripped.input[0].witness.clear();
    assert_eq!(pool.take(&chain, &stripped).unwrap_err().kind, RejectKind::WitnessStripped);
    // A signature for another amount.
    let wrong = spend(&[(outpoint(1), 90_000)], &[80_000]);
    assert!(pool.reason(&chain, &wrong).starts_with("mempool-script-verify-flag-failed"));
    pool.take(&chain, &tx).unwrap();
}

#[test]
fn who_cannot_run_scripts_says_nothing_of_a_transaction() {
    #[derive(Debug)]
    struct Broken;
    impl ScriptCheck for Broken {
        fn first_failure(&self, _: &Transaction, _: &[Coin]) -> Result<Option<usize>, ScriptCheckError> {
            Err("the interpreter is gone".into())
        }
    }
    let mut pool = Mempool::new(MempoolOptions::default(), Arc::new(Broken));
    let rejected = pool.take(&Chain::new(), &pay(1, 1000)).unwrap_err();
    assert_eq!((rejected.kind, &*rejected.details), (RejectKind::Unread, "the interpreter is gone"));
    assert!(pool.is_empty());
}
