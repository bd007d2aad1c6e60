//! Values as people read and write them.
//!
//! In: amounts, times, addresses. Out: text, and back where somebody types it.

pub(crate) mod address;
pub(crate) mod amount;
pub(crate) mod time;
pub(crate) mod words;
