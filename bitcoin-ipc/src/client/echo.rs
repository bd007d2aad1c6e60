//! The node's echo, within the time that a call may take.

use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

use super::connection::Client;
use super::session::Session;
use crate::interfaces::Echo;

/// [`Echo`] of one connection.
pub(super) struct ClientEcho {
    pub(super) client: Client,
    pub(super) session: Arc<Session>,
    pub(super) echo: Arc<dyn Echo>,
}

#[ipc_interface]
impl Echo for ClientEcho {
    async fn echo(&self, echo: &str) -> Result<String> {
        let echoed = self.client.limited(self.echo.echo(echo)).await;
        self.client.noticed(&self.session, echoed)
    }
}
