//! The numbers of `proxy.capnp`, §1.1 of the facts tables.

/// Type id of `ThreadMap`.
pub(crate) const THREAD_MAP: u64 = 0xee5e_3717_9ad9_dc9d;
/// Ordinal of `ThreadMap.makeThread`.
pub(crate) const MAKE_THREAD: u16 = 0;
/// Ordinal of `ThreadMap.makePool`.
pub(crate) const MAKE_POOL: u16 = 1;
/// Type id of `Thread`.
pub(crate) const THREAD: u64 = 0x81c1_e260_0d0b_56c5;
/// Ordinal of `Thread.getName`.
pub(crate) const GET_NAME: u16 = 0;
