//! `bitcoin-demo`.
fn main() {}
