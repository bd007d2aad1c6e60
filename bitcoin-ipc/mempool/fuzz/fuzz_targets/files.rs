//! Any bytes as a file: read to its end or refused.

#![no_main]

use std::io::Write;

use bitcoin_mempool::fees::Estimator;
use bitcoin_mempool::persist::import::Records;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("room on the disk");
    if let Ok(records) = Records::open(file.path()) {
        records.for_each(drop);
    }
    let _ = Estimator::read(file.path());
});
