//! What may be missing: flags, null pointers, null capabilities, and empty Data.

use std::sync::Arc;

use bitcoin::consensus::deserialize;
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, ScriptBuf, Transaction};
use bitcoin_ipc::interfaces::Echo;
use bitcoin_ipc::types::{Bitcoin, BlockRef};
use bitcoin_ipc::{ErrorKind, Result};
use mp_runtime::{EventLoop, IpcStruct, ipc_interface, pair};

use crate::ends::{Bytes, Ends, Mirror, echoes};
use crate::vectors::{SIGNED, hex};

type MaybeHash = Option<BlockHash>;
type MaybeTransaction = Option<Transaction>;
type MaybeScript = Option<ScriptBuf>;
type MaybeBytes = Option<Bytes>;

echoes! {
    Pointers, PointersWire, MaybeBytes, 0x9a1c_4e07_55d2_8b0d;
    hash: MaybeHash,
    transaction: MaybeTransaction,
    script: MaybeScript,
}

type Transactions = Vec<Option<Transaction>>;
type ListOfBytes = Vec<Bytes>;

echoes! {
    Lists, ListsWire, ListOfBytes, 0x9a1c_4e07_55d2_8b0e;
    transactions: Transactions,
}

type MaybeBlock = Option<BlockRef>;
type MaybeBlockWire = Option<BlockWire>;

echoes! {
    Blocks, BlocksWire, MaybeBlockWire, 0x9a1c_4e07_55d2_8b0f;
    block: MaybeBlock,
}

/// A block's hash and height as they travel.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub(crate) struct BlockWire {
    hash: Bytes,
    height: i32,
}

/// A number and a struct, each with a flag beside it.
#[ipc_interface(
    file = "values.capnp", file_id = 0xd0c1_8a52_7f31_9e64, id = 0x9a1c_4e07_55d2_8b10, construct,
    types = Bitcoin
)]
trait Flags: Send + Sync {
    fn number(&self, value: Option<i32>) -> Result<Option<i32>>;
    #[ipc(result(optional = flag))]
    fn block(&self, #[ipc(optional = flag)] value: Option<BlockRef>) -> Result<Option<BlockRef>>;
}

#[ipc_interface(
    file = "other/values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b10,
    construct
)]
trait FlagsWire: Send + Sync {
    #[ipc(results)]
    fn number(&self, value: i32, has_value: bool) -> Result<NumberWire>;
    #[ipc(results)]
    fn block(&self, value: Option<BlockWire>, has_value: bool) -> Result<FlaggedBlock>;
}

/// A result with a flag.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
struct NumberWire {
    result: i32,
    has_result: bool,
}

/// A result with a flag.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
struct FlaggedBlock {
    result: Option<BlockWire>,
    has_result: bool,
}

impl Flags for Mirror {
    fn number(&self, value: Option<i32>) -> Result<Option<i32>> {
        Ok(value)
    }
    fn block(&self, value: Option<BlockRef>) -> Result<Option<BlockRef>> {
        Ok(value)
    }
}

impl FlagsWire for Mirror {
    fn number(&self, value: i32, has_value: bool) -> Result<NumberWire> {
        Ok(NumberWire { result: value, has_result: has_value })
    }
    fn block(&self, value: Option<BlockWire>, has_value: bool) -> Result<FlaggedBlock> {
        Ok(FlaggedBlock { result: value, has_result: has_value })
    }
}

#[ipc_interface(file = "values.capnp", file_id = 0xd0c1_8a52_7f31_9e64, construct)]
trait Capabilities: Send + Sync {
    fn shared(&self, value: Option<Arc<dyn Echo>>) -> Result<Option<Arc<dyn Echo>>>;
    fn owned(&self, value: Option<Box<dyn Echo>>) -> Result<Option<Box<dyn Echo>>>;
}

impl Capabilities for Mirror {
    fn shared(&self, value: Option<Arc<dyn Echo>>) -> Result<Option<Arc<dyn Echo>>> {
        Ok(value)
    }
    fn owned(&self, value: Option<Box<dyn Echo>>) -> Result<Option<Box<dyn Echo>>> {
        Ok(value)
    }
}

#[ipc_interface]
impl Echo for Mirror {
    async fn echo(&self, echo: &str) -> Result<String> {
        Ok(echo.to_owned())
    }
}

fn signed() -> Transaction {
    deserialize(&hex(SIGNED)).expect("a transaction")
}

#[test]
fn a_null_pointer_is_none_and_so_are_no_bytes_where_no_value_has_none() {
    let ends = Ends::<dyn Pointers, dyn PointersWire, MaybeBytes>::new(Arc::new(Mirror), |tape| tape);
    let hash = Some(BlockHash::from_byte_array([5; 32]));
    ends.same(Pointers::hash, PointersWire::hash, &hash, &Some(vec![5; 32]));
    ends.same(Pointers::hash, PointersWire::hash, &None, &None);
    ends.reads(Pointers::hash, &None, &Some(Vec::new()));
    ends.refused(Pointers::hash, PointersWire::hash, &hash, &Some(vec![5; 31]));
    let transaction = Some(signed());
    ends.same(Pointers::transaction, PointersWire::transaction, &transaction, &Some(hex(SIGNED)));
    ends.same(Pointers::transaction, PointersWire::transaction, &None, &None);
    ends.reads(Pointers::transaction, &None, &Some(Vec::new()));
    ends.refused(Pointers::transaction, PointersWire::transaction, &None, &Some(vec![1]));
}

#[test]
fn an_empty_script_is_a_script() {
    let ends = Ends::<dyn Pointers, dyn PointersWire, MaybeBytes>::new(Arc::new(Mirror), |tape| tape);
    ends.same(Pointers::script, PointersWire::script, &None, &None);
    ends.same(Pointers::script, PointersWire::script, &Some(ScriptBuf::new()), &Some(Vec::new()));
}

#[test]
fn in_a_list_no_bytes_are_none() {
    let ends = Ends::<dyn Lists, dyn ListsWire, ListOfBytes>::new(Arc::new(Mirror), |tape| tape);
    let list = vec![None, Some(signed()), None];
    let bytes = vec![Vec::new(), hex(SIGNED), Vec::new()];
    ends.same(Lists::transactions, ListsWire::transactions, &list, &bytes);
    ends.same(Lists::transactions, ListsWire::transactions, &Vec::new(), &Vec::new());
    let bad = vec![Vec::new(), vec![1, 2]];
    let error = ends.refused(Lists::transactions, ListsWire::transactions, &list, &bad);
    assert_eq!(error.field(), "result[1]");
    ends.same(Lists::transactions, ListsWire::transactions, &list, &bytes);
}

#[test]
fn a_struct_that_is_missing_is_a_null_pointer() {
    let ends = Ends::<dyn Blocks, dyn BlocksWire, MaybeBlockWire>::new(Arc::new(Mirror), |tape| tape);
    let block = BlockRef { hash: BlockHash::from_byte_array([6; 32]), height: 9 };
    let wire = BlockWire { hash: vec![6; 32], height: 9 };
    ends.same(Blocks::block, BlocksWire::block, &Some(block), &Some(wire));
    ends.same(Blocks::block, BlocksWire::block, &None, &None);
    let error = ends.refused(Blocks::block, BlocksWire::block, &None, &Some(BlockWire::default()));
    assert_eq!(error.field(), "result.hash");
}

#[test]
fn a_flag_tells_nothing_from_a_value() {
    let event_loop = EventLoop::new("flags").expect("a loop");
    let (client, server) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let _served = mp_runtime::serve_stream::<dyn Flags>(&event_loop, server, Arc::new(Mirror));
    let wire = mp_runtime::connect_stream::<dyn FlagsWire>(&event_loop, client);
    for (number, flag) in [(0, true), (-7, true), (0, false)] {
        let same = NumberWire { result: number, has_result: flag };
        assert_eq!(wire.number(number, flag), Ok(same));
    }
    // What is not there has no value, whatever stands in its place.
    assert_eq!(wire.number(7, false), Ok(NumberWire { result: 0, has_result: false }));
    let block = Some(BlockWire { hash: vec![6; 32], height: 9 });
    let same = FlaggedBlock { result: block.clone(), has_result: true };
    assert_eq!(wire.block(block.clone(), true), Ok(same));
    let nothing = FlaggedBlock { result: None, has_result: false };
    assert_eq!(wire.block(None, false), Ok(nothing.clone()));
    assert_eq!(wire.block(block, false), Ok(nothing));
    // A flag for a block of defaults, whose hash is no hash.
    let error = wire.block(None, true).expect_err("a refused parameter");
    assert!(error.text().contains("field `value.hash`"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Failed);
}

#[test]
fn flags_are_written_for_values_only() {
    let event_loop = EventLoop::new("flags").expect("a loop");
    let (client, server) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let _served = mp_runtime::serve_stream::<dyn FlagsWire>(&event_loop, server, Arc::new(Mirror));
    let values = mp_runtime::connect_stream::<dyn Flags>(&event_loop, client);
    for number in [None, Some(0), Some(-7)] {
        assert_eq!(values.number(number), Ok(number));
    }
}

#[test]
fn a_null_capability_is_none() {
    let event_loop = EventLoop::new("capabilities").expect("a loop");
    let (client, _served) = pair::<dyn Capabilities>(&event_loop, Arc::new(Mirror));
    assert!(client.shared(None).expect("an answer").is_none());
    assert!(client.owned(None).expect("an answer").is_none());
    let shared = client.shared(Some(Arc::new(Mirror))).expect("an answer").expect("an object");
    assert_eq!(futures::executor::block_on(shared.echo("hi")), Ok("hi".into()));
    let owned = client.owned(Some(Box::new(Mirror))).expect("an answer").expect("an object");
    assert_eq!(futures::executor::block_on(owned.echo("ho")), Ok("ho".into()));
}
