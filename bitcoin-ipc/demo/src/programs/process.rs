//! A process that cannot outlive us.
//!
//! In: a command. Out: what it wrote, its end, its log's last lines; dropped, it and its children are
//! killed.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{PATIENCE, wait_for};
use crate::{Failure, Result};

/// A process of ours, in a process group of its own, which its children belong to.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    pid: Pid,
    output: PathBuf,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts it. What it writes to its standard streams goes to a file.
    ///
    /// # Errors
    ///
    /// It cannot start.
    pub fn start(command: &mut Command, output: &Path) -> Result<Process> {
        let program = Path::new(command.get_program());
        let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
        let file = File::create(output)?;
        let errors = file.try_clone()?;
        let program = program.to_owned();
        // Ctrl-C at the terminal is for us, who stop it in order.
        let command = command.process_group(0).stdin(Stdio::null()).stdout(file).stderr(errors);
        let child = command
            .spawn()
            .map_err(|error| Failure::new(format!("cannot start {}: {error}", program.display())))?;
        let pid = Pid::from_child(&child);
        Ok(Process { name, child, pid, output: output.to_owned(), status: None })
    }

    /// The number of the process.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// What it wrote to its standard streams.
    #[must_use]
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
        }
        Ok(self.status)
    }

    /// Waits for its end, for at most [`PATIENCE`].
    ///
    /// # Errors
    ///
    /// It goes on.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let ended = wait_for(|| self.ended())?;
        ended.ok_or_else(|| Failure::new(format!("{} goes on after {PATIENCE:?}", self.name)))
    }

    /// What it wrote, once it has ended because it cannot go on.
    ///
    /// # Errors
    ///
    /// It goes on, or ended in another way than with exit code 1.
    pub fn complaint(&mut self) -> Result<String> {
        match self.wait()?.code() {
            Some(1) => Ok(self.output()),
            _ => Err(Failure::new(format!("{} does not complain: {}", self.name, self.output()))),
        }
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn terminate(&mut self) -> Result<()> {
        self.signal(Signal::TERM)
    }

    /// Kills it, but not its children, and waits for its end.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.wait().map(drop)
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_none() {
            kill_process(self.pid, signal).map_err(std::io::Error::from)?;
        }
        Ok(())
    }

    /// An error with the end of a log.
    pub(super) fn failure(&mut self, what: &str, log: &Path) -> Failure {
        let state = match self.ended() {
            Ok(Some(status)) => format!("it has ended with {status}"),
            Ok(None) => "it is still running".to_owned(),
            Err(error) => error.to_string(),
        };
        let text = fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        let (name, output) = (&self.name, self.output());
        Failure::new(format!("{name} {what}; {state}.\nWhat it wrote:\n{output}The end of its log:\n{tail}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Once it is waited for, its number may be somebody else's.
        if let Ok(None) = self.ended() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
