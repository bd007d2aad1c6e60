//! Echo: whether anybody is there.

use mp_runtime::{Result, ipc_interface};

use crate::files::ECHO;

/// Sends back what it gets, to see whether a connection works.
#[ipc_interface(file = ECHO, cxx = "interfaces::Echo")]
pub trait Echo: Send + Sync {
    /// Sends the text back.
    async fn echo(&self, echo: &str) -> Result<String>;
}

/// What every program of ours serves as its [`Echo`].
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoImpl;

#[ipc_interface]
impl Echo for EchoImpl {
    async fn echo(&self, echo: &str) -> Result<String> {
        Ok(echo.to_owned())
    }
}
