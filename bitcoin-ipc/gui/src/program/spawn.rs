//! A node that the window starts and ends.
//!
//! In: settings. Out: a child process that got them, runs, and ends with the window.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bitcoin_init::config::Settings;
use bitcoin_ipc::interfaces::{Init, Node};
use mp_runtime::{Child, EventLoop, SpawnArgument, spawn};

use super::{Missing, NodeSource, Opened};
use crate::text::words::{mark, say};

/// How long the process of a node that has ended may take for its own end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node that the window starts and ends.
pub(super) struct Spawn {
    event_loop: EventLoop,
    program: PathBuf,
    settings: Settings,
}

impl Spawn {
    pub(super) fn new(event_loop: EventLoop, program: PathBuf, settings: Settings) -> Spawn {
        Spawn { event_loop, program, settings }
    }
}

/// Starts a node with its settings.
pub(super) fn start(node: &dyn Node, settings: Settings) -> Result<(), String> {
    let text = |error: mp_runtime::Error| error.text().to_owned();
    // What it cannot do it has told in a message.
    let told = || Err(String::new());
    node.init_logging().map_err(text)?;
    node.init_parameter_interaction().map_err(text)?;
    if !node.base_initialize(&settings.into()).map_err(text)?? {
        return told();
    }
    if node.app_init_main().map_err(text)??.is_none() {
        return told();
    }
    Ok(())
}

/// Ends a node; gives its exit code.
pub(super) fn end(node: &dyn Node) -> i32 {
    if let Err(error) = node.app_shutdown() {
        tracing::error!(target: "gui", "The node did not end in order: {error}");
        return 1;
    }
    node.get_exit_status().unwrap_or(1)
}

impl NodeSource for Spawn {
    fn open(&mut self, step: &dyn Fn(&str)) -> Result<Opened, Missing> {
        step(mark!("Starting the node…"));
        let never = |error: mp_runtime::Error| {
            Missing::Never(say!("The node cannot start: {text}", text = error.text()))
        };
        let program = &self.program;
        let spawned = spawn::<dyn Init>(&self.event_loop, program, SpawnArgument::default());
        let (child, init) = spawned.map_err(never)?;
        tracing::info!(target: "gui", "Started {}, process {}.", program.display(), child.pid());
        let pid = child.pid();
        let connection = init.connection().clone();
        let node = init.make_node().map_err(never)?;
        let node: Arc<dyn Node> = node
            .ok_or_else(|| Missing::Never(say!("{program} offers no node.", program = program.display())))?
            .into();
        let child = Arc::new(Mutex::new(Some(child)));
        let (settings, starting, ending) = (self.settings.clone(), node.clone(), node.clone());
        let (closed, waited, left) = (connection.clone(), connection.clone(), connection);
        let (died, killed) = (child.clone(), child.clone());
        Ok(Opened {
            node,
            gone: Arc::new(move || closed.is_closed()),
            pid: Some(pid),
            start: Some(Box::new(move || start(&*starting, settings))),
            wait: Box::new(move || {
                let _init = init;
                let _ = waited.wait_closed(None);
                match status(&died) {
                    Some(status) => say!("The node has ended ({status}).", status),
                    None => mark!("The node has gone.").to_owned(),
                }
            }),
            end: Box::new(move || {
                let code = end(&*ending);
                drop(ending);
                left.close();
                status(&child);
                code
            }),
            force: Some(Box::new(move || {
                let child = killed.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(mut child) = child {
                    tracing::warn!(target: "gui", "The node, process {}, is ended by force.", child.pid());
                    let _ = child.kill();
                }
            })),
        })
    }

    fn pause(&self) -> Option<Duration> {
        None
    }
}

/// How the process ended; one that does not end is killed.
fn status(child: &Mutex<Option<Child>>) -> Option<String> {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    match child.wait_timeout(PATIENCE) {
        Ok(Some(status)) => Some(status.to_string()),
        _ => {
            let _ = child.kill();
            None
        }
    }
}
