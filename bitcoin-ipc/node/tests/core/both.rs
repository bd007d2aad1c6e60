//! Two nodes with the same content, asked by the same client.
//!
//! In: questions. Out: the answers of both, which must be the same.

use std::cell::RefCell;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bitcoin::Network;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::blocking::Mining;
use bitcoin_ipc::release::Services;
use bitcoin_ipc::{Client, ConnectOptions, Release, RpcError, blocking};
use bitcoin_node::index;
use bitcoin_node::mining::NodeMining;
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use bitcoin_node::template::SelectOptions;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Some time after regtest's genesis block, at which both clocks stand.
pub(crate) const NOW: u64 = 1_700_000_000;
/// Core's log says nothing of when it listens; this is how often and how long to try.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// An answer, or code and message of an error, as text.
pub(crate) type Told = Result<String, (i64, String)>;

/// Bitcoin Core's node and ours.
pub(crate) struct Both {
    process: Child,
    core: blocking::Client,
    ours: blocking::Client,
    server: RpcServer,
    _directory: TempDir,
    differences: RefCell<Vec<String>>,
}

impl Both {
    pub(crate) fn start() -> Self {
        Self::start_with(true)
    }

    /// With or without an index of transactions.
    pub(crate) fn start_with(txindex: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("core.sock");
        let data = directory.path().join("core");
        std::fs::create_dir(&data).unwrap();
        let process = Command::new(PathBuf::from(std::env::var_os(super::VARIABLE).unwrap()))
            .args(["-regtest", "-listen=0", "-server=0", "-connect=0", "-disablewallet"])
            .arg(format!("-txindex={}", u8::from(txindex)))
            .args(["-blockfilterindex=1", "-deprecatedrpc=none"])
            .arg(format!("-datadir={}", data.display()))
            .arg(format!("-ipcbind=unix:{}", socket.display()))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (ours, server) = our_node(&directory.path().join("ours"), txindex);
        let both = Both {
            process,
            core: connect(&socket),
            ours,
            server,
            _directory: directory,
            differences: RefCell::default(),
        };
        while both.core("getblockcount", json!([])).is_err() {
            std::thread::sleep(PAUSE);
        }
        both.same("setmocktime", json!([NOW])).unwrap();
        both
    }

    pub(crate) fn core(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        execute(&self.core, method, params)
    }

    pub(crate) fn ours(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        execute(&self.ours, method, params)
    }

    /// The methods that ours has.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.server.commands()
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
        self.same_after(method, params, |answer| strip(answer, fields))
    }

    /// The same once both answers were put in one form.
    pub(crate) fn same_after(
        &self,
        method: &str,
        params: Value,
        form: impl Fn(&mut Value),
    ) -> Result<Value, (i64, String)> {
        let core = self.core(method, params.clone());
        let ours = self.ours(method, params.clone());
        let told = |answer: &Result<Value, (i64, String)>| -> Told {
            let mut answer = answer.clone();
            if let Ok(answer) = &mut answer {
                form(answer);
            }
            answer.map(|answer| format!("{answer:#}"))
        };
        let (ours, told_by_core) = (told(&ours), told(&core));
        if ours != told_by_core {
            self.differ(&format!("{method} {params}"), &difference(&ours, &told_by_core));
        }
        core
    }

    /// The same list from both, whose order by this field means nothing.
    pub(crate) fn same_sorted(&self, method: &str, field: &str) {
        let sorted = |answer: Result<Value, (i64, String)>| {
            let mut list = answer.unwrap().as_array().unwrap().clone();
            list.sort_by_key(|row| row[field].to_string());
            Value::Array(list)
        };
        let pair = |ours, core| Pair { ours: sorted(ours), core: sorted(core) };
        self.equal(method, pair(self.ours(method, json!([])), self.core(method, json!([]))));
    }

    /// Asks the [`Mining`] of both.
    pub(crate) fn ask<T>(&self, question: impl Fn(&dyn Mining) -> T) -> Pair<T> {
        Pair { ours: question(&*self.ours.mining()), core: question(&*self.core.mining()) }
    }

    /// Compares two answers, and gives Core's.
    pub(crate) fn equal<T: Debug + PartialEq>(&self, what: &str, answers: Pair<T>) -> T {
        let Pair { ours, core } = answers;
        if ours != core {
            let told = |answer: &T| Ok(format!("{answer:#?}"));
            self.differ(what, &difference(&told(&ours), &told(&core)));
        }
        core
    }

    fn differ(&self, what: &str, difference: &str) {
        self.differences.borrow_mut().push(format!("{what}\n{difference}"));
    }

    /// All that was not the same.
    pub(crate) fn finish(self) {
        let differences = self.differences.take();
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    /// Has Core make blocks, and gives them to ours.
    pub(crate) fn generate(&self, count: u32, address: &str) {
        self.copy(&self.core("generatetoaddress", json!([count, address])).unwrap());
    }

    /// Gives ours these blocks of Core.
    pub(crate) fn copy(&self, hashes: &Value) {
        for hash in hashes.as_array().unwrap() {
            let block = self.core("getblock", json!([hash, 0])).unwrap();
            assert_eq!(self.ours("submitblock", json!([block])), Ok(Value::Null));
        }
    }
}

/// What both nodes say to one question.
pub(crate) struct Pair<T> {
    pub(crate) ours: T,
    pub(crate) core: T,
}

impl<T> Pair<T> {
    /// Asks both of them.
    pub(crate) fn each<U>(&self, question: impl Fn(&T) -> U) -> Pair<U> {
        Pair { ours: question(&self.ours), core: question(&self.core) }
    }
}

impl<T> Pair<Option<T>> {
    /// Both or none.
    pub(crate) fn both(self) -> Option<Pair<T>> {
        Some(Pair { ours: self.ours?, core: self.core? })
    }
}

/// A client of a process that may not listen yet.
fn connect(socket: &Path) -> blocking::Client {
    let connect = || {
        let options = ConnectOptions::new().network(Network::Regtest);
        futures::executor::block_on(options.connect(socket.to_owned())).map(blocking::Client::from)
    };
    let mut client = connect();
    for _ in 0..TRIES {
        if client.is_ok() {
            break;
        }
        std::thread::sleep(PAUSE);
        client = connect();
    }
    client.unwrap()
}

/// A client of a node in this process.
fn our_node(data: &Path, txindex: bool) -> (blocking::Client, RpcServer) {
    let mut options = Options::new(data, Network::Regtest);
    options.index = index::Options { filters: true, txindex };
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    let server = RpcServer::new(RpcOptions::new(data));
    server.set_ready(state.clone());
    let services = Services {
        mining: Some(Arc::new(NodeMining::new(state, SelectOptions::default()))),
        rpc: Some(Arc::new(server.clone())),
        ..Services::default()
    };
    let client = Client::local(ConnectOptions::new(), services, Release::V32).unwrap();
    (client.into(), server)
}

fn execute(client: &blocking::Client, method: &str, params: Value) -> Result<Value, (i64, String)> {
    client.execute_rpc(method, params, None).map_err(|error| match error {
        RpcError::Rpc { code, message, .. } => (code, message),
        other => panic!("{other}"),
    })
}

/// The first lines that differ.
fn difference(ours: &Told, core: &Told) -> String {
    let (Ok(ours), Ok(core)) = (ours, core) else {
        return format!("  ours: {ours:?}\n  core: {core:?}");
    };
    let mut lines: Vec<_> = ours.lines().zip(core.lines()).filter(|(ours, core)| ours != core).collect();
    let (more, less) = (ours.lines().count(), core.lines().count());
    if more != less {
        lines.push(("its lines are", "more or fewer"));
    }
    let shown = lines.iter().take(5).map(|(ours, core)| format!("  ours: {ours}\n  core: {core}"));
    shown.collect::<Vec<_>>().join("\n")
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
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
