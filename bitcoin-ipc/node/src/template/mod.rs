//! The transactions of the next block.
