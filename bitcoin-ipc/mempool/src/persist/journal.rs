//! Transactions that outlive the process.
//!
//! In: transactions as they are accepted. Out: a file that gives them back after a restart, also
//! after `kill -9`. It takes the place of Bitcoin Core's `mempool.dat`, which is written at the end
//! only.
//!
//! The file begins with eight bytes that name it and its version. Then come records: the length of
//! the content and the first four bytes of its double SHA-256, four bytes each, and the content. All
//! numbers are little-endian. A content is one of
//!
//! | kind, 1 byte | |
//! |---|---|
//! | 0 | a transaction: time in seconds, fee delta in satoshi, 8 bytes each, then its BIP 144 form |
//! | 1 | a fee delta: txid, then the delta |
//! | 2 | a transaction of this node or its wallets, which no peer has taken yet: txid |
//!
//! A record is handed to the system before its transaction is acknowledged, but not forced to the
//! disk: it survives the process, not a loss of power. That may cost the last records; a torn one and
//! all after it are cut off.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bitcoin::hashes::{Hash, sha256d};
use bitcoin::{Transaction, Txid, consensus};
use bitcoin_init::owner;

pub(super) const NAME: &[u8; 8] = b"mempool\x01";
/// No transaction is larger than a block; the rest of a content is small.
const MAX_CONTENT: u32 = 4_000_000 + 64;

/// Something that a journal keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A transaction was accepted.
    Transaction {
        /// The transaction.
        tx: Arc<Transaction>,
        /// When, in seconds since 1970.
        time: u64,
        /// What the user had added to its fee, in satoshi.
        delta: i64,
    },
    /// The user added to a fee; this is the sum, in satoshi.
    Delta {
        /// The transaction, which may be unknown.
        txid: Txid,
        /// The sum.
        delta: i64,
    },
    /// A transaction came from this node or its wallets, and no peer has taken it yet.
    Unbroadcast {
        /// The transaction.
        txid: Txid,
    },
}

impl Record {
    fn content(&self) -> Vec<u8> {
        match self {
            Record::Transaction { tx, time, delta } => {
                [&[0][..], &time.to_le_bytes(), &delta.to_le_bytes(), &consensus::serialize(&**tx)].concat()
            }
            Record::Delta { txid, delta } => [&[1][..], &txid.to_byte_array(), &delta.to_le_bytes()].concat(),
            Record::Unbroadcast { txid } => [&[2][..], &txid.to_byte_array()].concat(),
        }
    }

    fn read(content: &[u8]) -> Option<Self> {
        match content.split_first()? {
            (0, rest) => {
                let (time, rest) = rest.split_first_chunk()?;
                let (delta, rest) = rest.split_first_chunk()?;
                let tx = consensus::deserialize::<Transaction>(rest).ok()?;
                let (time, delta) = (u64::from_le_bytes(*time), i64::from_le_bytes(*delta));
                Some(Record::Transaction { tx: Arc::new(tx), time, delta })
            }
            (1, rest) => {
                let (txid, rest) = rest.split_first_chunk()?;
                let delta = i64::from_le_bytes(rest.try_into().ok()?);
                Some(Record::Delta { txid: Txid::from_byte_array(*txid), delta })
            }
            (2, rest) => Some(Record::Unbroadcast { txid: Txid::from_byte_array(rest.try_into().ok()?) }),
            _ => None,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let content = self.content();
        // A transaction that was accepted fits a block.
        let length = content.len() as u32;
        [&length.to_le_bytes()[..], &checksum(&content), &content].concat()
    }
}

fn checksum(content: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256d::Hash::hash(content).to_byte_array();
    [a, b, c, d]
}

/// The next record and its length; `None` at the end, or where no record can be read.
pub(super) fn read_record(file: &mut impl Read) -> io::Result<Option<(Record, u64)>> {
    let mut head = [0; 8];
    if !filled(file, &mut head)? {
        return Ok(None);
    }
    let [a, b, c, d, sum @ ..] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    if length > MAX_CONTENT {
        return Ok(None);
    }
    let mut content = vec![0; length as usize];
    if !filled(file, &mut content)? || checksum(&content) != sum {
        return Ok(None);
    }
    Ok(Record::read(&content).map(|record| (record, 8 + u64::from(length))))
}

/// Fills the bytes, or gives false where the file ends first.
fn filled(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file of records, open for more.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Journal {
    /// Opens a journal, or begins one, and gives its records in the order in which they came. A torn
    /// end is cut off.
    ///
    /// The owner of the directory is the only one who may have it open.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or is not a journal.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<Record>)> {
        let file = owner::options().read(true).write(true).create(true).truncate(false).open(path)?;
        owner::restrict(&file)?;
        let size = file.metadata()?.len();
        let mut reader = BufReader::new(&file);
        let mut name = [0; NAME.len()];
        let mut records = Vec::new();
        let mut end = 0;
        if filled(&mut reader, &mut name)? {
            if name != *NAME {
                let text =
                    format!("{} is not a mempool journal of this version: move it away", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            end = NAME.len() as u64;
            while let Some((record, length)) = read_record(&mut reader)? {
                records.push(record);
                end += length;
            }
        }
        drop(reader);
        let mut journal = Journal { path: path.to_owned(), file, bytes: end };
        if end < size {
            let path = path.display();
            tracing::warn!(target: "mempool", "The last {} bytes of {path} are torn and cut off.", size - end);
            journal.file.set_len(end)?;
        }
        journal.file.seek(SeekFrom::Start(end))?;
        if end == 0 {
            journal.write(NAME)?;
        }
        Ok((journal, records))
    }

    /// Writes, or leaves the file as it was.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        match &written {
            Ok(()) => self.bytes += bytes.len() as u64,
            Err(_) => {
                // A part of a record would make those after it unreadable. What fails here, the
                // next start repairs.
                let _ = self.file.set_len(self.bytes);
                let _ = self.file.seek(SeekFrom::Start(self.bytes));
            }
        }
        written
    }

    /// Adds a record. Once this has returned, it survives the end of the process.
    ///
    /// # Errors
    ///
    /// The file cannot be written; the record is not in it then.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        self.write(&record.bytes())
    }

    /// The size of the file, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts these records in place of all, for a start, an end in order, or when the file has become
    /// much larger than the mempool. Whatever happens, either all old or all new ones are there.
    ///
    /// # Errors
    ///
    /// The new file cannot be written; the old one goes on.
    pub fn rewrite(&mut self, records: impl IntoIterator<Item = Record>) -> io::Result<()> {
        let temporary = self.path.with_extension("journal.new");
        let mut writer = BufWriter::new(owner::create(&temporary)?);
        writer.write_all(NAME)?;
        let mut bytes = NAME.len() as u64;
        for record in records {
            let record = record.bytes();
            bytes += record.len() as u64;
            writer.write_all(&record)?;
        }
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        // Otherwise a loss of power could leave the new name with no content.
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        (self.file, self.bytes) = (file, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;
    use proptest::prelude::*;

    fn record(number: u8) -> Record {
        if number.is_multiple_of(5) {
            return Record::Unbroadcast { txid: Txid::from_byte_array([number; 32]) };
        }
        if number.is_multiple_of(3) {
            return Record::Delta { txid: Txid::from_byte_array([number; 32]), delta: -i64::from(number) };
        }
        let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
        let mut tx = genesis.txdata[0].clone();
        tx.output[0].script_pubkey = vec![number; usize::from(number)].into();
        Record::Transaction { tx: Arc::new(tx), time: number.into(), delta: i64::from(number) - 5 }
    }

    fn written(path: &Path, count: u8) -> Vec<Record> {
        let (mut journal, found) = Journal::open(path).unwrap();
        assert!(found.is_empty());
        let records: Vec<_> = (0..count).map(record).collect();
        for record in &records {
            journal.append(record).unwrap();
        }
        assert_eq!(journal.bytes(), fs::metadata(path).unwrap().len());
        records
    }

    #[test]
    fn records_come_back_in_order_and_more_can_follow() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mempool.journal");
        let mut records = written(&path, 20);
        let (mut journal, found) = Journal::open(&path).unwrap();
        assert_eq!(found, records);
        journal.append(&record(99)).unwrap();
        records.push(record(99));
        assert_eq!(Journal::open(&path).unwrap().1, records);
        journal.rewrite(records[3..5].iter().cloned()).unwrap();
        journal.append(&record(98)).unwrap();
        assert_eq!(journal.bytes(), fs::metadata(&path).unwrap().len());
        assert_eq!(Journal::open(&path).unwrap().1, [record(3), record(4), record(98)]);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_file_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mempool.journal");
        fs::write(&path, b"something else").unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert!(error.to_string().contains("mempool.journal is not a mempool journal"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"something else");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_torn_end_costs_the_torn_record_only(count in 0..12u8, cut in 0.0..1.0f64, junk: Vec<u8>) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("mempool.journal");
            let records = written(&path, count);
            let mut bytes = fs::read(&path).unwrap();
            let end = (bytes.len() as f64 * cut) as usize;
            bytes.truncate(end);
            let whole = records.iter().scan(8, |sum, record| {
                *sum += record.bytes().len();
                Some(*sum)
            });
            let whole = whole.take_while(|sum| *sum <= end).count();
            fs::write(&path, &bytes).unwrap();
            let (mut journal, found) = Journal::open(&path).unwrap();
            prop_assert_eq!(&found, &records[..whole]);
            // What was cut off is gone, and new records can be read.
            journal.append(&record(77)).unwrap();
            drop(journal);
            let found = Journal::open(&path).unwrap().1;
            prop_assert_eq!(found.last(), Some(&record(77)));
            prop_assert_eq!(found.len(), whole + 1);
            // Bytes that are no record are cut off as well.
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(&junk).unwrap();
            prop_assert_eq!(Journal::open(&path).unwrap().1, found);
        }

        #[test]
        fn a_changed_byte_never_gives_a_record_that_was_not_written(count in 1..8u8, at in 8usize.., bit in 0..8u8) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("mempool.journal");
            let records = written(&path, count);
            let mut bytes = fs::read(&path).unwrap();
            let at = 8 + at % (bytes.len() - 8);
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes).unwrap();
            let found = Journal::open(&path).unwrap().1;
            prop_assert!(found.len() < records.len());
            prop_assert_eq!(&found[..], &records[..found.len()]);
        }
    }
}
