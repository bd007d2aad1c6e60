//! Pairs as generic structs.
//!
//! In: a struct as a declaration mentions it. Out: the struct as the text declares it. On the wire
//! a tuple of two is a struct of a key and a value; a file that says where its pairs stand
//! (`ipc_file! { …, pairs = COMMON }`) has `Pair(Key, Value)` for it, as Bitcoin Core's files do,
//! or `PairInt64(Key)` and `PairUInt64(Key)` where the value is a number, which no type argument of
//! a generic struct may be. Any other pair is a struct of its own.

use crate::wire::describe::{Field, Fields, Parameter};
use crate::wire::node::{FileNode, StructNode, Type};

static PAIR: StructNode = StructNode::new(
    "Pair",
    &const {
        Fields::place(
            [Field::of::<Parameter<0>, ()>("key"), Field::of::<Parameter<1>, ()>("value")],
            0,
        )
    },
)
.generic(&["Key", "Value"], || &PAIR);

static PAIR_INT64: StructNode = StructNode::new(
    "PairInt64",
    &const { Fields::place([Field::of::<Parameter<0>, ()>("key"), Field::of::<i64, ()>("value")], 0) },
)
.generic(&["Key"], || &PAIR_INT64);

static PAIR_UINT64: StructNode = StructNode::new(
    "PairUInt64",
    &const { Fields::place([Field::of::<Parameter<0>, ()>("key"), Field::of::<u64, ()>("value")], 0) },
)
.generic(&["Key"], || &PAIR_UINT64);

/// A struct that a declaration mentions: where it is declared, as what, with which arguments.
pub(super) struct Mentioned {
    pub(super) file: &'static FileNode,
    pub(super) declared: &'static StructNode,
    pub(super) arguments: &'static [Type],
}

/// The declaration of a struct that `user` mentions.
pub(super) fn resolve(user: &'static FileNode, node: &'static StructNode) -> Mentioned {
    if let Some(file) = user.pairs
        && let Some((declared, arguments)) = generic(node)
    {
        return Mentioned { file, declared, arguments };
    }
    let declared = node.declared.map_or(node, |declared| declared());
    Mentioned { file: declared.file.unwrap_or(user), declared, arguments: node.arguments }
}

fn generic(node: &StructNode) -> Option<(&'static StructNode, &'static [Type])> {
    let is_tuple = node.file.is_none() && node.name == PAIR.name && node.parameters.is_empty();
    let ([key, value], [_, second]) = (node.fields, node.arguments) else { return None };
    if !is_tuple || (key.name, value.name) != ("key", "value") || !key.place.slot.is_pointer() {
        return None;
    }
    match second {
        Type::Int64 => Some((&PAIR_INT64, &node.arguments[..1])),
        Type::UInt64 => Some((&PAIR_UINT64, &node.arguments[..1])),
        _ if value.place.slot.is_pointer() => Some((&PAIR, node.arguments)),
        _ => None,
    }
}
