//! Serving what a process has to clients of any release.
//!
//! In: objects of the traits in [`interfaces`](crate::interfaces). Out: the first interface of each
//! release over them.

use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

use super::init::Init;
use crate::interfaces::{Echo, Mining, Rpc};

/// What a node offers its clients; `None` for what it does not have.
///
/// It implements the first interface, which every release has in its form, so the type that it is served as
/// says what the node looks like: `serve_stream::<dyn v31::Init>(…)`.
#[derive(Clone, Default)]
pub struct Services {
    /// Something to test the connection with.
    pub echo: Option<Arc<dyn Echo>>,
    /// Block templates and blocks.
    pub mining: Option<Arc<dyn Mining>>,
    /// The JSON-RPC server.
    pub rpc: Option<Arc<dyn Rpc>>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services")
            .field("echo", &self.echo.is_some())
            .field("mining", &self.mining.is_some())
            .field("rpc", &self.rpc.is_some())
            .finish()
    }
}

#[ipc_interface]
impl Init for Services {
    async fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(self.echo.clone())
    }

    async fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>> {
        Ok(self.mining.clone())
    }

    async fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(self.rpc.clone())
    }
}
