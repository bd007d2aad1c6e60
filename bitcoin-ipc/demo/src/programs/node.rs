//! A node with its wallets, in one process or two.
//!
//! In: a [`Form`] and options. Out: a running regtest node on a temporary directory, which can be
//! stopped, killed and started again.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use bitcoin_init::shutdown::Shutdown;
use rustix::process::{Pid, Signal, getpgid, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Caller, PATIENCE, Process, Programs, wait_for};
use crate::{Failure, Result};

/// In how many processes a node and its wallets run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `bitcoind`.
    OneProcess,
    /// `bitcoin-node`, which spawns `bitcoin-wallet`.
    TwoProcesses,
}

impl Form {
    /// Both forms.
    pub const BOTH: [Form; 2] = [Form::OneProcess, Form::TwoProcesses];

    fn program(self) -> &'static str {
        match self {
            Form::OneProcess => "bitcoind",
            Form::TwoProcesses => "bitcoin-node",
        }
    }
}

/// How a node is started.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// In how many processes.
    pub form: Form,
    /// More arguments than those that every node gets.
    pub args: Vec<String>,
    /// Bitcoin Core's `bitcoin-cli`, by which methods are called instead of our own client.
    pub cli: Option<PathBuf>,
    /// Once this is set, nothing is called and waited for any more.
    pub shutdown: Shutdown,
}

impl NodeOptions {
    /// No more arguments, our own client.
    #[must_use]
    pub fn new(form: Form) -> Self {
        NodeOptions { form, args: Vec::new(), cli: None, shutdown: Shutdown::new() }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }
}

/// A node on regtest. It is killed when dropped, with what it spawned.
#[derive(Debug)]
pub struct Node {
    programs: Programs,
    options: NodeOptions,
    folder: TempDir,
    process: Option<Process>,
    caller: Option<Caller>,
}

impl Node {
    /// Starts a node on a new directory, and waits until it answers.
    ///
    /// # Errors
    ///
    /// It does not; the text has the end of its log.
    pub fn start(programs: &Programs, options: NodeOptions) -> Result<Node> {
        let mut node = Node::prepare(programs, options)?;
        node.start_again()?;
        Ok(node)
    }

    /// A node that is not started yet, with its directory.
    ///
    /// # Errors
    ///
    /// There can be no directory.
    pub fn prepare(programs: &Programs, options: NodeOptions) -> Result<Node> {
        // The path of a socket is short.
        let short = std::env::temp_dir().as_os_str().len() <= 60;
        let place = if short { std::env::temp_dir() } else { "/tmp".into() };
        let folder = tempfile::Builder::new().prefix("btc-").tempdir_in(place)?;
        Ok(Node { programs: programs.clone(), options, folder, process: None, caller: None })
    }

    /// The programs it is one of.
    #[must_use]
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The options, which count from the next start on.
    pub fn options(&mut self) -> &mut NodeOptions {
        &mut self.options
    }

    /// The data directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.folder.path()
    }

    /// The socket on which it listens.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory().join("node.sock")
    }

    /// The log of the node, and with [`Form::OneProcess`] of its wallets.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.directory().join("regtest/debug.log")
    }

    /// The log of the wallets' process.
    #[must_use]
    pub fn wallet_log_file(&self) -> PathBuf {
        self.directory().join("regtest/debug.log.wallet")
    }

    /// What the node has logged.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    /// What the wallets have logged.
    #[must_use]
    pub fn wallet_log(&self) -> String {
        let file = match self.options.form {
            Form::OneProcess => self.log_file(),
            Form::TwoProcesses => self.wallet_log_file(),
        };
        String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
    }

    /// Starts the process, without waiting until it answers.
    ///
    /// # Errors
    ///
    /// It cannot start, or runs already.
    pub fn launch(&mut self) -> Result<&mut Process> {
        if self.process.is_some() {
            return Err(Failure::new("the node runs already"));
        }
        let mut command = Command::new(self.programs.path(self.options.form.program()));
        command
            .arg(format!("-datadir={}", self.directory().display()))
            .args(["-regtest", "-printtoconsole=0"]);
        command.arg(format!("-ipcbind=unix:{}", self.socket().display())).args(&self.options.args);
        let process = Process::start(&mut command, &self.directory().join("node.output"))?;
        Ok(self.process.insert(process))
    }

    /// Starts the node on the directory that it has, and waits until it answers.
    ///
    /// # Errors
    ///
    /// It does not; the text has the end of its log.
    pub fn start_again(&mut self) -> Result<()> {
        self.launch()?;
        let ready = wait_for(|| {
            self.check()?;
            if self.process()?.ended()?.is_some() {
                return Err(Failure::new("ended"));
            }
            self.answers()
        });
        match ready {
            Ok(Some(caller)) => self.caller = Some(caller),
            Ok(None) => return Err(self.failure("does not answer")),
            Err(error) => {
                let error = self.failure(&format!("does not start ({error})"));
                if self.process()?.ended()?.is_some() {
                    self.process = None;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Whether there is a process.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    fn check(&self) -> Result<()> {
        if self.options.shutdown.requested() { Err(Failure::new("interrupted")) } else { Ok(()) }
    }

    /// A caller, once the node answers by it.
    fn answers(&self) -> Result<Option<Caller>> {
        if UnixStream::connect(self.socket()).is_err() {
            return Ok(None);
        }
        let caller = match &self.options.cli {
            Some(program) => Caller::cli(program, self.directory(), &self.socket()),
            None => Caller::connect(&self.socket())?,
        };
        match caller.call(None, "getblockcount", json!([])) {
            Ok(_) => Ok(Some(caller)),
            // It is warming up.
            Err(error) if error.code() == Some(-28) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An error with the end of the log.
    #[must_use]
    pub fn failure(&mut self, what: &str) -> Failure {
        let log = self.log_file();
        match &mut self.process {
            Some(process) => process.failure(what, &log),
            None => Failure::new(format!("the node {what}; it is not running")),
        }
    }

    /// The running process.
    ///
    /// # Errors
    ///
    /// It is not running.
    pub fn process(&mut self) -> Result<&mut Process> {
        self.process.as_mut().ok_or_else(|| Failure::new("the node is not running"))
    }

    /// What calls its methods, for other threads.
    ///
    /// # Errors
    ///
    /// It is not running.
    pub fn caller(&self) -> Result<Caller> {
        self.check()?;
        self.caller.clone().ok_or_else(|| Failure::new("the node is not running"))
    }

    /// Calls a method of the node.
    ///
    /// # Errors
    ///
    /// The method's, or those of the connection.
    pub fn rpc(&self, method: &str, params: Value) -> Result<Value> {
        self.caller()?.call(None, method, params)
    }

    /// Calls a method of a wallet.
    ///
    /// # Errors
    ///
    /// The method's, or those of the connection.
    pub fn wallet_rpc(&self, wallet: &str, method: &str, params: Value) -> Result<Value> {
        self.caller()?.call(Some(wallet), method, params)
    }

    /// The process of the wallets that the node spawned last, if it runs.
    #[must_use]
    pub fn wallet_pid(&self) -> Option<Pid> {
        let group = self.process.as_ref()?.pid();
        let log = self.log();
        let started =
            log.lines().rev().find(|line| line.contains("Started ") && line.contains("bitcoin-wallet"))?;
        let number = started.rsplit_once(", process ")?.1.trim_end_matches('.');
        let pid = Pid::from_raw(number.parse().ok()?)?;
        // The number may be another process's by now.
        (getpgid(Some(pid)) == Ok(group)).then_some(pid)
    }

    /// Kills the wallets' process.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn kill_wallet(&self) -> Result<Pid> {
        let pid = self.wallet_pid().ok_or_else(|| Failure::new("the node has no process of wallets"))?;
        kill_process(pid, Signal::KILL).map_err(std::io::Error::from)?;
        Ok(pid)
    }

    /// Stops the node in order (SIGTERM), and waits for its end.
    ///
    /// # Errors
    ///
    /// It goes on, or fails.
    pub fn stop(&mut self) -> Result<()> {
        self.process()?.terminate()?;
        self.wait_for_end()
    }

    /// Waits for an end in order, which somebody asked for.
    ///
    /// # Errors
    ///
    /// It goes on, or fails.
    pub fn wait_for_end(&mut self) -> Result<()> {
        self.caller = None;
        match self.process()?.wait() {
            Ok(status) if status.success() => {
                self.process = None;
                Ok(())
            }
            Ok(_) => Err(self.failure("failed")),
            Err(_) => Err(self.failure("does not stop")),
        }
    }

    /// Kills the node, and waits until what it spawned has ended by itself.
    ///
    /// # Errors
    ///
    /// The wallets' process goes on without a node.
    pub fn kill(&mut self) -> Result<()> {
        let wallet = self.wallet_pid();
        self.caller = None;
        self.process()?.kill()?;
        self.process = None;
        let Some(wallet) = wallet else { return Ok(()) };
        let gone = wait_for(|| Ok(test_kill_process(wallet).is_err().then_some(())))?;
        gone.ok_or_else(|| Failure::new(format!("the wallets go on {PATIENCE:?} after their node's end")))
    }

    /// Keeps the directory, and says where it is.
    pub fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }
}
