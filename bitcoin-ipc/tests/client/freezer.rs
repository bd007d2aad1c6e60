//! A node that hangs when it is told to: a socket in front of it, through which nothing comes any more.
//!
//! In: the socket of a node. Out: another one, whose connections can be frozen and thawed.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

#[derive(Clone)]
pub(super) struct Freezer {
    path: PathBuf,
    frozen: Arc<(Mutex<bool>, Condvar)>,
}

impl Freezer {
    pub(super) fn before(node: &Path) -> Freezer {
        let path = node.with_extension("frozen");
        let listener = UnixListener::bind(&path).expect("a socket");
        let freezer = Freezer { path, frozen: Arc::default() };
        let (accepting, node) = (freezer.clone(), node.to_owned());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { return };
                // A node that is gone hangs up.
                let Ok(far) = UnixStream::connect(&node) else { continue };
                accepting.copy(near.try_clone().expect("a socket"), far.try_clone().expect("a socket"));
                accepting.copy(far, near);
            }
        });
        freezer
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// From now on nothing comes through, though connections stand and are accepted.
    pub(super) fn freeze(&self) {
        *self.frozen.0.lock().expect("a flag") = true;
    }

    pub(super) fn thaw(&self) {
        *self.frozen.0.lock().expect("a flag") = false;
        self.frozen.1.notify_all();
    }

    fn copy(&self, mut from: UnixStream, mut to: UnixStream) {
        let frozen = self.frozen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 65536];
            loop {
                let length = from.read(&mut bytes).unwrap_or(0);
                let thawed = frozen.1.wait_while(frozen.0.lock().expect("a flag"), |frozen| *frozen);
                drop(thawed.expect("a flag"));
                if length == 0 || to.write_all(&bytes[..length]).is_err() {
                    let _ = to.shutdown(std::net::Shutdown::Both);
                    return;
                }
            }
        });
    }
}
