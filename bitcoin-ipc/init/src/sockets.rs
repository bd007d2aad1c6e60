//! The sockets that a program listens on: `-ipcbind`.
//!
//! In: addresses. Out: servers.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin_ipc::client::Address;
use bitcoin_ipc::interfaces::watch::SplitInit;
use mp_runtime::{Error, EventLoop, Result, Server, listen};

use crate::config::Settings;
use crate::owner;

/// How long the end of a program waits for calls that are under way.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits for files of sockets to go, which the event loop removes.
const GONE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(2);

/// Listens at every address of the settings, for those who want this interface.
///
/// # Errors
///
/// One cannot be listened at; then none is.
pub fn bind(
    event_loop: &EventLoop,
    settings: &Settings,
    directory: &Path,
    init: &Arc<dyn SplitInit>,
) -> Result<Vec<Server>> {
    let mut servers: Vec<Server> = Vec::new();
    for address in settings.list("ipcbind") {
        match bind_one(event_loop, &address, directory, init, &servers) {
            Ok(server) => servers.push(server),
            Err(error) => {
                close(servers);
                let text = format!("Unable to bind to IPC address '{address}'. {}", error.text());
                return Err(Error::failed(text));
            }
        }
    }
    Ok(servers)
}

/// Listens at an address, which is none of those before it.
fn bind_one(
    event_loop: &EventLoop,
    address: &str,
    directory: &Path,
    init: &Arc<dyn SplitInit>,
    before: &[Server],
) -> Result<Server> {
    let path = address.parse::<Address>()?.socket(directory)?;
    if let Some(parent) = path.parent() {
        owner::create_folder(parent).map_err(|error| {
            Error::failed(format!("cannot make the folder {}: {error}", parent.display()))
        })?;
    }
    let same =
        |server: &Server| std::fs::canonicalize(server.path()).ok() == std::fs::canonicalize(&path).ok();
    if path.exists() && before.iter().any(same) {
        return Err(Error::failed(format!("{} is given more than once", path.display())));
    }
    let server = listen::<dyn SplitInit>(event_loop, &path, init.clone(), None)?;
    tracing::info!(target: "ipc", "Listening for IPC requests on address unix:{}", path.display());
    Ok(server)
}

/// Ends them, after the calls that are under way, and waits until their files are gone.
pub fn close(servers: Vec<Server>) {
    let paths: Vec<_> = servers.iter().map(|server| server.path().to_owned()).collect();
    let until = Instant::now() + PATIENCE;
    for server in servers {
        let path = server.path().to_owned();
        match server.close(until.saturating_duration_since(Instant::now())) {
            Ok(true) => {}
            Ok(false) => tracing::warn!(target: "ipc", "Calls at {} were cut off.", path.display()),
            Err(error) => tracing::warn!(target: "ipc", "{}: {error}", path.display()),
        }
    }
    let until = Instant::now() + GONE;
    while paths.iter().any(|path| path.exists()) && Instant::now() < until {
        std::thread::sleep(LOOK);
    }
}
