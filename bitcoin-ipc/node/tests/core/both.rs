//! Two nodes with the same content.
//!
//! In: methods and parameters. Out: the answers of both, which must be the same.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bitcoin::Network;
use bitcoin_common::shutdown::Shutdown;
use bitcoin_ipc::{ConnectOptions, RpcError, blocking};
use bitcoin_node::index;
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::signals::Signals;
use bitcoin_node::state::{Options, State};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Some time after regtest's genesis block, at which both clocks stand.
const NOW: u64 = 1_700_000_000;
/// Core's log says nothing of when it listens; this is how often and how long to try.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// An answer, or code and message of an error, as text.
pub(crate) type Told = Result<String, (i64, String)>;

/// Bitcoin Core's node and ours.
pub(crate) struct Both {
    core: Child,
    client: blocking::Client,
    ours: RpcServer,
    _state: std::sync::Arc<State>,
    _directory: TempDir,
    differences: RefCell<Vec<String>>,
}

impl Both {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("core.sock");
        let data = directory.path().join("core");
        std::fs::create_dir(&data).unwrap();
        let core = Command::new(PathBuf::from(std::env::var_os(super::VARIABLE).unwrap()))
            .args(["-regtest", "-listen=0", "-server=0", "-connect=0", "-disablewallet"])
            .args(["-txindex=1", "-blockfilterindex=1", "-deprecatedrpc=none"])
            .arg(format!("-datadir={}", data.display()))
            .arg(format!("-ipcbind=unix:{}", socket.display()))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let connect = || {
            let options = ConnectOptions::new().network(Network::Regtest);
            futures::executor::block_on(options.connect(socket.clone())).map(blocking::Client::from)
        };
        let mut client = connect();
        for _ in 0..TRIES {
            if client.is_ok() {
                break;
            }
            std::thread::sleep(PAUSE);
            client = connect();
        }
        let client = client.unwrap();
        let ours = directory.path().join("ours");
        let mut options = Options::new(&ours, Network::Regtest);
        options.index = index::Options { filters: true, txindex: true };
        let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
        let server = RpcServer::new(RpcOptions::new(&ours)).unwrap();
        server.set_ready(state.clone()).unwrap();
        let both = Both {
            core,
            client,
            ours: server,
            _state: state,
            _directory: directory,
            differences: RefCell::default(),
        };
        while both.core("getblockcount", json!([])).is_err() {
            std::thread::sleep(PAUSE);
        }
        both.same("setmocktime", json!([NOW])).unwrap();
        both
    }

    fn core_value(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        self.client.execute_rpc(method, params, None).map_err(|error| match error {
            RpcError::Rpc { code, message, .. } => (code, message),
            other => panic!("{other}"),
        })
    }

    fn our_value(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        self.ours.execute(method, params, "/").map_err(|error| (error.code(), error.message().to_owned()))
    }

    pub(crate) fn core(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        self.core_value(method, params)
    }

    pub(crate) fn ours(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        self.our_value(method, params)
    }

    /// The methods that ours has.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.ours.commands()
    }

    /// Asks both, and gives Core's answer; [`Both::finish`] tells if ours was another one.
    pub(crate) fn same(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        self.same_without(method, params, &[])
    }

    /// The same but for these fields, which may differ or be missing.
    pub(crate) fn same_without(
        &self,
        method: &str,
        params: Value,
        fields: &[&str],
    ) -> Result<Value, (i64, String)> {
        let core = self.core_value(method, params.clone());
        let ours = self.our_value(method, params.clone());
        let told = |answer: &Result<Value, (i64, String)>| -> Told {
            let mut answer = answer.clone();
            if let Ok(answer) = &mut answer {
                strip(answer, fields);
            }
            answer.map(|answer| format!("{answer:#}"))
        };
        let (ours, told_by_core) = (told(&ours), told(&core));
        if ours != told_by_core {
            let text = format!("{method} {params}\n{}", difference(&ours, &told_by_core));
            self.differences.borrow_mut().push(text);
        }
        core
    }

    /// All that was not the same.
    pub(crate) fn finish(self) {
        let differences = self.differences.take();
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    /// Has Core make blocks, and gives them to ours.
    pub(crate) fn generate(&self, count: u32, address: &str) {
        let hashes = self.core("generatetoaddress", json!([count, address])).unwrap();
        for hash in hashes.as_array().unwrap() {
            let block = self.core("getblock", json!([hash, 0])).unwrap();
            assert_eq!(self.ours("submitblock", json!([block])), Ok(Value::Null));
        }
    }
}

/// From the first line that differs on.
fn difference(ours: &Told, core: &Told) -> String {
    let (Ok(ours), Ok(core)) = (ours, core) else {
        return format!("  ours: {ours:?}\n  core: {core:?}");
    };
    let same = ours.lines().zip(core.lines()).take_while(|(ours, core)| ours == core).count();
    let rest = |text: &str| text.lines().skip(same).take(5).collect::<Vec<_>>().join(" ");
    format!("  ours: {}\n  core: {}", rest(ours), rest(core))
}

/// Takes fields out wherever they are.
fn strip(value: &mut Value, fields: &[&str]) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !fields.contains(&name.as_str()));
            object.values_mut().for_each(|value| strip(value, fields));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| strip(value, fields)),
        _ => {}
    }
}

impl Drop for Both {
    fn drop(&mut self) {
        self.core.kill().ok();
        self.core.wait().ok();
    }
}
