//! Blocks that were stored, but that the kernel has forgotten.
//!
//! In: a directory that was left without order. Out: copies of its newest block files, the blocks in
//! them, and the hashes of the blocks that must be there again.
//!
//! The kernel writes a block to a file at once, but its index of them only now and then. After a kill
//! it opens at an older block and writes over those that came later. So they are copied first and
//! given to it again; [`Stored`] tells whether all are back.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bitcoin::hashes::Hash;
use bitcoin::{Block, BlockHash, Network, consensus};
use bitcoin_init::owner;

use super::directory::file_error;
use super::error::Result;

/// Block files that are copied: one GiB. The kernel's index is never older than an hour or so; where
/// these are not enough, the chain is rebuilt.
const FILES: usize = 8;
/// The network's magic and the block's size stand before a block.
const PREFIX: usize = 8;

/// The hashes of the blocks that were stored since the directory was last closed in order.
pub(super) struct Stored {
    path: PathBuf,
    file: File,
}

impl Stored {
    /// Opens the list, and says whether there was one; after an end in order it starts empty.
    pub(super) fn open(directory: &Path, clean: bool) -> Result<(Self, bool)> {
        let path = directory.join("stored");
        let listed = path.exists();
        let file = owner::options().append(true).create(true).open(&path).map_err(file_error(&path))?;
        owner::restrict(&file).map_err(file_error(&path))?;
        if clean {
            file.set_len(0).map_err(file_error(&path))?;
        }
        Ok((Stored { path, file }, listed))
    }

    /// Adds a block. It outlasts the process; a loss of power may take it, as it may take the block.
    pub(super) fn add(&mut self, hash: BlockHash) -> Result<()> {
        self.file.write_all(hash.as_byte_array()).map_err(file_error(&self.path))
    }

    /// All of them.
    pub(super) fn hashes(&self) -> Result<Vec<BlockHash>> {
        let bytes = fs::read(&self.path).map_err(file_error(&self.path))?;
        let hashes = bytes.chunks_exact(BlockHash::LEN).map(BlockHash::from_slice);
        Ok(hashes.map(|hash| hash.expect("a chunk is as long as a hash")).collect())
    }
}

/// Copies of block files, until [`Salvage::done`].
pub(super) struct Salvage {
    directory: PathBuf,
    /// Whether an attempt to bring these back did not come to its end.
    pub(super) failed_before: bool,
    network: Network,
}

impl Salvage {
    /// Copies the newest block files, unless there are copies of an attempt that failed.
    pub(super) fn take(directory: &Path, network: Network) -> Result<Self> {
        let (blocks, copies) = (directory.join("blocks"), directory.join("salvage"));
        let failed_before = copies.exists();
        if !failed_before {
            let part = directory.join("salvage.part");
            let copy = || {
                if part.exists() {
                    fs::remove_dir_all(&part)?;
                }
                owner::create_folder(&part)?;
                let files = block_files(&blocks)?;
                let newest = files.iter().rev().take(FILES);
                for name in newest.map(String::as_str).chain(["xor.dat"]) {
                    let to = part.join(name);
                    match fs::copy(blocks.join(name), &to) {
                        Ok(_) => {
                            let file = File::open(&to)?;
                            owner::restrict(&file)?;
                            file.sync_all()?;
                        }
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                        Err(error) => return Err(error),
                    }
                }
                fs::rename(&part, &copies)?;
                File::open(directory)?.sync_all()
            };
            copy().map_err(file_error(&part))?;
        }
        Ok(Salvage { directory: copies, failed_before, network })
    }

    /// Gives every block in the copies.
    pub(super) fn for_each(&self, mut give: impl FnMut(Block) -> Result<()>) -> Result<()> {
        let error = || file_error(&self.directory);
        let mut key = Vec::new();
        if let Ok(mut file) = File::open(self.directory.join("xor.dat")) {
            file.read_to_end(&mut key).map_err(error())?;
        }
        for name in block_files(&self.directory).map_err(error())? {
            let mut bytes = fs::read(self.directory.join(name)).map_err(error())?;
            // Room that was made for later blocks.
            while bytes.ends_with(&[0; 4096]) {
                bytes.truncate(bytes.len() - 4096);
            }
            if !key.is_empty() {
                bytes.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
            }
            blocks(&bytes, self.network, &mut give)?;
        }
        Ok(())
    }

    /// Removes the copies.
    pub(super) fn done(self) -> Result<()> {
        fs::remove_dir_all(&self.directory).map_err(file_error(&self.directory))
    }
}

/// The names of the block files of a directory, oldest first; none without the directory.
fn block_files(directory: &Path) -> std::io::Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry?.file_name().into_string()
            && name.starts_with("blk")
            && name.ends_with(".dat")
        {
            names.push(name);
        }
    }
    // A number of more than five digits is newer than all of five.
    names.sort_by_key(|name| (name.len(), name.clone()));
    Ok(names)
}

/// The blocks in a file's bytes. What is not one, such as a torn one, is passed over.
fn blocks(bytes: &[u8], network: Network, give: &mut impl FnMut(Block) -> Result<()>) -> Result<()> {
    let magic = network.magic().to_bytes();
    let mut rest = bytes;
    while rest.len() > PREFIX {
        let block = rest.strip_prefix(&magic).and_then(|rest| {
            let (size, rest) = rest.split_first_chunk()?;
            rest.get(..usize::try_from(u32::from_le_bytes(*size)).ok()?)
        });
        let parsed = block.and_then(|bytes| Some((bytes.len(), consensus::deserialize(bytes).ok()?)));
        // The head of a torn block may run into the next one and read as a block all the same.
        let parsed = parsed
            .filter(|(_, block): &(_, Block)| block.check_merkle_root() && block.check_witness_commitment());
        rest = match parsed {
            Some((length, block)) => {
                give(block)?;
                &rest[PREFIX + length..]
            }
            None => &rest[1..],
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::constants::genesis_block;

    #[test]
    fn torn_blocks_are_passed_over() {
        let block = genesis_block(Network::Regtest);
        let raw = consensus::serialize(&block);
        let mut record = Network::Regtest.magic().to_bytes().to_vec();
        record.extend((raw.len() as u32).to_le_bytes());
        record.extend(&raw);
        let count = |bytes: &[u8]| {
            let mut found = 0;
            let mut give = |given| {
                assert_eq!(given, block);
                found += 1;
                Ok(())
            };
            blocks(bytes, Network::Regtest, &mut give).unwrap();
            found
        };
        let zeros = [0; 50];
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[&record[..], &record, &zeros].concat()), 2);
        for length in 0..record.len() {
            assert_eq!(count(&record[..length]), 0);
            assert_eq!(count(&[&record[..length], &record].concat()), 1);
            assert_eq!(count(&[&record[length..], &zeros, &record].concat()), 1 + usize::from(length == 0));
        }
    }
}
