//! A node in memory on a socket, and runs of the program against it.
//!
//! In: words of a command line. Out: exit code and output.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxIn, TxOut, Txid, Witness};
use bitcoin_ipc::Release;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::monitor::{SOCKET_NAME, serve_monitor};
use bitcoin_ipc::mp_runtime::monitor::CallCounts;
use bitcoin_ipc::mp_runtime::{EventLoop, Server};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The output of a run without complaints.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// The lines of a good run, each of them JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Vec<Value> {
        self.good().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The complaint of a run that could not do it.
    #[track_caller]
    pub(crate) fn bad(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (1, ""), "{}", self.stderr);
        self.stderr
    }
}

/// The program with words on its command line, in a surrounding that does not change what it prints.
pub(crate) fn program(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bitcoin-ipc"));
    command.args(line.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Nobody's own configuration.
    command.env("HOME", env!("CARGO_TARGET_TMPDIR"));
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"] {
        command.env_remove(variable);
    }
    command
}

/// Runs it to its end.
pub(crate) fn run(line: &str) -> Run {
    let Output { status, stdout, stderr } = program(line).output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { code: status.code().expect("an exit code"), stdout: text(stdout), stderr: text(stderr) }
}

/// A run that goes on.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        let mut child = command.spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let stderr = child.stderr.take().expect("a pipe");
        Running { child, stdout, stderr }
    }

    /// The next line of its output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits until it has its handlers of signals, and so is at work.
    pub(crate) fn connecting(&self) {
        let status = format!("/proc/{}/status", self.child.id());
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let text = std::fs::read_to_string(&status).expect("it runs");
            let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask").trim();
            // SIGINT has number 2.
            if u64::from_str_radix(caught, 16).expect("a mask") & 2 != 0 {
                return;
            }
            assert!(Instant::now() < until, "it never hears of signals");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for its end, and gives the exit code and what it said on stderr. What has not ended after a
    /// minute hangs.
    pub(crate) fn end(mut self) -> (i32, String) {
        let code = self.wait(Duration::from_secs(60));
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("text");
        (code, said)
    }

    /// Waits for its end, and gives the exit code and the rest of what it said.
    pub(crate) fn finish(mut self) -> (i32, String, String) {
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).expect("text");
        let (code, complaint) = self.end();
        (code, said, complaint)
    }

    /// Sends Ctrl-C, and gives the exit code. What has not ended after ten seconds hangs.
    pub(crate) fn interrupt(mut self) -> i32 {
        self.signal(Signal::INT);
        self.wait(Duration::from_secs(10))
    }

    fn wait(&mut self, patience: Duration) -> i32 {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("it ends") {
                return status.code().expect("an exit code");
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After a test that failed; otherwise it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A listener that accepts nobody, and those who fill its queue.
pub(crate) fn full_queue(path: &Path) -> (OwnedFd, Vec<UnixStream>) {
    let listener = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("a socket");
    rustix::net::bind(&listener, &SocketAddrUnix::new(path).expect("an address")).expect("a name");
    rustix::net::listen(&listener, 1).expect("a queue");
    let waiting = std::iter::from_fn(|| bitcoin_ipc::mp_runtime::try_connect(path).ok()).collect();
    (listener, waiting)
}

/// A node in memory that listens, with a monitor beside it.
pub(crate) struct Node {
    pub(crate) memory: MemoryNode,
    pub(crate) socket: PathBuf,
    _servers: [Server; 2],
    _directory: tempfile::TempDir,
}

impl Node {
    /// A node of a release, with two blocks.
    pub(crate) fn start(release: Release) -> Node {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("n.sock");
        let memory = MemoryNode::new();
        memory.mine(2).expect("blocks");
        let (event_loop, monitor_loop) = (event_loop(), event_loop());
        let counts = Arc::new(CallCounts::default());
        event_loop.set_monitor(counts.clone());
        let servers = [
            memory.listen(&event_loop, &socket, release).expect("a socket"),
            serve_monitor(&monitor_loop, directory.path().join(SOCKET_NAME), counts).expect("a socket"),
        ];
        Node { memory, socket, _servers: servers, _directory: directory }
    }

    /// The words that lead to the node, before others.
    pub(crate) fn line(&self, line: &str) -> String {
        format!("--regtest --timeout 20 --connect unix:{} {line}", self.socket.display())
    }

    /// Runs the program with this node.
    pub(crate) fn run(&self, line: &str) -> Run {
        run(&self.line(line))
    }

    /// Starts the program with this node.
    pub(crate) fn running(&self, line: &str) -> Running {
        Running::start(program(&self.line(line)))
    }

    /// The highest block, as `tip` prints it.
    pub(crate) fn tip(&self) -> String {
        let tip = self.memory.tip();
        format!("{} {}", tip.height, tip.hash)
    }

    /// Puts a transaction with a witness into the mempool.
    pub(crate) fn add_transaction(&self, fee: u64) -> Transaction {
        let tx = Transaction {
            version: bitcoin::transaction::Version::TWO,
            lock_time: bitcoin::absolute::LockTime::from_consensus(7),
            input: vec![TxIn {
                previous_output: OutPoint { txid: TXID.parse::<Txid>().expect("an id"), vout: 1 },
                witness: Witness::from_slice(&[[1; 64]]),
                ..TxIn::default()
            }],
            output: vec![TxOut {
                value: Amount::from_sat(70_000 - fee),
                script_pubkey: ScriptBuf::from_hex("00140102030405060708090a0b0c0d0e0f1011121314")
                    .expect("hex"),
            }],
        };
        self.memory.add_transaction(tx.clone(), Amount::from_sat(fee));
        tx
    }
}

fn event_loop() -> EventLoop {
    EventLoop::new("cli test").expect("a loop")
}

/// Some transaction's id.
pub(crate) const TXID: &str = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
