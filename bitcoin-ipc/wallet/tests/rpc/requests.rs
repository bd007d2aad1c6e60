//! What all commands have in common: which wallet they mean, arguments, help, registrations.

use std::sync::Arc;

use bitcoin_ipc::interfaces::{Chain, ChainClient as _};
use bitcoin_ipc::types::{JsonRpcRequestMode, RpcOutcome};
use serde_json::json;

use super::chain::TestChain;
use super::node::{Node, request};

#[test]
fn the_path_chooses_the_wallet() {
    let node = Node::new();
    let none = "No wallet is loaded. Load a wallet using loadwallet or create a new one with createwallet. (Note: A default wallet is no longer automatically created)";
    assert_eq!(node.error("getbalance", json!([])), (-18, none.into()));
    node.ok("createwallet", json!(["one"]));
    assert_eq!(node.ok("getwalletinfo", json!([]))["walletname"], "one");
    node.ok("createwallet", json!(["two words"]));
    let several = "Multiple wallets are loaded. Please select which wallet to use by requesting the RPC through the /wallet/<walletname> URI path.";
    assert_eq!(node.error("getbalance", json!([])), (-19, several.into()));
    for (path, name) in [("/wallet/one", "one"), ("/wallet/two%20words", "two words")] {
        assert_eq!(node.ask("getwalletinfo", json!([]), path).unwrap()["walletname"], name);
    }
    let other = node.ask("getwalletinfo", json!([]), "/wallet/three").unwrap_err();
    assert_eq!(other, (-18, "Requested wallet does not exist or is not loaded".into()));
}

#[test]
fn a_wallet_of_another_process_is_left_to_it() {
    let node = Node::new();
    let ask = |last| {
        let request = request("getbalance", json!([]), "/wallet/other", JsonRpcRequestMode::Execute);
        node.run(request, last)
    };
    assert!(matches!(ask(false), RpcOutcome::Answered { handled: false, .. }));
    assert!(matches!(ask(true), RpcOutcome::RpcError(error) if error["code"] == -18));
}

#[test]
fn arguments_have_positions_names_and_types() {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "blank": true }));
    assert_eq!(node.ok("getwalletinfo", json!([]))["blank"], true);
    let (code, text) = node.error("createwallet", json!([1, "x"]));
    assert_eq!(code, -3);
    assert!(
        text.contains(
            "\"Position 1 (wallet_name)\": \"JSON value of type number is not of expected type string\""
        ),
        "{text}"
    );
    assert!(text.contains("\"Position 2 (disable_private_keys)\""), "{text}");
    let (code, text) = node.error("createwallet", json!([]));
    assert_eq!(code, -1);
    assert!(text.starts_with("createwallet \"wallet_name\" ( disable_private_keys blank \"passphrase\" avoid_reuse descriptors load_on_startup external_signer )\n"), "{text}");
    assert_eq!(node.error("getbalance", json!({ "x": 1 })), (-8, "Unknown named parameter x".into()));
    // Fields of options can be given as if they were arguments.
    let listed = node.ok("listunspent", json!({ "minconf": 0, "minimumAmount": "1.5" }));
    assert_eq!(listed, json!([]));
    assert_eq!(node.code("listunspent", json!({ "minimumAmount": true })), -3);
}

#[test]
fn every_command_has_help_and_tells_its_arguments() {
    let node = Node::new();
    let commands = node.chain.commands();
    assert_eq!(commands.len(), 59);
    for command in &commands {
        let ask = |mode| node.run(request(&command.name, json!(null), "", mode), true);
        let RpcOutcome::Help(text) = ask(JsonRpcRequestMode::GetHelp) else { panic!("{}", command.name) };
        assert!(text.starts_with(&command.name), "{text}");
        let RpcOutcome::Answered { response, .. } = ask(JsonRpcRequestMode::GetArgs) else { panic!() };
        for row in response.as_array().unwrap() {
            assert_eq!(row[0], command.name.as_str());
            assert!(row[1].is_u64() && row[2].is_string() && row[3].is_boolean(), "{row}");
        }
        let same = commands
            .iter()
            .filter(|other| other.name == command.name || other.unique_id == command.unique_id);
        assert_eq!(same.count(), 1, "{}", command.name);
    }
}

#[test]
fn commands_are_taken_back_and_follow_the_wallets_to_another_node() {
    let node = Node::new();
    let count = node.chain.commands().len();
    let other = TestChain::default();
    node.chain.set_lost(true);
    node.loader.attach(Arc::new(other.clone()) as Arc<dyn Chain>).unwrap();
    assert_eq!((node.chain.commands().len(), other.commands().len()), (0, count));
    node.loader.stop().unwrap();
    assert_eq!(other.commands().len(), 0);
    // Without a registration before, there is none after.
    node.loader.attach(Arc::new(other.clone()) as Arc<dyn Chain>).unwrap();
    assert_eq!(other.commands().len(), 0);
}

#[test]
fn a_command_that_outlives_its_wallets_says_so() {
    let Node { chain, loader, folder: _folder } = Node::new();
    let commands = chain.commands();
    drop(loader);
    assert!(chain.commands().is_empty());
    let balance = commands.iter().find(|command| command.name == "getbalance").unwrap();
    let request = request("getbalance", json!([]), "", JsonRpcRequestMode::Execute);
    let error = (balance.actor)(request, None, true).unwrap_err();
    assert_eq!(error.kind(), bitcoin_ipc::ErrorKind::Disconnected);
}

#[test]
fn a_wallet_without_its_node_still_answers() {
    let node = Node::rich("w");
    node.chain.set_lost(true);
    assert_eq!(node.ok("getbalance", json!([])).to_string(), "50.00000000");
    assert_eq!(node.code("sendtoaddress", json!([super::node::foreign(), 1])), -4);
}
