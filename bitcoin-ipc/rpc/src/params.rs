//! The arguments of one request.
//!
//! In: a list that was checked by [`Command::check`](crate::Command::check). Out: each argument as what
//! it has to be, or Bitcoin Core's words of complaint.

use std::str::FromStr;

use bitcoin::hashes::Hash;
use serde_json::Value;

use crate::error::Answer;
use crate::value;

/// As many arguments as a command has; null for those that were left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(pub Vec<Value>);

impl Params {
    /// An argument that was given.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&Value> {
        self.0.get(position).filter(|value| !value.is_null())
    }

    /// An argument, null if it was left out.
    #[must_use]
    pub fn value(&self, position: usize) -> &Value {
        self.0.get(position).unwrap_or(&Value::Null)
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// -3 for anything else.
    pub fn text(&self, position: usize) -> Answer<&str> {
        value::text(self.value(position))
    }

    /// A text, or what it is if it was left out.
    ///
    /// # Errors
    ///
    /// -3 for anything else.
    pub fn text_or<'a>(&'a self, position: usize, default: &'a str) -> Answer<&'a str> {
        self.get(position).map_or(Ok(default), value::text)
    }

    /// A truth value, or what it is if it was left out.
    ///
    /// # Errors
    ///
    /// -3 for anything else.
    pub fn flag_or(&self, position: usize, default: bool) -> Answer<bool> {
        self.get(position).map_or(Ok(default), value::flag)
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// -3 for anything else, -1 for one out of range.
    pub fn int<T: FromStr>(&self, position: usize) -> Answer<T> {
        value::int(self.value(position))
    }

    /// A whole number, or what it is if it was left out.
    ///
    /// # Errors
    ///
    /// As [`int`](Self::int).
    pub fn int_or<T: FromStr>(&self, position: usize, default: T) -> Answer<T> {
        self.get(position).map_or(Ok(default), value::int)
    }

    /// A list.
    ///
    /// # Errors
    ///
    /// -3 for anything else.
    pub fn list(&self, position: usize) -> Answer<&Vec<Value>> {
        value::list(self.value(position))
    }

    /// A hash as it is printed.
    ///
    /// # Errors
    ///
    /// -8 for other texts, -3 for anything else.
    pub fn hash<H: Hash<Bytes = [u8; 32]>>(&self, position: usize, name: &str) -> Answer<H> {
        value::hash(self.value(position), name)
    }
}
