//! `FooInterface` and its callbacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use mp_runtime::{Result, ipc_file, ipc_interface};

use super::types::{FooCustom, FooEmpty, FooEnum, FooMessage, FooMutable, FooStruct};

ipc_file! {
    /// The file of all interfaces here; its id is that of libmultiprocess's `foo.capnp`.
    pub(super) static FOO: "foo.capnp" @ 0xe102a54b33a43a20,
    namespace = "mp::test::messages",
    include = ["mp/test/foo.h"],
    include_types = ["mp/test/foo-types.h"];
}

/// A callback with one method.
#[ipc_interface(file = FOO, cxx = "mp::test::FooCallback")]
pub trait FooCallback: Send + Sync {
    /// Calls back.
    fn call(&self, arg: i32) -> Result<i32>;
}

/// A callback that inherits a method.
#[ipc_interface(file = FOO, cxx = "mp::test::ExtendedCallback")]
pub trait ExtendedCallback: FooCallback {
    /// Calls back in another way.
    fn call_extended(&self, arg: i32) -> Result<i32>;
}

/// A closure without parameters.
#[ipc_interface(file = FOO, callback, cxx = "ProxyCallback<std::function<int()>>")]
pub trait FooFn: Send + Sync {
    /// Calls the closure.
    fn call(&self) -> Result<i32>;
}

/// A closure with a borrowed parameter.
#[ipc_interface(file = FOO, callback)]
pub trait IntFn: Send + Sync {
    /// Calls the closure.
    fn call(&self, name: &str, arg: i32) -> Result<i32>;
}

/// What libmultiprocess's tests call.
#[ipc_interface(
    file = FOO,
    cxx = "mp::test::FooImplementation",
    construct(name = "initThreadMap", ordinal = 4),
    destroy = false
)]
pub trait FooInterface: Send + Sync {
    /// Adds two numbers.
    #[ipc(ordinal = 0, no_context)]
    fn add(&self, a: i32, b: i32) -> Result<i32>;
    /// Counts the entries of a map.
    #[ipc(ordinal = 1, no_context)]
    fn map_size(&self, map: &BTreeMap<String, String>) -> Result<i32>;
    /// Gives a struct back.
    #[ipc(ordinal = 2, no_context)]
    fn pass(&self, arg: FooStruct) -> Result<FooStruct>;
    /// Raises a declared exception.
    #[ipc(ordinal = 3, no_context, exception(name = "error", cxx = "mp::test::FooStruct"))]
    fn raise(&self, arg: FooStruct) -> Result<Result<(), FooStruct>>;
    /// Calls a borrowed callback.
    #[ipc(ordinal = 5)]
    fn callback(&self, callback: &dyn FooCallback, arg: i32) -> Result<i32>;
    /// Calls an owned callback.
    #[ipc(ordinal = 6)]
    fn callback_unique(&self, callback: Box<dyn FooCallback>, arg: i32) -> Result<i32>;
    /// Calls a shared callback.
    #[ipc(ordinal = 7)]
    fn callback_shared(&self, callback: Arc<dyn FooCallback>, arg: i32) -> Result<i32>;
    /// Keeps a callback, or drops the one that was kept.
    #[ipc(ordinal = 8)]
    fn save_callback(&self, callback: Option<Arc<dyn FooCallback>>) -> Result<()>;
    /// Calls the callback that was kept.
    #[ipc(ordinal = 9)]
    fn callback_saved(&self, arg: i32) -> Result<i32>;
    /// Calls a borrowed callback of a derived interface.
    #[ipc(ordinal = 10)]
    fn callback_extended(&self, callback: &dyn ExtendedCallback, arg: i32) -> Result<i32>;
    /// Gives a value of a foreign type back.
    #[ipc(ordinal = 11, no_context, result(with = super::types::custom))]
    fn pass_custom(&self, #[ipc(with = super::types::custom)] arg: FooCustom) -> Result<FooCustom>;
    /// Gives nothing back.
    #[ipc(ordinal = 12, no_context)]
    fn pass_empty(&self, arg: FooEmpty) -> Result<FooEmpty>;
    /// Gives a message back.
    #[ipc(ordinal = 13, no_context, result(with = super::types::message))]
    fn pass_message(&self, #[ipc(with = super::types::message)] arg: FooMessage) -> Result<FooMessage>;
    /// Changes a message.
    #[ipc(ordinal = 14, no_context)]
    fn pass_mutable(&self, #[ipc(with = super::types::mutable)] arg: &mut FooMutable) -> Result<()>;
    /// Gives an enum back.
    #[ipc(ordinal = 15, no_context)]
    fn pass_enum(&self, arg: FooEnum) -> Result<FooEnum>;
    /// Calls a closure.
    #[ipc(ordinal = 16)]
    fn pass_fn(
        &self,
        #[ipc(callback = FooFn, name = "fn")] f: Box<dyn Fn() -> Result<i32> + Send + Sync>,
    ) -> Result<i32>;
    /// Calls the closure that the implementation holds, on the event loop.
    #[ipc(ordinal = 17, no_context)]
    fn call_fn(&self) -> Result<()>;
    /// Calls the closure that the implementation holds, on a thread.
    #[ipc(ordinal = 18)]
    fn call_fn_async(&self) -> Result<()>;
    /// Adds two numbers into a third.
    #[ipc(ordinal = 19, no_context)]
    fn add_out(&self, a: i32, b: i32, #[ipc(out)] ret: &mut i32) -> Result<()>;
    /// Adds a number to another.
    #[ipc(ordinal = 20, no_context)]
    fn add_in_out(&self, x: i32, sum: &mut i32) -> Result<()>;
    /// Calls the closure with a number that the implementation holds.
    #[ipc(ordinal = 21)]
    fn call_int_fn_async(&self, arg: i32) -> Result<i32>;
    /// Gives a list back in which some data is missing.
    #[ipc(ordinal = 22, no_context)]
    fn pass_data_pointers(&self, arg: Vec<Option<Vec<u8>>>) -> Result<Vec<Option<Vec<u8>>>>;
    /// Gives a number back.
    #[ipc(ordinal = 23, no_context)]
    fn pass_double(&self, arg: f64) -> Result<f64>;
    /// Gives bytes back.
    #[ipc(ordinal = 24, no_context)]
    fn pass_data(&self, arg: &[u8]) -> Result<Vec<u8>>;
}
