//! Estimates of fee rates, from how long transactions waited.
