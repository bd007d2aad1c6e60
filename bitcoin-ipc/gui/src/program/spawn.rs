//! A node that the window starts and ends.
//!
//! In: settings. Out: a child process that got them, runs, and ends with the window.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bitcoin_init::config::Settings;
use bitcoin_ipc::interfaces::{Init, Node};
use mp_runtime::{Child, EventLoop, SpawnArgument, spawn};

use super::{Missing, NodeSource, Opened};
use crate::text::words::{mark, say};

/// How long the process of a node that has ended may take for its own end.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

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
        let process = Arc::new(Process(Mutex::new(child)));
        let (settings, starting, ending) = (self.settings.clone(), node.clone(), node.clone());
        let (closed, waited, left) = (connection.clone(), connection.clone(), connection);
        let (died, killed) = (process.clone(), process.clone());
        Ok(Opened {
            node,
            gone: Arc::new(move || closed.is_closed()),
            pid: Some(pid),
            start: Some(Box::new(move || start(&*starting, settings))),
            wait: Box::new(move || {
                let _init = init;
                let _ = waited.wait_closed(None);
                match died.wait() {
                    Some(status) => say!("The node has ended ({status}).", status),
                    None => mark!("The node has gone.").to_owned(),
                }
            }),
            end: Box::new(move || {
                let code = end(&*ending);
                drop(ending);
                left.close();
                process.wait();
                code
            }),
            force: Some(Box::new(move || killed.kill())),
        })
    }

    fn pause(&self) -> Option<Duration> {
        None
    }
}

/// The process of a node. Whoever waits for its end sees it, and it can be ended by force meanwhile.
struct Process(Mutex<Child>);

impl Process {
    fn child(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has ended, and says how; one that does not end is killed.
    fn wait(&self) -> Option<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let ended = self.child().wait_timeout(Duration::ZERO);
            match ended {
                Ok(Some(status)) => return Some(status.to_string()),
                Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
                Ok(None) | Err(_) => {
                    self.kill();
                    return None;
                }
            }
        }
    }

    fn kill(&self) {
        let mut child = self.child();
        if !matches!(child.wait_timeout(Duration::ZERO), Ok(Some(_))) {
            tracing::warn!(target: "gui", "The node, process {}, is ended by force.", child.pid());
            let _ = child.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_who_wait_for_the_end_of_a_process_see_it() {
        let event_loop = EventLoop::new("gui").unwrap();
        let (child, init) = spawn::<dyn Init>(&event_loop, "/bin/sleep", SpawnArgument::default()).unwrap();
        drop(init);
        let process = Arc::new(Process(Mutex::new(child)));
        let other = process.clone();
        let other = std::thread::spawn(move || other.wait());
        // It knows no such argument.
        assert_eq!(process.wait().as_deref(), Some("exit status: 1"));
        assert_eq!(other.join().unwrap().as_deref(), Some("exit status: 1"));
    }
}
