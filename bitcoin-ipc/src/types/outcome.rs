//! `util::Result` and `util::Expected`.
//!
//! In: `Result<T, BilingualStr>`. Out: Core's generic struct `Result(Value)`, or `ResultVoid` where
//! there is no value. A failure is an error text that is not null.

use mp_runtime::wire::build::{BuildContext, FieldBuilder};
use mp_runtime::wire::describe::{Field, Fields, Parameter, argument};
use mp_runtime::wire::node::{StructNode, Type};
use mp_runtime::wire::read::{FieldReader, ReadContext};
use mp_runtime::wire::slot::{Slot, Slots};
use mp_runtime::wire::structs::{build_struct, read_struct};
use mp_runtime::wire::traits::{BuildField, ReadField, WireType};
use mp_runtime::{IpcStruct, Result};

use super::{BilingualStr, Bitcoin};
use crate::files::COMMON;

/// `util::Expected`: a value, or an error of another type.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = COMMON, generic)]
pub enum Expected<Value, Error> {
    /// It went well.
    Value(Value),
    /// It did not.
    Error(Error),
}

/// Holds the node of a result with a value of type `T`.
struct Node<T>(std::marker::PhantomData<T>);

static VOID: StructNode =
    StructNode::new("ResultVoid", &const { Fields::place([Field::of::<BilingualStr, Bitcoin>("error")], 0) })
        .in_file(&COMMON)
        .generic(&["Value"], || &VOID)
        .docs("`util::Result<void>`: a failure, if the error is there.");

impl<T: WireType<Bitcoin>> Node<T> {
    const IS_VOID: bool = matches!(T::TYPE, Type::Void);
    /// With a value, which is a type argument and so lies behind a pointer. Where there is none
    /// this describes nothing, but it is computed all the same.
    const VALUE: Fields<2> = {
        let value = if Self::IS_VOID { Field::void("value") } else { Field::of::<T, Bitcoin>("value") };
        Fields::place([value, Field::of::<BilingualStr, Bitcoin>("error")], 0)
    };
    const FULL: &'static StructNode = &StructNode::new("Result", &Self::VALUE)
        .in_file(&COMMON)
        .generic(&["Value"], || Node::<Parameter<0>>::FULL)
        .arguments(&const { [if Self::IS_VOID { Type::Void } else { argument::<T, Bitcoin>() }] })
        .docs("`util::Result`: a failure if the error is there, otherwise a value.");
    const NODE: &'static StructNode = if Self::IS_VOID { &VOID } else { Self::FULL };
    /// The index of the error among the fields.
    const ERROR: usize = if Self::IS_VOID { 0 } else { 1 };
}

impl<T: WireType<Bitcoin>> WireType<Bitcoin> for Result<T, BilingualStr> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Struct(|| Node::<T>::NODE);
    const STRUCT: Option<(u16, u16)> = Some((Node::<T>::NODE.data_words, Node::<T>::NODE.pointers));
    const LENDABLE: bool = T::LENDABLE;
}

impl<T: BuildField<Bitcoin>> BuildField<Bitcoin> for Result<T, BilingualStr> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        let mut out = build_struct(Node::<T>::NODE, out)?;
        match self {
            Ok(_) if Node::<T>::IS_VOID => Ok(()),
            Ok(value) => out.put::<Bitcoin, T>(cx, 0, value),
            Err(error) => out.put::<Bitcoin, BilingualStr>(cx, Node::<T>::ERROR, error),
        }
    }

    fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        let mut out = build_struct(Node::<T>::NODE, out)?;
        match self {
            Ok(_) if Node::<T>::IS_VOID => Ok(()),
            Ok(value) => out.give::<Bitcoin, T>(cx, 0, value),
            Err(error) => out.give::<Bitcoin, BilingualStr>(cx, Node::<T>::ERROR, error),
        }
    }
}

impl<'a, T: ReadField<'a, Bitcoin>> ReadField<'a, Bitcoin> for Result<T, BilingualStr> {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
        let fields = read_struct(Node::<T>::NODE, input)?;
        if !fields.at(Node::<T>::ERROR).is_null() {
            return fields.get::<Bitcoin, BilingualStr>(cx, Node::<T>::ERROR).map(Err);
        }
        if Node::<T>::IS_VOID {
            return T::read_field(cx, input).map(Ok);
        }
        fields.get::<Bitcoin, T>(cx, 0).map(Ok)
    }
}
