//! The traits that say how a Rust type travels.
//!
//! In: a type, and the room it takes. Out: its conversions to and from the wire (libmultiprocess's
//! `BuildField` and `ReadField`).
//!
//! The parameter `M` names a *conversion set*. It lets a crate give a wire form to a type that it
//! does not own (`impl BuildField<MyTypes> for BlockHash`), which the orphan rule forbids without
//! it. Types that the runtime covers have the same form in every set.

use super::build::{BuildContext, FieldBuilder};
use super::collect::Collect;
use super::node::StructNode;
use super::read::{FieldReader, ReadContext};
pub use super::wire_type::WireType;
use crate::error::Result;

/// Writes a value to the wire.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to the wire",
    label = "cannot cross a process boundary",
    note = "derive `IpcStruct` or `IpcEnum` for it, or implement `WireType`, `BuildField` and `ReadField`",
    note = "for a type of another crate, name a conversion set (`types = …`) or convert it with `#[ipc(with = …)]`"
)]
pub trait BuildField<M: ?Sized = ()>: WireType<M> {
    /// Writes the value to its place.
    ///
    /// # Errors
    ///
    /// When the value does not fit its wire type, or the message would exceed a limit.
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()>;

    /// Writes the value and gives it away.
    ///
    /// # Errors
    ///
    /// As [`build_field`](Self::build_field).
    fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()>
    where
        Self: Sized,
    {
        self.build_field(cx, out)
    }

    /// Writes a slice of values as a list. Bytes override it with a single copy.
    ///
    /// # Errors
    ///
    /// As [`build_field`](Self::build_field), for any of the elements.
    fn build_slice(items: &[Self], cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()>
    where
        Self: Sized,
    {
        out.set_list::<Self, M, _>(items.iter(), |item, out| item.build_field(cx, out))
    }

    /// Writes a vector of values as a list and gives them away.
    ///
    /// # Errors
    ///
    /// As [`build_field`](Self::build_field), for any of the elements.
    fn build_vec(items: Vec<Self>, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()>
    where
        Self: Sized,
    {
        out.set_list::<Self, M, _>(items.into_iter(), |item, out| item.build_owned(cx, out))
    }
}

/// Reads a value from the wire. `'a` is the life of the message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from the wire",
    label = "cannot cross a process boundary",
    note = "derive `IpcStruct` or `IpcEnum` for it, or implement `WireType`, `BuildField` and `ReadField`",
    note = "for a type of another crate, name a conversion set (`types = …`) or convert it with `#[ipc(with = …)]`"
)]
pub trait ReadField<'a, M: ?Sized = ()>: WireType<M> + Sized {
    /// Reads the value from its place.
    ///
    /// # Errors
    ///
    /// When the bytes do not decode to a value of this type.
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self>;

    /// Reads a list of values. Bytes override it with a single copy.
    ///
    /// # Errors
    ///
    /// As [`read_field`](Self::read_field), for any of the elements.
    fn read_vec(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Vec<Self>> {
        read_list(cx, input, <Vec<Self> as Collect<Self>>::with_room)
    }
}

/// Reads a list into a collection that `new` makes for a number of elements.
pub(crate) fn read_list<'a, M: ?Sized, T, C>(
    cx: &ReadContext<'a>,
    input: FieldReader<'a>,
    new: impl FnOnce(usize) -> C,
) -> Result<C>
where
    T: ReadField<'a, M>,
    C: Collect<T>,
{
    let elements = input.list::<T, M>()?;
    let mut collection = new(elements.len());
    for (index, element) in elements.enumerate() {
        let item = T::read_field(cx, element).map_err(|error| error.in_field(&format!("[{index}]")))?;
        collection.add(item);
    }
    Ok(collection)
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` does not travel as a struct",
    label = "is no struct of the schema",
    note = "derive `IpcStruct` for it; `results` takes a struct with a field for each result"
)]
/// A type that travels as a struct: the constants that `#[derive(IpcStruct)]` writes.
pub trait StructType<M: ?Sized = ()> {
    /// The description of the struct.
    const NODE: &'static StructNode;
}
