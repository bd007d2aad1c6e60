//! Paths as Data: the bytes of the native path, which need not be text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

impl<M: ?Sized> WireType<M> for Path {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Data;
}

impl<M: ?Sized> BuildField<M> for Path {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_data(self.as_os_str().as_bytes())
    }
}

impl<M: ?Sized> WireType<M> for PathBuf {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Data;
}

impl<M: ?Sized> BuildField<M> for PathBuf {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_data(self.as_os_str().as_bytes())
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for PathBuf {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<PathBuf> {
        Ok(PathBuf::from(OsStr::from_bytes(input.data()?)))
    }
}
