//! Interfaces and types in a hostile place, under lints as strict as a user could set them.
//!
//! In: nothing. Out: `Shop` and `Clock`, whose modules give another meaning to the names of the
//! prelude, the primitive types, the standard crates and our own. This crate is of edition
//! 2021; `tests/tests/hygiene.rs` compiles the same files as edition 2024, and calls both.

#![deny(warnings, missing_docs, unused)]
#![deny(missing_debug_implementations, rust_2018_idioms, unused_qualifications)]
#![deny(single_use_lifetimes, trivial_casts, trivial_numeric_casts, unused_lifetimes)]
#![deny(missing_copy_implementations, unused_results, variant_size_differences)]
#![forbid(unsafe_code)]

#[macro_use]
mod hostile;
pub mod clock;
pub mod shop;
