//! Bitcoin Core's enums.
//!
//! In: a value. Out: the number that C++ has for it, an Int32 unless said otherwise. A number that
//! is no variant is an error of the call that has it.

use mp_runtime::IpcEnum;

/// Whether a transaction may be replaced (BIP 125). `RBFTransactionState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum RbfTransactionState {
    /// Nobody knows, because an ancestor is missing.
    Unknown = 0,
    /// It or an unconfirmed ancestor says so.
    ReplaceableBip125 = 1,
    /// Neither says so.
    Final = 2,
}

/// Why a transaction left the mempool. `MemPoolRemovalReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum MempoolRemovalReason {
    /// It was there for too long.
    Expiry = 0,
    /// The mempool was full.
    SizeLimit = 1,
    /// A reorganisation made it invalid.
    Reorg = 2,
    /// It is in a block.
    Block = 3,
    /// A block has one that conflicts.
    Conflict = 4,
    /// Another one replaced it.
    Replaced = 5,
}

/// How far the node is. `SynchronizationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum SynchronizationState {
    /// It reads its own blocks again.
    InitReindex = 0,
    /// It downloads the chain.
    InitDownload = 1,
    /// It follows the chain.
    PostInit = 2,
}

/// Which connections to count. `ConnectionDirection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum ConnectionDirection {
    /// None.
    None = 0,
    /// Those that peers opened.
    In = 1,
    /// Those that the node opened.
    Out = 2,
    /// All.
    Both = 3,
}

/// The kind of network of an address. `Network`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum Network {
    /// None that leads anywhere.
    Unroutable = 0,
    /// IPv4.
    Ipv4 = 1,
    /// IPv6.
    Ipv6 = 2,
    /// Tor.
    Onion = 3,
    /// I2P.
    I2p = 4,
    /// CJDNS.
    Cjdns = 5,
    /// Names that only the node itself uses.
    Internal = 6,
}

/// Why a connection was opened. `ConnectionType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum ConnectionType {
    /// The peer opened it.
    Inbound = 0,
    /// To relay everything.
    OutboundFullRelay = 1,
    /// The user asked for it.
    Manual = 2,
    /// To see whether an address answers.
    Feeler = 3,
    /// To relay blocks only.
    BlockRelay = 4,
    /// To ask for addresses.
    AddrFetch = 5,
    /// To send one transaction without a trace.
    PrivateBroadcast = 6,
}

/// How a connection is spoken. `TransportProtocolType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
#[ipc(wire = UInt8)]
pub enum TransportProtocolType {
    /// Not known yet.
    Detecting = 0,
    /// In the clear.
    V1 = 1,
    /// Encrypted (BIP 324).
    V2 = 2,
}

/// A kind of address. `OutputType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum OutputType {
    /// P2PKH.
    Legacy = 0,
    /// P2WPKH inside P2SH.
    P2shSegwit = 1,
    /// P2WPKH.
    Bech32 = 2,
    /// P2TR.
    Bech32m = 3,
    /// Any other.
    Unknown = 4,
}

/// What an address of the address book is for. `AddressPurpose`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum AddressPurpose {
    /// It is the wallet's own.
    Receive = 0,
    /// It is somebody else's.
    Send = 1,
    /// A refund (never used now).
    Refund = 2,
}

/// What happened to an entry. `ChangeType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum ChangeType {
    /// It is new.
    New = 0,
    /// It changed.
    Updated = 1,
    /// It is gone.
    Deleted = 2,
}

/// How signing a message went. `SigningResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum SigningResult {
    /// It is signed.
    Ok = 0,
    /// The wallet does not have the key.
    PrivateKeyNotAvailable = 1,
    /// It did not work.
    SigningFailed = 2,
}

/// A kind of block filter (BIP 158). `BlockFilterType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
#[ipc(wire = UInt8)]
pub enum BlockFilterType {
    /// The basic filter.
    Basic = 0,
    /// None.
    Invalid = 255,
}

/// What to do with an RPC request. `JSONRPCRequest::Mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum JsonRpcRequestMode {
    /// Run it.
    Execute = 0,
    /// Give its help.
    GetHelp = 1,
    /// Give the names of its arguments.
    GetArgs = 2,
}

/// The version of JSON-RPC. `JSONRPCVersion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum JsonRpcVersion {
    /// As Bitcoin Core always spoke it.
    V1Legacy = 0,
    /// JSON-RPC 2.0.
    V2 = 1,
}

/// Why a transaction was not sent. `TransactionError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum TransactionError {
    /// It was.
    Ok = 0,
    /// An input is missing or spent.
    MissingInputs = 1,
    /// It is confirmed.
    AlreadyInUtxoSet = 2,
    /// The mempool's rules refuse it.
    MempoolRejected = 3,
    /// The mempool failed.
    MempoolError = 4,
    /// The fee is above the limit.
    MaxFeeExceeded = 5,
    /// It burns more than the limit.
    MaxBurnExceeded = 6,
    /// Its package is invalid.
    InvalidPackage = 7,
    /// Too many private broadcasts are under way.
    PrivateBroadcastFull = 8,
}

/// Where a transaction goes. `node::TxBroadcast`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum TxBroadcast {
    /// Into the mempool and to all peers.
    MempoolAndBroadcastToAll = 0,
    /// Into the mempool only.
    MempoolNoBroadcast = 1,
    /// To peers over short-lived private connections only.
    NoMempoolPrivateBroadcast = 2,
}

/// Why a PSBT was not filled. `common::PSBTError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum PsbtError {
    /// An input is missing or spent.
    MissingInputs = 0,
    /// Its sighash type is another one than asked for.
    SighashMismatch = 1,
    /// There is no external signer.
    ExternalSignerNotFound = 2,
    /// The external signer failed.
    ExternalSignerFailed = 3,
    /// The signer does not support it.
    Unsupported = 4,
    /// It lacks something.
    Incomplete = 5,
    /// Its transaction is invalid.
    InvalidTx = 6,
    /// Nothing is wrong.
    Ok = 7,
}

/// Why a fee is what it is. `FeeReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum FeeReason {
    /// No reason.
    None = 0,
    /// An estimate for half the target.
    HalfEstimate = 1,
    /// An estimate for the target.
    FullEstimate = 2,
    /// An estimate for twice the target.
    DoubleEstimate = 3,
    /// A conservative estimate for twice the target.
    Conservative = 4,
    /// The mempool's minimum.
    MempoolMin = 5,
    /// The fallback fee.
    Fallback = 6,
    /// The minimum that is required.
    Required = 7,
}

/// How careful a fee estimate is. `FeeEstimateMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum FeeEstimateMode {
    /// As configured.
    Unset = 0,
    /// Lower.
    Economical = 1,
    /// Higher.
    Conservative = 2,
}

/// What to do with a changed setting. `interfaces::SettingsAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcEnum)]
pub enum SettingsAction {
    /// Write the settings file.
    Write = 0,
    /// Keep it in memory only.
    SkipWrite = 1,
}
