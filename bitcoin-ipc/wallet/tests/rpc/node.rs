//! A node without anything but commands of wallets.
//!
//! In: requests. Out: what the wallets answer, or the code and message of an error.

use std::sync::Arc;

use bitcoin::{Address, Network, ScriptBuf};
use bitcoin_ipc::interfaces::watch::{AnyChain, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, ChainClient as _};
use bitcoin_ipc::types::{Json, JsonRpcRequest, JsonRpcRequestMode, JsonRpcVersion, RpcOutcome};
use bitcoin_wallet::{Loader, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::chain::{TestChain, elsewhere};

pub(crate) type Answer = Result<Value, (i64, String)>;

/// Wallets, and a chain that knows their commands.
pub(crate) struct Node {
    pub(crate) chain: TestChain,
    pub(crate) loader: Loader,
    pub(crate) folder: TempDir,
}

/// How far wallets look ahead.
const KEYPOOL: u32 = 20;

impl Node {
    pub(crate) fn new() -> Node {
        let chain = TestChain::default();
        Node::with(chain.clone(), Arc::new(chain) as Arc<dyn Chain>, KEYPOOL)
    }

    /// One whose wallets look ahead no farther than one address.
    pub(crate) fn of_one_address() -> Node {
        let chain = TestChain::default();
        Node::with(chain.clone(), Arc::new(chain) as Arc<dyn Chain>, 1)
    }

    /// One that looks for the scripts of wallets.
    pub(crate) fn watching() -> Node {
        let chain = TestChain::default();
        Node::with(chain.clone(), Arc::new(chain) as Arc<dyn WatchingChain>, KEYPOOL)
    }

    fn with(chain: TestChain, told: impl Into<AnyChain>, keypool: u32) -> Node {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { keypool, ..Options::new(folder.path().join("wallets"), Network::Regtest) };
        let loader = Loader::new(options, told);
        loader.register_rpcs().unwrap();
        Node { chain, loader, folder }
    }

    /// With a wallet that has 50 BTC in one coin that can be spent.
    pub(crate) fn rich(name: &str) -> Node {
        let node = Node::new();
        node.ok("createwallet", json!([name]));
        node.earn();
        node
    }

    /// Another coin of 50 BTC that can be spent.
    pub(crate) fn earn(&self) {
        self.chain.mine(1, &self.new_script());
        self.chain.mine(100, &elsewhere());
    }

    pub(crate) fn new_script(&self) -> ScriptBuf {
        script(&self.ok("getnewaddress", json!([])))
    }

    pub(crate) fn ok(&self, method: &str, params: Value) -> Value {
        self.ask(method, params, "").unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    pub(crate) fn code(&self, method: &str, params: Value) -> i64 {
        self.ask(method, params, "").expect_err(method).0
    }

    pub(crate) fn error(&self, method: &str, params: Value) -> (i64, String) {
        self.ask(method, params, "").expect_err(method)
    }

    pub(crate) fn ask(&self, method: &str, params: impl Into<Json>, uri: &str) -> Answer {
        match self.run(request(method, params, uri, JsonRpcRequestMode::Execute), true) {
            RpcOutcome::Answered { response, handled: true } => Ok(response),
            RpcOutcome::RpcError(error) => {
                Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned()))
            }
            other => panic!("{method}: {other:?}"),
        }
    }

    pub(crate) fn run(&self, request: JsonRpcRequest, last: bool) -> RpcOutcome {
        let commands = self.chain.commands();
        let command = commands.iter().find(|command| command.name == request.method);
        (command.unwrap_or_else(|| panic!("no {}", request.method)).actor)(request, None, last).unwrap()
    }
}

pub(crate) fn request(
    method: &str,
    params: impl Into<Json>,
    uri: &str,
    mode: JsonRpcRequestMode,
) -> JsonRpcRequest {
    JsonRpcRequest {
        id: json!(1),
        method: method.into(),
        params: params.into(),
        mode,
        uri: uri.into(),
        auth_user: String::new(),
        peer_addr: String::new(),
        version: JsonRpcVersion::V2,
    }
}

pub(crate) fn script(address: &Value) -> ScriptBuf {
    let address: Address<_> = address.as_str().unwrap().parse().unwrap();
    address.require_network(Network::Regtest).unwrap().script_pubkey()
}

/// An address that no wallet has.
pub(crate) fn foreign() -> String {
    Address::from_script(&elsewhere(), Network::Regtest).unwrap().to_string()
}

/// An amount as it is written.
pub(crate) fn btc(value: &Value) -> String {
    assert!(value.is_number(), "{value}");
    value.to_string()
}

/// A descriptor with its checksum.
pub(crate) fn with_checksum(text: &str) -> String {
    let checksum = bdk_wallet::miniscript::descriptor::checksum::desc_checksum(text).unwrap();
    format!("{text}#{checksum}")
}

/// An answer as it is after a wallet was loaded, which derives addresses ahead.
pub(crate) fn topped_up(told: &mut Value) {
    let Some(told) = told.as_object_mut() else { return };
    told.retain(|name, _| !name.starts_with("keypoolsize"));
    let all = told.get_mut("descriptors").and_then(Value::as_array_mut);
    for one in all.into_iter().flatten().filter(|one| one.get("range").is_some()) {
        let ahead = one["next_index"].as_u64().unwrap() + u64::from(KEYPOOL) - 1;
        let end = one["range"][1].as_u64().unwrap().max(ahead);
        one["range"][1] = end.into();
    }
}
