//! ExternalSigner: a hardware wallet.

use mp_runtime::{Result, ipc_interface};

use crate::files::NODE;

/// A device that holds keys.
#[ipc_interface(file = NODE, cxx = "interfaces::ExternalSigner")]
pub trait ExternalSigner: Send + Sync {
    /// What it is called.
    fn get_name(&self) -> Result<String>;
}
