//! The calls of a process, for another process to look at.
//!
//! In: the [`CallCounts`] of an event loop. Out: their numbers, on a socket of their own. This is an
//! interface of this library, not one of Bitcoin Core: no `bitcoin-node` has it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use bitcoin_ipc::monitor::{Monitor, serve_monitor};
//! use bitcoin_ipc::mp_runtime::{EventLoop, connect, monitor::CallCounts};
//!
//! # futures::executor::block_on(async {
//! let event_loop = EventLoop::new("monitor")?;
//! let counts = Arc::new(CallCounts::default());
//! let path = std::env::temp_dir().join(format!("monitor-{}.sock", std::process::id()));
//! let _server = serve_monitor(&event_loop, &path, counts)?;
//!
//! let monitor = connect::<dyn Monitor>(&event_loop, &path)?;
//! assert!(monitor.call_counts().await?.is_empty());
//! # Ok::<(), bitcoin_ipc::Error>(()) }).unwrap();
//! ```

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mp_runtime::monitor::{CallCounts, MethodCounts, Side};
use mp_runtime::{EventLoop, IpcStruct, Result, Server, ipc_interface, listen};

/// The file name of a process's monitor socket, in the folder of its other sockets.
pub const SOCKET_NAME: &str = "monitor.sock";

/// What a process tells about its calls. Not an interface of Bitcoin Core.
#[ipc_interface(file = "bitcoin/monitor.capnp", file_id = 0x96dc_993d_988e_a119, destroy = false)]
pub trait Monitor: Send + Sync {
    /// The calls so far, by side, interface and method.
    #[ipc(no_context)]
    async fn call_counts(&self) -> Result<Vec<CallCount>>;
}

/// The calls of one method.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
pub struct CallCount {
    /// Whether the process served the calls; otherwise it made them.
    pub served: bool,
    /// The interface, by its schema name.
    pub interface: String,
    /// The method, by its schema name.
    pub method: String,
    /// Calls that have ended.
    pub calls: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// The time that all of them took. Microseconds on the wire.
    #[ipc(with = mp_runtime::with::microseconds)]
    pub total: Duration,
    /// The time that the longest took. Microseconds on the wire.
    #[ipc(with = mp_runtime::with::microseconds)]
    pub longest: Duration,
    /// How many took at most as long as each of [`CLASSES`](mp_runtime::monitor::CLASSES) and
    /// longer than the one before.
    pub classes: Vec<u64>,
}

impl From<MethodCounts> for CallCount {
    fn from(counts: MethodCounts) -> Self {
        CallCount {
            served: counts.side == Side::Server,
            interface: counts.interface.to_owned(),
            method: counts.method.to_owned(),
            calls: counts.calls,
            errors: counts.errors,
            total: counts.total,
            longest: counts.longest,
            classes: counts.classes.to_vec(),
        }
    }
}

#[ipc_interface]
impl Monitor for CallCounts {
    async fn call_counts(&self) -> Result<Vec<CallCount>> {
        Ok(self.snapshot().into_iter().map(CallCount::from).collect())
    }
}

/// Serves the numbers of `counts` on the Unix socket at `path`, until the server is dropped.
///
/// `counts` hears of calls once it is set with [`EventLoop::set_monitor`] or
/// [`ConnectOptions::monitor`](crate::ConnectOptions::monitor). Served on the loop that it listens to, the
/// monitor's own calls count too.
///
/// # Errors
///
/// When the socket cannot be made; the text says why.
pub fn serve_monitor(
    event_loop: &EventLoop,
    path: impl AsRef<Path>,
    counts: Arc<CallCounts>,
) -> Result<Server> {
    listen::<dyn Monitor>(event_loop, path, counts, None)
}
