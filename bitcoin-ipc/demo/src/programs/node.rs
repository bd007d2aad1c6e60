//! A node with its wallets, in one process or two, or on a node of its own that knows nothing of them.
//!
//! In: a [`Form`] and options. Out: a running regtest node on a temporary directory, which can be
//! stopped, killed and started again.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use bitcoin_init::shutdown::Shutdown;
use rustix::process::{Pid, Signal, getpgid, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::bridge::Bridge;
use super::{Caller, PATIENCE, Process, Programs, Wallet, wait_for};
use crate::{Failure, Result};

/// In how many processes a node and its wallets run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `bitcoind`.
    OneProcess,
    /// `bitcoin-node`, which spawns `bitcoin-wallet`.
    TwoProcesses,
    /// A `bitcoin-node` without wallets, Bitcoin Core's where [`NodeOptions::core`] names one, and a
    /// `bitcoin-wallet` that attaches to it with `-core`.
    OnCore(Way),
}

/// How wallets ask a node that is not made for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its socket.
    Ipc,
    /// By its HTTP server. Our own node has none: one is put in front of it.
    Http,
}

impl Form {
    /// Both forms.
    pub const BOTH: [Form; 2] = [Form::OneProcess, Form::TwoProcesses];

    fn program(self) -> &'static str {
        match self {
            Form::OneProcess => "bitcoind",
            Form::TwoProcesses | Form::OnCore(_) => "bitcoin-node",
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
    /// Bitcoin Core's `bitcoin-node`, or for [`Way::Http`] its `bitcoind`, for [`Form::OnCore`].
    pub core: Option<PathBuf>,
    /// More arguments for the node of [`Form::OnCore`].
    pub core_args: Vec<String>,
    /// Whether it has wallets of its own beside ours.
    pub core_wallets: bool,
    /// Bitcoin Core's `bitcoin-cli`, by which methods are called instead of our own client.
    pub cli: Option<PathBuf>,
    /// Once this is set, nothing is called and waited for any more.
    pub shutdown: Shutdown,
}

impl NodeOptions {
    /// No more arguments, our own client.
    #[must_use]
    pub fn new(form: Form) -> Self {
        NodeOptions {
            form,
            args: Vec::new(),
            core: None,
            core_args: Vec::new(),
            core_wallets: false,
            cli: None,
            shutdown: Shutdown::new(),
        }
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
    /// Where it has HTTP.
    port: u16,
    bridge: Option<Bridge>,
    process: Option<Process>,
    /// Those of [`Form::OnCore`].
    wallets: Option<Wallet>,
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
        let mut node = Node {
            programs: programs.clone(),
            options,
            folder,
            port: TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
            bridge: None,
            process: None,
            wallets: None,
            caller: None,
        };
        if node.options.form == Form::OnCore(Way::Http) && node.options.core.is_none() {
            node.bridge = Some(Bridge::start(node.port, node.socket(), node.directory())?);
        }
        Ok(node)
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

    /// The socket where node and wallets answer.
    #[must_use]
    pub fn answering(&self) -> PathBuf {
        match self.options.form {
            Form::OnCore(_) => self.directory().join("wallet.sock"),
            Form::OneProcess | Form::TwoProcesses => self.socket(),
        }
    }

    /// What wallets on it have for `-core`.
    #[must_use]
    pub fn core_address(&self) -> String {
        match self.options.form {
            Form::OnCore(Way::Http) => format!("http://127.0.0.1:{}", self.port),
            _ => format!("unix:{}", self.socket().display()),
        }
    }

    /// How often [`Way::Http`] was asked for each method, where the node is our own.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<String, u64> {
        self.bridge.as_ref().map(Bridge::asked).unwrap_or_default()
    }

    fn wallet_directory(&self) -> PathBuf {
        match self.options.form {
            Form::OnCore(_) => self.directory().join("wallets-on-core"),
            Form::OneProcess | Form::TwoProcesses => self.directory().to_owned(),
        }
    }

    /// The log of the node, and with [`Form::OneProcess`] of its wallets.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.directory().join("regtest/debug.log")
    }

    /// The log of the wallets' process.
    #[must_use]
    pub fn wallet_log_file(&self) -> PathBuf {
        self.wallet_directory().join("regtest/debug.log.wallet")
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
            Form::TwoProcesses | Form::OnCore(_) => self.wallet_log_file(),
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
        let form = self.options.form;
        let own = self.programs.path(form.program());
        let program = self.options.core.clone().filter(|_| matches!(form, Form::OnCore(_))).unwrap_or(own);
        // It has no socket in this form.
        let bitcoind = matches!(form, Form::OnCore(_)) && program.file_name() == Some("bitcoind".as_ref());
        let mut command = Command::new(program);
        command
            .arg(format!("-datadir={}", self.directory().display()))
            .args(["-regtest", "-printtoconsole=0"]);
        if !bitcoind {
            command.arg(format!("-ipcbind=unix:{}", self.socket().display()));
        }
        match form {
            Form::OneProcess | Form::TwoProcesses => command.args(&self.options.args),
            // Other options are the wallets'.
            Form::OnCore(way) => {
                match way {
                    Way::Ipc => command.arg("-noserver"),
                    Way::Http => command.arg(format!("-rpcport={}", self.port)),
                };
                let own = if self.options.core_wallets { "-keypool=50" } else { "-disablewallet" };
                command.args([own, "-blockfilterindex=1", "-listen=0", "-connect=0"]).args(
                    match &self.bridge {
                        Some(bridge) => bridge.heed(&self.options.core_args),
                        None => self.options.core_args.iter().collect(),
                    },
                )
            }
        };
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
        self.attach_wallets()?;
        self.wait_until_it_answers()
    }

    /// Starts the wallets of [`Form::OnCore`], if they do not run.
    ///
    /// # Errors
    ///
    /// They cannot start.
    pub fn attach_wallets(&mut self) -> Result<()> {
        if self.wallets.is_none() && matches!(self.options.form, Form::OnCore(_)) {
            self.wallets = Some(self.more_wallets(&self.wallet_directory(), &self.answering())?);
        }
        Ok(())
    }

    /// Starts wallets of [`Form::OnCore`] with a directory and a socket of their own.
    ///
    /// # Errors
    ///
    /// They cannot start.
    pub fn more_wallets(&self, directory: &Path, socket: &Path) -> Result<Wallet> {
        let mut args = vec![
            format!("-core={}", self.core_address()),
            format!("-coredatadir={}", self.directory().display()),
            "-debug=node".to_owned(),
            format!("-ipcbind=unix:{}", socket.display()),
        ];
        args.extend(self.options.args.iter().cloned());
        Wallet::run(&self.programs, directory, &args)
    }

    /// Waits until node and wallets answer.
    ///
    /// # Errors
    ///
    /// They do not; the text has the end of a log.
    pub fn wait_until_it_answers(&mut self) -> Result<()> {
        let ready = wait_for(|| {
            self.check()?;
            if self.process()?.ended()?.is_some() {
                return Err(Failure::new("ended"));
            }
            if let Some(wallets) = &mut self.wallets
                && wallets.process().ended()?.is_some()
            {
                return Err(Failure::new(format!("its wallets end: {}", wallets.process().output())));
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
        let socket = self.answering();
        if UnixStream::connect(&socket).is_err() {
            return Ok(None);
        }
        let caller = match &self.options.cli {
            Some(program) => Caller::cli(program, self.directory(), &socket),
            None => Caller::connect(&socket)?,
        };
        // Those of the wallets are there last.
        let wallets = matches!(self.options.form, Form::OnCore(_));
        match caller.call(None, if wallets { "listwallets" } else { "getblockcount" }, json!([])) {
            Ok(_) => Ok(Some(caller)),
            // It is warming up, or has not registered its methods.
            Err(error) if error.code() == Some(-28) || wallets => Ok(None),
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

    /// Kills the wallets of [`Form::OnCore`]; they are not started again.
    ///
    /// # Errors
    ///
    /// There are none.
    pub fn kill_attached(&mut self) -> Result<()> {
        self.caller = None;
        let mut wallets = self.wallets.take().ok_or_else(|| Failure::new("no wallets are attached"))?;
        wallets.process().kill()
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
        if let Some(wallets) = self.wallets.take() {
            wallets.stop()?;
        }
        self.stop_without_wallets()
    }

    /// Stops the node in order and leaves the wallets of [`Form::OnCore`] alone.
    ///
    /// # Errors
    ///
    /// It goes on, or fails.
    pub fn stop_without_wallets(&mut self) -> Result<()> {
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
