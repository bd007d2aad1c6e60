//! The macros of `mpgen`, as the compiler calls them.
//!
//! In: the compiler's tokens. Out: what the `mpgen` library makes of them. The documentation of
//! each macro is where users meet it, in `mp_runtime`.

use proc_macro::TokenStream;

#[allow(missing_docs, reason = "documented where it is exported, in mp_runtime")]
#[proc_macro_attribute]
pub fn ipc_interface(args: TokenStream, item: TokenStream) -> TokenStream {
    mpgen::ipc_interface(args.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented where it is exported, in mp_runtime")]
#[proc_macro_derive(IpcStruct, attributes(ipc))]
pub fn derive_struct(item: TokenStream) -> TokenStream {
    mpgen::derive_struct(item.into()).into()
}

#[allow(missing_docs, reason = "documented where it is exported, in mp_runtime")]
#[proc_macro_derive(IpcEnum, attributes(ipc))]
pub fn derive_enum(item: TokenStream) -> TokenStream {
    mpgen::derive_enum(item.into()).into()
}

#[allow(missing_docs, reason = "documented where it is exported, in mp_runtime")]
#[proc_macro]
pub fn ipc_file(input: TokenStream) -> TokenStream {
    mpgen::ipc_file(input.into()).into()
}
