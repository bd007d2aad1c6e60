//! How often threads have to be woken for a call, which is what a call between processes costs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use mp_runtime::{EventLoop, Result, connect_stream, ipc_file, ipc_interface, serve_stream};

ipc_file! {
    static PACE: "pace.capnp" @ 0xe5a1_0000_0000_000c;
}

/// What is called back.
#[ipc_interface(file = PACE)]
trait Adder: Send + Sync {
    fn add(&self, a: i32, b: i32) -> Result<i32>;
}

/// One method for each way in which a call may be served.
#[ipc_interface(file = PACE, construct, destroy = false)]
trait Calls: Send + Sync {
    #[ipc(no_context)]
    fn add(&self, a: i32, b: i32) -> Result<i32>;
    fn add_on_thread(&self, a: i32, b: i32) -> Result<i32>;
    fn add_by_callback(&self, adder: &dyn Adder, a: i32, b: i32) -> Result<i32>;
}

struct Local;

impl Adder for Local {
    fn add(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }
}

impl Calls for Local {
    fn add(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    fn add_on_thread(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    fn add_by_callback(&self, adder: &dyn Adder, a: i32, b: i32) -> Result<i32> {
        adder.add(a, b)
    }
}

/// How often the threads of this process have fallen asleep, which are those of both ends.
fn sleeps() -> u64 {
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        let status = std::fs::read_to_string(task.ok()?.path().join("status")).ok()?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse::<u64>().ok())
    };
    std::fs::read_dir("/proc/self/task").unwrap().filter_map(of).sum()
}

/// The bounds are the wake-ups of a call whose two ends sleep while the other one works, there and back, and a quarter
/// more. The last call has three such rounds: the call, the callback, and the end of the loan.
#[test]
fn a_blocking_call_wakes_one_thread_on_each_side() {
    let (near, far) = UnixStream::pair().unwrap();
    let (server, client) = (EventLoop::new("server").unwrap(), EventLoop::new("client").unwrap());
    let _served = serve_stream::<dyn Calls>(&server, far, Arc::new(Local));
    let calls = connect_stream::<dyn Calls>(&client, near).object();
    const CALLS: u64 = 1_000;
    let per_call = |call: &dyn Fn() -> Result<i32>| {
        let before = sleeps();
        (0..CALLS).for_each(|_| assert_eq!(call(), Ok(3)));
        (sleeps() - before) as f64 / CALLS as f64
    };
    let plain = per_call(&|| calls.add(1, 2));
    let on_thread = per_call(&|| calls.add_on_thread(1, 2));
    let by_callback = per_call(&|| calls.add_by_callback(&Local, 1, 2));
    println!(
        "wake-ups per call: {plain:.2}, with a context {on_thread:.2}, with a callback {by_callback:.2}"
    );
    assert!(plain <= 2.5 && on_thread <= 2.5, "{plain} and {on_thread}");
    assert!(by_callback <= 7.5, "{by_callback}");
}
