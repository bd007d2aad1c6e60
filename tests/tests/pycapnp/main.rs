//! Against pycapnp, another implementation of Cap'n Proto, over a real Unix socket, in both roles.

use std::io::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mp_runtime::schema::{Schema, interface};
use mp_runtime::{ErrorKind, EventLoop, Result, connect, listen};
use mp_tests::foo::{ExtendedCallback, Foo, FooCallback, FooInterface};

/// A folder with the schemas, if Python has pycapnp.
fn schemas() -> Option<tempfile::TempDir> {
    let found = Command::new("python3")
        .args(["-c", "import capnp"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    // The schemas import a file of Cap'n Proto's own.
    if !found || !Path::new("/usr/include/capnp/c++.capnp").exists() {
        // Past the capture of output, so that a run shows it.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: needs pycapnp for python3, and the Debian package libcapnp-dev"
        );
        return None;
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    let roots = [interface::<dyn FooInterface>(), interface::<dyn ExtendedCallback>()];
    Schema::of(&roots).expect("a schema").write(folder.path()).expect("files");
    Some(folder)
}

fn python(script: &str, folder: &Path, socket: &Path) -> Command {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pycapnp").join(script);
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).arg(folder).arg(socket);
    command
}

#[test]
fn a_python_client_calls_our_server_and_is_called_back() {
    let Some(folder) = schemas() else { return };
    let event_loop = EventLoop::new("mptest-server").expect("an event loop");
    let socket = folder.path().join("foo.sock");
    let foo = Arc::new(Foo::default());
    let server = listen::<dyn FooInterface>(&event_loop, &socket, foo, None).expect("a server");
    let output = python("client.py", folder.path(), &socket).output().expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.accepted(), 1);
}

struct Double;

impl FooCallback for Double {
    fn call(&self, arg: i32) -> Result<i32> {
        Ok(arg * 2)
    }
}

/// Ends the script when a test fails before it ends by itself.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn our_client_calls_a_python_server_and_is_called_back() {
    let Some(folder) = schemas() else { return };
    let socket = folder.path().join("foo.sock");
    let mut command = python("server.py", folder.path(), &socket);
    let mut script = Script(command.stdout(Stdio::piped()).spawn().expect("python"));
    let mut line = String::new();
    BufReader::new(script.0.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");

    let event_loop = EventLoop::new("mptest-client").expect("an event loop");
    let foo = connect::<dyn FooInterface>(&event_loop, &socket).expect("a connection");
    assert_eq!(foo.add(40, 2), Ok(42));
    let mut sum = 10;
    assert_eq!(foo.add_in_out(5, &mut sum), Ok(()));
    assert_eq!(sum, 15);
    assert_eq!(foo.callback(&Double, 21), Ok(42));
    assert_eq!(foo.pass_fn(Box::new(|| Ok(7))), Ok(7));
    foo.save_callback(Some(Arc::new(Double))).expect("saved");
    assert_eq!(foo.callback_saved(4), Ok(8));
    foo.save_callback(None).expect("destroyed");

    let error = foo.call_fn_async().expect_err("an exception");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.text().contains("not today"), "{error}");
    assert_eq!(foo.add(1, 1), Ok(2));

    let connection = foo.connection().clone();
    drop(foo);
    drop(connection);
    let mut waited = Duration::ZERO;
    while script.0.try_wait().expect("its end").is_none() {
        assert!(waited < Duration::from_secs(20), "the server has not seen its client leave");
        std::thread::sleep(Duration::from_millis(10));
        waited += Duration::from_millis(10);
    }
}
