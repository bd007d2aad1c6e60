//! The sockets that a node listens on: `-ipcbind`.
//!
//! In: addresses. Out: servers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bitcoin_init::config::Settings;
use bitcoin_init::owner;
use bitcoin_ipc::client::Address;
use bitcoin_ipc::interfaces::watch::SplitInit;
use mp_runtime::{Error, EventLoop, Result, Server, listen};

use super::Offer;

/// How long the end of the node waits for calls that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens at every address of the settings.
pub(super) fn bind(
    event_loop: &EventLoop,
    settings: &Settings,
    directory: &Path,
    offer: &Offer,
) -> Result<Vec<Server>> {
    let addresses = settings.list("ipcbind");
    addresses.iter().map(|address| bind_one(event_loop, address, directory, offer)).collect()
}

fn bind_one(event_loop: &EventLoop, address: &str, directory: &Path, offer: &Offer) -> Result<Server> {
    let cannot = |error: &dyn std::fmt::Display| {
        Error::failed(format!("Unable to bind to IPC address '{address}'. {error}"))
    };
    let address: Address = address.parse().map_err(|error: Error| cannot(&error.text()))?;
    let path = address.socket(directory).map_err(|error| cannot(&error.text()))?;
    if let Some(parent) = path.parent() {
        owner::create_folder(parent).map_err(|error| cannot(&error))?;
    }
    let init: Arc<dyn SplitInit> = Arc::new(offer.clone());
    let server =
        listen::<dyn SplitInit>(event_loop, &path, init, None).map_err(|error| cannot(&error.text()))?;
    tracing::info!(target: "node", "Listening for IPC requests on address unix:{}", path.display());
    Ok(server)
}

/// Ends them, after the calls that are under way.
pub(super) fn close(servers: Vec<Server>) {
    for server in servers {
        let path = server.path().to_owned();
        match server.close(PATIENCE) {
            Ok(true) => {}
            Ok(false) => tracing::warn!(target: "node", "Calls at {} were cut off.", path.display()),
            Err(error) => tracing::warn!(target: "node", "{}: {error}", path.display()),
        }
    }
}
