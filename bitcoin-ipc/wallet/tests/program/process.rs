//! A running `bitcoin-wallet`.
//!
//! In: arguments. Out: what it prints and logs, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::eventually;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_bitcoin-wallet");

/// The program on regtest with a data directory, whose configuration is none but the arguments.
pub(crate) fn command(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg(format!("-datadir={}", directory.display())).arg("-keypool=20").args(args);
    command
}

/// Runs it to its end.
pub(crate) fn run(directory: &Path, args: &[&str]) -> Output {
    let args: Vec<&str> = ["-regtest"].iter().chain(args).copied().collect();
    finish(command(directory, &args))
}

/// Runs a command that ends by itself.
pub(crate) fn finish(mut command: Command) -> Output {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running { child, log: PathBuf::new() };
    running.wait();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let child = &mut running.child;
    std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut stdout).unwrap();
    std::io::Read::read_to_end(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    Output { status: child.wait().unwrap(), stdout, stderr }
}

/// The error that a run ends with.
pub(crate) fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap().trim_end().to_owned()
}

/// What a run prints that ends well.
pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A process that goes on until it is told to end. It is killed when dropped.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts one that attaches to a node.
    pub(crate) fn start(directory: &Path, args: &[&str]) -> Running {
        let mut command = command(directory, &["-regtest", "-printtoconsole=0"]);
        let child = command.args(args).stdin(Stdio::null()).spawn().unwrap();
        Running { child, log: directory.join("regtest/debug.log.wallet") }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until a text is in the log so many times.
    pub(crate) fn wait_for_log(&self, text: &str, times: usize) {
        eventually(&format!("{times} x `{text}` in the log"), || self.log().matches(text).count() >= times);
    }

    /// Ends it in order.
    pub(crate) fn stop(mut self) {
        signal(self.pid(), Signal::TERM);
        assert!(self.wait().success(), "{}", self.log());
        assert!(self.log().trim_end().ends_with("Shutdown: done"), "{}", self.log());
    }

    fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the end of the process", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that the test has started.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}
