//! The implementation that tests serve.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use mp_runtime::{Error, Result};

use super::interface::{ExtendedCallback, FooCallback, FooInterface};
use super::types::{FooCustom, FooEmpty, FooEnum, FooMessage, FooMutable, FooStruct};

type Hook<A, R> = Mutex<Option<Arc<dyn Fn(A) -> R + Send + Sync>>>;

/// What libmultiprocess calls `FooImplementation`.
#[derive(Default)]
pub struct Foo {
    saved: Mutex<Option<Arc<dyn FooCallback>>>,
    hook: Hook<(), ()>,
    int_hook: Hook<i32, i32>,
}

impl std::fmt::Debug for Foo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Foo")
    }
}

impl Foo {
    /// Sets what `call_fn` and `call_fn_async` do.
    pub fn set_hook(&self, hook: impl Fn() + Send + Sync + 'static) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(move |()| hook()));
    }

    /// Sets what `call_int_fn_async` does.
    pub fn set_int_hook(&self, hook: impl Fn(i32) -> i32 + Send + Sync + 'static) {
        *self.int_hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
    }

    fn run<A, R>(hook: &Hook<A, R>, arg: A) -> Result<R> {
        let hook = hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hook.map(|hook| hook(arg)).ok_or_else(|| Error::failed("no closure is set"))
    }
}

impl FooInterface for Foo {
    fn add(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    fn map_size(&self, map: &BTreeMap<String, String>) -> Result<i32> {
        i32::try_from(map.len()).map_err(|error| Error::failed(error.to_string()))
    }

    fn pass(&self, arg: FooStruct) -> Result<FooStruct> {
        Ok(arg)
    }

    fn raise(&self, arg: FooStruct) -> Result<Result<(), FooStruct>> {
        Ok(Err(arg))
    }

    fn callback(&self, callback: &dyn FooCallback, arg: i32) -> Result<i32> {
        callback.call(arg)
    }

    fn callback_unique(&self, callback: Box<dyn FooCallback>, arg: i32) -> Result<i32> {
        callback.call(arg)
    }

    fn callback_shared(&self, callback: Arc<dyn FooCallback>, arg: i32) -> Result<i32> {
        callback.call(arg)
    }

    fn save_callback(&self, callback: Option<Arc<dyn FooCallback>>) -> Result<()> {
        let before =
            std::mem::replace(&mut *self.saved.lock().unwrap_or_else(PoisonError::into_inner), callback);
        drop(before);
        Ok(())
    }

    fn callback_saved(&self, arg: i32) -> Result<i32> {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner).clone();
        saved.ok_or_else(|| Error::failed("no callback was saved"))?.call(arg)
    }

    fn callback_extended(&self, callback: &dyn ExtendedCallback, arg: i32) -> Result<i32> {
        callback.call_extended(arg)
    }

    fn pass_custom(&self, arg: FooCustom) -> Result<FooCustom> {
        Ok(arg)
    }

    fn pass_empty(&self, arg: FooEmpty) -> Result<FooEmpty> {
        Ok(arg)
    }

    fn pass_message(&self, mut arg: FooMessage) -> Result<FooMessage> {
        arg.message += " call";
        Ok(arg)
    }

    fn pass_mutable(&self, arg: &mut FooMutable) -> Result<()> {
        arg.message += " call";
        Ok(())
    }

    fn pass_enum(&self, arg: FooEnum) -> Result<FooEnum> {
        Ok(arg)
    }

    fn pass_fn(&self, f: Box<dyn Fn() -> Result<i32> + Send + Sync>) -> Result<i32> {
        f()
    }

    fn call_fn(&self) -> Result<()> {
        Self::run(&self.hook, ())
    }

    fn call_fn_async(&self) -> Result<()> {
        Self::run(&self.hook, ())
    }

    fn add_out(&self, a: i32, b: i32, ret: &mut i32) -> Result<()> {
        *ret = a + b;
        Ok(())
    }

    fn add_in_out(&self, x: i32, sum: &mut i32) -> Result<()> {
        *sum += x;
        Ok(())
    }

    fn call_int_fn_async(&self, arg: i32) -> Result<i32> {
        Self::run(&self.int_hook, arg)
    }

    fn pass_data_pointers(&self, arg: Vec<Option<Vec<u8>>>) -> Result<Vec<Option<Vec<u8>>>> {
        Ok(arg)
    }

    fn pass_double(&self, arg: f64) -> Result<f64> {
        Ok(arg)
    }

    fn pass_data(&self, arg: &[u8]) -> Result<Vec<u8>> {
        Ok(arg.to_vec())
    }
}
