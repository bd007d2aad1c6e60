//! What is to be called.
//!
//! In: nothing. Out: calls as data, which say who is asked what.

use std::sync::Arc;

use bitcoin::{OutPoint, Txid};
use bitcoin_ipc::types::{OutputType, Secret};

use super::PeerCommand;
use crate::model::draft::Payment;
use crate::model::psbt::PsbtView;
use crate::model::requests::Request;
use crate::model::review::{Prepared, Remedy, Review};
use crate::model::{Key, Read};

/// What a file gets. It is made by whoever writes it: there may be much of it.
pub(crate) struct Contents(Box<dyn FnOnce() -> Vec<u8> + Send>);

impl Contents {
    /// What this makes.
    pub(crate) fn new(make: impl FnOnce() -> Vec<u8> + Send + 'static) -> Contents {
        Contents(Box::new(make))
    }

    /// Makes it.
    pub(crate) fn make(self) -> Vec<u8> {
        (self.0)()
    }
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contents")
    }
}

/// A call, or several that belong together.
#[derive(Debug)]
pub(crate) enum Task {
    /// Something is asked for.
    Read(Read),
    /// A line of the console.
    Console {
        /// Its number.
        id: u64,
        /// The line.
        line: Secret,
        /// The wallet, if one is meant.
        wallet: Option<String>,
    },
    /// Nobody waits for an answer of the console any more.
    CancelConsole(u64),
    /// A new wallet.
    CreateWallet {
        /// Its name.
        name: String,
        /// Its passphrase; empty for none.
        passphrase: Secret,
        /// Bits of Bitcoin Core's `WalletFlags`.
        flags: u64,
    },
    /// A wallet is loaded.
    LoadWallet(String),
    /// A wallet is made of a backup.
    RestoreWallet {
        /// Its name.
        name: String,
        /// The backup.
        file: String,
    },
    /// A new file is written.
    Write {
        /// The file.
        path: String,
        /// What is in it.
        contents: Contents,
    },
    /// A setting of the node is changed, or taken out of its file.
    Set(&'static str, Option<String>),
    /// Everything is taken out of the node's file of settings.
    ResetSettings,
    /// Something of those whom the node is connected to.
    Peer(PeerCommand),
    /// The node is ended, or left if it stays.
    Stop,
    /// The node is ended at once.
    Force,
    /// Something of a wallet.
    Wallet(String, WalletTask),
}

/// Something that a wallet does.
#[derive(Debug)]
pub(crate) enum WalletTask {
    /// Gives an address.
    NewAddress(OutputType),
    /// Keeps a request.
    Keep(Request),
    /// Forgets a request.
    Forget(Request),
    /// Makes a transaction for review.
    Make(Payment),
    /// Signs and sends what was reviewed.
    Send(Arc<Review>, Option<Secret>),
    /// Tells all about a transaction.
    Details(Txid),
    /// Makes what helps a transaction, for review, at a rate in satoshi for 1000 virtual bytes.
    Bump(Txid, Remedy, u64),
    /// Signs and sends it.
    SendBump(Arc<Prepared>, Option<Secret>),
    /// Gives a transaction up.
    Abandon(Txid),
    /// Gives an address a label.
    Label {
        /// The address.
        address: String,
        /// The label.
        label: String,
        /// Whether it is the wallet's own.
        mine: bool,
    },
    /// Forgets somebody's address.
    DeleteAddress(String),
    /// Keeps a coin from being chosen, or lets it be chosen again.
    Freeze(OutPoint, bool),
    /// Locks.
    Lock,
    /// Unlocks.
    Unlock(Secret),
    /// Encrypts.
    Encrypt(Secret),
    /// Replaces the passphrase.
    ChangePassphrase(Secret, Secret),
    /// Copies itself to a file.
    Backup(String),
    /// Writes what watches it to a file.
    ExportWatchOnly(String),
    /// Writes its labels to a file.
    ExportLabels(String),
    /// Takes labels of a file.
    ImportLabels(String),
    /// Is unloaded.
    Unload,
    /// Makes a PSBT of what was reviewed.
    AsPsbt(Arc<Review>),
    /// Reads a PSBT.
    ReadPsbt(String),
    /// Puts another one together with it.
    CombinePsbt(Arc<PsbtView>, String),
    /// Signs it.
    SignPsbt(Arc<PsbtView>, Option<Secret>),
    /// Sends its transaction.
    SendPsbt(Arc<PsbtView>),
    /// Signs a message.
    Sign {
        /// The address.
        address: String,
        /// The message.
        message: String,
    },
}

impl Task {
    /// What it is under way as; `None` for one that ends at once.
    pub(crate) fn key(&self) -> Option<Key> {
        Some(match self {
            Task::Read(read) => Key::Read(read.clone()),
            Task::Console { id, .. } => Key::Console(*id),
            Task::CancelConsole(_) | Task::Write { .. } | Task::Force => return None,
            Task::CreateWallet { .. } | Task::LoadWallet(_) | Task::RestoreWallet { .. } => Key::Long("load"),
            Task::Set(..) | Task::ResetSettings => Key::Long("settings"),
            Task::Peer(_) => Key::Long("peers"),
            Task::Stop => Key::Long("stop"),
            Task::Wallet(wallet, task) => Key::Act(wallet.clone(), task.kind()),
        })
    }
}

impl WalletTask {
    /// Of which kind it is: one of a kind is done at a time.
    fn kind(&self) -> &'static str {
        match self {
            WalletTask::NewAddress(_) => "address",
            WalletTask::Keep(_) | WalletTask::Forget(_) => "request",
            WalletTask::Make(_) | WalletTask::Send(..) => "send",
            WalletTask::Details(_) => "details",
            WalletTask::Bump(..) | WalletTask::SendBump(..) => "bump",
            WalletTask::Freeze(..) => "freeze",
            WalletTask::AsPsbt(_)
            | WalletTask::ReadPsbt(_)
            | WalletTask::CombinePsbt(..)
            | WalletTask::SignPsbt(..)
            | WalletTask::SendPsbt(_) => "psbt",
            WalletTask::Abandon(_)
            | WalletTask::Label { .. }
            | WalletTask::DeleteAddress(_)
            | WalletTask::Lock
            | WalletTask::Unlock(_)
            | WalletTask::Encrypt(_)
            | WalletTask::ChangePassphrase(..)
            | WalletTask::Backup(_)
            | WalletTask::ExportWatchOnly(_)
            | WalletTask::ExportLabels(_)
            | WalletTask::ImportLabels(_)
            | WalletTask::Unload
            | WalletTask::Sign { .. } => "act",
        }
    }
}
