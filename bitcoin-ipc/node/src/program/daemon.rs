//! A node in the background: `-daemon`, and the file that says which process it is: `-pid`.
//!
//! In: settings. Out: this program once more, away from the terminal; a file for as long as the process lives.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bitcoin_init::config::Settings;
use bitcoin_init::{Error, Result, owner};

/// Whether the node is to run in the background.
pub(super) fn is_wanted(settings: &Settings) -> bool {
    settings.bool("daemon", false) || settings.bool("daemonwait", false)
}

/// Starts this program with the same arguments where no terminal reaches it. What it has to say goes to its log.
pub(super) fn start(name: &str) -> io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).args(["-daemon=0", "-daemonwait=0"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let child = command.spawn()?;
    println!("{name} starting as process {}", child.id());
    Ok(())
}

/// The file with the number of this process. Dropping it removes the file.
pub(super) struct PidFile(PathBuf);

impl PidFile {
    /// Writes it, if the settings want one.
    pub(super) fn write(settings: &Settings) -> Result<Option<PidFile>> {
        let Some(path) = settings.path("pid", "").filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(None);
        };
        let path = settings.network_dir()?.join(path);
        let written = owner::create(&path).and_then(|mut file| writeln!(file, "{}", std::process::id()));
        match written {
            Ok(()) => Ok(Some(PidFile(path))),
            Err(error) => {
                Err(Error::new(format!("Unable to create the PID file '{}': {error}", path.display())))
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(target: "node", "Unable to remove PID file: {error}");
        }
    }
}
