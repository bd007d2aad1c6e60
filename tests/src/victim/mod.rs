//! A server that hostile peers are set on: the program `victim`, and the interface that it serves.
//!
//! In: calls that hold, keep, give and take as much as a peer asks for. Out: the same, and nothing that a peer should
//! not be able to do.

mod process;
mod served;

use std::sync::Arc;

use mp_runtime::{Result, ipc_file, ipc_interface};

pub use process::{Growth, Process};
pub use served::Served;

ipc_file! {
    static FILE: "victim.capnp" @ 0xd1b2_0000_0000_000c;
}

/// Something that a peer can implement, or be given.
#[ipc_interface(file = FILE, id = 0xd1b2_0000_0000_00c1)]
pub trait Part: Send + Sync {
    /// A number.
    fn number(&self) -> Result<i32>;
}

/// What the peers call; [`method`] has the ordinals.
#[ipc_interface(file = FILE, id = 0xd1b2_0000_0000_00cc, construct)]
pub trait Victim: Send + Sync {
    /// Returns at once.
    #[ipc(no_context)]
    fn hello(&self) -> Result<i32>;
    /// Returns at once, on the thread that the call names.
    fn on_thread(&self, value: i32) -> Result<i32>;
    /// Returns when it is released.
    fn block(&self) -> Result<i32>;
    /// Releases what is blocked.
    #[ipc(no_context)]
    fn release(&self) -> Result<()>;
    /// Counts bytes.
    #[ipc(no_context)]
    fn take(&self, bytes: Vec<u8>) -> Result<u64>;
    /// Counts bytes on the thread that the call names.
    fn take_on_thread(&self, bytes: Vec<u8>) -> Result<u64>;
    /// So many bytes.
    #[ipc(no_context)]
    fn give(&self, length: u64) -> Result<Vec<u8>>;
    /// So many bytes, made on the thread that the call names.
    fn give_on_thread(&self, length: u64) -> Result<Vec<u8>>;
    /// Never returns.
    #[ipc(no_context)]
    async fn wait(&self) -> Result<Arc<dyn Part>>;
    /// Makes a part.
    #[ipc(no_context)]
    fn make(&self) -> Result<Box<dyn Part>>;
    /// Keeps a part beside those that were kept before.
    #[ipc(no_context)]
    fn keep(&self, part: Arc<dyn Part>) -> Result<()>;
    /// Asks the part that was kept first for its number.
    fn use_kept(&self) -> Result<i32>;
    /// Gives the part that was kept first.
    #[ipc(no_context)]
    fn give_kept(&self) -> Result<Arc<dyn Part>>;
    /// Forgets all parts.
    #[ipc(no_context)]
    fn drop_kept(&self) -> Result<()>;
    /// Fails, with a text of this length.
    #[ipc(no_context)]
    fn fail(&self, length: u64) -> Result<()>;
    /// Keeps parts beside those that were kept before.
    #[ipc(no_context)]
    fn keep_all(&self, parts: Vec<Arc<dyn Part>>) -> Result<()>;
    /// Returns what it is given.
    #[ipc(no_context)]
    async fn echo(&self, bytes: Vec<u8>) -> Result<Vec<u8>>;
    /// Has another one echo so many bytes, so often at once.
    #[ipc(no_context)]
    async fn ask_for_echo(&self, other: Arc<dyn Victim>, length: u64, count: u32) -> Result<u64>;
}

/// The ordinals of [`Victim`]'s methods.
#[allow(missing_docs, reason = "the names are those of the methods")]
pub mod method {
    pub const CONSTRUCT: u16 = 0;
    pub const HELLO: u16 = 1;
    pub const ON_THREAD: u16 = 2;
    pub const BLOCK: u16 = 3;
    pub const RELEASE: u16 = 4;
    pub const TAKE: u16 = 5;
    pub const TAKE_ON_THREAD: u16 = 6;
    pub const GIVE: u16 = 7;
    pub const GIVE_ON_THREAD: u16 = 8;
    pub const WAIT: u16 = 9;
    pub const MAKE: u16 = 10;
    pub const KEEP: u16 = 11;
    pub const USE_KEPT: u16 = 12;
    pub const GIVE_KEPT: u16 = 13;
    pub const DROP_KEPT: u16 = 14;
    pub const FAIL: u16 = 15;
    pub const KEEP_ALL: u16 = 16;
    pub const ECHO: u16 = 17;
}

/// The id of [`Victim`].
pub const VICTIM: u64 = 0xd1b2_0000_0000_00cc;

/// The id of [`Part`].
pub const PART: u64 = 0xd1b2_0000_0000_00c1;

/// The id of `proxy.capnp`'s `Thread`, as the facts tables of libmultiprocess give it.
pub const THREAD: u64 = 0x81c1_e260_0d0b_56c5;

/// The id of `proxy.capnp`'s `ThreadMap`, as the facts tables of libmultiprocess give it.
pub const THREAD_MAP: u64 = 0xee5e_3717_9ad9_dc9d;
