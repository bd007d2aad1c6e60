//! Estimates of fee rates, from how long transactions waited.

mod rate;

pub use rate::Rate;

/// The estimates.
#[derive(Debug, Default)]
pub struct Estimator;

#[allow(missing_docs, clippy::unused_self)]
impl Estimator {
    pub fn load(_: &std::path::Path) -> Self {
        Estimator
    }
    pub fn save(&self, _: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }
    pub fn transaction_added(&mut self, _: &crate::mempool::Entry, _: u32) {}
    pub fn transaction_removed(&mut self, _: &bitcoin::Txid) {}
    pub fn block_connected(&mut self, _: u32, _: &[crate::mempool::Removed]) {}
}
