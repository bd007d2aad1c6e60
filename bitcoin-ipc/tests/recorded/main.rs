//! Peers of the recorded versions: what the schema files of v30, v31 and v32 say alone, beside the traits of today that say
//! what older versions have in another form. An old client calls a new server, and a new client an old server.
//!
//! `schemas.rs` is what `mpgen import` makes of the files; a test of `mpgen-cli` compares it.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "the program writes it")]
mod schemas;

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin::Amount;
use bitcoin::block::Header;
use bitcoin::consensus::encode::{deserialize, serialize};
use bitcoin::hashes::Hash;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::release;
use bitcoin_ipc::types::{BlockCreateOptions, BlockWaitOptions};
use bitcoin_ipc::{ConnectOptions, ErrorKind, Release};
use mp_runtime::{EventLoop, Result, connect_stream, listen, serve_stream};
use schemas::bitcoin::{common, echo, mining as v32_mining, v30, v31, v32};

/// What an old client does, in the words of its own schema.
macro_rules! old_client {
    ($test:ident: $Release:ident, $init:ident, $mining:path, $served:path, create($($cooldown:expr)?), |$mine:ident, $node:ident| $more:expr) => {
        #[test]
        fn $test() {
            use $mining as mining;
            let $node = MemoryNode::new();
            $node.mine(2).expect("blocks");
            let (near, far) = UnixStream::pair().expect("a socket pair");
            let server = EventLoop::new("new").expect("a loop");
            serve_stream::<dyn $served>(&server, far, Arc::new($node.services()));
            let init = connect_stream::<dyn $init::init::Init>(&EventLoop::new("old").expect("a loop"), near);
            let echoed = init.make_echo().expect("an answer").expect("an echo").echo("old and new");
            assert_eq!(echoed, Ok("old and new".to_owned()));
            let $mine = init.make_mining().expect("an answer").expect("mining");
            let tip = $mine.get_tip().expect("an answer").expect("a tip");
            assert_eq!((tip.height, &tip.hash[..]), (2, &$node.tip().hash.to_byte_array()[..]));
            assert_eq!(($mine.is_test_chain(), $mine.is_initial_block_download()), (Ok(true), Ok(false)));
            let options = mining::BlockCreateOptions {
                use_mempool: true,
                block_reserved_weight: 8000,
                coinbase_output_max_additional_sigops: 400,
            };
            let template = $mine.create_new_block(&options, $($cooldown)?).expect("an answer").expect("a template");
            let header: Header = deserialize(&template.get_block_header().expect("a header")).expect("80 bytes");
            assert_eq!(header.prev_blockhash, $node.tip().hash);
            assert_eq!(template.get_tx_fees(), Ok(Vec::new()));
            // A method that has another number in each version.
            let options = mining::BlockWaitOptions { timeout: 1.0, fee_threshold: 1 };
            assert!(template.wait_next(&options).expect("an answer").is_none());
            let unchanged = $mine.wait_tip_changed(&tip.hash, 1.0).expect("an answer");
            assert_eq!(unchanged, tip);
            $more
        }
    };
}

old_client!(a_client_of_v30_calls_a_new_server: V30, v30, schemas::bitcoin::v30::mining, release::v30::Init, create(), |mining, node| {
    let check = mining::BlockCheckOptions { check_merkle_root: false, check_pow: false };
    let wrong = mining.check_block(&serialize(&node.block(1).expect("a block")), &check).expect("a verdict");
    assert!(!wrong.result && !wrong.reason.is_empty(), "{wrong:?}");
});
old_client!(a_client_of_v31_calls_a_new_server: V31, v31, schemas::bitcoin::v31::mining, release::v31::Init, create(false), |mining, node| {
    assert_eq!((mining.interrupt(), node.tip().height), (Ok(()), 2));
});
old_client!(a_client_of_v32_calls_a_new_server: V32, v32, schemas::bitcoin::mining, release::v32::Init, create(false), |mining, node| {
    assert_eq!(mining.get_transactions_by_tx_id(&[vec![7; 32]]), Ok(vec![Vec::new()]));
    let again = mining.submit_block(&serialize(&node.block(1).expect("a block"))).expect("a verdict");
    assert_eq!((again.result, again.reason.as_str()), (false, "duplicate"));
});

/// What a server of old has, whichever its version.
#[derive(Clone, Default)]
struct Old(Arc<Mutex<Vec<String>>>);

impl Old {
    fn note(&self, what: impl std::fmt::Debug) {
        self.0.lock().expect("a lock").push(format!("{what:?}"));
    }

    fn header() -> Header {
        MemoryNode::new().block(0).expect("the first block").header
    }
}

fn not_asked<T>() -> Result<T> {
    Err(mp_runtime::Error::failed("nobody asks for this"))
}

impl echo::Echo for Old {
    fn echo(&self, echo: &str) -> Result<String> {
        Ok(format!("old {echo}"))
    }
}

/// A server in the words of an old schema.
macro_rules! old_server {
    (
        $mining:ident, $init:ident,
        create($($cooldown:ident: $bool:ty)?),
        coinbase -> $Coinbase:ty,
        submit -> $Submitted:ty { $submitted:expr }
        init { $($of_init:tt)* }
        mining { $($of_mining:tt)* }
        template { $($of_template:tt)* }
    ) => {
        impl $init::init::Init for Old {
            fn make_echo(&self) -> Result<Option<Arc<dyn echo::Echo>>> {
                Ok(Some(Arc::new(self.clone())))
            }
            fn make_mining(&self) -> Result<Option<Arc<dyn $mining::Mining>>> {
                Ok(Some(Arc::new(self.clone())))
            }
            $($of_init)*
        }

        impl $mining::Mining for Old {
            fn is_test_chain(&self) -> Result<bool> {
                Ok(true)
            }
            fn is_initial_block_download(&self) -> Result<bool> {
                Ok(true)
            }
            fn get_tip(&self) -> Result<Option<common::BlockRef>> {
                Ok(Some(common::BlockRef { hash: vec![9; 32], height: 77 }))
            }
            fn wait_tip_changed(&self, current_tip: &[u8], _: f64) -> Result<common::BlockRef> {
                self.note(current_tip[0]);
                Ok(common::BlockRef { hash: vec![8; 32], height: 78 })
            }
            fn create_new_block(
                &self,
                options: &$mining::BlockCreateOptions,
                $($cooldown: $bool)?
            ) -> Result<Option<Arc<dyn $mining::BlockTemplate>>> {
                self.note((options.use_mempool, options.block_reserved_weight));
                Ok(Some(Arc::new(self.clone())))
            }
            fn check_block(
                &self,
                _: &[u8],
                _: &$mining::BlockCheckOptions,
            ) -> Result<$mining::MiningCheckBlockResults> {
                Ok($mining::MiningCheckBlockResults { reason: "old".into(), debug: "none".into(), result: false })
            }
            $($of_mining)*
        }

        impl $mining::BlockTemplate for Old {
            fn get_block_header(&self) -> Result<Vec<u8>> {
                Ok(serialize(&Old::header()))
            }
            fn get_block(&self) -> Result<Vec<u8>> {
                not_asked()
            }
            fn get_tx_fees(&self) -> Result<Vec<i64>> {
                Ok(vec![3, 4])
            }
            fn get_tx_sigops(&self) -> Result<Vec<i64>> {
                Ok(vec![5])
            }
            fn get_coinbase_tx(&self) -> Result<$Coinbase> {
                not_asked()
            }
            fn get_coinbase_merkle_path(&self) -> Result<Vec<Vec<u8>>> {
                Ok(Vec::new())
            }
            fn submit_solution(&self, _: u32, _: u32, nonce: u32, _: &[u8]) -> Result<$Submitted> {
                self.note(nonce);
                Ok($submitted)
            }
            fn wait_next(&self, options: &$mining::BlockWaitOptions) -> Result<Option<Arc<dyn $mining::BlockTemplate>>> {
                self.note(options.fee_threshold);
                Ok(Some(Arc::new(self.clone())))
            }
            fn interrupt_wait(&self) -> Result<()> {
                Ok(())
            }
            $($of_template)*
        }
    };
}

use v30::mining as v30_mining;
use v31::mining as v31_mining;

old_server! {
    v30_mining, v30, create(), coinbase -> Vec<u8>, submit -> bool { false }
    init {}
    mining {}
    template {
        fn get_coinbase_commitment(&self) -> Result<Vec<u8>> { not_asked() }
        fn get_witness_commitment_index(&self) -> Result<i32> { not_asked() }
    }
}

old_server! {
    v31_mining, v31, create(_cooldown: bool), coinbase -> v31_mining::CoinbaseTx, submit -> bool { false }
    init { fn make_mining_old2(&self) -> Result<()> { not_asked() } }
    mining { fn interrupt(&self) -> Result<()> { Ok(()) } }
    template {}
}

old_server! {
    v32_mining, v32, create(_cooldown: bool), coinbase -> v32_mining::CoinbaseTx,
    submit -> v32_mining::BlockTemplateSubmitSolutionResults {
        v32_mining::BlockTemplateSubmitSolutionResults { reason: "old".into(), debug: String::new(), result: false }
    }
    init {
        fn make_mining_old2(&self) -> Result<()> { not_asked() }
        fn make_rpc(&self) -> Result<Option<Arc<dyn schemas::bitcoin::rpc::Rpc>>> { Ok(None) }
    }
    mining {
        fn interrupt(&self) -> Result<()> { Ok(()) }
        fn submit_block(&self, _: &[u8]) -> Result<v32_mining::MiningSubmitBlockResults> { not_asked() }
        fn get_transactions_by_tx_id(&self, _: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> { Ok(vec![Vec::new()]) }
        fn get_transactions_by_witness_id(&self, _: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> { not_asked() }
    }
    template {
        fn submit_solution_old7(&self, _: u32, _: u32, _: u32, _: &[u8]) -> Result<bool> { not_asked() }
    }
}

#[test]
fn a_new_client_calls_servers_of_each_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let event_loop = EventLoop::new("old").expect("a loop");
    for release in Release::ALL {
        let old = Old::default();
        let path = folder.path().join(format!("{release}.sock"));
        let (at, object) = (path.clone(), Arc::new(old.clone()));
        let _server = match release {
            Release::V30 => listen::<dyn v30::init::Init>(&event_loop, at, object, None),
            Release::V31 => listen::<dyn v31::init::Init>(&event_loop, at, object, None),
            _ => listen::<dyn v32::init::Init>(&event_loop, at, object, None),
        };
        let _server = _server.expect("a server");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let calls = async {
            let client = ConnectOptions::new().connect(path.as_path()).await.expect("a client");
            assert_eq!(client.release().await, Ok(release));
            let echo = client.echo().await.expect("an echo");
            assert_eq!(echo.echo("and new").await, Ok("old and new".to_owned()));
            let mining = client.mining();
            let tip = mining.get_tip().await.expect("an answer").expect("a tip");
            assert_eq!((tip.height, tip.hash.to_byte_array()), (77, [9; 32]));
            let next = mining.wait_tip_changed(tip.hash, None).await.expect("an answer").expect("a tip");
            assert_eq!((next.height, next.hash.to_byte_array()), (78, [8; 32]));
            let options = BlockCreateOptions { use_mempool: false, ..BlockCreateOptions::default() };
            let template =
                mining.create_new_block(&options, false).await.expect("an answer").expect("a template");
            assert_eq!(template.get_block_header().await, Ok(Old::header()));
            assert_eq!(template.get_tx_fees().await, Ok(vec![Amount::from_sat(3), Amount::from_sat(4)]));
            assert_eq!(template.get_tx_sigops().await, Ok(vec![5]));
            let block = MemoryNode::new().block(0).expect("a block");
            let refused = template.submit_solution(1, 2, 4711, &block.txdata[0]).await.expect("a verdict");
            assert!(refused.is_err());
            let wait = BlockWaitOptions {
                timeout: Some(Duration::from_secs(9)),
                fee_threshold: Amount::from_sat(12),
            };
            let next = template.wait_next(&wait).await.expect("an answer").expect("a template");
            assert_eq!(next.get_block_header().await, Ok(Old::header()));
            let verdict = mining.check_block(&block, &Default::default()).await.expect("a verdict");
            assert_eq!(verdict.expect_err("a reason").reason, "old");
            let submitted = mining.submit_block(&block).await.map_err(|error| error.kind());
            let expected = if release == Release::V32 { ErrorKind::Failed } else { ErrorKind::Unimplemented };
            assert_eq!(submitted, Err(expected));
        };
        runtime.block_on(calls);
        let noted = old.0.lock().expect("a lock").clone();
        assert_eq!(noted, ["9", "(false, 8000)", "4711", "12"], "{release}");
    }
}
