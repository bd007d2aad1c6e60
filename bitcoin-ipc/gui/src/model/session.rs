//! A node and all that is known of it.
//!
//! In: what the node told. Out: values.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcoin::{Network, Txid};

use super::console::Console;
use super::page::Page;
use super::peers::Peers;
use super::processes::Processes;
use super::settings::Setting;
use super::wallet::{Fresh, Wallet};
use crate::text::words::mark;

/// The number of a session, which no other one gets.
pub(crate) type SessionId = u32;

/// How a node came to the window, which decides what closing the window does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// It ran before, and stays.
    Attached,
    /// The window started it, and ends it.
    Spawned,
    /// It is another program's, and stays; the window started the wallets on it, and ends them.
    OnCore,
    /// It is in this process.
    Hosted,
}

/// Where the connection to the node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The node is being started or looked for.
    Opening {
        /// What is being done.
        step: String,
    },
    /// It is there.
    Up,
    /// It was there and is gone, or has not come yet.
    Lost {
        /// What is known of the reason.
        why: String,
    },
    /// It is being ended.
    Stopping {
        /// What is waited for.
        step: String,
    },
    /// It is not for this window, or could not start.
    Refused {
        /// Why.
        why: String,
    },
    /// It has ended, with an exit code.
    Closed {
        /// The code.
        exit: i32,
    },
}

/// Where the wallets of a node stand, which live in a process of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wallets {
    /// Nobody has asked yet.
    Unknown,
    /// There are none.
    Absent {
        /// Why.
        why: String,
    },
    /// They can be used.
    Ready,
    /// Their process has ended.
    Lost,
}

/// What is known of the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Chain {
    /// The height of the highest block, once it is known.
    pub(crate) height: Option<i32>,
    /// Its time, in seconds since 1970.
    pub(crate) time: i64,
    /// The height of the highest header.
    pub(crate) header_height: i32,
    /// How much of all transactions is verified, from 0 to 1.
    pub(crate) progress: f64,
    /// Whether the chain is still being downloaded.
    pub(crate) initial_download: bool,
}

/// What is known of the mempool.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mempool {
    /// How many transactions it has.
    pub(crate) count: u64,
    /// Their virtual bytes.
    pub(crate) bytes: u64,
    /// The memory that it uses, in bytes.
    pub(crate) usage: u64,
    /// The memory that it may use, in bytes.
    pub(crate) max_usage: u64,
    /// The lowest rate that enters, in satoshi for 1000 virtual bytes.
    pub(crate) min_rate: u64,
    /// For numbers of blocks, the estimated rate in satoshi for 1000 virtual bytes, where there is one.
    pub(crate) estimates: Vec<(u16, Option<u64>)>,
    /// The size in virtual bytes and the fee in satoshi of all that pays more than the rest, growing.
    pub(crate) diagram: Vec<(u64, u64)>,
}

/// How far something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What it is.
    pub(crate) title: String,
    /// Hundredths.
    pub(crate) percent: i32,
}

/// A wallet of the node's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WalletFile {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is loaded.
    pub(crate) loaded: bool,
}

/// Something that is asked for, of the node or of a wallet. As often as there is a reason to, but never twice at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Read {
    /// Where the chain stands.
    Chain,
    /// What the node warns of.
    Warnings,
    /// Whether somebody wants the node to end.
    Stopping,
    /// The mempool and fees.
    Mempool,
    /// Which wallets are loaded.
    Wallets,
    /// Which wallets there are.
    Files,
    /// The names of all methods.
    Methods,
    /// The settings that can be changed.
    Settings,
    /// The processes, and the calls between them.
    Processes,
    /// Those whom the node is connected to.
    Peers,
    /// What a wallet tells: it is listened to anew.
    Listen(String),
    /// What a wallet can do.
    Traits(String),
    /// What a wallet has.
    Balances(String),
    /// The newest transactions.
    Newest(String),
    /// Older transactions: behind so many newer entries, so many.
    Older(String, usize, usize),
    /// How many transactions there are.
    Total(String),
    /// What a new transaction pays.
    Arrived(String, Txid),
    /// The coins.
    Coins(String),
    /// The address book.
    Book(String),
    /// The requests.
    Requests(String),
    /// Whether a transaction of unknown outcome is in the wallet.
    LookUp(String, Txid),
}

/// A call that is under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Something is asked for.
    Read(Read),
    /// Something is done in a wallet, one thing of a kind at a time.
    Act(String, &'static str),
    /// Something that may take long: a wallet is made or loaded, the node ends.
    Long(&'static str),
    /// A line of the console.
    Console(u64),
}

impl Key {
    /// Whether an answer is expected soon.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self, Key::Read(_) | Key::Act(..))
    }
}

/// How long a call has been under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// When it began, in milliseconds of the engine's clock.
    pub(crate) since: u64,
    /// Whether it has to be done once more.
    pub(crate) again: bool,
}

/// When wallets come back whose process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Restart {
    /// When their process is started, in milliseconds of the engine's clock.
    pub(crate) at: u64,
    /// How many seconds there are until then.
    pub(crate) seconds: u64,
}

/// A node and all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Session {
    /// Its number.
    pub(crate) id: SessionId,
    /// What it is called.
    pub(crate) name: String,
    /// Where it listens; empty for one that the window started.
    pub(crate) place: String,
    /// How it came to be.
    pub(crate) form: Form,
    /// Its network.
    pub(crate) network: Network,
    /// Where the connection stands.
    pub(crate) link: Link,
    /// The chain.
    pub(crate) chain: Chain,
    /// What the node says that it is doing.
    pub(crate) doing: Option<Progress>,
    /// What the node warns of; empty for nothing.
    pub(crate) warnings: String,
    /// Where its wallets stand.
    pub(crate) wallet_process: Wallets,
    /// The number of the process that they were last found in; a later one has a higher one.
    pub(crate) wallets_of: u64,
    /// The number of the last one that is known to have ended.
    pub(crate) wallets_ended: u64,
    /// Those that had gone silent before the list of their process was there.
    pub(crate) unheard: Vec<(u64, String)>,
    /// When the node starts their process again, if it said so.
    pub(crate) restart: Option<Restart>,
    /// Until when wallets may still be loaded that a process which came back does not have yet, in milliseconds of the
    /// engine's clock.
    pub(crate) settles: Option<u64>,
    /// The wallets that are or were loaded.
    pub(crate) wallets: BTreeMap<String, Arc<Wallet>>,
    /// All wallets of the folder.
    pub(crate) files: Fresh<Vec<WalletFile>>,
    /// The mempool and fees.
    pub(crate) mempool: Fresh<Mempool>,
    /// The settings that can be changed.
    pub(crate) settings: Fresh<Vec<Setting>>,
    /// The processes, and the calls between them.
    pub(crate) processes: Fresh<Arc<Processes>>,
    /// Those whom the node is connected to.
    pub(crate) peers: Fresh<Arc<Peers>>,
    /// The console.
    pub(crate) console: Arc<Console>,
    /// The page that is shown.
    pub(crate) page: Page,
    /// The wallet that is shown.
    pub(crate) shown: Option<String>,
    /// Whether nobody sees any of it.
    pub(crate) hidden: bool,
    /// The calls under way.
    pub(crate) work: BTreeMap<Key, Work>,
    /// For how long the slowest call has been without an answer, in seconds, once that is long.
    pub(crate) slow: Option<u64>,
}

impl Session {
    /// One of which nothing is known.
    pub(crate) fn new(id: SessionId, name: String, place: String, form: Form, network: Network) -> Self {
        Session {
            id,
            name,
            place,
            form,
            network,
            link: Link::Opening { step: mark!("Starting…").to_owned() },
            chain: Chain::default(),
            doing: None,
            warnings: String::new(),
            wallet_process: Wallets::Unknown,
            wallets_of: 0,
            wallets_ended: 0,
            unheard: Vec::new(),
            restart: None,
            settles: None,
            wallets: BTreeMap::new(),
            files: Fresh::Unknown,
            mempool: Fresh::Unknown,
            settings: Fresh::Unknown,
            processes: Fresh::Unknown,
            peers: Fresh::Unknown,
            console: Arc::default(),
            page: Page::default(),
            shown: None,
            hidden: false,
            work: BTreeMap::new(),
            slow: None,
        }
    }

    /// The wallet that is shown.
    pub(crate) fn wallet(&self) -> Option<&Arc<Wallet>> {
        self.wallets.get(self.shown.as_ref()?)
    }

    /// A wallet, to be changed.
    pub(crate) fn wallet_mut(&mut self, name: &str) -> Option<&mut Wallet> {
        self.wallets.get_mut(name).map(Arc::make_mut)
    }

    /// The pages that there is something for.
    pub(crate) fn pages(&self) -> impl Iterator<Item = Page> {
        let lonely = self.peers.value().is_none_or(|peers| peers.is_empty());
        Page::ALL.into_iter().filter(move |page| *page != Page::Peers || !lonely)
    }

    /// Whether what is shown changes because time passes.
    pub(crate) fn counts_time(&self) -> bool {
        self.work.keys().any(Key::is_short)
            || self.restart.is_some_and(|restart| restart.seconds > 0)
            || self.settles.is_some()
            || self.wallets.values().any(|wallet| wallet.arrivals.more > 0)
    }

    /// Whether calls reach the node.
    pub(crate) fn is_up(&self) -> bool {
        self.link == Link::Up
    }

    /// Whether settings of the node can be changed: by the node, or in the place of one that the window was to start and
    /// that did not.
    pub(crate) fn takes_settings(&self) -> bool {
        let own = matches!(self.form, Form::Spawned | Form::OnCore | Form::Hosted);
        self.is_up() || own && matches!(self.link, Link::Refused { .. })
    }

    /// Whether calls reach the wallets.
    pub(crate) fn has_wallets(&self) -> bool {
        self.is_up() && self.wallet_process == Wallets::Ready
    }
}

/// How many confirmations a transaction in a block of this height has, when the highest one has that height.
pub(crate) fn confirmations(height: Option<i32>, tip: Option<i32>) -> i32 {
    match (height, tip) {
        (Some(height), Some(tip)) => tip.saturating_sub(height).saturating_add(1).max(0),
        _ => 0,
    }
}
