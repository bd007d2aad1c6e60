//! What a wallet tells those who listen.
//!
//! In: events, collected while the wallet was locked. Out: calls, on threads of those who listen.

use std::time::Duration;

use bitcoin::Txid;
use bitcoin_ipc::interfaces::{
    AddressBookChangedFn, CanGetAddressesChangedFn, ShowWalletProgressFn, StatusChangedFn,
    TransactionChangedFn, UnloadWalletFn,
};
use bitcoin_ipc::types::{AddressPurpose, ChangeType, Destination};

use crate::listeners::{Callbacks, News, WALLET};

/// Something that listeners want to know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// The wallet is about to be unloaded.
    Unload,
    /// How far a search of the chain is, in hundredths.
    Progress(String, i32),
    /// It was encrypted, locked or unlocked.
    Status,
    /// An entry of the address book changed.
    Book { address: Destination, label: String, mine: bool, purpose: AddressPurpose, change: ChangeType },
    /// A transaction changed.
    Tx(Txid, ChangeType),
    /// It may have begun or ceased to give addresses.
    CanGetAddresses,
}

/// Those who listen.
pub(crate) struct Events {
    pub(crate) unload: Callbacks<UnloadWalletFn>,
    pub(crate) progress: Callbacks<ShowWalletProgressFn>,
    pub(crate) status: Callbacks<StatusChangedFn>,
    pub(crate) book: Callbacks<AddressBookChangedFn>,
    pub(crate) tx: Callbacks<TransactionChangedFn>,
    pub(crate) can_get_addresses: Callbacks<CanGetAddressesChangedFn>,
}

impl Default for Events {
    fn default() -> Self {
        Events {
            unload: Callbacks::new(WALLET),
            progress: Callbacks::new(WALLET),
            status: Callbacks::new(WALLET),
            book: Callbacks::new(WALLET),
            tx: Callbacks::new(WALLET),
            can_get_addresses: Callbacks::new(WALLET),
        }
    }
}

/// How long whoever unloads a wallet waits for those who listen to let go of it.
const PARTING: Duration = Duration::from_secs(2);

impl Events {
    /// Has those who listen told of events, soon.
    pub(crate) fn tell(&self, events: impl IntoIterator<Item = Event>) {
        // What a listener is told to look at, it sees as it is by then.
        let once = |what: &str| News::Once(what.to_owned());
        for event in events {
            match event {
                Event::Unload => {
                    self.unload.tell(News::Each, |call| call());
                    self.unload.wait(PARTING);
                }
                Event::Progress(title, hundredths) => {
                    let first_or_last = hundredths == 0 || hundredths == 100;
                    let news = if first_or_last { News::Each } else { News::Latest(title.clone()) };
                    self.progress.tell(news, move |call| call(&title, hundredths));
                }
                Event::Status => self.status.tell(once("status"), |call| call()),
                Event::Book { address, label, mine, purpose, change } => {
                    self.book.tell(News::Each, move |call| call(&address, &label, mine, purpose, change));
                }
                Event::Tx(txid, ChangeType::Updated) => {
                    let news = once(&txid.to_string());
                    self.tx.tell(news, move |call| call(txid, ChangeType::Updated));
                }
                Event::Tx(txid, change) => self.tx.tell(News::Each, move |call| call(txid, change)),
                Event::CanGetAddresses => self.can_get_addresses.tell(once("addresses"), |call| call()),
            }
        }
    }
}
