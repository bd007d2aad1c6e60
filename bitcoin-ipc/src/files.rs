//! The schema files: names, ids and constants of Bitcoin Core's `src/ipc/capnp`.
//!
//! Out: a static per file for interfaces and structs to name; it knows none of them. The files lie in `schemas/bitcoin`;
//! those of a release that differ lie in a folder of its name.

use mp_runtime::ipc_file;

ipc_file! {
    /// Structs that several files share.
    pub static COMMON: "bitcoin/common.capnp" @ 0xcd2c6232cb484a28,
    namespace = "ipc::capnp::messages",
    pairs = COMMON;
}

ipc_file! {
    /// The first interface of a process.
    pub static INIT: "bitcoin/init.capnp" @ 0xf2c5cfa319406aa6,
    namespace = "ipc::capnp::messages";
}

ipc_file! {
    /// Echo.
    pub static ECHO: "bitcoin/echo.capnp" @ 0x888b4f7f51e691f7,
    namespace = "ipc::capnp::messages";
}

ipc_file! {
    /// Block templates and blocks.
    pub static MINING: "bitcoin/mining.capnp" @ 0xc77d03df6a41b505,
    namespace = "ipc::capnp::messages";

    /// The most satoshis there can be: as a fee threshold it means "never".
    pub const MAX_MONEY: i64 = 2_100_000_000_000_000;
    /// The largest finite number: as a timeout in milliseconds it means "for ever".
    pub const MAX_DOUBLE: f64 = f64::MAX;
    /// The weight that a block reserves for its header and coinbase unless told otherwise.
    pub const DEFAULT_BLOCK_RESERVED_WEIGHT: u32 = 8000;
    /// The signature operations that a block reserves for its coinbase's outputs unless told
    /// otherwise.
    pub const DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS: u32 = 400;
}

ipc_file! {
    /// JSON-RPC by way of IPC.
    pub static RPC: "bitcoin/rpc.capnp" @ 0x9c3505dc45e146ac,
    namespace = "ipc::capnp::messages";
}

ipc_file! {
    /// Registrations that can be undone.
    pub static HANDLER: "bitcoin/handler.capnp" @ 0xebd8f46e2f369076,
    namespace = "ipc::capnp::messages";
}

ipc_file! {
    /// What a node offers its wallets.
    pub static CHAIN: "bitcoin/chain.capnp" @ 0x94f21a4864bd2c65,
    namespace = "ipc::capnp::messages",
    pairs = COMMON;
}

ipc_file! {
    /// What a node offers its GUI.
    pub static NODE: "bitcoin/node.capnp" @ 0x92546c47dc734b2e,
    namespace = "ipc::capnp::messages",
    pairs = COMMON;
}

ipc_file! {
    /// What a wallet offers its GUI.
    pub static WALLET: "bitcoin/wallet.capnp" @ 0xe234cce74feea00c,
    namespace = "ipc::capnp::messages",
    pairs = COMMON;
}

ipc_file! {
    /// Watching scripts. Not a file of Bitcoin Core.
    pub static WATCH: "bitcoin/watch.capnp" @ 0xa244513b1ec12005,
    namespace = "ipc::capnp::messages";
}

ipc_file! {
    /// Init as v30 has it.
    pub static V30_INIT: "bitcoin/v30/init.capnp" @ 0xf2c5cfa319406aa6,
    namespace = "ipc::capnp::messages";
}

ipc_file! {
    /// Mining as v30 has it.
    pub static V30_MINING: "bitcoin/v30/mining.capnp" @ 0xc77d03df6a41b505,
    namespace = "ipc::capnp::messages";
}

ipc_file! {
    /// Init as v31 has it.
    pub static V31_INIT: "bitcoin/v31/init.capnp" @ 0xf2c5cfa319406aa6,
    namespace = "ipc::capnp::messages";
}

/// The constants of v31, which are those of v32.
mod v31 {
    use mp_runtime::ipc_file;

    ipc_file! {
        /// Mining as v31 has it.
        pub static V31_MINING: "bitcoin/v31/mining.capnp" @ 0xc77d03df6a41b505,
        namespace = "ipc::capnp::messages";

        pub(super) const MAX_MONEY: i64 = super::MAX_MONEY;
        pub(super) const MAX_DOUBLE: f64 = super::MAX_DOUBLE;
        pub(super) const DEFAULT_BLOCK_RESERVED_WEIGHT: u32 = super::DEFAULT_BLOCK_RESERVED_WEIGHT;
        pub(super) const DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS: u32 =
            super::DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS;
    }
}

pub use v31::V31_MINING;

ipc_file! {
    /// Init as v32 has it, without what is not released.
    pub static V32_INIT: "bitcoin/v32/init.capnp" @ 0xf2c5cfa319406aa6,
    namespace = "ipc::capnp::messages";
}
