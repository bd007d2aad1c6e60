//! Every reason for which a transaction is refused before its script runs.

use bitcoin::opcodes::all::{OP_CHECKMULTISIG, OP_CHECKSIG, OP_DROP, OP_PUSHNUM_1, OP_PUSHNUM_4};
use bitcoin::script::{Builder, PushBytesBuf};

use super::*;

/// A payment with something changed before it is signed.
fn changed(change: impl FnOnce(&mut Transaction)) -> Transaction {
    let mut tx = unsigned(&[(outpoint(1), 100_000)], &[50_000, 49_000]);
    change(&mut tx);
    sign(tx, &[(outpoint(1), 100_000)])
}

fn first_output(script_pubkey: ScriptBuf) -> Transaction {
    changed(|tx| tx.output[0].script_pubkey = script_pubkey)
}

#[track_caller]
fn refused(tx: &Transaction, reason: &str) {
    assert_eq!(mempool().reason(&Chain::new(), tx), reason);
}

#[test]
fn what_is_no_transaction() {
    refused(&Transaction { input: vec![], ..changed(|_| {}) }, "bad-txns-vin-empty");
    refused(&changed(|tx| tx.output.clear()), "bad-txns-vout-empty");
    let large = first_output(ScriptBuf::from_bytes(vec![0; 1_000_000]));
    refused(&large, "bad-txns-oversize");
    refused(&changed(|tx| tx.output[0].value = Amount::from_sat(1 << 63)), "bad-txns-vout-negative");
    refused(
        &changed(|tx| tx.output[0].value = Amount::MAX_MONEY + Amount::ONE_SAT),
        "bad-txns-vout-toolarge",
    );
    refused(&changed(|tx| tx.output[0].value = Amount::MAX_MONEY), "bad-txns-txouttotal-toolarge");
    refused(&changed(|tx| tx.input.push(tx.input[0].clone())), "bad-txns-inputs-duplicate");
    let mut coinbase = changed(|tx| tx.input[0].previous_output = OutPoint::null());
    refused(&coinbase, "bad-cb-length");
    coinbase.input[0].script_sig = ScriptBuf::from_bytes(vec![0; 2]);
    refused(&coinbase, "coinbase");
    let mut null = spend(&[(outpoint(1), 1), (outpoint(2), 1)], &[1000]);
    null.input[1].previous_output = OutPoint::null();
    refused(&null, "bad-txns-prevout-null");
}

#[test]
fn what_is_not_standard() {
    for version in [0, 4, -1] {
        refused(&changed(|tx| tx.version = transaction::Version(version)), "version");
    }
    let many = changed(|tx| tx.output = vec![tx.output[0].clone(); 3500]);
    refused(&many, "tx-size");
    let mut tx = changed(|_| {});
    tx.input[0].script_sig = ScriptBuf::from_bytes(vec![0; 1651]);
    refused(&tx, "scriptsig-size");
    tx.input[0].script_sig = ScriptBuf::from_bytes(vec![0x75]);
    refused(&tx, "scriptsig-not-pushonly");
    refused(&first_output(Builder::new().push_opcode(OP_DROP).into_script()), "scriptpubkey");
    refused(&first_output(ScriptBuf::from_bytes(vec![0, 2, 1, 1])), "scriptpubkey");
    let key = |builder: Builder| builder.push_key(&bitcoin::PublicKey::new(keypair().public_key()));
    let keys = key(key(key(key(Builder::new().push_opcode(OP_PUSHNUM_1)))));
    let multisig = keys.push_opcode(OP_PUSHNUM_4).push_opcode(OP_CHECKMULTISIG).into_script();
    refused(&first_output(multisig), "scriptpubkey");
    // 294 satoshi is what a key's hash costs to spend; one output of less has to be free.
    let dust = |tx: &mut Transaction, values: [u64; 2]| {
        for (output, value) in tx.output.iter_mut().zip(values) {
            output.value = Amount::from_sat(value);
        }
    };
    refused(&changed(|tx| dust(tx, [293, 293])), "dust");
    refused(&changed(|tx| dust(tx, [293, 99_000])), "dust");
    mempool().take(&Chain::new(), &changed(|tx| dust(tx, [294, 99_000]))).unwrap();
    let small = changed(|tx| {
        tx.output.truncate(1);
        tx.output[0].script_pubkey = ScriptBuf::new_op_return([]);
    });
    assert!(small.base_size() < 65);
    refused(&small, "tx-size-small");
}

#[test]
fn standard_outputs_are_taken() {
    let public = bitcoin::PublicKey::new(keypair().public_key());
    let scripts = [
        ScriptBuf::new_p2pk(&public),
        ScriptBuf::new_p2pkh(&public.pubkey_hash()),
        ScriptBuf::new_p2sh(&script().script_hash()),
        ScriptBuf::new_p2wsh(&script().wscript_hash()),
        taproot_script(),
        ScriptBuf::from_bytes(vec![0x51, 2, 0x4e, 0x73]),
        ScriptBuf::from_bytes(vec![0x60, 2, 1, 1]),
        ScriptBuf::new_op_return([1; 70]),
        Builder::new()
            .push_opcode(OP_PUSHNUM_1)
            .push_key(&public)
            .push_opcode(OP_PUSHNUM_1)
            .push_opcode(OP_CHECKMULTISIG)
            .into_script(),
    ];
    for script in scripts {
        mempool().take(&Chain::new(), &first_output(script)).unwrap();
    }
    let options = MempoolOptions { require_standard: false, ..MempoolOptions::default() };
    let odd = first_output(Builder::new().push_opcode(OP_DROP).into_script());
    mempool_of(options).take(&Chain::new(), &odd).unwrap();
    let options = MempoolOptions { max_datacarrier_bytes: None, ..MempoolOptions::default() };
    let data = first_output(ScriptBuf::new_op_return([1]));
    assert_eq!(mempool_of(options).reason(&Chain::new(), &data), "datacarrier");
    // OP_RETURN, the length, and the bytes; of both outputs.
    let two = changed(|tx| {
        tx.output[0].script_pubkey = ScriptBuf::new_op_return([1; 40]);
        tx.output[1].script_pubkey = ScriptBuf::new_op_return([1; 30]);
    });
    let of = |bytes| MempoolOptions { max_datacarrier_bytes: Some(bytes), ..MempoolOptions::default() };
    assert_eq!(mempool_of(of(73)).reason(&Chain::new(), &two), "datacarrier");
    mempool_of(of(74)).take(&Chain::new(), &two).unwrap();
}

#[test]
fn inputs_that_are_not_standard() {
    let mut chain = Chain::new();
    let coin = outpoint(210);
    let mut reason = |script: ScriptBuf, script_sig: ScriptBuf, witness: &[Vec<u8>]| {
        chain.add(coin, 100_000, script, false);
        let mut tx = unsigned(&[(coin, 100_000)], &[99_000]);
        tx.input[0].script_sig = script_sig;
        tx.input[0].witness = Witness::from_slice(witness);
        match mempool().take(&chain, &tx) {
            Ok(_) => ("taken".to_owned(), String::new()),
            Err(rejected) => (rejected.reason, rejected.details),
        }
    };
    let taken = ("taken".to_owned(), String::new());
    let empty = ScriptBuf::new;
    let inputs = "bad-txns-nonstandard-inputs".to_owned();
    let bad = |details: &str| (inputs.clone(), details.to_owned());
    assert_eq!(reason(ScriptBuf::from_bytes(vec![0x75]), empty(), &[]), bad("input 0 script unknown"));
    let future = ScriptBuf::from_bytes(vec![0x60, 2, 1, 1]);
    assert_eq!(reason(future, empty(), &[]), bad("input 0 witness program is undefined"));
    let many = Builder::new();
    let many = (0..16).fold(many, |builder, _| builder.push_opcode(OP_CHECKSIG)).into_script();
    let to_hash = ScriptBuf::new_p2sh(&many.script_hash());
    assert_eq!(reason(to_hash.clone(), empty(), &[]), bad("input 0 P2SH redeemscript missing"));
    let push = |script: &ScriptBuf| {
        Builder::new().push_slice(PushBytesBuf::try_from(script.to_bytes()).unwrap()).into_script()
    };
    assert_eq!(
        reason(to_hash.clone(), push(&many), &[]),
        bad("p2sh redeemscript sigops exceed limit (input 0: 16 > 15)")
    );
    let malformed = reason(to_hash, push(&ScriptBuf::from_bytes(vec![1; 521])), &[]);
    assert_eq!(malformed, bad("p2sh scriptsig malformed (input 0: Push value size limit exceeded)"));
    let witness = ("bad-witness-nonstandard".to_owned(), String::new());
    let anchor = ScriptBuf::from_bytes(vec![0x51, 2, 0x4e, 0x73]);
    assert_eq!(reason(anchor, empty(), &[vec![1]]), witness);
    let public = bitcoin::PublicKey::new(keypair().public_key());
    assert_eq!(reason(ScriptBuf::new_p2pkh(&public.pubkey_hash()), empty(), &[vec![1]]), witness);
    let to_witness_hash = ScriptBuf::new_p2wsh(&script().wscript_hash());
    for stack in [vec![vec![0; 81], vec![0]], vec![vec![]; 102], vec![vec![0; 3601]]] {
        assert_eq!(reason(to_witness_hash.clone(), empty(), &stack), witness);
    }
    let leaf = |version: u8, size| [vec![0; size], vec![0], vec![version; 33]];
    assert_eq!(reason(taproot_script(), empty(), &leaf(0xc0, 81)), witness);
    assert_eq!(reason(taproot_script(), empty(), &leaf(0xc0, 80)), taken);
    assert_eq!(reason(taproot_script(), empty(), &leaf(0xc2, 81)), taken);
}

#[test]
fn locks_that_are_not_open() {
    let lock = |lock_time: u32, sequence: u32| {
        changed(|tx| {
            tx.lock_time = absolute::LockTime::from_consensus(lock_time);
            tx.input[0].sequence = Sequence(sequence);
        })
    };
    // The next block is 1001, its median time that of block 1000.
    let median = 1_700_600_000;
    for (open, closed) in [(1000, 1001), (median - 1, median)] {
        refused(&lock(closed, 0xffff_fffe), "non-final");
        mempool().take(&Chain::new(), &lock(open, 0xffff_fffe)).unwrap();
        mempool().take(&Chain::new(), &lock(closed, u32::MAX)).unwrap();
    }
    // The coin is of block 500, so 501 blocks old in the next one; 1000's median time is 501 · 600
    // seconds above that of 499, the one before the coin's.
    let time = 1 << 22;
    for (open, closed) in [(501, 502), (time | 587, time | 588)] {
        refused(&lock(0, closed), "non-BIP68-final");
        mempool().take(&Chain::new(), &lock(0, open)).unwrap();
        mempool().take(&Chain::new(), &lock(0, closed | 1 << 31)).unwrap();
        let old = changed(|tx| {
            tx.version = transaction::Version::ONE;
            tx.input[0].sequence = Sequence(closed);
        });
        mempool().take(&Chain::new(), &old).unwrap();
    }
    // A coin of the mempool counts as one of the next block.
    let (chain, mut pool) = (Chain::new(), mempool());
    let parent = pay(3, 1000);
    pool.take(&chain, &parent).unwrap();
    let coin = (OutPoint::new(parent.compute_txid(), 0), 99_000);
    for (sequence, open) in [(0, true), (1, false), (time, true), (time | 1, false)] {
        let mut tx = unsigned(&[coin], &[98_000]);
        tx.input[0].sequence = Sequence(sequence);
        let test = AcceptOptions { test_only: true, ..at(NOW) };
        let result = pool.accept(&chain, Arc::new(sign(tx, &[coin])), test);
        assert_eq!(result.map_err(|rejected| rejected.reason).is_ok(), open, "{sequence}");
    }
}

#[test]
fn inputs_that_are_not_there() {
    let (mut chain, mut pool) = (Chain::new(), mempool());
    let gone = spend(&[(outpoint(255), 100_000)], &[90_000]);
    assert_eq!(pool.reason(&chain, &gone), "bad-txns-inputs-missingorspent");
    chain.add(OutPoint::new(gone.compute_txid(), 0), 90_000, script(), false);
    assert_eq!(pool.reason(&chain, &gone), "txn-already-known");
    let tx = pay(1, 1000);
    pool.take(&chain, &tx).unwrap();
    let beside = spend(&[(OutPoint::new(tx.compute_txid(), 7), 99_000)], &[90_000]);
    assert_eq!(pool.reason(&chain, &beside), "bad-txns-inputs-missingorspent");
    let mut other = tx.clone();
    other.input[0].witness.push([1]);
    assert_eq!(pool.reason(&chain, &other), "txn-same-nonwitness-data-in-mempool");
}

#[test]
fn amounts_and_fees_that_do_not_fit() {
    let (mut chain, mut pool) = (Chain::new(), mempool());
    let more = spend(&[(outpoint(1), 100_000)], &[100_001]);
    let rejected = pool.take(&chain, &more).unwrap_err();
    assert_eq!(rejected.to_string(), "bad-txns-in-belowout, value in (0.001) < value out (0.00100001)");
    let tx = pay(1, 0);
    let needed = tx.vsize().div_ceil(10);
    let rejected = pool.take(&chain, &tx).unwrap_err();
    assert_eq!(rejected.to_string(), format!("min relay fee not met, 0 < {needed}"));
    assert_eq!(rejected.kind, RejectKind::Reconsiderable);
    assert_eq!(pool.reason(&chain, &pay(1, needed as u64 - 1)), "min relay fee not met");
    pool.take(&chain, &pay(1, needed as u64)).unwrap();
    let absurd = AcceptOptions { max_fee_rate: Some(Rate::from_sat_per_kvb(10_000)), ..at(NOW) };
    let rejected = pool.accept(&chain, Arc::new(pay(2, 50_000)), absurd).unwrap_err();
    assert_eq!(rejected.reason, "max feerate exceeded");
    chain.coins.get_mut(&outpoint(3)).unwrap().coinbase = true;
    chain.coins.get_mut(&outpoint(3)).unwrap().height = 902;
    let young = pool.take(&chain, &pay(3, 1000)).unwrap_err();
    assert_eq!(
        young.to_string(),
        "bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 99"
    );
    chain.height += 1;
    assert!(pool.take(&chain, &pay(3, 1000)).unwrap().entry.spends_coinbase);
}

#[test]
fn a_chain_that_cannot_be_read_is_no_verdict() {
    struct Broken;
    impl View for Broken {
        fn coin(&self, _: &OutPoint) -> Result<Option<Coin>, ViewError> {
            Err("the disk is gone".into())
        }
        fn height(&self) -> u32 {
            1
        }
        fn median_time_past_at(&self, _: u32) -> Result<u32, ViewError> {
            Ok(1)
        }
    }
    let rejected = mempool().accept(&Broken, Arc::new(pay(1, 1000)), at(NOW)).unwrap_err();
    assert_eq!((rejected.kind, &*rejected.details), (RejectKind::Unread, "the disk is gone"));
}

#[test]
fn dust_is_free_and_spent_at_once() {
    let chain = Chain::new();
    let options = MempoolOptions { min_relay_rate: Rate::ZERO, ..MempoolOptions::default() };
    let mut pool = mempool_of(options);
    let parent = spend(&[(outpoint(1), 100_000)], &[100, 99_900]);
    pool.take(&chain, &parent).unwrap();
    let of = |index, value| (OutPoint::new(parent.compute_txid(), index), value);
    let leaves_it = spend(&[of(1, 99_900)], &[90_000]);
    assert_eq!(pool.reason(&chain, &leaves_it), "missing-ephemeral-spends");
    pool.take(&chain, &spend(&[of(0, 100), of(1, 99_900)], &[90_000])).unwrap();
}

#[test]
fn signature_operations_have_limits_and_count_as_size() {
    let (mut chain, options) =
        (Chain::new(), MempoolOptions { require_standard: false, ..Default::default() });
    let many = |count: usize| {
        changed(|tx| {
            tx.output[0].script_pubkey = ScriptBuf::from_bytes(vec![OP_CHECKSIG.to_u8(); count]);
            tx.output[0].value = Amount::from_sat(40_000);
        })
    };
    let mut pool = mempool_of(options);
    assert_eq!(pool.reason(&chain, &many(4000)), "bad-txns-too-many-sigops");
    // Each in an output costs four, the input one; each of these is worth twenty weight units.
    let entry = pool.take(&chain, &many(3000)).unwrap().entry;
    assert_eq!((entry.sigops_cost, entry.adjusted_weight), (12_001, 240_020));
    assert_eq!(entry.vsize, 60_005);
    chain.coins.get_mut(&outpoint(2)).unwrap().output.value = Amount::MAX_MONEY + Amount::ONE_SAT;
    assert_eq!(pool.reason(&chain, &pay(2, 1000)), "bad-txns-inputvalues-outofrange");
    // BIP 54 counts what is executed: bare scripts that are spent.
    let limit = "non-witness sigops exceed bip54 limit".to_owned();
    let script: Vec<_> = std::iter::repeat_n(OP_CHECKSIG.to_u8(), 2501).collect();
    let odd = outpoint(231);
    chain.add(odd, 2_000_000, ScriptBuf::from_bytes(script), false);
    let rejected = mempool().take(&chain, &unsigned(&[(odd, 2_000_000)], &[1_000_000])).unwrap_err();
    assert_eq!((rejected.kind, rejected.details), (RejectKind::InputsNotStandard, limit));
}

#[test]
fn an_annex_is_not_standard() {
    let mut chain = Chain::new();
    chain.add(outpoint(201), 100_000, taproot_script(), false);
    let mut tx = unsigned(&[(outpoint(201), 100_000)], &[99_000]);
    tx.input[0].witness = Witness::from_slice(&[vec![1; 64], vec![0x50]]);
    assert_eq!(mempool().reason(&chain, &tx), "bad-witness-nonstandard");
    tx.input[0].witness = Witness::from_slice(&[vec![1; 64]]);
    mempool().take(&chain, &tx).unwrap();
}
