//! Defaults: what is not there has them.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::Amount;
use bitcoin_ipc::Result;
use bitcoin_ipc::types::{Bitcoin, BlockCheckOptions, BlockCreateOptions, BlockWaitOptions, PsbtFillOptions};
use mp_runtime::{EventLoop, IpcStruct, connect_stream, ipc_interface, serve_stream};

use crate::ends::{Ends, Mirror, echoes};

echoes! {
    Creating, CreatingWire, MaybeCreate, 0x9a1c_4e07_55d2_8b11;
    options: BlockCreateOptions,
}

echoes! {
    Waiting, WaitingWire, MaybeWait, 0x9a1c_4e07_55d2_8b12;
    options: BlockWaitOptions,
}

echoes! {
    Checking, CheckingWire, MaybeCheck, 0x9a1c_4e07_55d2_8b13;
    options: BlockCheckOptions,
}

echoes! {
    Filling, FillingWire, MaybeFill, 0x9a1c_4e07_55d2_8b14;
    options: PsbtFillOptions,
}

type MaybeCreate = Option<CreateBits>;
type MaybeWait = Option<WaitBits>;
type MaybeCheck = Option<CheckBits>;
type MaybeFill = Option<FillBits>;

/// The bits of the options for a new block, in which a default is zeros.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub(crate) struct CreateBits {
    use_mempool: bool,
    block_reserved_weight: u64,
    coinbase_output_max_additional_sigops: u64,
}

/// The bits of the options for waiting.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub(crate) struct WaitBits {
    timeout: u64,
    fee_threshold: i64,
}

/// The bits of the options for a check.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub(crate) struct CheckBits {
    check_merkle_root: bool,
    check_pow: bool,
}

/// The bits of the options for a PSBT.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub(crate) struct FillBits {
    sign: bool,
    sighash_type: i32,
    has_sighash_type: bool,
    finalize: bool,
    bip32_derivs: bool,
}

/// A flag that is set unless somebody says otherwise, and its bit.
#[ipc_interface(
    file = "values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b15,
    construct
)]
trait Cooling: Send + Sync {
    fn cooldown(&self, #[ipc(default = true)] value: bool) -> Result<bool>;
}

#[ipc_interface(
    file = "other/values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b15,
    construct
)]
trait CoolingWire: Send + Sync {
    fn cooldown(&self) -> Result<bool>;
}

impl Cooling for Mirror {
    fn cooldown(&self, value: bool) -> Result<bool> {
        Ok(value)
    }
}

#[test]
fn options_for_a_new_block() {
    let ends = Ends::<dyn Creating, dyn CreatingWire, MaybeCreate>::new(Arc::new(Mirror), |tape| tape);
    let default = BlockCreateOptions::default();
    ends.same(Creating::options, CreatingWire::options, &default, &Some(CreateBits::default()));
    ends.reads(Creating::options, &default, &None);
    let options = BlockCreateOptions {
        use_mempool: false,
        block_reserved_weight: 4000,
        coinbase_output_max_additional_sigops: 0,
    };
    let bits = CreateBits {
        use_mempool: true,
        block_reserved_weight: 4000 ^ 8000,
        coinbase_output_max_additional_sigops: 400,
    };
    ends.same(Creating::options, CreatingWire::options, &options, &Some(bits));
}

#[test]
fn options_for_waiting() {
    let ends = Ends::<dyn Waiting, dyn WaitingWire, MaybeWait>::new(Arc::new(Mirror), |tape| tape);
    let default = BlockWaitOptions::default();
    ends.same(Waiting::options, WaitingWire::options, &default, &Some(WaitBits::default()));
    ends.reads(Waiting::options, &default, &None);
    let options =
        BlockWaitOptions { timeout: Some(Duration::from_millis(1500)), fee_threshold: Amount::from_sat(1) };
    let bits = WaitBits {
        timeout: 1500f64.to_bits() ^ f64::MAX.to_bits(),
        fee_threshold: 1 ^ 2_100_000_000_000_000,
    };
    ends.same(Waiting::options, WaitingWire::options, &options, &Some(bits));
    let negative = WaitBits { fee_threshold: -1, ..WaitBits::default() };
    let error = ends.refused(Waiting::options, WaitingWire::options, &options, &Some(negative));
    assert_eq!(error.field(), "result.feeThreshold");
}

#[test]
fn options_for_a_check() {
    let ends = Ends::<dyn Checking, dyn CheckingWire, MaybeCheck>::new(Arc::new(Mirror), |tape| tape);
    let default = BlockCheckOptions::default();
    ends.same(Checking::options, CheckingWire::options, &default, &Some(CheckBits::default()));
    ends.reads(Checking::options, &default, &None);
    let options = BlockCheckOptions { check_merkle_root: true, check_pow: false };
    let bits = CheckBits { check_merkle_root: false, check_pow: true };
    ends.same(Checking::options, CheckingWire::options, &options, &Some(bits));
}

#[test]
fn options_for_a_psbt() {
    let ends = Ends::<dyn Filling, dyn FillingWire, MaybeFill>::new(Arc::new(Mirror), |tape| tape);
    let default = PsbtFillOptions { sign: true, sighash_type: None, finalize: true, bip32_derivs: false };
    ends.same(Filling::options, FillingWire::options, &default, &Some(FillBits::default()));
    ends.reads(Filling::options, &default, &None);
    let options = PsbtFillOptions { sighash_type: Some(0), sign: false, ..default };
    let bits = FillBits { sign: true, has_sighash_type: true, ..FillBits::default() };
    ends.same(Filling::options, FillingWire::options, &options, &Some(bits));
}

#[test]
fn a_parameter_that_an_older_client_does_not_have() {
    let event_loop = EventLoop::new("older").expect("a loop");
    let (client, server) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let _served = serve_stream::<dyn Cooling>(&event_loop, server, Arc::new(Mirror));
    assert_eq!(connect_stream::<dyn CoolingWire>(&event_loop, client).cooldown(), Ok(true));
}
