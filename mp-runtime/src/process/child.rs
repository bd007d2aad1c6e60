//! A running child process.
//!
//! In: a process that was started. Out: how it ended; it never stays behind as a zombie.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

/// A process that this one started. It ends by itself when the connection to it closes; dropping
/// this does not end it.
#[derive(Debug)]
pub struct Child {
    process: Option<std::process::Child>,
    program: PathBuf,
    pid: u32,
}

impl Child {
    pub(super) fn new(process: std::process::Child, program: &Path) -> Self {
        Child { pid: process.id(), process: Some(process), program: program.to_owned() }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Waits until the process has ended. Drop what is left of the connection to it first, or it
    /// waits for you as you wait for it.
    ///
    /// # Errors
    ///
    /// When the system has lost track of the process.
    pub fn wait(mut self) -> Result<ExitStatus> {
        match self.process.take() {
            Some(mut process) => Ok(process.wait()?),
            None => Err(Error::new(ErrorKind::Misuse, "this process was waited for already")),
        }
    }

    /// Waits at most for `timeout`; `None` when the process runs on.
    ///
    /// # Errors
    ///
    /// When the system has lost track of the process.
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<Option<ExitStatus>> {
        let until = Instant::now() + timeout;
        let Some(process) = &mut self.process else { return Ok(None) };
        loop {
            if let Some(status) = process.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the process at once.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        match &mut self.process {
            Some(process) => Ok(process.kill()?),
            None => Ok(()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        if matches!(process.try_wait(), Ok(Some(_))) {
            return;
        }
        // A thread that only waits, so that the process leaves no zombie when it ends.
        let _ = std::thread::Builder::new().name("ipc-reaper".into()).spawn(move || process.wait());
    }
}
