//! The node's echo, within the time that a call may take.

use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

use super::link::Link;
use super::session::Session;
use crate::interfaces::Echo;

/// [`Echo`] of one connection.
pub(super) struct ClientEcho {
    pub(super) link: Link,
    pub(super) session: Arc<Session>,
    pub(super) echo: Arc<dyn Echo>,
}

#[ipc_interface]
impl Echo for ClientEcho {
    async fn echo(&self, echo: &str) -> Result<String> {
        let echoed = self.link.limited(self.echo.echo(echo)).await;
        self.link.noticed(&self.session, echoed)
    }
}
