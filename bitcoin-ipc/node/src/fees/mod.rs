//! Estimates of fee rates, from how long transactions waited.

mod rate;

pub use rate::Rate;
