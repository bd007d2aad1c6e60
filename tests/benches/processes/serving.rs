//! The server, and how it is reached.
//!
//! In: the path of a socket. Out: a process that serves there until its standard input ends.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use mp_runtime::{EventLoop, Limits, Remote, Result, connect, ipc_file, ipc_interface, listen_with};
use mp_tests::foo::{Foo, FooInterface};

use super::cost;

ipc_file! {
    static STORE: "store.capnp" @ 0xe5a1_0000_0000_000d;
}

/// Something that the server has.
#[ipc_interface(file = STORE)]
pub(crate) trait Item: Send + Sync {
    async fn number(&self) -> Result<i32>;
}

/// The server's first object.
#[ipc_interface(file = STORE, construct, destroy = false)]
pub(crate) trait Store: Send + Sync {
    #[ipc(no_context)]
    async fn item(&self, number: i32) -> Result<Arc<dyn Item>>;
    #[ipc(no_context)]
    async fn add(&self, a: i32, b: i32) -> Result<i32>;
    #[ipc(no_context)]
    async fn echo(&self, bytes: Vec<u8>) -> Result<Vec<u8>>;
    /// Never returns.
    #[ipc(no_context)]
    async fn wait(&self) -> Result<()>;
    /// How many bytes the server has allocated.
    #[ipc(no_context)]
    async fn heap(&self) -> Result<u64>;
}

struct Shop;

struct Thing(i32);

#[ipc_interface]
impl Item for Thing {
    async fn number(&self) -> Result<i32> {
        Ok(self.0)
    }
}

#[ipc_interface]
impl Store for Shop {
    async fn item(&self, number: i32) -> Result<Arc<dyn Item>> {
        Ok(Arc::new(Thing(number)))
    }

    async fn add(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    async fn echo(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        Ok(bytes)
    }

    async fn wait(&self) -> Result<()> {
        std::future::pending().await
    }

    async fn heap(&self) -> Result<u64> {
        Ok(cost::heap())
    }
}

/// What makes this program a server.
pub(crate) const WORD: &str = "serve";

/// Limits that let everything through that is measured.
fn limits() -> Limits {
    Limits::default()
        .with_connections(20_000)
        .with_calls(20_000)
        .with_exported_objects(200_000)
        .with_process_received_bytes(4 << 30)
        .with_received_bytes(2 << 30)
}

/// Serves `Store` at a path, and `FooInterface` beside it.
pub(crate) fn serve(path: &str) {
    allow_many_descriptors();
    let event_loop = EventLoop::new("server").expect("an event loop");
    let foo = Arc::new(Foo::default());
    foo.set_int_hook(|number| number);
    let _store = listen_with::<dyn Store>(&event_loop, path, Arc::new(Shop), limits()).expect("a socket");
    let _foo = listen_with::<dyn FooInterface>(&event_loop, foo_path(path), foo, limits()).expect("a socket");
    println!("serving");
    let _ = std::io::stdin().read(&mut [0]);
}

fn foo_path(path: &str) -> String {
    format!("{path}.foo")
}

/// As many as the system lets us have.
pub(crate) fn allow_many_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args([WORD.as_ref(), folder.path().join("store").as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let output = child.stdout.as_mut().expect("its output");
        output.read_exact(&mut [0; 8]).expect("a server that serves");
        Server { child, folder }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) fn store(&self, event_loop: &EventLoop) -> Remote<dyn Store> {
        connect(event_loop, self.path()).expect("a connection")
    }

    pub(crate) fn foo(&self, event_loop: &EventLoop) -> Remote<dyn FooInterface> {
        let path = foo_path(&self.path().display().to_string());
        connect(event_loop, Path::new(&path)).expect("a connection")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
