//! An asynchronous interface, where every name but `Box` means something else.
//!
//! In: the names that `hostile` takes. Out: `Clock` and an implementation. (`#[async_trait]`,
//! which makes futures of the methods, calls `Box` by its short name.)

// Before the names are taken: macros reach into the modules that follow them.
mod served;

pub use served::Served;

take_names!();

/// The interface.
#[::mp_runtime::ipc_interface(file = "clock.capnp", file_id = 0xf00df00df00df00e, construct, destroy = false, blocking = BlockingClock)]
pub trait Clock: ::core::marker::Send + ::core::marker::Sync {
    /// Waits.
    #[ipc(interrupt = "stop", result(with = super::shop::held))]
    async fn tick(
        &self,
        call: &::core::primitive::str,
        #[ipc(name = "bytes")] context: &[::core::primitive::u8],
        result: ::core::option::Option<&::core::primitive::str>,
        #[ipc(out)] out: &mut ::core::primitive::u32,
        #[ipc(want)] error: ::core::option::Option<&mut ::std::string::String>,
    ) -> ::mp_runtime::Result<super::shop::Held>;

    /// A declared exception.
    #[ipc(exception)]
    async fn buy(
        &self,
        this: super::shop::Item,
    ) -> ::mp_runtime::Result<::core::result::Result<(), super::shop::SoldOut>>;

    /// An error of the user's own.
    #[ipc(exception)]
    async fn fail(&self) -> ::core::result::Result<(), super::shop::ShopError>;

    /// Stops waiting.
    fn stop(&self) -> ::mp_runtime::Result<()>;
}
