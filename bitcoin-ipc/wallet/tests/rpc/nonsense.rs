//! Requests that mean nothing, and some that mean a little: each gets an answer or an error, and the wallet
//! keeps what it has.

#[path = "../../../rpc/tests/nonsense/mod.rs"]
pub(crate) mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::json;

use self::values::params;
use super::node::Node;

/// Those that write files where they are told, and those that take long on purpose.
const LEFT_OUT: &[&str] = &[
    "backupwallet",
    "encryptwallet",
    "exportwatchonlywallet",
    "restorewallet",
    "walletpassphrase",
    "walletpassphrasechange",
];
/// Requests for each command.
const REQUESTS: usize = 100;

#[test]
fn every_command_answers_everything() {
    let node = Node::rich("kept");
    let coins = node.ok("listunspent", json!([]));
    let own = vec![json!("kept"), node.ok("getnewaddress", json!([])), coins[0]["txid"].clone(), coins];
    let mut runner = TestRunner::deterministic();
    let params = params(own);
    let commands = node.chain.commands();
    for command in commands.iter().filter(|command| !LEFT_OUT.contains(&command.name.as_str())) {
        // What came before may have unloaded it.
        let _ = node.ask("loadwallet", json!(["kept"]), "");
        for _ in 0..REQUESTS {
            let params = params.new_tree(&mut runner).unwrap().current();
            let asked = params.clone();
            let answer = catch_unwind(AssertUnwindSafe(|| node.ask(&command.name, asked, "/wallet/kept")));
            assert!(answer.is_ok(), "{} {params}", command.name);
        }
    }
    let _ = node.ask("loadwallet", json!(["kept"]), "");
    assert_eq!(node.ask("getwalletinfo", json!([]), "/wallet/kept").unwrap()["walletname"], "kept");
}
