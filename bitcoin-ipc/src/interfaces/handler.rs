//! Handler: a registration.

use mp_runtime::callbacks::Registration;
use mp_runtime::{Result, ipc_interface};

use crate::files::HANDLER;

/// A registration for notifications or RPC commands. Dropping it ends the registration too.
#[ipc_interface(file = HANDLER, cxx = "interfaces::Handler")]
pub trait Handler: Send + Sync {
    /// Ends the registration.
    fn disconnect(&self) -> Result<()>;
}

impl<F: Send + Sync> Handler for Registration<F> {
    fn disconnect(&self) -> Result<()> {
        self.end();
        Ok(())
    }
}
