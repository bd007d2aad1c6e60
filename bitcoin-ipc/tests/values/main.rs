//! Every kind of value as it crosses a real call: its exact form on the wire, in both directions, and
//! what happens to other forms.

mod amounts;
mod blocks;
mod defaults;
mod destinations;
mod ends;
mod enums;
mod keys;
mod log;
mod network;
mod optional;
mod outcome;
mod removed;
mod text;
mod vectors;
