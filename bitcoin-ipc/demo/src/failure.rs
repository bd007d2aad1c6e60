//! Why a scenario did not go on.
//!
//! In: errors of programs, files and RPC methods. Out: one type, which tells the methods' from others.

/// A result of this library.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// An RPC method answered with an error. Codes are those of Bitcoin Core's `rpc/protocol.h`.
    #[error("{message} (code {code})")]
    Rpc {
        /// The number of the error.
        code: i64,
        /// What it says.
        message: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Failure::Other(text.into())
    }

    /// The number of an RPC method's error.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        match self {
            Failure::Rpc { code, .. } => Some(*code),
            Failure::Other(_) => None,
        }
    }
}

impl From<bitcoin_ipc::RpcError> for Failure {
    fn from(error: bitcoin_ipc::RpcError) -> Self {
        match error {
            bitcoin_ipc::RpcError::Rpc { code, message, .. } => Failure::Rpc { code, message },
            other => Failure::new(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::new(error.to_string())
    }
}

impl From<bitcoin_ipc::Error> for Failure {
    fn from(error: bitcoin_ipc::Error) -> Self {
        Failure::new(error.to_string())
    }
}
