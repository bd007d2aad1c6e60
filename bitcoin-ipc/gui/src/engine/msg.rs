//! What the engine hears.
//!
//! In: clicks, callbacks, results. Out: [`Msg`]. Passphrases are in commands alone, as [`Secret`].

use bitcoin::{OutPoint, Txid};
use bitcoin_ipc::types::{NetAddr, OutputType, Secret, SubNet};

use super::Contents;
use crate::model::book::Entry;
use crate::model::coins::Coin;
use crate::model::draft::Payment;
use crate::model::peers::Peers;
use crate::model::processes::Processes;
use crate::model::psbt::PsbtView;
use crate::model::requests::Request;
use crate::model::review::{Prepared, Remedy, Review};
use crate::model::row::Row;
use crate::model::settings::Setting;
use crate::model::{
    Balances, Chain, Details, Key, Level, Mempool, Page, Read, Session, SessionId, Traits, WalletFile,
};
use crate::text::address::sentence;

/// A message.
#[derive(Debug)]
pub(crate) enum Msg {
    /// There is a node to look after.
    Session(Box<Session>),
    /// The user wants something.
    Command(SessionId, Command),
    /// Something happened.
    Event(SessionId, Event),
    /// A call has ended.
    Answered(SessionId, Answered),
    /// Time has passed while a call is under way.
    Tick,
    /// A test wants to know when all before it is taken.
    #[cfg(test)]
    Sync(std::sync::mpsc::Sender<()>),
}

/// What the user wants.
#[derive(Debug)]
pub(crate) enum Command {
    /// To see a page, and a wallet.
    Show {
        /// The page.
        page: Page,
        /// The wallet; none is any.
        wallet: Option<String>,
    },
    /// To see nothing for now, as the window is hidden, or what is shown again.
    Hide(bool),
    /// To leave the node, or to end it if the window started it.
    Close,
    /// To end the node at once, which does not end in order.
    Force,
    /// A list of all wallets.
    ListFiles,
    /// A new wallet.
    CreateWallet {
        /// Its name.
        name: String,
        /// Its passphrase; empty for none.
        passphrase: Secret,
        /// Bits of Bitcoin Core's `WalletFlags`.
        flags: u64,
    },
    /// To load a wallet.
    LoadWallet(String),
    /// To make a wallet of a backup.
    RestoreWallet {
        /// Its name.
        name: String,
        /// The backup.
        file: String,
    },
    /// To write a new file.
    Write {
        /// The file.
        path: String,
        /// What is in it.
        contents: Contents,
    },
    /// Another value of a setting of the node; none takes it out of the file.
    Set(&'static str, Option<String>),
    /// To take everything out of the node's file of settings.
    ResetSettings,
    /// To see anew what is shown.
    Again(Read),
    /// Something of those whom the node is connected to.
    Peer(PeerCommand),
    /// To run a line of the console, for a wallet or none.
    Console {
        /// The line, which may have a passphrase.
        line: Secret,
        /// The wallet.
        wallet: Option<String>,
    },
    /// Not to wait for an answer any more.
    CancelConsole(u64),
    /// To forget what the console has.
    ClearConsole,
    /// Something of a wallet.
    Wallet(String, WalletCommand),
}

/// What the user wants of those whom the node is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerCommand {
    /// To end the connection with this number.
    Disconnect(i64),
    /// To keep an address away for so many seconds.
    Ban(NetAddr, i64),
    /// To keep these away no more.
    Unban(SubNet),
    /// To switch the network on or off.
    Network(bool),
}

/// What the user wants of a wallet.
#[derive(Debug)]
pub(crate) enum WalletCommand {
    /// Older transactions than so many that are known, and so many of them.
    Older(usize, usize),
    /// Another address to be paid to.
    NewAddress(OutputType),
    /// To keep a request; its number and time are given to it.
    Keep(Request),
    /// To forget a request.
    Forget(Request),
    /// A transaction for a payment.
    Make(Payment),
    /// Back to the draft, or to a new one.
    Draft,
    /// To sign and send what was reviewed. The passphrase unlocks the wallet for that.
    Send(Option<Secret>),
    /// To see a transaction.
    Details(Txid),
    /// Not to see it any more.
    CloseDetails,
    /// Help for a transaction that waits, at a rate in satoshi for 1000 virtual bytes.
    Bump(Txid, Remedy, u64),
    /// To sign and send what was made for that.
    SendBump(Option<Secret>),
    /// No help.
    CloseBump,
    /// To give a transaction up.
    Abandon(Txid),
    /// To give an address a label.
    Label {
        /// The address.
        address: String,
        /// The label.
        label: String,
        /// Whether it is the wallet's own.
        mine: bool,
    },
    /// To forget somebody's address.
    DeleteAddress(String),
    /// To keep a coin from being chosen, or to let it be chosen again.
    Freeze(OutPoint, bool),
    /// To lock the wallet.
    Lock,
    /// To unlock it.
    Unlock(Secret),
    /// To encrypt it.
    Encrypt(Secret),
    /// To replace the passphrase, the old one and the new one.
    ChangePassphrase(Secret, Secret),
    /// To copy it to a file.
    Backup(String),
    /// To write what watches it to a file: a wallet without private keys.
    ExportWatchOnly(String),
    /// To write its labels to a file (BIP 329).
    ExportLabels(String),
    /// To take labels of a file (BIP 329).
    ImportLabels(String),
    /// To unload it.
    Unload,
    /// What was reviewed as a PSBT, for others to sign.
    AsPsbt,
    /// To read a PSBT in base64, or a file.
    ReadPsbt(String),
    /// To put another one together with it.
    CombinePsbt(String),
    /// To sign it. The passphrase unlocks the wallet for that.
    SignPsbt(Option<Secret>),
    /// To send its transaction.
    SendPsbt,
    /// Not to look at it any more.
    ClosePsbt,
    /// To sign a message with the key of an address.
    Sign {
        /// The address, P2PKH.
        address: String,
        /// The message.
        message: String,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// Something is done on the way to the node.
    Opening(String),
    /// The node is there, and listened to.
    Up,
    /// The node is gone.
    Lost(String),
    /// The node is not for this window, or cannot start.
    Refused(String),
    /// The node has ended, with an exit code.
    Closed(i32),
    /// There was no node yet that could be ended.
    Left,
    /// There is another highest block.
    BlockTip(Chain),
    /// There is another highest header, of this height.
    HeaderTip(i32),
    /// The node's warnings changed.
    Alert,
    /// What the node is loading.
    Loading(String),
    /// How far the node is with something, in hundredths.
    Progress(String, i32),
    /// There are more or fewer connections, others are kept away, or the network is switched on or off.
    PeersChanged,
    /// A message for the user.
    Message(Level, String),
    /// Wallets can be used.
    InitWallet,
    /// The process of the wallets with this number has ended.
    WalletsGone(u64),
    /// A wallet is loaded.
    WalletLoaded(String),
    /// A wallet is about to be unloaded.
    WalletUnloaded(String),
    /// A wallet of the process with this number tells nothing more, as too much of it was not heard.
    Unheard(u64, String),
    /// A wallet was encrypted, locked or unlocked, or gives addresses again or no more.
    StatusChanged(String),
    /// The address book changed.
    BookChanged(String),
    /// A transaction changed, or is new.
    TransactionChanged(String, Txid, bool),
    /// How far a wallet is with something, in hundredths.
    WalletProgress(String, String, i32),
}

/// Why a call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The node is gone.
    NodeGone,
    /// The node is there, but the wallets are not.
    WalletsGone,
    /// There was no answer in time.
    TimedOut,
    /// It was refused.
    Refused,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What kind of reason it is.
    pub(crate) kind: FailureKind,
    /// The reason, for the user.
    pub(crate) text: String,
}

impl Failure {
    /// A refusal.
    pub(crate) fn refused(text: impl Into<String>) -> Failure {
        Failure { kind: FailureKind::Refused, text: sentence(&text.into()) }
    }
}

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct Answered {
    /// Which one.
    pub(crate) key: Key,
    /// Its result.
    pub(crate) answer: Answer,
}

/// The result of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// What was asked for could not be had.
    Failed(Failure),
    /// Where the chain stands.
    Chain(Chain),
    /// What the node warns of.
    Warnings(String),
    /// Whether somebody wants the node to end.
    Stopping(bool),
    /// The mempool and fees.
    Mempool(Mempool),
    /// The wallets that are loaded.
    Wallets {
        /// The number of their process: a later one has a higher one.
        process: u64,
        /// Their names.
        names: Vec<String>,
    },
    /// All wallets.
    Files(Vec<WalletFile>),
    /// The names of all methods.
    Methods(Vec<String>),
    /// The settings that can be changed.
    Settings(Vec<Setting>),
    /// The processes.
    Processes(Processes),
    /// Those whom the node is connected to.
    Peers(Peers),
    /// What came of something that was wanted of them.
    PeerDone(Result<String, Failure>),
    /// What came of changing one.
    Set(Result<String, Failure>),
    /// The answer to a line of the console.
    Console(u64, Result<String, String>),
    /// What came of a wallet that was to be made or loaded: warnings, or why there is none.
    Loaded(String, Result<Vec<String>, String>),
    /// The node is being ended, or could not be.
    Stopped,
    /// Something of a wallet.
    Wallet(String, WalletAnswer),
}

/// The result of a call to a wallet.
#[derive(Debug)]
pub(crate) enum WalletAnswer {
    /// It is listened to again.
    Listened,
    /// What it can do.
    Traits(Traits),
    /// What it has.
    Balances(Balances),
    /// The newest transactions.
    Newest(Vec<Row>),
    /// Older ones, behind so many, of which so many were asked for.
    Older(usize, usize, Vec<Row>),
    /// How many it has, if the wallet says so.
    Total(Option<u64>),
    /// What a new transaction pays, unless it is gone again.
    Arrived(Option<Arrival>),
    /// Its coins.
    Coins(Vec<Coin>),
    /// Whom it knows.
    Book(Vec<Entry>),
    /// What was asked for.
    Requests(Vec<Request>),
    /// A new address.
    Address(Result<String, Failure>),
    /// A transaction to review.
    Made(Result<Box<Review>, Failure>),
    /// What came of sending.
    Sent(SendOutcome),
    /// Whether it has a transaction.
    LookedUp(Txid, bool),
    /// All about a transaction.
    Details(Result<Box<Details>, Failure>),
    /// What helps a transaction, to review.
    Bumped(Result<Box<Prepared>, Failure>),
    /// What came of sending it.
    BumpSent(SendOutcome),
    /// A PSBT, or why there is none.
    Psbt(Result<Box<PsbtView>, Failure>),
    /// What came of something else: a sentence in either case.
    Done(Result<String, Failure>),
}

/// A new transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// What it pays the wallet, in satoshi; negative for what it takes.
    pub(crate) amount: i64,
    /// Whether it is new money.
    pub(crate) mined: bool,
}

/// What came of sending a payment, or what helps one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SendOutcome {
    /// It is sent.
    Sent(Txid),
    /// The passphrase is wrong. Nothing was sent.
    WrongPassphrase,
    /// Nothing was sent, for this reason.
    NotSent(String),
    /// Nobody knows whether it was sent.
    Unknown(Txid),
}
