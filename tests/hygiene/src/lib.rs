//! Interfaces with hostile names in scope; see [`hostile`]. This crate is of edition 2021, and its
//! source is compiled as edition 2024 as well, in the tests.

#![deny(missing_docs, unused, warnings)]
#![forbid(unsafe_code)]

pub mod hostile;
