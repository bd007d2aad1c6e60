//! An answer without results brings nothing, not even an empty struct.

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_capnp::{message, return_};
use mp_runtime::{EventLoop, Result, ipc_interface, serve_stream};
use mp_tests::peer::{Peer, struct_pointer};

const BELL: u64 = 0xe5a1_0000_0000_00a3;

#[ipc_interface(
    file = "answers.capnp",
    file_id = 0xe5a1_0000_0000_00a2,
    id = 0xe5a1_0000_0000_00a3,
    destroy = false
)]
trait Bell: Send + Sync {
    #[ipc(no_context)]
    fn ring(&self) -> Result<()>;
    #[ipc(no_context)]
    async fn wait(&self, times: u32) -> Result<()>;
    #[ipc(no_context)]
    async fn count(&self) -> Result<u32>;
}

struct Tower;

#[ipc_interface]
impl Bell for Tower {
    fn ring(&self) -> Result<()> {
        Ok(())
    }

    async fn wait(&self, _: u32) -> Result<()> {
        Ok(())
    }

    async fn count(&self) -> Result<u32> {
        Ok(3)
    }
}

#[test]
fn a_call_without_results_is_answered_with_nothing() {
    let event_loop = EventLoop::new("answers").unwrap();
    let (near, far) = UnixStream::pair().unwrap();
    let _connection = serve_stream::<dyn Bell>(&event_loop, near, Arc::new(Tower));
    let mut peer = Peer::new(far).bootstrap();
    let root = peer.root();
    for (method, brings) in [(0, false), (1, false), (2, true)] {
        let question = peer.send_call(root, BELL, method, &[&[struct_pointer(0, 1, 0), 5]], &[]);
        let bytes = peer.receive().expect("an answer");
        let reader = capnp::serialize::read_message(&mut &bytes[..], ReaderOptions::new()).unwrap();
        let Ok(message::Return(Ok(answer))) = reader.get_root::<message::Reader<'_>>().unwrap().which()
        else {
            panic!("no answer to method {method}")
        };
        assert_eq!(answer.get_answer_id(), question);
        let Ok(return_::Results(Ok(results))) = answer.which() else { panic!("method {method} failed") };
        assert_eq!(!results.get_content().is_null(), brings, "of method {method}");
    }
}
