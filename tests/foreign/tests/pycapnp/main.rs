//! pycapnp, which reads the official schemas at run time, against our server.
//!
//! In: a node in memory on a socket, and a script. Out: that the script was told what the node
//! knows.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

#[path = "../official/mod.rs"]
mod official;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bitcoin::consensus::{deserialize, serialize};
use bitcoin::hashes::Hash;
use bitcoin::hex::{DisplayHex, FromHex};
use bitcoin::{Amount, Block, ScriptBuf, Transaction, TxIn, TxOut, absolute, transaction};
use bitcoin_ipc::Release;
use bitcoin_ipc::mock::MemoryNode;
use mp_runtime::EventLoop;
use serde_json::{Value, json};

const BLOCKS: usize = 101;
/// The first subsidy of a regtest chain and the fee of the only transaction, in satoshis.
const SUBSIDY: i64 = 5_000_000_000;
const FEE: u64 = 321;

/// Whether Python has pycapnp, and Cap'n Proto's own files are there, which the schemas import.
fn available() -> bool {
    let found = Command::new("python3")
        .args(["-c", "import capnp"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let available = found && Path::new("/usr/include/capnp/c++.capnp").exists();
    if !available {
        // Past the capture of output, so that a run shows it.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: needs pycapnp for python3, and the Debian package libcapnp-dev"
        );
    }
    available
}

fn python(socket: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pycapnp/client.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(script)
        .arg(official::folder("0.3.0"))
        .arg(socket)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_python_client_is_told_what_the_node_knows() {
    if !available() {
        return;
    }
    let node = MemoryNode::new();
    node.mine(BLOCKS).unwrap();
    let payment = Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![TxIn::default()],
        output: vec![TxOut { value: Amount::from_sat(1), script_pubkey: ScriptBuf::new() }],
    };
    node.add_transaction(payment.clone(), Amount::from_sat(FEE));
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("n.sock");
    let event_loop = EventLoop::new("node").unwrap();
    let server = node.listen(&event_loop, &socket, Release::V32).unwrap();

    let seen = python(&socket);
    assert_eq!(server.accepted(), 1);
    assert!(seen["thread"].as_str().unwrap().ends_with(" (from from Python)"), "{}", seen["thread"]);
    assert_eq!(seen["echo"], "héllo");
    let tip = node.tip();
    let hash = tip.hash.to_byte_array().to_lower_hex_string();
    assert_eq!(seen["tip"], json!({ "known": true, "hash": hash, "height": BLOCKS }));

    let bytes = Vec::from_hex(seen["block"].as_str().unwrap()).unwrap();
    let block: Block = deserialize(&bytes).unwrap();
    assert_eq!(block.header.prev_blockhash, tip.hash);
    assert_eq!(block.txdata[1..], [payment]);
    assert_eq!(seen["header"], serialize(&block.header).to_lower_hex_string());
    assert_eq!(seen["fees"], json!([FEE]));
    assert_eq!(seen["reward"], SUBSIDY + FEE as i64);
    // The script that pushes the height, which is 102.
    assert_eq!(seen["prefix"], "0166");
    assert_eq!(seen["outputs"], json!([serialize(&block.txdata[0].output[1]).to_lower_hex_string()]));

    assert_eq!(seen["next"], false);
    let waited = seen["waited_ms"].as_f64().unwrap();
    assert!((200.0..5000.0).contains(&waited), "{waited}");
    assert_eq!(seen["checked"][0], false);
    assert!(["high-hash", "bad-txnmrklroot"].contains(&seen["checked"][1].as_str().unwrap()));
    assert_eq!(seen["checked_contents"], json!([true, "", ""]));
    assert_eq!(seen["rpc"], json!({ "jsonrpc": "2.0", "result": BLOCKS, "id": 7 }));
    assert_eq!(seen["old"]["kind"], "FAILED");
    let text = seen["old"]["text"].as_str().unwrap();
    assert!(text.contains("Old mining interface (@2) not supported. Please update your client!"), "{text}");
}
