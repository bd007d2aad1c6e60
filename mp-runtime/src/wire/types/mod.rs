//! Conversions of the standard library's types, one family per file.
//!
//! In: values. Out: their wire forms, after §2.0 of the facts tables and libmultiprocess's
//! `type-*.h`.

mod bytes;
mod float;
mod integer;
#[cfg(feature = "json")]
mod json;
mod list;
mod map;
#[cfg(test)]
mod nested;
mod optional;
mod path;
mod reference;
mod set;
mod text;
mod time;
mod tuple;
mod unit;
