//! A call as the served method sees it.
//!
//! In: received parameters. Out: results under construction.

use super::budget::CallPermit;
use super::payload::{Payload, slot_table};
use crate::error::Result;
use crate::wire::build::BuildContext;
use crate::wire::node::MethodNode;
use crate::wire::read::ReadContext;
use crate::wire::structs::{StructFields, StructWriter};
use crate::wire::traits::BuildField;

/// The parameters of a call that is being served, and its results.
#[derive(Debug)]
pub struct Call {
    pub(crate) method: &'static MethodNode,
    pub(crate) params: Payload,
    pub(crate) results: Payload,
    connection: u64,
    /// What the call counts for, wherever it goes.
    _permit: Option<CallPermit>,
}

impl Call {
    pub(crate) fn new(
        method: &'static MethodNode,
        params: Payload,
        connection: u64,
        permit: Option<CallPermit>,
    ) -> Self {
        Call { method, params, results: Payload::new(), connection, _permit: permit }
    }

    /// Reads the parameters.
    ///
    /// # Errors
    ///
    /// What `read` returns, or that the message is malformed.
    pub fn params<T>(
        &self,
        read: impl for<'a> FnOnce(&ReadContext<'a>, &StructFields<'a>) -> Result<T>,
    ) -> Result<T> {
        self.params.read(|structure, caps| {
            read(&ReadContext::new(caps), &StructFields::new(structure, &self.method.params))
        })
    }

    /// Reads the parameters and runs the method while they are readable, so that text and bytes
    /// may point into the message.
    ///
    /// # Errors
    ///
    /// What `run` returns, or that the message is malformed.
    pub fn serve<T>(
        &mut self,
        run: impl for<'a> FnOnce(&ReadContext<'a>, &StructFields<'a>, Reply<'a>) -> Result<T>,
    ) -> Result<T> {
        let Call { method, params, results, connection, .. } = self;
        let table = slot_table(params.caps.len());
        let structure = params.structure(&table)?;
        let fields = StructFields::new(structure, &method.params);
        run(&ReadContext::new(&params.caps), &fields, Reply { method, results, connection: *connection })
    }

    /// Writes the results.
    ///
    /// # Errors
    ///
    /// What `write` returns.
    pub fn results<T>(
        &mut self,
        write: impl FnOnce(&mut BuildContext<'_>, &mut StructWriter<'_>) -> Result<T>,
    ) -> Result<T> {
        Reply { method: self.method, results: &mut self.results, connection: self.connection }.write(write)
    }

    /// The call with its only result.
    ///
    /// # Errors
    ///
    /// When the value does not fit; the error names the field.
    pub fn give<M: ?Sized, T: BuildField<M>>(mut self, value: T) -> Result<Self> {
        self.results(|cx, out| out.give::<M, T>(cx, 0, value))?;
        Ok(self)
    }
}

/// Where the results of a call go.
#[derive(Debug)]
pub struct Reply<'a> {
    method: &'static MethodNode,
    results: &'a mut Payload,
    connection: u64,
}

impl Reply<'_> {
    /// Writes the results.
    ///
    /// # Errors
    ///
    /// What `write` returns.
    pub fn write<T>(
        self,
        write: impl FnOnce(&mut BuildContext<'_>, &mut StructWriter<'_>) -> Result<T>,
    ) -> Result<T> {
        let node = &self.method.results;
        self.results.write(node, |structure, caps| {
            write(&mut BuildContext::new(caps, self.connection), &mut StructWriter::new(structure, node))
        })
    }

    /// Writes the only result.
    ///
    /// # Errors
    ///
    /// When the value does not fit; the error names the field.
    pub fn give<M: ?Sized, T: BuildField<M>>(self, value: T) -> Result<()> {
        self.write(|cx, out| out.give::<M, T>(cx, 0, value))
    }
}
