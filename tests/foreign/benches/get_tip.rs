//! What a call of `getTip` costs with our client, beside the official generated code with the set-up
//! that it needs by hand.
//!
//! In: a node in memory on a socket, in this process. Out: microseconds per call, and ratios. Both
//! take turns, so that what else the machine does hits both alike.

use std::path::Path;
use std::time::{Duration, Instant};

use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::{ConnectOptions, Release};
use futures::AsyncReadExt;
use mp_runtime::EventLoop;
use tokio_util::compat::TokioAsyncReadCompatExt;
use types_v32::capnp_rpc::{RpcSystem, rpc_twoparty_capnp::Side, twoparty::VatNetwork};
use types_v32::init_capnp::init;
use types_v32::mining_capnp::mining;
use types_v32::proxy_capnp::{thread, thread_map};

const ROUNDS: usize = 30;
const CALLS: u32 = 300;

/// The official client: one thread of the server for all calls, no thread map of its own.
struct ByHand {
    mining: mining::Client,
    thread: thread::Client,
}

impl ByHand {
    async fn connect(path: &Path) -> ByHand {
        let stream = tokio::net::UnixStream::connect(path).await.expect("a connection");
        let (reader, writer) = stream.compat().split();
        let network = VatNetwork::new(reader, writer, Side::Client, Default::default());
        let mut system = RpcSystem::new(Box::new(network), None);
        let init: init::Client = system.bootstrap(Side::Server);
        tokio::task::spawn_local(system);
        let response = init.construct_request().send().promise.await.expect("a thread map");
        let threads: thread_map::Client = response.get().expect("results").get_thread_map().expect("a map");
        let response = threads.make_thread_request().send().promise.await.expect("a thread");
        let thread = response.get().expect("results").get_result().expect("a thread");
        let mut request = init.make_mining_request();
        request.get().get_context().expect("a context").set_thread(thread.clone());
        let response = request.send().promise.await.expect("mining");
        let mining = response.get().expect("results").get_result().expect("mining");
        ByHand { mining, thread }
    }

    async fn get_tip(&self) -> i32 {
        let mut request = self.mining.get_tip_request();
        request.get().get_context().expect("a context").set_thread(self.thread.clone());
        let response = request.send().promise.await.expect("a tip");
        response.get().expect("results").get_result().expect("a tip").get_height()
    }
}

/// The time of some calls, one after the other.
async fn time(call: impl AsyncFn() -> i32) -> Duration {
    let started = Instant::now();
    for _ in 0..CALLS {
        assert_eq!(call().await, 3);
    }
    started.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6 / f64::from(CALLS)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test` runs benches too, to see whether they start.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let node = MemoryNode::new();
    node.mine(3).expect("blocks");
    let event_loop = EventLoop::new("node").expect("an event loop");
    let _server = node.listen(&event_loop, &path, Release::V32).expect("a server");
    let ours = async || {
        let options = ConnectOptions::new().call_timeout(None);
        options.connect(&path).await.expect("a client").mining()
    };
    let mining = ours().await;
    let limited = ConnectOptions::new().connect(&path).await.expect("a client").mining();
    let local = tokio::task::LocalSet::new();
    let (same_thread, driver) = EventLoop::with_driver("bench");
    local
        .run_until(async {
            tokio::task::spawn_local(driver);
            let options = ConnectOptions::new().event_loop(same_thread);
            let beside = options.connect(&path).await.expect("a client").mining();
            let by_hand = ByHand::connect(&path).await;
            let tip = async |mining: &dyn bitcoin_ipc::interfaces::Mining| {
                mining.get_tip().await.expect("an answer").expect("a tip").height
            };
            let mut times = [const { Vec::new() }; 4];
            for _ in 0..ROUNDS {
                times[0].push(time(async || by_hand.get_tip().await).await);
                times[1].push(time(async || tip(&*mining).await).await);
                times[2].push(time(async || tip(&*limited).await).await);
                times[3].push(time(async || tip(&*beside).await).await);
            }
            let [by_hand, ours, limited, beside] = times.map(median);
            println!("getTip, µs per call, one after the other, a server in the same process");
            println!("  official types by hand   {by_hand:6.1}");
            println!("  our client               {ours:6.1}  {:.2} of by hand", ours / by_hand);
            println!("  with a deadline          {limited:6.1}  {:.2} of by hand", limited / by_hand);
            println!("  and on the same thread   {beside:6.1}  {:.2} of by hand", beside / by_hand);
        })
        .await;
}
