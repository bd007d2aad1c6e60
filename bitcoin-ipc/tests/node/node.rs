//! A real node of one's own.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bitcoin::Network;
use bitcoin_ipc::{Client, ConnectOptions, Reconnect, blocking};

/// How long a node may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A `bitcoin-node` on regtest, in a temporary directory. It ends when dropped.
pub(crate) struct Node {
    folder: tempfile::TempDir,
    process: Option<Child>,
    rpc_port: u16,
}

/// The height of the chain that most tests begin with. Below 17 v31 makes no templates by IPC: its
/// dummy coinbase is too short there.
pub(crate) const START: i32 = 20;

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Node {
    /// Starts a node with the first block only, and waits for its socket.
    pub(crate) fn fresh() -> Node {
        let folder = tempfile::tempdir().expect("a folder");
        let mut node = Node { folder, process: None, rpc_port: 0 };
        node.restart();
        node
    }

    /// Starts a node with a chain of [`START`] blocks.
    pub(crate) fn start() -> Node {
        let node = Node::fresh();
        node.generate(START);
        node
    }

    /// Mines blocks by way of HTTP, which every release and height allows; a node without HTTP is
    /// asked by IPC.
    pub(crate) fn generate(&self, blocks: i32) {
        let anybody = "raw(51)#8lvh9jxk";
        let body = format!(r#"{{"method":"generatetodescriptor","params":[{blocks},"{anybody}"]}}"#);
        let until = Instant::now() + PATIENCE;
        loop {
            match self.post(&body) {
                Ok(answer) if answer.contains("\"error\":null") => return,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused && self.has_no_http() => {
                    let generate = || {
                        let node = blocking::connect(self.socket().as_path()).expect("a client");
                        let params = serde_json::json!([blocks, anybody]);
                        node.execute_rpc("generatetodescriptor", params, None).expect("blocks");
                    };
                    // Some tests are inside a runtime already.
                    return std::thread::scope(|scope| scope.spawn(generate).join().expect("blocks"));
                }
                answer => assert!(Instant::now() < until, "{answer:?}; the log:\n{}", self.log()),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Our own node says so.
    fn has_no_http(&self) -> bool {
        self.log().contains("-server has no effect")
    }

    fn post(&self, body: &str) -> std::io::Result<String> {
        use std::io::{Read, Write};

        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.rpc_port))?;
        // The header has the name `u` and the password `p`.
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic dTpw\r\nConnection: close";
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Starts the node in the directory that it had.
    pub(crate) fn restart(&mut self) {
        let program = std::env::var_os("BITCOIN_NODE").expect("BITCOIN_NODE");
        let socket = self.socket();
        let _ = std::fs::remove_file(&socket);
        self.rpc_port = free_port();
        let port = self.rpc_port;
        let before = self.log().len();
        let mut process = Command::new(program)
            .arg(format!("-datadir={}", self.folder.path().display()))
            .args(["-regtest", "-ipcbind=unix", "-listen=0", "-server=1", "-debug=ipc", "-acceptnonstdtxn=1"])
            .args(["-rpcuser=u", "-rpcpassword=p"])
            .args(["-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", &format!("-rpcport={port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("BITCOIN_NODE names a program that starts");
        let until = Instant::now() + PATIENCE;
        // v30 aborts when it is asked for anything before it has loaded.
        while !socket.exists() || !self.log()[before..].contains("Done loading") {
            if let Some(status) = process.try_wait().expect("a status") {
                panic!("the node ended with {status}; does it know -ipcbind? Its log:\n{}", self.log());
            }
            assert!(Instant::now() < until, "no socket after {PATIENCE:?}; the log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.process = Some(process);
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("regtest/node.sock")
    }

    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.folder.path().join("regtest/debug.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// A client that comes back quickly.
    pub(crate) async fn client(&self) -> Client {
        self.client_with(ConnectOptions::new()).await
    }

    /// Such a client, with some options.
    pub(crate) async fn client_with(&self, options: ConnectOptions) -> Client {
        let quickly = Reconnect { first_pause: Duration::from_millis(20), ..Reconnect::default() };
        let options = options.network(Network::Regtest).data_dir(self.folder.path());
        // The socket may be there a moment before the node listens.
        let until = Instant::now() + PATIENCE;
        loop {
            match options.clone().reconnect(quickly).connect("unix").await {
                Ok(client) => return client,
                Err(error) => assert!(Instant::now() < until, "{error}; the log:\n{}", self.log()),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the node as its user would, and waits until it is gone.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let id = process.id().to_string();
            let told = Command::new("kill").args(["-TERM", &id]).status().expect("the program `kill`");
            assert!(told.success());
            process.wait().expect("a status");
        }
    }

    /// Ends the node without a chance to tidy up.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a process of ours");
            process.wait().expect("a status");
        }
    }

    /// Sends the node a signal such as `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("a process").id().to_string();
        let told =
            Command::new("kill").args([&format!("-{name}"), &id]).status().expect("the program `kill`");
        assert!(told.success());
    }

    /// The memory that the node has, in kB.
    pub(crate) fn memory(&self) -> u64 {
        let id = self.process.as_ref().expect("a process").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let status = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(12)..];
            println!("the node's status: {status:?}; its last words:\n{}", last.join("\n"));
        }
        self.kill();
    }
}

/// Runs a test in a runtime of its own, at most for two minutes.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let limit = Duration::from_secs(120);
    runtime.block_on(async { tokio::time::timeout(limit, test).await }).expect("an end in two minutes")
}
