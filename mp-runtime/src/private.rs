//! Everything that generated code may name. Not for other use; changes with the generator.

pub use core::convert::identity;
pub use core::marker::{Send, Sized, Sync};
pub use core::ops::{Fn, FnMut};
pub use core::option::Option::{self, None, Some};
pub use core::primitive::{bool, f64, i8, i16, i32, i64, i128, str, u8, u16, u32, u64, usize};
pub use core::result::Result::{self as Outcome, Err, Ok};
pub use std::boxed::Box;
pub use std::string::String;
pub use std::sync::{Arc, Mutex};
pub use std::vec::Vec;

pub use async_trait::async_trait;
pub use futures::future::BoxFuture;

pub use crate::connection::Call;
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::proxy::{
    Base, Blocking, BlockingOf, ClientCall, Handle, Home, InBlocking, Interface, Pending, Proxy, Response,
    lend, lend_optional, no_method, read_box, write_owned,
};
pub use crate::waiting::block_on;
pub use crate::wire::build::{BuildContext, FieldBuilder};
pub use crate::wire::describe::{Field, Fields, Parameter, argument, field};
pub use crate::wire::id::child_id;
pub use crate::wire::node::{
    ConstNode, Default, EnumNode, FileNode, InterfaceNode, MethodNode, StructNode, Type,
};
pub use crate::wire::read::{FieldReader, ReadContext};
pub use crate::wire::slot::{Slot, Slots};
pub use crate::wire::structs::{StructFields, StructWriter};
use crate::wire::structs::{build_struct, read_struct};
pub use crate::wire::traits::{BuildField, ReadField, StructType, WireType};
pub use crate::{
    __asks_for_proxy as asks_for_proxy, __blocking_of as blocking_of, __boxed_closure as boxed_closure,
    __boxed_interface as boxed_interface, __declared as declared, __enumeration as enumeration,
    __holds_proxy as holds_proxy, __identified as identified, __is_proxy as is_proxy, __proxied as proxied,
};

/// Whether something went well that has no value.
pub type Done = Result<()>;

/// It went well.
pub const DONE: Done = Ok(());

/// The fields of a method's parameters, and those of its results.
pub type MethodFields<const P: usize, const R: usize> = (Fields<P>, Fields<R>);

/// The `context` parameter.
pub const CONTEXT: Field = Field::context();

/// Gives all parameters and results of a method their places.
#[must_use]
#[track_caller]
pub const fn fields<const P: usize, const R: usize>(
    params: [Field; P],
    results: [Field; R],
) -> MethodFields<P, R> {
    (Fields::of(params), Fields::of(results))
}

/// The schema type of a struct.
#[must_use]
pub const fn struct_type<T: StructType<M>, M: ?Sized>() -> Type {
    Type::Struct(|| T::NODE)
}

/// The words of a struct's data and pointer sections.
pub type StructSize = Option<(u16, u16)>;

/// Starts a struct at its place.
///
/// # Errors
///
/// When the place is not one for a struct.
pub fn struct_writer<T: StructType<M>, M: ?Sized>(out: FieldBuilder<'_>) -> Result<StructWriter<'_>> {
    build_struct(T::NODE, out)
}

/// Opens a struct at its place.
///
/// # Errors
///
/// When there is something else than a struct.
pub fn struct_fields<T: StructType<M>, M: ?Sized>(input: FieldReader<'_>) -> Result<StructFields<'_>> {
    read_struct(T::NODE, input)
}

/// Refuses the discriminant of a union.
///
/// # Errors
///
/// Always: it has no such variant.
pub fn unknown_variant<T>(union: &str, variant: u16) -> Result<T> {
    Err(Error::bad_value(format!("{variant} is no variant of {union}")))
}

/// An enum, as the integer that travels for it.
pub trait Enumeration: Sized {
    /// The integer.
    type Integer;

    /// The number of a value.
    fn number(&self) -> Self::Integer;

    /// The value of a number, if there is one.
    fn of(number: Self::Integer) -> Option<Self>;
}

/// The value of an enum that a number stands for.
///
/// # Errors
///
/// When there is none.
pub fn enumerant<T: Enumeration<Integer: Copy + std::fmt::Display>>(
    number: T::Integer,
    name: &str,
) -> Result<T> {
    T::of(number).ok_or_else(|| Error::bad_value(format!("{number} is no {name}")))
}

/// The usual value of a type.
#[must_use]
pub fn default<T: core::default::Default>() -> T {
    T::default()
}

/// The outcome of a method that is not there.
///
/// # Errors
///
/// Always.
pub fn refused<T, E: From<Error>>(why: &str) -> Outcome<T, E> {
    Err(Error::unimplemented(why).into())
}

/// The outcome of a method with one flat error, which says as well that the call failed.
///
/// # Errors
///
/// What the method returns, or what became of the call.
pub fn flat<T, E: From<Error>>(outcome: Result<Outcome<T, E>>) -> Outcome<T, E> {
    outcome?
}

/// What a closure that one calls at a time is held in, also after a panic inside of it.
pub fn lock<T>(closure: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    closure.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The index of a method among those of a base interface, where it is one of them; `before` are those of others.
pub fn in_base<I: Interface + ?Sized>(index: usize, before: &mut usize) -> Option<usize> {
    let (first, count) = (*before, I::NODE.count());
    *before += count;
    index.checked_sub(first).filter(|index| *index < count)
}

/// Whether a type is an interface, which a call may be ahead of.
#[must_use]
pub const fn is_interface(ty: Type) -> bool {
    matches!(ty, Type::Interface(_))
}

/// The error for writing an owned interface or closure from a reference. Generated code refuses
/// such fields when it is compiled, through `WireType::LENDABLE`.
#[must_use]
pub fn not_lendable(interface: &str) -> Error {
    Error::new(
        ErrorKind::Misuse,
        format!("an owned {interface} cannot be written from a reference; pass it by value"),
    )
}

/// Ends a call of a method that has no way to return an error: the interface opted in with
/// `panic_on_disconnect`.
///
/// # Panics
///
/// Always.
pub fn panic_on_disconnect(method: &str, error: &Error) -> ! {
    panic!("{method} failed, and its interface has no way to say so: {error}")
}

/// What a call gives of a method that has no way to return an error.
///
/// # Panics
///
/// When the call failed.
pub fn or_panic<T>(method: &str, call: impl FnOnce() -> Result<T>) -> T {
    call().unwrap_or_else(|error| panic_on_disconnect(method, &error))
}

/// As [`block_on`], for a call that has no way to return an error.
///
/// # Panics
///
/// On a thread that must not wait.
pub fn block_on_or_panic<T>(
    method: &str,
    event_loop: &crate::EventLoop,
    future: impl Future<Output = T>,
) -> T {
    or_panic(method, || block_on(event_loop, async { Ok(future.await) }))
}

/// The type `T`, where the condition holds. Where the compiler has found that it does not, it says so once and nothing
/// of all that is done with the type.
pub type Of<T, const CONDITION: bool> = <T as Where<CONDITION>>::Itself;

/// What [`Of`] is made of.
pub trait Where<const CONDITION: bool> {
    /// The type.
    type Itself: ?Sized;
}

impl<T: ?Sized> Where<true> for T {
    type Itself = T;
}

/// What a borrowed value is held in while a method runs.
pub type Owned<T> = <T as ToOwned>::Owned;

/// Holds for types that travel, in the conversion set `M`.
#[must_use]
pub const fn travels<T: WireType<M> + ?Sized, M: ?Sized>() -> bool {
    true
}

/// Holds for traits whose objects peers can call.
#[must_use]
pub const fn is_called_by_peers<I: Interface + ?Sized>() -> bool {
    true
}

/// Holds for closures that many may call at once, where they are those that the interface stands for.
#[must_use]
pub const fn is_shared_closure_of<I: Callback + ?Sized, F: Is<I::Shared> + ?Sized>() -> bool {
    true
}

/// Holds for closures that one calls at a time, where they are those that the interface stands for.
#[must_use]
pub const fn is_mutable_closure_of<I: Callback + ?Sized, F: Is<I::Mutable> + ?Sized>() -> bool {
    true
}

/// Holds for the runtime's own error.
#[must_use]
pub const fn is_the_error_of_calls<E: ErrorOfCalls + ?Sized>() -> bool {
    true
}

/// The runtime's own error.
#[diagnostic::on_unimplemented(
    message = "of `{Self}` only the text would reach a caller in another process",
    label = "not the error of calls",
    note = "to have it travel, write `#[ipc(exception)]` on the method, derive `IpcStruct` or `IpcEnum` for the error, and \
            implement `From<mp_runtime::Error>` for it, which says that the connection broke",
    note = "otherwise return `mp_runtime::Result<T>`"
)]
pub trait ErrorOfCalls {}

impl ErrorOfCalls for Error {}

/// Holds for the runtime's own `Result`.
pub const fn is_result_of_calls<R: ResultOfCalls>() {}

/// The runtime's own `Result`.
#[diagnostic::on_unimplemented(
    message = "the error of this `Result` cannot say that the connection broke",
    label = "not `mp_runtime::Result`",
    note = "write `mp_runtime::Result<T>`, or `use mp_runtime::Result`",
    note = "an error of your own arrives as itself from a method with `#[ipc(exception)]`"
)]
pub trait ResultOfCalls {}

impl<T> ResultOfCalls for Result<T> {}

/// Holds for errors that can say that a call failed.
#[must_use]
pub const fn says_that_a_call_failed<E: SaysThatACallFailed>() -> bool {
    true
}

/// An error that can say that a call failed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a call failed",
    label = "an error that is declared flat says this as well",
    note = "implement `From<mp_runtime::Error>` for it, or return `mp_runtime::Result<Result<T, {Self}>>`, whose outer error \
            is the connection's"
)]
pub trait SaysThatACallFailed {}

impl<E: From<Error>> SaysThatACallFailed for E {}

/// Each type is itself.
#[diagnostic::on_unimplemented(
    message = "the closure differs from what its interface calls, which is `{Other}`",
    label = "not the parameters and the result of the interface's method",
    note = "a closure has the parameters and the result that the method of the interface in `callback = …` has"
)]
pub trait Is<Other: ?Sized> {}

impl<T: ?Sized> Is<T> for T {}

/// Computes the places of a generic struct's fields, so that `cargo check` finds what does not fit, which it does only
/// in constants without parameters.
pub const fn check<T: WireType<M> + ?Sized, M: ?Sized>() {
    let _ = T::STRUCT;
}

/// The number of an enumerant, which the integer that travels holds.
///
/// # Panics
///
/// At compile time when it does not.
#[must_use]
#[track_caller]
pub const fn discriminant(number: i128, min: i128, max: i128) -> i128 {
    assert!(
        min <= number && number <= max,
        "the integer that travels does not hold this number; write `#[ipc(wire = Int64)]` on the enum, or another one that does"
    );
    number
}

/// A schema file of which nothing but the name and the id is said.
#[must_use]
pub const fn file(name: &'static str, id: u64) -> FileNode {
    FileNode::new(name, id)
}

/// A declaration of a schema file.
pub trait Declared<const KEY: u64, Who: ?Sized> {}

/// What tells a declaration from all others of a crate: its name and the id of its file, and where the file stands `apart`
/// from others of its id, as those of several versions do, the file's name. `module` is a module of the crate, whose name
/// counts without a number at its end; another crate may have the same interface, to call it or to offer it.
#[must_use]
pub const fn key(module: &str, file: &FileNode, apart: bool, name: &str) -> u64 {
    let file = child_id(file.id, if apart { file.name } else { "" });
    child_id(child_id(file, crate_of(module)), name)
}

/// The same for a declaration with an id of its own.
#[must_use]
pub const fn key_of_id(module: &str, file: &FileNode, id: u64) -> u64 {
    child_id(child_id(child_id(id, file.name), crate_of(module)), "")
}

const fn crate_of(module: &str) -> &str {
    let bytes = module.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b':' {
        end += 1;
    }
    while end > 0 && bytes[end - 1].is_ascii_digit() {
        end -= 1;
    }
    match std::str::from_utf8(bytes.split_at(end).0) {
        Ok(name) => name,
        Err(_) => "",
    }
}

/// Compiles where a declaration is the only one with its key, because only then it is clear who declares it.
pub const fn two_types_have_one_name_in_one_schema_file<const KEY: u64, Who: ?Sized>()
where
    (): Declared<KEY, Who>, // give one another name in the schema (`name = "…"`), or another file with an id of its own
{
}

/// Compiles where a declaration is the only one with its id.
pub const fn two_types_have_one_id_in_one_schema_file<const KEY: u64, Who: ?Sized>()
where
    (): Declared<KEY, Who>, // have `mpgen id` make another one, or leave `id` out
{
}

/// An interface that closures can stand for, with their types.
#[diagnostic::on_unimplemented(
    message = "no closure can stand for `{Self}`",
    label = "not a callback interface",
    note = "write `callback` in the `#[ipc_interface(…)]` of the trait, which has one method then"
)]
pub trait Callback {
    /// A closure that may be called by many at once.
    type Shared: ?Sized;
    /// A closure that is called by one at a time.
    type Mutable: ?Sized;
}
