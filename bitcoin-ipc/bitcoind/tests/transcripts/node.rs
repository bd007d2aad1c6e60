//! A node with wallets on regtest: Bitcoin Core's, or ours.
//!
//! In: options, requests. Out: answers, by way of IPC.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bitcoin::Network;
use bitcoin_ipc::{ConnectOptions, RpcError, blocking};
use serde_json::{Value, json};

/// An answer, or code and message of an error.
pub(crate) type Answer = Result<Value, (i64, String)>;

/// How long a node may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Neither node says when it listens; this is how often to look.
const PAUSE: Duration = Duration::from_millis(20);

/// What all nodes are started with. Nothing that goes out, and the same fees on both.
const OPTIONS: &[&str] = &[
    "-regtest",
    "-server=0",
    "-listen=0",
    "-connect=0",
    "-keypool=20",
    "-fallbackfee=0.00002",
    "-blockfilterindex=1",
    "-txindex=1",
];

/// Who is asked.
#[derive(Clone)]
pub(crate) enum Program {
    /// Bitcoin Core's `bitcoin-node`, by its path.
    Core(OsString),
    /// The `bitcoind` of this package.
    Ours,
}

/// A running node, in a directory of its own. It ends when dropped.
pub(crate) struct Node {
    process: Child,
    client: Option<blocking::Client>,
    folder: tempfile::TempDir,
    program: Program,
    options: Vec<String>,
}

impl Node {
    /// Starts a node with these options beside those that all have.
    pub(crate) fn start(program: &Program, options: &[String]) -> Result<Node, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        std::fs::create_dir(folder.path().join("data")).map_err(|error| error.to_string())?;
        let process = spawn(program, options, folder.path())?;
        let mut node =
            Node { process, client: None, folder, program: program.clone(), options: options.to_vec() };
        node.connect()?;
        Ok(node)
    }

    /// Ends the node in order, and starts it again on what it left.
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        self.ask("stop", json!([]), None)?.map_err(|(code, text)| format!("stop: {text} ({code})"))?;
        self.client = None;
        let until = Instant::now() + PATIENCE;
        loop {
            match self.process.try_wait().map_err(|error| error.to_string())? {
                Some(status) if status.success() => break,
                Some(status) => return Err(format!("the node ended with {status}")),
                None if Instant::now() > until => return Err("the node does not end".into()),
                None => std::thread::sleep(PAUSE),
            }
        }
        self.process = spawn(&self.program, &self.options, self.folder.path())?;
        self.connect()
    }

    /// The directory that the node has.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn connect(&mut self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let options = ConnectOptions::new().network(Network::Regtest).call_timeout(Some(PATIENCE));
            let socket = self.folder.path().join("socket");
            if let Ok(client) = futures::executor::block_on(options.connect(socket)) {
                self.client = Some(client.into());
                if let Ok(Ok(_)) = self.ask("getblockcount", json!([]), None) {
                    return Ok(());
                }
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("the node ended with {status}: {}", self.said()));
            }
            if Instant::now() > until {
                return Err(format!("the node does not answer: {}", self.said()));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// What the node wrote where errors go.
    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    /// Asks the node, or one of its wallets.
    ///
    /// # Errors
    ///
    /// No answer came at all.
    pub(crate) fn ask(&self, method: &str, params: Value, wallet: Option<&str>) -> Result<Answer, String> {
        let client = self.client.as_ref().ok_or("the node is not running")?;
        match client.execute_rpc(method, params, wallet) {
            Ok(answer) => Ok(Ok(answer)),
            Err(RpcError::Rpc { code, message, .. }) => Ok(Err((code, message))),
            Err(other) => Err(format!("{method}: {other}: {}", self.said())),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.client = None;
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(program: &Program, options: &[String], folder: &Path) -> Result<Child, String> {
    let path = match program {
        Program::Core(path) => path.clone(),
        Program::Ours => env!("CARGO_BIN_EXE_bitcoind").into(),
    };
    let said = std::fs::File::create(folder.join("said")).map_err(|error| error.to_string())?;
    Command::new(&path)
        .arg(format!("-datadir={}", folder.join("data").display()))
        .arg(format!("-ipcbind=unix:{}", folder.join("socket").display()))
        .args(OPTIONS)
        .args(options)
        // Where relative names of files lead.
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .map_err(|error| format!("{}: {error}", path.display()))
}
