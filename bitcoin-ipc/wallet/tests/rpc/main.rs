//! The wallets' commands of JSON-RPC, against a chain in memory.
//!
//! In: requests as the node passes them on. Out: answers and errors as Bitcoin Core's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod addresses;
mod at_once;
#[path = "../chain/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod chain;
mod choices;
mod choosing;
mod coins;
mod cosigning;
mod descriptors;
mod exports;
mod hardened;
mod hd_keys;
mod imports;
mod node;
mod nonsense;
mod old_files;
mod overlaps;
mod passphrases;
mod privacy;
mod property;
mod pruned;
mod ranges;
mod refused;
mod repeated;
mod requests;
mod rivals;
mod spending;
mod transactions;
mod wallets;
