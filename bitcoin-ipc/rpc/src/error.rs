//! Errors of JSON-RPC.
//!
//! In: what went wrong. Out: an error object with a code and a message.

use std::fmt;

use serde_json::{Value, json};

/// What a command gives.
pub type Answer<T = Value> = std::result::Result<T, RpcError>;

/// Codes of errors: Bitcoin Core's `RPCErrorCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
pub enum Code {
    /// The request is not one.
    InvalidRequest = -32600,
    /// There is no such method.
    MethodNotFound = -32601,
    /// Parameters that do not go together.
    InvalidParams = -32602,
    /// The node itself is broken.
    InternalError = -32603,
    /// The text is not JSON.
    ParseError = -32700,
    /// Anything else, and help instead of an answer.
    MiscError = -1,
    /// An argument has the wrong type.
    TypeError = -3,
    /// Something about a wallet.
    WalletError = -4,
    /// The wallet has not enough coins.
    WalletInsufficientFunds = -6,
    /// A label that cannot be one, or that no address has.
    WalletInvalidLabelName = -11,
    /// The wallet has no more addresses to give.
    WalletKeypoolRanOut = -12,
    /// The wallet has to be unlocked.
    WalletUnlockNeeded = -13,
    /// A wrong passphrase.
    WalletPassphraseIncorrect = -14,
    /// The wallet is encrypted or not, and should not be or be.
    WalletWrongEncState = -15,
    /// The wallet could not be encrypted.
    WalletEncryptionFailed = -16,
    /// There is no such wallet.
    WalletNotFound = -18,
    /// The request has to say which wallet it means.
    WalletNotSpecified = -19,
    /// The wallet is loaded.
    WalletAlreadyLoaded = -35,
    /// There is a wallet of this name.
    WalletAlreadyExists = -36,
    /// An address, key, block or transaction that is not known.
    InvalidAddressOrKey = -5,
    /// An argument that is out of range or missing.
    InvalidParameter = -8,
    /// There are no peers.
    ClientNotConnected = -9,
    /// The chain has not caught up.
    ClientInInitialDownload = -10,
    /// A database failed.
    DatabaseError = -20,
    /// Bytes that do not decode.
    DeserializationError = -22,
    /// A peer that is there already.
    ClientNodeAlreadyAdded = -23,
    /// A peer that was never added.
    ClientNodeNotAdded = -24,
    /// A block or transaction is not valid here.
    VerifyError = -25,
    /// A block or transaction breaks a rule.
    VerifyRejected = -26,
    /// The transaction is in the chain already.
    VerifyAlreadyInUtxoSet = -27,
    /// The node is starting.
    InWarmup = -28,
    /// A peer that is not connected.
    ClientNodeNotConnected = -29,
    /// An address of no network.
    ClientInvalidIpOrSubnet = -30,
    /// The node has no peer-to-peer network.
    ClientP2pDisabled = -31,
    /// The method is out of use.
    MethodDeprecated = -32,
}

/// An error object: a code and a message, or what another process gave as such.
#[derive(Clone, Debug, PartialEq)]
pub struct RpcError(Value);

impl RpcError {
    /// An error of this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        RpcError(json!({ "code": code as i32, "message": message.into() }))
    }

    /// An error that is an object already.
    #[must_use]
    pub fn from_object(object: Value) -> Self {
        RpcError(object)
    }

    /// The code; 0 if another process left it out.
    #[must_use]
    pub fn code(&self) -> i64 {
        self.0["code"].as_i64().unwrap_or_default()
    }

    /// The message; empty if another process left it out.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }

    /// The object as it travels.
    #[must_use]
    pub fn into_object(self) -> Value {
        self.0
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message(), self.code())
    }
}

impl std::error::Error for RpcError {}

impl From<bitcoin_ipc::Error> for RpcError {
    fn from(error: bitcoin_ipc::Error) -> Self {
        RpcError::new(Code::InternalError, error.to_string())
    }
}

/// An argument out of range, missing or contradictory: -8.
pub fn invalid<T>(message: impl Into<String>) -> Answer<T> {
    Err(RpcError::new(Code::InvalidParameter, message))
}

/// An address, key, block or transaction that is not known: -5.
pub fn unknown<T>(message: impl Into<String>) -> Answer<T> {
    Err(RpcError::new(Code::InvalidAddressOrKey, message))
}

/// An argument of the wrong type: -3.
pub fn wrong_type<T>(message: impl Into<String>) -> Answer<T> {
    Err(RpcError::new(Code::TypeError, message))
}

/// Bytes that do not decode: -22.
pub fn undecodable<T>(message: impl Into<String>) -> Answer<T> {
    Err(RpcError::new(Code::DeserializationError, message))
}

/// Anything else: -1.
pub fn failed<T>(message: impl Into<String>) -> Answer<T> {
    Err(RpcError::new(Code::MiscError, message))
}
