//! What a mempool asks of the chain below it.
//!
//! In: outpoints and heights. Out: coins, and the times that locks count by.

use bitcoin::OutPoint;
use bitcoin_ipc::types::Coin;

/// The height of a coin that is not in a block yet: Bitcoin Core's `MEMPOOL_HEIGHT`.
pub const MEMPOOL_HEIGHT: u32 = 0x7fff_ffff;

/// Why the chain could not be read.
pub type ViewError = Box<dyn std::error::Error + Send + Sync>;

/// The active chain that a mempool stands on. It must not change during a call that it is given to.
pub trait View {
    /// The unspent coin of an outpoint; `None` when it is spent or was never there.
    ///
    /// # Errors
    ///
    /// The coins cannot be read.
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError>;

    /// The height of the chain's last block.
    fn height(&self) -> u32;

    /// The median of the times of the block at a height, at most [`View::height`], and of the ten
    /// blocks before it, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// The headers cannot be read.
    fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError>;

    /// The median time of the chain's last block.
    ///
    /// # Errors
    ///
    /// The headers cannot be read.
    fn median_time_past(&self) -> Result<u32, ViewError> {
        self.median_time_past_at(self.height())
    }
}
