//! A wallet process that attaches itself to a node.
//!
//! In: the node's socket and a directory. Out: a running `bitcoin-wallet`, which may start before the
//! node and outlive it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Process, Programs, wait_for};
use crate::{Failure, Result};

/// A `bitcoin-wallet` on regtest with a directory of its own. It is killed when dropped.
#[derive(Debug)]
pub struct Wallet {
    process: Process,
    directory: PathBuf,
}

impl Wallet {
    /// Starts it, without waiting for anything.
    ///
    /// # Errors
    ///
    /// It cannot start.
    pub fn start(programs: &Programs, directory: &Path, connect: &str, args: &[&str]) -> Result<Wallet> {
        let connect = format!("-ipcconnect={connect}");
        let args: Vec<String> = [connect.as_str()].iter().chain(args).map(|arg| (*arg).to_owned()).collect();
        Wallet::run(programs, directory, &args)
    }

    /// Starts it with these arguments, which say where its node is.
    ///
    /// # Errors
    ///
    /// It cannot start.
    pub fn run(programs: &Programs, directory: &Path, args: &[String]) -> Result<Wallet> {
        fs::create_dir_all(directory)?;
        let mut command = Command::new(programs.path("bitcoin-wallet"));
        command.arg(format!("-datadir={}", directory.display()));
        command.args(["-regtest", "-printtoconsole=0"]).args(args);
        let process = Process::start(&mut command, &directory.join("wallet.output"))?;
        Ok(Wallet { process, directory: directory.to_owned() })
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("regtest/debug.log.wallet")
    }

    /// Waits until its log has a text.
    ///
    /// # Errors
    ///
    /// It does not come.
    pub fn wait_for_log(&mut self, text: &str) -> Result<()> {
        let found = wait_for(|| match self.log().contains(text) {
            true => Ok(Some(())),
            false if self.process.ended()?.is_some() => Err(Failure::new("the wallet has ended")),
            false => Ok(None),
        });
        let log = self.log_file();
        match found {
            Ok(Some(())) => Ok(()),
            Ok(None) | Err(_) => Err(self.process.failure(&format!("does not say `{text}`"), &log)),
        }
    }

    /// Stops it in order (SIGTERM), and waits for its end.
    ///
    /// # Errors
    ///
    /// It goes on, or fails.
    pub fn stop(mut self) -> Result<()> {
        self.process.terminate()?;
        let status = self.process.wait()?;
        let log = self.log_file();
        if status.success() { Ok(()) } else { Err(self.process.failure("failed", &log)) }
    }
}
