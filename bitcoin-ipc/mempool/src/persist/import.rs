//! Files of transactions that come from elsewhere.
//!
//! In: a file that Bitcoin Core's `savemempool` has written (`mempool.dat`, version 1 or 2), or a
//! [`journal`], which ours writes. Out: its [`Record`]s, one after the other, so that
//! a large file takes little memory. The file is never changed.
//!
//! `mempool.dat` begins with its version, eight bytes. In version 2 a key of eight bytes follows, and
//! from there on each byte is masked with the key's byte at the same place, counted from the beginning
//! of the file. Then come the count of transactions, each of them with its time and fee delta, the
//! fee deltas of others, and the ids of those that no peer has taken yet.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use bitcoin::Transaction;
use bitcoin::consensus::encode::{self, Decodable, VarInt};

use super::journal::{self, Record};

/// Takes a mask off the bytes of a file.
struct Unmask {
    file: BufReader<File>,
    key: [u8; 8],
    position: usize,
}

impl Read for Unmask {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(bytes)?;
        for byte in bytes.iter_mut().take(count) {
            *byte ^= self.key[self.position % self.key.len()];
            self.position += 1;
        }
        Ok(count)
    }
}

/// What comes next.
enum Next {
    /// So many transactions of a `mempool.dat`.
    Transactions(u64),
    /// So many fee deltas of a `mempool.dat`.
    Deltas(u64),
    /// So many ids of transactions of a `mempool.dat` that no peer has taken yet.
    Unbroadcast(u64),
    /// Another record of a journal, and how many bytes are left.
    Journal(u64),
    Nothing,
}

/// The records of a file, until the first error.
pub struct Records {
    reader: BufReader<Unmask>,
    next: Next,
}

fn broken(error: encode::Error) -> io::Error {
    match error {
        encode::Error::Io(error) => error.into(),
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}

impl Records {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is of another kind or version.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let mut name = [0; 8];
        file.read_exact(&mut name)?;
        let mut mask = Unmask { file, key: [0; 8], position: name.len() };
        if name == *journal::NAME {
            let left = size.saturating_sub(name.len() as u64);
            return Ok(Records { reader: BufReader::new(mask), next: Next::Journal(left) });
        }
        match u64::from_le_bytes(name) {
            1 => {}
            2 => {
                let mut key = [0; 9];
                mask.file.read_exact(&mut key)?;
                let [8, key @ ..] = key else {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "the key has not eight bytes"));
                };
                mask.key = key;
                mask.position += key.len() + 1;
            }
            _ => {
                let text = "neither a mempool.dat of version 1 or 2 nor a journal of this version";
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
        let mut reader = BufReader::new(mask);
        let count = u64::consensus_decode(&mut reader).map_err(broken)?;
        Ok(Records { reader, next: Next::Transactions(count) })
    }

    fn decode<T: Decodable>(&mut self) -> io::Result<T> {
        T::consensus_decode(&mut self.reader).map_err(broken)
    }

    fn read(&mut self) -> io::Result<Option<Record>> {
        loop {
            self.next = match self.next {
                Next::Transactions(0) => Next::Deltas(self.decode::<VarInt>()?.0),
                Next::Transactions(left) => {
                    self.next = Next::Transactions(left - 1);
                    let tx: Transaction = self.decode()?;
                    let (time, delta): (i64, i64) = (self.decode()?, self.decode()?);
                    let time = u64::try_from(time).unwrap_or(0);
                    return Ok(Some(Record::Transaction { tx: Arc::new(tx), time, delta }));
                }
                Next::Deltas(0) => Next::Unbroadcast(self.decode::<VarInt>()?.0),
                Next::Unbroadcast(0) => Next::Nothing,
                Next::Unbroadcast(left) => {
                    self.next = Next::Unbroadcast(left - 1);
                    return Ok(Some(Record::Unbroadcast { txid: self.decode()? }));
                }
                Next::Deltas(left) => {
                    self.next = Next::Deltas(left - 1);
                    return Ok(Some(Record::Delta { txid: self.decode()?, delta: self.decode()? }));
                }
                Next::Journal(0) | Next::Nothing => return Ok(None),
                Next::Journal(left) => {
                    let Some((record, length)) = journal::read_record(&mut self.reader)? else {
                        return Err(io::Error::new(io::ErrorKind::InvalidData, "a record is torn"));
                    };
                    self.next = Next::Journal(left.saturating_sub(length));
                    return Ok(Some(record));
                }
            };
        }
    }
}

impl Iterator for Records {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.read().transpose();
        if let Some(Err(_)) = record {
            self.next = Next::Nothing;
        }
        record
    }
}
