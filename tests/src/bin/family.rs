//! A parent and its child, which are the same program: the child says when its parent has gone and all is dropped.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mp_runtime::{EventLoop, Result, SpawnArgument, ipc_interface, parent_stream, serve_parent, spawn};
use mp_tests::family::{Child, GRAVE, Part};

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match parent_stream(&arguments)? {
        Some(stream) => {
            let event_loop = EventLoop::new("child")?;
            let child =
                Offspring { grave: std::env::var_os(GRAVE).map(PathBuf::from), parts: Mutex::default() };
            serve_parent::<dyn Child>(&event_loop, stream, Arc::new(child))
        }
        None => be_parent(arguments.iter().any(|argument| argument == "busy")),
    }
}

/// Starts a child, and waits for its own end.
fn be_parent(busy: bool) -> Result<()> {
    let event_loop = EventLoop::new("parent")?;
    let (_process, child) = spawn::<dyn Child>(&event_loop, std::env::current_exe()?, SpawnArgument::IpcFd)?;
    let part = child.make()?;
    let calls = child.object();
    if busy {
        std::thread::spawn(move || calls.rest(300));
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("ready");
    std::io::stdout().flush()?;
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    drop(part);
    Ok(())
}

/// What the child serves. Where it is dropped, and not before, there is a file that says how many parts were.
struct Offspring {
    grave: Option<PathBuf>,
    parts: Mutex<Vec<Arc<()>>>,
}

impl Drop for Offspring {
    fn drop(&mut self) {
        // Time in which the process must not end.
        std::thread::sleep(Duration::from_millis(20));
        let parts = self.parts.get_mut().map(std::mem::take).unwrap_or_default();
        let left = parts.iter().filter(|part| Arc::strong_count(part) > 1).count();
        if let Some(grave) = &self.grave {
            // The test says that it is missing.
            let _ = std::fs::write(grave, format!("{left} of {} parts left", parts.len()));
        }
    }
}

struct Piece(Arc<()>);

#[ipc_interface]
impl Part for Piece {
    fn uses(&self) -> Result<u64> {
        Ok(Arc::strong_count(&self.0) as u64)
    }
}

#[ipc_interface]
impl Child for Offspring {
    fn make(&self) -> Result<Box<dyn Part>> {
        let part = Arc::new(());
        if let Ok(mut parts) = self.parts.lock() {
            parts.push(part.clone());
        }
        Ok(Box::new(Piece(part)))
    }

    fn rest(&self, milliseconds: u32) -> Result<()> {
        std::thread::sleep(Duration::from_millis(milliseconds.into()));
        Ok(())
    }

    fn descriptors(&self) -> Result<Vec<String>> {
        let entries = std::fs::read_dir("/proc/self/fd")?;
        let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        Ok(targets.map(|target| target.display().to_string()).collect())
    }
}
