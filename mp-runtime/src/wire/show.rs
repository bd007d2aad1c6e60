//! A message as text, for the log.
//!
//! In: a struct and its node. Out: its values by field name, cut at a length, without secrets.

use std::fmt::Write;

use capnp::private::layout::StructReader;

use super::node::{FieldNode, StructNode, Type};
use super::read::FieldReader;
use super::slot::Slot;

/// Characters after which a message is cut, as in Bitcoin Core.
const LIMIT: usize = 200;
/// Nested structs after which a message is cut.
const DEPTH: usize = 8;

/// A struct as `(name = value, …)`.
pub(crate) fn structure(node: &'static StructNode, reader: StructReader<'_>) -> String {
    let mut out = String::new();
    show_struct(node, reader, &mut out, DEPTH);
    if out.len() > LIMIT {
        let mut end = LIMIT;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push_str("...");
    }
    out
}

fn show_struct(node: &'static StructNode, reader: StructReader<'_>, out: &mut String, depth: usize) {
    out.push('(');
    let variant = node.discriminant.map(|(offset, _)| reader.get_data_field::<u16>(offset as usize));
    let mut first = true;
    for field in node.fields {
        if matches!(field.ty, Type::Context) || field.variant.is_some_and(|own| variant != Some(own)) {
            continue;
        }
        if out.len() > LIMIT {
            break;
        }
        if !first {
            out.push_str(", ");
        }
        first = false;
        let _ = write!(out, "{} = ", field.name);
        show_field(field, FieldReader::field(reader, field), out, depth);
    }
    out.push(')');
}

fn show_field(field: &FieldNode, value: FieldReader<'_>, out: &mut String, depth: usize) {
    if field.secret {
        out.push_str("<secret>");
    } else if field.has.is_some() && !value.is_present() {
        out.push_str("none");
    } else {
        show_value(field.ty, value, out, depth);
    }
}

fn show_value(ty: Type, value: FieldReader<'_>, out: &mut String, depth: usize) {
    if out.len() > LIMIT {
        return;
    }
    let bits = value.bits();
    let _ = match ty {
        Type::Void => write!(out, "void"),
        Type::Bool => write!(out, "{}", bits & 1 == 1),
        Type::Int8 => write!(out, "{}", bits as i8),
        Type::Int16 => write!(out, "{}", bits as i16),
        Type::Int32 => write!(out, "{}", bits as i32),
        Type::Int64 => write!(out, "{}", bits as i64),
        Type::UInt8 => write!(out, "{}", bits as u8),
        Type::UInt16 | Type::Enum(_) => write!(out, "{}", bits as u16),
        Type::UInt32 => write!(out, "{}", bits as u32),
        Type::UInt64 => write!(out, "{bits}"),
        Type::Float32 => write!(out, "{}", f32::from_bits(bits as u32)),
        Type::Float64 => write!(out, "{}", f64::from_bits(bits)),
        _ if value.is_null() => write!(out, "null"),
        Type::Text => match value.text() {
            Ok(text) => write!(out, "{:?}", text.chars().take(LIMIT).collect::<String>()),
            Err(error) => write!(out, "<{error}>"),
        },
        Type::Data => match value.data() {
            Ok(data) => {
                out.push_str("0x");
                data.iter().take(LIMIT / 2).try_for_each(|byte| write!(out, "{byte:02x}"))
            }
            Err(error) => write!(out, "<{error}>"),
        },
        Type::Interface(node) => write!(out, "<{}>", node().name),
        Type::Builtin(name) => write!(out, "<{name}>"),
        Type::AnyPointer | Type::Context | Type::Parameter(_) => write!(out, "<pointer>"),
        Type::Struct(node) => {
            match value.structure() {
                Ok(reader) if depth > 0 => show_struct(node(), reader, out, depth - 1),
                Ok(_) => out.push_str("(...)"),
                Err(error) => {
                    let _ = write!(out, "<{error}>");
                }
            }
            Ok(())
        }
        Type::List(element) => {
            show_list(*element, value, out, depth);
            Ok(())
        }
    };
}

fn show_list(element: Type, value: FieldReader<'_>, out: &mut String, depth: usize) {
    match value.elements(slot_of(element), matches!(element, Type::Struct(_))) {
        Ok(elements) if depth > 0 => {
            out.push('[');
            for (index, item) in elements.enumerate() {
                if out.len() > LIMIT {
                    break;
                }
                if index > 0 {
                    out.push_str(", ");
                }
                show_value(element, item, out, depth - 1);
            }
            out.push(']');
        }
        Ok(_) => out.push_str("[...]"),
        Err(error) => {
            let _ = write!(out, "<{error}>");
        }
    }
}

fn slot_of(ty: Type) -> Slot {
    match ty {
        Type::Void => Slot::Void,
        Type::Bool => Slot::Bit,
        Type::Int8 | Type::UInt8 => Slot::Byte,
        Type::Int16 | Type::UInt16 | Type::Enum(_) => Slot::TwoBytes,
        Type::Int32 | Type::UInt32 | Type::Float32 => Slot::FourBytes,
        Type::Int64 | Type::UInt64 | Type::Float64 => Slot::EightBytes,
        _ => Slot::Pointer,
    }
}
