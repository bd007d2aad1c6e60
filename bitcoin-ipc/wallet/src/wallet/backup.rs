//! Copies of the wallet.
//!
//! In: a name. Out: a file that [`Loader::restore`](crate::Loader::restore) takes.

use std::path::Path;

use super::WalletHandle;
use crate::Result;
use crate::storage::FILE;

impl WalletHandle {
    /// Copies the wallet to a file, which is replaced if it is there, or into a folder.
    ///
    /// # Errors
    ///
    /// It cannot be written, or is the wallet itself.
    pub fn backup(&self, to: &Path) -> Result<()> {
        let inside = to.join(FILE);
        let target = if to.is_dir() { &inside } else { to };
        self.state()?.store.copy_to(target)
    }
}
