//! PSBTs that several wallets sign: scripts that are nobody's, with keys that are somebody's.
//!
//! In: outputs for keys of wallets that know only these keys, and PSBTs that tell where the keys come from. Out: each
//! wallet's signature, and a transaction once there are enough.

use std::str::FromStr as _;

use bitcoin::absolute::LockTime;
use bitcoin::bip32::{DerivationPath, Fingerprint, KeySource};
use bitcoin::opcodes::all::{OP_CHECKMULTISIG, OP_CHECKSIG, OP_CHECKSIGVERIFY};
use bitcoin::psbt::raw::{Key, ProprietaryKey};
use bitcoin::psbt::{Input, PsbtSighashType};
use bitcoin::script::Builder;
use bitcoin::secp256k1::{Parity, Secp256k1};
use bitcoin::taproot::{LeafVersion, TapLeafHash, TaprootBuilder};
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, EcdsaSighashType, OutPoint, PublicKey, ScriptBuf, Sequence, Transaction, TxIn, TxOut, ecdsa,
};
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_rpc::psbt::{parse, text};
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, with_checksum};

/// A key of a wallet, and where it comes from.
struct Cosigner {
    name: &'static str,
    key: PublicKey,
    source: KeySource,
}

/// A wallet, and the key of a new address of its.
fn cosigner(node: &Node, name: &'static str, kind: &str) -> Cosigner {
    let _ = node.ask("createwallet", json!([name]), "");
    let uri = format!("/wallet/{name}");
    let address = node.ask("getnewaddress", json!(["", kind]), &uri).unwrap();
    let info = node.ask("getaddressinfo", json!([address]), &uri).unwrap();
    let text = |field: &str| info[field].as_str().unwrap().to_owned();
    let desc = text("desc");
    let (_, rest) = desc.split_once('[').unwrap();
    let (origin, rest) = rest.split_once(']').unwrap();
    let (fingerprint, path) = origin.split_once('/').unwrap();
    let key = rest.split(')').next().unwrap();
    let key = if key.len() == 64 { format!("02{key}") } else { key.to_owned() };
    Cosigner {
        name,
        key: key.parse().unwrap(),
        source: (Fingerprint::from_str(fingerprint).unwrap(), DerivationPath::from_str(path).unwrap()),
    }
}

fn cosigners(node: &Node) -> [Cosigner; 3] {
    ["alice", "bob", "carol"].map(|name| cosigner(node, name, "bech32"))
}

fn multisig(needed: i64, keys: impl IntoIterator<Item = PublicKey>) -> ScriptBuf {
    let keys: Vec<PublicKey> = keys.into_iter().collect();
    let builder = keys.iter().fold(Builder::new().push_int(needed), |builder, key| builder.push_key(key));
    builder.push_int(i64::try_from(keys.len()).unwrap()).push_opcode(OP_CHECKMULTISIG).into_script()
}

/// A PSBT that spends a new coin of 50 BTC of this script, which no wallet has.
fn spending(node: &Node, script: &ScriptBuf, fields: Input) -> Psbt {
    node.chain.mine(1, script);
    let coinbase = node.chain.state().blocks.last().unwrap().txdata[0].clone();
    node.chain.mine(100, &elsewhere());
    let previous_output = OutPoint { txid: coinbase.compute_txid(), vout: 0 };
    let input = TxIn { previous_output, sequence: Sequence::ENABLE_RBF_NO_LOCKTIME, ..TxIn::default() };
    let output = TxOut { value: Amount::from_btc(49.999).unwrap(), script_pubkey: elsewhere() };
    let tx = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    };
    let mut psbt = Psbt::from_unsigned_tx(tx).unwrap();
    psbt.inputs[0] = Input { non_witness_utxo: Some(coinbase), ..fields };
    psbt
}

fn sources<'a>(of: impl IntoIterator<Item = &'a Cosigner>) -> Input {
    let bip32_derivation = of.into_iter().map(|one| (one.key.inner, one.source.clone())).collect();
    Input { bip32_derivation, ..Input::default() }
}

/// A coin of two of three keys behind the hash of a witness script.
fn two_of_three(node: &Node, all: &[Cosigner; 3]) -> Psbt {
    let code = multisig(2, all.iter().map(|one| one.key));
    let script = code.to_p2wsh();
    spending(node, &script, Input { witness_script: Some(code), ..sources(all) })
}

fn process(node: &Node, name: &str, psbt: &Psbt, more: &[Value]) -> Result<Value, (i64, String)> {
    let params: Vec<Value> = std::iter::once(json!(text(psbt.clone()))).chain(more.iter().cloned()).collect();
    node.ask("walletprocesspsbt", Value::Array(params), &format!("/wallet/{name}"))
}

fn signed(node: &Node, one: &Cosigner, psbt: &Psbt) -> (Psbt, Option<Transaction>) {
    let answer = process(node, one.name, psbt, &[]).unwrap();
    let hex = answer["hex"].as_str();
    assert_eq!(answer["complete"], hex.is_some(), "{answer}");
    let tx = hex.map(|hex| bitcoin_rpc::transaction::from_hex(hex).unwrap());
    (parse(answer["psbt"].as_str().unwrap()).unwrap(), tx)
}

/// The keys that have signed; each signature is as short as the wallet's own always are.
fn signers(psbt: &Psbt) -> Vec<PublicKey> {
    let short = |signature: &ecdsa::Signature| signature.to_vec().len() <= 71;
    assert!(psbt.inputs[0].partial_sigs.values().all(short));
    psbt.inputs[0].partial_sigs.keys().copied().collect()
}

#[test]
fn a_multisig_of_three_wallets_is_signed_by_two() {
    let node = Node::new();
    let all = cosigners(&node);
    let code = multisig(2, all.iter().map(|one| one.key));
    let nested = code.to_p2wsh();
    let of = |redeem: Option<&ScriptBuf>, witness: Option<&ScriptBuf>| Input {
        redeem_script: redeem.cloned(),
        witness_script: witness.cloned(),
        ..sources(&all)
    };
    for (script, fields) in [
        (code.to_p2wsh(), of(None, Some(&code))),
        (code.to_p2sh(), of(Some(&code), None)),
        (nested.to_p2sh(), of(Some(&nested), Some(&code))),
        (code.clone(), of(None, None)),
    ] {
        let segwit = fields.witness_script.is_some();
        let mut psbt = spending(&node, &script, fields);
        let (unknown, own) = (
            Key { type_value: 0x70, key: vec![1] },
            ProprietaryKey { prefix: b"own".to_vec(), subtype: 1, key: vec![2] },
        );
        psbt.inputs[0].unknown.insert(unknown.clone(), vec![3]);
        psbt.inputs[0].proprietary.insert(own.clone(), vec![4]);
        // Looking at it signs nothing.
        let seen = process(&node, "alice", &psbt, &[json!(false)]).unwrap();
        let seen = parse(seen["psbt"].as_str().unwrap()).unwrap();
        assert!(signers(&seen).is_empty() && seen.inputs[0].bip32_derivation.len() == 3);
        for [first, second] in [[0, 1], [2, 0]] {
            let (half, tx) = signed(&node, &all[first], &psbt);
            assert_eq!((signers(&half), tx), (vec![all[first].key], None));
            assert_eq!(half.inputs[0].witness_utxo.is_some(), segwit);
            assert_eq!(half.inputs[0].bip32_derivation, psbt.inputs[0].bip32_derivation);
            // The same again changes nothing.
            assert_eq!(signed(&node, &all[first], &half).0, half);
            let (last, tx) = signed(&node, &all[second], &half);
            let fields = &last.inputs[0];
            assert!(fields.bip32_derivation.is_empty() && fields.partial_sigs.is_empty());
            for left in [&half.inputs[0], fields] {
                assert_eq!(left.unknown.get(&unknown), Some(&vec![3]));
                assert_eq!(left.proprietary.get(&own), Some(&vec![4]));
            }
            let tx = tx.unwrap();
            node.chain.submit(&tx).unwrap();
            node.chain.evict(tx.compute_txid());
            // Without the last step both signatures stay beside each other.
            let more = [json!(true), json!(null), json!(true), json!(false)];
            let kept = process(&node, all[second].name, &half, &more).unwrap();
            assert_eq!(kept["complete"], false);
            assert_eq!(signers(&parse(kept["psbt"].as_str().unwrap()).unwrap()).len(), 2);
        }
    }
}

#[test]
fn keys_of_all_kinds_of_addresses_sign_for_others() {
    let node = Node::new();
    for kind in ["legacy", "p2sh-segwit", "bech32", "bech32m"] {
        let alice = cosigner(&node, "alice", kind);
        let bob = cosigner(&node, "bob", "bech32");
        // What is known of a key of taproot is one coordinate.
        let key = match kind {
            "bech32m" => {
                let x_only = alice.key.inner.x_only_public_key().0;
                let both =
                    [Parity::Even, Parity::Odd].map(|parity| PublicKey::new(x_only.public_key(parity)));
                both.to_vec()
            }
            _ => vec![alice.key],
        };
        let count = key.len();
        let signed = key.into_iter().filter(|key| {
            let alice = Cosigner { key: *key, source: alice.source.clone(), ..alice };
            let code = multisig(2, [alice.key, bob.key]);
            let fields = Input { witness_script: Some(code.clone()), ..sources([&alice, &bob]) };
            let psbt = spending(&node, &code.to_p2wsh(), fields);
            signers(&signed(&node, &alice, &psbt).0) == [alice.key]
        });
        // Only one of two keys with the same coordinate is the wallet's.
        assert_eq!((kind, signed.count()), (kind, 1), "of {count}");
    }
}

#[test]
fn a_key_is_found_by_itself_wherever_it_is_said_to_come_from() {
    let node = Node::new();
    let all = cosigners(&node);
    let mut psbt = two_of_three(&node, &all);
    for source in [
        (Fingerprint::default(), all[0].source.1.clone()),
        (all[0].source.0, DerivationPath::from_str("m/1/2/3").unwrap()),
        (all[0].source.0, all[1].source.1.clone()),
        KeySource::default(),
    ] {
        psbt.inputs[0].bip32_derivation.insert(all[0].key.inner, source.clone());
        let half = signed(&node, &all[0], &psbt).0;
        assert_eq!(signers(&half), [all[0].key]);
        assert_eq!(half.inputs[0].bip32_derivation[&all[0].key.inner], source, "what others say stays");
    }
    // A key that nobody names is not looked for.
    psbt.inputs[0].bip32_derivation.remove(&all[0].key.inner);
    assert!(signers(&signed(&node, &all[0], &psbt).0).is_empty());
}

#[test]
fn a_key_that_only_seems_to_be_the_wallets_is_not() {
    let node = Node::new();
    let all = cosigners(&node);
    // Another key, with the origin of the wallet's; and the wallet's mirrored.
    let mirrored = all[0].key.inner.negate(&Secp256k1::new());
    for key in [all[1].key, PublicKey::new(mirrored)] {
        let false_one = Cosigner { name: "alice", key, source: all[0].source.clone() };
        let code = multisig(2, [false_one.key, all[2].key]);
        let fields = Input { witness_script: Some(code.clone()), ..sources([&false_one, &all[2]]) };
        let psbt = spending(&node, &code.to_p2wsh(), fields);
        let (after, tx) = signed(&node, &false_one, &psbt);
        assert!(signers(&after).is_empty() && tx.is_none());
    }
    // The wallet's own key, which the script does not have.
    let code = multisig(1, [all[1].key, all[2].key]);
    let fields = Input { witness_script: Some(code.clone()), ..sources(&all) };
    let psbt = spending(&node, &code.to_p2wsh(), fields);
    assert!(signers(&signed(&node, &all[0], &psbt).0).is_empty());
    // A key beyond those that the wallet has derived.
    let (fingerprint, path) = &all[0].source;
    let beyond = path[..path.len() - 1].iter().copied().chain([bitcoin::bip32::ChildNumber::from(5000)]);
    let beyond = (*fingerprint, beyond.collect::<Vec<_>>().into());
    let mut psbt = two_of_three(&node, &all);
    psbt.inputs[0].bip32_derivation = [(all[1].key.inner, beyond)].into();
    assert!(signers(&signed(&node, &all[0], &psbt).0).is_empty());
}

#[test]
fn a_key_of_several_is_found_where_it_comes_from() {
    let node = Node::new();
    let bob = cosigner(&node, "bob", "bech32");
    node.ok("createwallet", json!(["shared", false, true]));
    let uri = "/wallet/shared";
    let private = "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK";
    let text = with_checksum(&format!("wsh(multi(2,{private}/7/*,{}))", bob.key));
    let import = json!([[{ "desc": text, "timestamp": "now", "range": [3, 9] }]]);
    assert_eq!(node.ask("importdescriptors", import, uri).unwrap()[0]["success"], true);
    let derived = |number: u32| {
        let secp = Secp256k1::new();
        let xprv: bitcoin::bip32::Xpriv = private.parse().unwrap();
        let path = DerivationPath::from_str(&format!("m/7/{number}")).unwrap();
        let key = PublicKey::new(xprv.derive_priv(&secp, &path).unwrap().private_key.public_key(&secp));
        Cosigner { name: "shared", key, source: (xprv.fingerprint(&secp), path) }
    };
    for (number, found) in [(2, false), (3, true), (9, true), (100, false)] {
        let one = derived(number);
        let code = multisig(2, [bob.key, one.key]);
        let fields = Input { witness_script: Some(code.clone()), ..sources([&bob, &one]) };
        let psbt = spending(&node, &code.to_p2wsh(), fields);
        let after = signed(&node, &one, &psbt).0;
        assert_eq!((number, signers(&after) == [one.key]), (number, found));
        if found {
            assert!(signed(&node, &bob, &after).1.is_some());
        }
    }
}

#[test]
fn a_leaf_of_taproot_is_signed_by_two_wallets() {
    let node = Node::new();
    let secp = Secp256k1::new();
    let [alice, bob] = ["alice", "bob"].map(|name| cosigner(&node, name, "bech32m"));
    let carol = cosigner(&node, "carol", "bech32");
    let x_only = |one: &Cosigner| one.key.inner.x_only_public_key().0;
    let code = Builder::new().push_x_only_key(&x_only(&alice)).push_opcode(OP_CHECKSIGVERIFY);
    let code = code.push_x_only_key(&x_only(&bob)).push_opcode(OP_CHECKSIG).into_script();
    let leaf = TapLeafHash::from_script(&code, LeafVersion::TapScript);
    let info =
        TaprootBuilder::new().add_leaf(0, code.clone()).unwrap().finalize(&secp, x_only(&carol)).unwrap();
    let proof = info.control_block(&(code.clone(), LeafVersion::TapScript)).unwrap();
    let mut fields = Input {
        tap_internal_key: Some(x_only(&carol)),
        tap_merkle_root: info.merkle_root(),
        tap_scripts: [(proof, (code, LeafVersion::TapScript))].into(),
        ..Input::default()
    };
    for one in [&alice, &bob] {
        fields.tap_key_origins.insert(x_only(one), (vec![leaf], one.source.clone()));
    }
    let psbt = spending(&node, &ScriptBuf::new_p2tr_tweaked(info.output_key()), fields);
    for [first, second] in [[&alice, &bob], [&bob, &alice]] {
        let (half, tx) = signed(&node, first, &psbt);
        let made: Vec<_> = half.inputs[0].tap_script_sigs.keys().copied().collect();
        assert_eq!((made, tx), (vec![(x_only(first), leaf)], None));
        assert_eq!(half.inputs[0].tap_key_sig, None);
        let tx = signed(&node, second, &half).1.unwrap();
        node.chain.submit(&tx).unwrap();
        node.chain.evict(tx.compute_txid());
    }
    // The wallet of the inner key needs nobody else, and nobody has to say where that key comes from.
    let tx = signed(&node, &carol, &psbt).1.unwrap();
    assert_eq!(tx.input[0].witness.len(), 1);
    node.chain.submit(&tx).unwrap();
}

#[test]
fn a_locked_wallet_and_one_that_watches_sign_for_nobody() {
    let node = Node::new();
    let all = cosigners(&node);
    let psbt = two_of_three(&node, &all);
    let public = node.ask("listdescriptors", json!([]), "/wallet/alice").unwrap();
    node.ok("createwallet", json!(["watch", true, true]));
    let imports: Vec<Value> = public["descriptors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!({ "desc": one["desc"], "timestamp": "now", "range": [0, 9] }))
        .collect();
    node.ask("importdescriptors", json!([imports]), "/wallet/watch").unwrap();
    let watched = process(&node, "watch", &psbt, &[]).unwrap();
    assert!(signers(&parse(watched["psbt"].as_str().unwrap()).unwrap()).is_empty());

    node.ask("encryptwallet", json!(["secret"]), "/wallet/alice").unwrap();
    assert_eq!(process(&node, "alice", &psbt, &[]).unwrap_err().0, -13);
    let seen = process(&node, "alice", &psbt, &[json!(false)]).unwrap();
    assert_eq!(seen["complete"], false);
    node.ask("walletpassphrase", json!(["secret", 100]), "/wallet/alice").unwrap();
    assert_eq!(signers(&signed(&node, &all[0], &psbt).0), [all[0].key]);
}

#[test]
fn signatures_are_for_what_was_asked_for() {
    let node = Node::new();
    let all = cosigners(&node);
    let mut psbt = two_of_three(&node, &all);
    let mismatch = (-22, "Specified sighash value does not match value stored in PSBT".to_owned());
    let asked = |sighash: &str| [json!(true), json!(sighash)];
    // It is asked for another one than before.
    let half = process(&node, "alice", &psbt, &asked("SINGLE|ANYONECANPAY")).unwrap();
    let half = parse(half["psbt"].as_str().unwrap()).unwrap();
    let made = half.inputs[0].partial_sigs[&all[0].key];
    assert_eq!(made.sighash_type, EcdsaSighashType::SinglePlusAnyoneCanPay);
    assert_eq!(half.inputs[0].sighash_type, Some(EcdsaSighashType::SinglePlusAnyoneCanPay.into()));
    assert_eq!(process(&node, "bob", &half, &[]).unwrap_err(), mismatch);
    assert_eq!(process(&node, "bob", &half, &asked("ALL")).unwrap_err(), mismatch);
    let last = process(&node, "bob", &half, &asked("SINGLE|ANYONECANPAY")).unwrap();
    assert_eq!(last["complete"], true);
    // A signature of another type than the PSBT tells of.
    let mut wrong = half.clone();
    wrong.inputs[0].sighash_type = None;
    assert_eq!(process(&node, "bob", &wrong, &[]).unwrap_err(), mismatch);
    // What is so without being said may be said.
    psbt.inputs[0].sighash_type = Some(PsbtSighashType::from(EcdsaSighashType::All));
    assert_eq!(signers(&signed(&node, &all[0], &psbt).0), [all[0].key]);
    psbt.inputs[0].sighash_type = Some(PsbtSighashType::from(EcdsaSighashType::None));
    assert_eq!(process(&node, "alice", &psbt, &[]).unwrap_err(), mismatch);
    assert_eq!(process(&node, "alice", &psbt, &[json!(false)]).unwrap_err(), mismatch);
}

#[test]
fn a_wrong_signature_of_another_wallet_makes_nothing_complete() {
    let node = Node::new();
    let all = cosigners(&node);
    let psbt = two_of_three(&node, &all);
    let half = signed(&node, &all[0], &psbt).0;
    let mut wrong = psbt.clone();
    // The signature of one key under the name of another one.
    wrong.inputs[0].partial_sigs.insert(all[2].key, half.inputs[0].partial_sigs[&all[0].key]);
    let (after, tx) = signed(&node, &all[1], &wrong);
    assert_eq!((after.inputs[0].partial_sigs.len(), tx), (2, None));
    assert!(after.inputs[0].final_script_witness.is_none());
}
