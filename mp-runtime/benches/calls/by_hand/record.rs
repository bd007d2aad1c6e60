//! A record on the wire, as our own side lays it out.
//!
//! In: a record or a pointer. Out: the other.

use capnp::any_pointer;
use capnp::private::layout::{ElementSize, PointerBuilder, PointerReader, PrimitiveElement, StructSize};

use super::raw::{init_structs, struct_elements};
use crate::interface::Record;

pub(super) fn write(out: PointerBuilder<'_>, record: &Record) -> capnp::Result<()> {
    let mut out = out.init_struct(StructSize { data: 2, pointers: 4 });
    if let Some(fee) = record.fee {
        out.set_data_field(0, fee);
        out.set_bool_field(64, true);
    }
    out.reborrow().get_pointer_field(0).set_text(record.name.as_str().into());
    let labels = out.reborrow().get_pointer_field(1);
    let mut labels = init_structs(labels, record.labels.len() as u32, StructSize { data: 1, pointers: 1 })?;
    for (index, (label, number)) in (0..).zip(&record.labels) {
        let mut pair = labels.reborrow().get(index).0;
        pair.set_data_field(0, *number);
        pair.reborrow().get_pointer_field(0).set_text(label.as_str().into());
    }
    let heights = out.reborrow().get_pointer_field(2);
    let heights = heights.init_list(ElementSize::FourBytes, record.heights.len() as u32);
    for (index, height) in (0..).zip(&record.heights) {
        PrimitiveElement::set(&heights, index, *height);
    }
    let flags = out.get_pointer_field(3).init_list(ElementSize::Bit, record.flags.len() as u32);
    for (index, flag) in (0..).zip(&record.flags) {
        PrimitiveElement::set(&flags, index, *flag);
    }
    Ok(())
}

pub(super) fn read(pointer: PointerReader<'_>) -> capnp::Result<Record> {
    let record = pointer.get_struct(None)?;
    let text = |pointer: PointerReader<'_>| -> capnp::Result<String> {
        Ok(pointer.get_text(None)?.to_str()?.to_owned())
    };
    let heights = any_pointer::Reader::new(record.get_pointer_field(2));
    let heights: capnp::primitive_list::Reader<'_, i32> = heights.get_as()?;
    let flags = any_pointer::Reader::new(record.get_pointer_field(3));
    let flags: capnp::primitive_list::Reader<'_, bool> = flags.get_as()?;
    Ok(Record {
        name: text(record.get_pointer_field(0))?,
        labels: struct_elements(record.get_pointer_field(1))?
            .map(|pair| Ok((text(pair.get_pointer_field(0))?, pair.get_data_field(0))))
            .collect::<capnp::Result<_>>()?,
        heights: heights.iter().collect(),
        flags: flags.iter().collect(),
        fee: record.get_bool_field(64).then(|| record.get_data_field(0)),
    })
}
