//! Files of transactions.

use std::io::Write;

use bitcoin::consensus::serialize;

use super::*;
use crate::persist::import::Records;
use crate::persist::journal::{Journal, Record};

fn records(path: &std::path::Path) -> std::io::Result<Vec<Record>> {
    Records::open(path)?.collect()
}

/// A `mempool.dat` with two transactions, a delta and an id that nobody has taken.
fn dat(key: Option<[u8; 8]>) -> (Vec<u8>, Vec<Record>) {
    let transaction = |number: u8, delta| Record::Transaction {
        tx: Arc::new(pay(number, 500)),
        time: NOW + u64::from(number),
        delta,
    };
    let records = vec![
        transaction(1, 0),
        transaction(2, -7),
        Record::Delta { txid: outpoint(9).txid, delta: i64::MIN },
        Record::Unbroadcast { txid: Txid::from_byte_array([5; 32]) },
    ];
    let mut bytes = match key {
        None => 1_u64.to_le_bytes().to_vec(),
        Some(key) => [&2_u64.to_le_bytes()[..], &[8], &key].concat(),
    };
    let plain = bytes.len();
    bytes.extend(2_u64.to_le_bytes());
    for record in &records {
        match record {
            Record::Transaction { tx, time, delta } => {
                bytes.extend(serialize(&**tx));
                bytes.extend(time.to_le_bytes());
                bytes.extend(delta.to_le_bytes());
            }
            Record::Delta { txid, delta } => {
                bytes.push(1);
                bytes.extend(txid.to_byte_array());
                bytes.extend(delta.to_le_bytes());
            }
            Record::Unbroadcast { txid } => {
                bytes.push(1);
                bytes.extend(txid.to_byte_array());
            }
        }
    }
    for (place, byte) in bytes.iter_mut().enumerate().skip(plain) {
        *byte ^= key.unwrap_or_default()[place % 8];
    }
    (bytes, records)
}

#[test]
fn files_of_bitcoin_core_and_of_ours_are_read_alike() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    for key in [None, Some([0; 8]), Some([1, 2, 3, 4, 5, 6, 7, 255])] {
        let (bytes, expected) = dat(key);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(records(&path).unwrap(), expected);
        // What follows is left alone; what is missing is missed.
        std::fs::write(&path, [&bytes[..], b"more"].concat()).unwrap();
        assert_eq!(records(&path).unwrap(), expected);
        for end in 0..bytes.len() {
            std::fs::write(&path, &bytes[..end]).unwrap();
            assert!(records(&path).is_err(), "{end} of {} bytes", bytes.len());
        }
    }
    let ours = directory.path().join("journal");
    let mut journal = Journal::open(&ours).unwrap().0;
    assert_eq!(records(&ours).unwrap(), []);
    let (_, expected) = dat(None);
    for record in &expected {
        journal.append(record).unwrap();
    }
    assert_eq!(records(&ours).unwrap(), expected);
    let before = std::fs::read(&ours).unwrap();
    std::fs::OpenOptions::new().append(true).open(&ours).unwrap().write_all(b"torn").unwrap();
    assert!(records(&ours).is_err());
    assert_eq!(std::fs::read(&ours).unwrap(), [&before[..], b"torn"].concat());
    for wrong in [&b"\x03\0\0\0\0\0\0\0"[..], b"something else", b"\x02\0\0\0\0\0\0\0\x071234567"] {
        std::fs::write(&path, wrong).unwrap();
        assert!(records(&path).is_err());
    }
    assert!(records(directory.path()).is_err() && records(&directory.path().join("no")).is_err());
}
