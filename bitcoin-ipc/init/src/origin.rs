//! Whose a directory is.
//!
//! In: a directory for a network's files, or for wallets. Out: nothing where our programs may work: the
//! directory is new, or ours; or what shows that it is somebody else's, mostly Bitcoin Core's, which has
//! the same directories. Looking changes nothing there.
//!
//! Ours are a directory with the file [`NETWORK_FILE`], which is written before any block, or with
//! [`CHAIN_FILE`], which goes with the blocks wherever they are copied or moved to; and wallets that are
//! called [`WALLET_FILE`].

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The file with the network's name, by which a node knows its own directory again.
pub const NETWORK_FILE: &str = "network";

/// The same beside the blocks, for those who take these along and nothing else.
pub const CHAIN_FILE: &str = "blocks/network";

/// The file of a wallet, in the wallet's own folder or in that of all wallets.
pub const WALLET_FILE: &str = "wallet.sqlite";

/// The lock that whoever has a directory of wallets holds in it.
pub const WALLET_LOCK: &str = ".walletlock";

/// The file of a wallet of Bitcoin Core.
pub const CORE_WALLET_FILE: &str = "wallet.dat";

/// What a node keeps its chain in. A folder with nothing in it may be there for a disk of its own.
const CHAIN_FOLDERS: [&str; 5] = ["blocks", "chainstate", "chainstate_snapshot", "indexes", "database"];

/// Files that Bitcoin Core makes, and our programs do not.
const CORE_FILES: [&str; 12] = [
    CORE_WALLET_FILE,
    "mempool.dat",
    "fee_estimates.dat",
    "peers.dat",
    "anchors.dat",
    "banlist.json",
    "banlist.dat",
    "onion_v3_private_key",
    "i2p_private_key",
    "guisettings.ini.bak",
    "wallets/db.log",
    "db.log",
];

/// Files that both make, and by what they show that Bitcoin Core did.
const CORE_TEXTS: [(&str, &str); 2] = [
    ("settings.json", "is automatically generated and updated by "),
    ("debug.log", " Bitcoin Core version "),
];

/// How much of such a file is read.
const HEAD: u64 = 16 * 1024;

/// How deep below their directory wallets are looked for, and at how many things at most: the directory
/// may be anything.
const DEPTH: u32 = 3;
const MOST: u32 = 10_000;

/// Checks that a network's directory is new or ours, with all in it.
///
/// # Errors
///
/// It is not; the text says what was found, and what to do.
pub fn check_network_dir(directory: &Path) -> Result<()> {
    if is_ours(directory) {
        return Ok(());
    }
    match sign(directory).or_else(|| foreign_wallet(&directory.join("wallets"))) {
        Some(found) => Err(refusal(directory, &found, "-datadir")),
        None => Ok(()),
    }
}

/// Checks that a directory of wallets that the user names is new or ours. Others' wallets beside ours do
/// no harm.
///
/// # Errors
///
/// As [`check_network_dir`].
pub fn check_wallet_dir(directory: &Path) -> Result<()> {
    if is_ours(directory) {
        return Ok(());
    }
    match sign(directory).or_else(|| foreign_wallet(directory)) {
        Some(found) => Err(refusal(directory, &found, "-walletdir")),
        None => Ok(()),
    }
}

fn refusal(directory: &Path, found: &Path, option: &str) -> Error {
    Error::new(format!(
        "{} was not made by this program: {} is Bitcoin Core's or another program's. Nothing there was \
         changed. Give this program a directory of its own with {option}",
        directory.display(),
        found.display()
    ))
}

/// Whether a node of ours has worked here. A crash may have left a file empty.
fn is_ours(directory: &Path) -> bool {
    [NETWORK_FILE, CHAIN_FILE].iter().any(|name| {
        let read = fs::read_to_string(directory.join(name));
        read.is_ok_and(|text| text.trim().is_empty() || text.trim().parse::<bitcoin::Network>().is_ok())
    })
}

/// What of a node there is.
fn sign(directory: &Path) -> Option<PathBuf> {
    let folder = CHAIN_FOLDERS.iter().map(|name| directory.join(name)).find(|path| has_something(path));
    let file =
        || CORE_FILES.iter().map(|name| directory.join(name)).find(|path| path.symlink_metadata().is_ok());
    let text = || {
        let found = CORE_TEXTS.iter().find(|(name, text)| begins_with(&directory.join(name), text));
        found.map(|(name, _)| directory.join(name))
    };
    folder.or_else(file).or_else(text)
}

/// Whether a folder has something in it, or there is something else of its name.
fn has_something(path: &Path) -> bool {
    if path.symlink_metadata().is_err() {
        return false;
    }
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().any(|entry| entry.file_name() != "lost+found"),
        // It cannot be looked into, or leads nowhere now: somebody has made it.
        Err(_) => true,
    }
}

/// Whether the first part of a file has a text in it.
fn begins_with(path: &Path, text: &str) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && head.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A wallet of another program in a directory that has none of ours.
fn foreign_wallet(directory: &Path) -> Option<PathBuf> {
    let mut search = Search { left: MOST, foreign: None };
    let ours = search.finds_ours(directory, DEPTH);
    search.foreign.filter(|_| !ours && !locked_by_us(directory))
}

struct Search {
    /// How many things may still be looked at.
    left: u32,
    foreign: Option<PathBuf>,
}

impl Search {
    /// Whether there is a wallet of ours; notes one of others on the way.
    fn finds_ours(&mut self, directory: &Path, depth: u32) -> bool {
        let Ok(entries) = fs::read_dir(directory) else { return false };
        let mut below = Vec::new();
        for entry in entries.flatten() {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            let (path, name) = (entry.path(), entry.file_name());
            if name == WALLET_FILE {
                return true;
            }
            if path.is_dir() {
                below.push(path);
            // A wallet of the old kind may have any name there.
            } else if name == CORE_WALLET_FILE
                || (depth == DEPTH && path.extension().is_some_and(|ending| ending == "dat"))
            {
                self.foreign = Some(path);
            }
        }
        depth > 0 && below.iter().any(|path| self.finds_ours(path, depth - 1))
    }
}

/// Whether the lock file has the id of a process in it, as ours has. That of Bitcoin Core, which has the
/// same name, is empty.
fn locked_by_us(directory: &Path) -> bool {
    let text = fs::read_to_string(directory.join(WALLET_LOCK)).unwrap_or_default();
    text.trim().parse::<u32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with these files; a name that ends with `/` is a folder.
    fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            let path = dir.path().join(name);
            if name.ends_with('/') {
                fs::create_dir_all(&path).expect("a folder");
                continue;
            }
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        dir
    }

    #[test]
    fn directories_of_others_are_refused_and_named() {
        for files in [
            &[("blocks/blk00000.dat", "x")][..],
            &[("chainstate/CURRENT", "x")],
            &[("indexes/txindex/CURRENT", "x")],
            &[("wallet.dat", "x")],
            &[("wallets/wallet.dat", "x")],
            &[("wallets/hot/wallet.dat", "x"), ("wallets/.walletlock", "")],
            &[("wallets/a/b/c/wallet.dat", "x")],
            &[("wallets/old.dat", "x")],
            &[("mempool.dat", "x")],
            &[("fee_estimates.dat", "x"), ("clean", "closed in order\n")],
            &[(
                "settings.json",
                "{\n \"_warning_\": \"This file is automatically generated and updated by Bitcoin Core. P\"}",
            )],
            &[("debug.log", "\n\n2026-01-01T00:00:00Z Bitcoin Core version v32.0.0 (release build)\n")],
            // Ours had wallets there, and Core has its chain.
            &[("blocks/blk00000.dat", "x"), ("wallets/w/wallet.sqlite", "x")],
            &[("network", "no network at all"), ("blocks/xor.dat", "x")],
            &[("blocks/network", "no network at all"), ("blocks/xor.dat", "x")],
        ] {
            let dir = with(files);
            let error = check_network_dir(dir.path()).expect_err("somebody else's");
            let text = error.text();
            assert!(text.starts_with(&dir.path().display().to_string()), "{files:?}: {text}");
            assert!(text.contains("was not made by this program") && text.ends_with("-datadir"), "{text}");
        }
    }

    #[test]
    fn new_directories_and_our_own_are_taken() {
        for files in [
            &[][..],
            &[("bitcoin.conf", "regtest=1"), ("regtest/network", "regtest\n")],
            &[("blocks/", ""), ("chainstate/lost+found/", "")],
            &[("network", "regtest\n"), ("blocks/blk00000.dat", "x"), ("mempool.dat", "x")],
            &[("network", ""), ("blocks/blk00000.dat", "x")],
            &[("blocks/network", "regtest\n"), ("blocks/blk00000.dat", "x"), ("chainstate/CURRENT", "x")],
            &[("network", "signet"), ("wallets/w/wallet.dat", "x")],
            &[("wallets/w/wallet.sqlite", "x")],
            &[("wallets/w/wallet.sqlite", "x"), ("wallets/v/wallet.dat", "x")],
            &[("debug.log", "2026-01-01T00:00:00Z bitcoin-node version 0.1.0\n"), ("settings.json", "{}")],
        ] {
            let dir = with(files);
            assert_eq!(check_network_dir(dir.path()), Ok(()), "{files:?}");
        }
        assert_eq!(check_network_dir(Path::new("/none/such")), Ok(()));
    }

    #[test]
    fn wallets_of_others_are_left_alone() {
        for files in [
            &[("wallet.dat", "x")][..],
            &[("hot/wallet.dat", "x")],
            &[("hot/wallet.dat", "x"), (".walletlock", "")],
            &[("blocks/blk00000.dat", "x")],
        ] {
            let dir = with(files);
            let error = check_wallet_dir(dir.path()).expect_err("somebody else's");
            assert!(error.text().ends_with("with -walletdir"), "{error}");
        }
        for files in [
            &[][..],
            &[("cold/wallet.sqlite", "x"), ("hot/wallet.dat", "x")],
            &[(".walletlock", "71\n"), ("hot/wallet.dat", "x")],
            &[("network", "regtest"), ("blocks/blk00000.dat", "x")],
        ] {
            let dir = with(files);
            assert_eq!(check_wallet_dir(dir.path()), Ok(()), "{files:?}");
        }
    }
}
