//! Blocking interfaces and all kinds of types, where every name means something else.
//!
//! In: the names that `hostile` takes. Out: `Shop` and an implementation.

// Before the names are taken: macros reach into the modules that follow them.
mod served;

pub use served::Served;

take_names!();

#[allow(dead_code, reason = "only in the way")]
struct Box;

::mp_runtime::ipc_file! {
    /// The file of everything here.
    pub(super) static FILE: "hygiene.capnp" @ 0xf00df00df00df00d;
}

/// Variants with the names of values.
#[derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::mp_runtime::IpcEnum,
)]
#[ipc(wire = UInt8)]
pub enum Colour {
    /// The first.
    Ok,
    /// The second.
    Err = 7,
    /// The third.
    Some,
}

/// An enum of the schema.
#[derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::mp_runtime::IpcEnum,
)]
#[ipc(wire = enumerant, file = FILE)]
pub enum Answer {
    /// The first.
    Ok,
    /// The second.
    Err,
}

/// A number with another integer for the wire.
#[derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::mp_runtime::IpcEnum,
)]
pub enum Size {
    /// The first.
    Small = -1,
    /// The second.
    Large,
}

/// A union.
#[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::mp_runtime::IpcStruct)]
pub enum Shape {
    /// Empty.
    None,
    /// With a value.
    Some(::core::primitive::f64),
    /// With more values.
    Box {
        /// The first.
        width: ::core::primitive::u32,
        /// The second.
        r#match: ::core::option::Option<::std::string::String>,
    },
}

/// A type that knows nothing of the wire.
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq)]
pub struct Held(pub ::core::primitive::u32);

/// Converts a [`Held`].
pub mod held {
    /// What travels.
    pub type Wire = u32;

    /// To the wire.
    #[allow(clippy::unnecessary_wraps, reason = "the form of a conversion")]
    pub fn build(held: &super::Held) -> ::mp_runtime::Result<Wire> {
        Ok(held.0)
    }

    /// From the wire.
    #[allow(clippy::unnecessary_wraps, reason = "the form of a conversion")]
    pub fn read(wire: Wire) -> ::mp_runtime::Result<super::Held> {
        Ok(super::Held(wire))
    }
}

/// A struct whose fields have names of variables.
#[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::mp_runtime::IpcStruct)]
pub struct Item {
    /// A text.
    pub context: ::std::string::String,
    /// An optional number.
    pub result: ::core::option::Option<::core::primitive::i64>,
    /// A list.
    pub reader: ::std::vec::Vec<::core::primitive::u16>,
    /// Not on the wire.
    #[ipc(skip)]
    pub seen: ::core::primitive::bool,
    /// An enum.
    pub r#type: Answer,
    /// A union.
    pub fields: Shape,
    /// Another enum.
    #[ipc(default = 0)]
    pub builder: Size,
    /// A converted value.
    #[ipc(with = held)]
    pub held: Held,
}

/// A generic struct.
#[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::mp_runtime::IpcStruct)]
#[ipc(file = FILE, generic)]
pub struct Pair<M, T> {
    /// The key.
    pub key: M,
    /// The value.
    pub value: T,
}

/// An exception.
#[derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::mp_runtime::IpcStruct,
)]
pub struct SoldOut {
    /// How many were asked for.
    pub many: ::core::primitive::u32,
}

/// An error of the user's own.
#[derive(::core::fmt::Debug, ::core::cmp::PartialEq, ::mp_runtime::IpcStruct)]
pub struct ShopError(pub ::std::string::String);

impl ::core::fmt::Display for ShopError {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl ::core::convert::From<::mp_runtime::Error> for ShopError {
    fn from(error: ::mp_runtime::Error) -> Self {
        ShopError(::std::string::ToString::to_string(&error))
    }
}

/// A closure.
#[::mp_runtime::ipc_interface(file = FILE, callback)]
pub trait Each: ::core::marker::Send + ::core::marker::Sync {
    /// Calls it.
    fn call(&self, call: ::core::primitive::i32) -> ::mp_runtime::Result<::core::primitive::i32>;
}

/// The interface.
#[::mp_runtime::ipc_interface(file = FILE, construct, destroy = false)]
pub trait Shop: ::core::marker::Send + ::core::marker::Sync {
    /// Parameters with the names of variables.
    #[ipc(no_context)]
    #[allow(clippy::too_many_arguments, reason = "one for each name")]
    fn sum(
        &self,
        call: ::core::primitive::u32,
        reply: ::core::primitive::u32,
        self_: ::core::primitive::u32,
        context: ::core::primitive::u32,
        fields: ::core::primitive::u32,
        reader: ::core::primitive::u32,
        builder: ::core::primitive::u32,
        result: ::core::primitive::u32,
        error: ::core::primitive::u32,
        this: ::core::primitive::u32,
        #[ipc(default = 0)] r#type: ::core::primitive::u32,
    ) -> ::mp_runtime::Result<::core::primitive::u32>;

    /// Text, bytes and lists.
    fn text(
        &self,
        reader: &::core::primitive::str,
        builder: &[::core::primitive::u8],
        fields: ::core::option::Option<&::core::primitive::str>,
        params: &[::core::primitive::u32],
    ) -> ::mp_runtime::Result<::std::string::String>;

    /// Values that come back.
    fn change(
        &self,
        #[ipc(out)] result: &mut ::core::primitive::u32,
        error: &mut ::core::primitive::u32,
        #[ipc(want)] this: ::core::option::Option<&mut ::std::string::String>,
        #[ipc(with = held)] held: &Held,
    ) -> ::mp_runtime::Result<()>;

    /// Structs.
    fn item(&self, fields: Item, reader: &Item) -> ::mp_runtime::Result<::std::vec::Vec<Item>>;

    /// A generic struct.
    fn pair(
        &self,
        call: Pair<::std::string::String, Item>,
    ) -> ::mp_runtime::Result<Pair<::std::string::String, Item>>;

    /// A union.
    fn shape(&self, value: Shape) -> ::mp_runtime::Result<Shape>;

    /// An enum.
    fn colour(&self, out: Colour) -> ::mp_runtime::Result<Colour>;

    /// A declared exception.
    #[ipc(exception)]
    fn buy(
        &self,
        exception: ::core::primitive::u32,
    ) -> ::mp_runtime::Result<::core::result::Result<::core::primitive::u32, SoldOut>>;

    /// An error of the user's own.
    #[ipc(exception)]
    fn fail(&self) -> ::core::result::Result<(), ShopError>;

    /// A method that was.
    #[ipc(deprecated)]
    fn old(&self, error: ::core::primitive::u32) -> ::mp_runtime::Result<()>;

    /// A method of this side.
    #[ipc(local)]
    fn here(&self) -> ::core::primitive::u32 {
        1
    }

    /// Closures.
    fn each(
        &self,
        #[ipc(callback = Each)] call: ::std::boxed::Box<
            dyn ::core::ops::Fn(::core::primitive::i32) -> ::mp_runtime::Result<::core::primitive::i32>
                + ::core::marker::Send
                + ::core::marker::Sync,
        >,
        #[ipc(callback = Each)] reply: ::std::boxed::Box<
            dyn ::core::ops::FnMut(::core::primitive::i32) -> ::mp_runtime::Result<::core::primitive::i32>
                + ::core::marker::Send,
        >,
    ) -> ::mp_runtime::Result<()>;

    /// Borrowed objects.
    fn lend(
        &self,
        call: &dyn Each,
        proxy: ::core::option::Option<&dyn Each>,
    ) -> ::mp_runtime::Result<::core::primitive::i32>;

    /// Owned and shared objects.
    fn give(
        &self,
        home: ::std::boxed::Box<dyn Each>,
        object: ::core::option::Option<::std::sync::Arc<dyn Each>>,
    ) -> ::mp_runtime::Result<::core::primitive::i32>;

    /// An object that the peer makes.
    fn staff(&self) -> ::mp_runtime::Result<::std::boxed::Box<dyn Staff>>;
}

/// An interface that extends another and panics when the connection breaks.
#[::mp_runtime::ipc_interface(file = FILE, panic_on_disconnect)]
pub trait Staff: Shop {
    /// Whether it is open.
    fn is_open(&self) -> ::core::primitive::bool;

    /// What was.
    #[ipc(deprecated)]
    fn was_open(&self, this: ::core::primitive::u32) -> ::core::primitive::bool;
}

/// A callback.
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
pub struct Doubled;

impl Each for Doubled {
    fn call(&self, call: ::core::primitive::i32) -> ::mp_runtime::Result<::core::primitive::i32> {
        ::core::result::Result::Ok(call * 2)
    }
}
