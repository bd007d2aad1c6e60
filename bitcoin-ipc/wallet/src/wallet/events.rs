//! What a wallet tells those who listen.
//!
//! In: events, collected while the wallet was locked. Out: calls, after it is unlocked.

use bitcoin::Txid;
use bitcoin_ipc::interfaces::{
    AddressBookChangedFn, CanGetAddressesChangedFn, ShowWalletProgressFn, StatusChangedFn,
    TransactionChangedFn, UnloadWalletFn,
};
use bitcoin_ipc::types::{AddressPurpose, ChangeType, Destination};

use crate::listeners::Listeners;

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
#[derive(Default)]
pub(crate) struct Events {
    pub(crate) unload: Listeners<UnloadWalletFn>,
    pub(crate) progress: Listeners<ShowWalletProgressFn>,
    pub(crate) status: Listeners<StatusChangedFn>,
    pub(crate) book: Listeners<AddressBookChangedFn>,
    pub(crate) tx: Listeners<TransactionChangedFn>,
    pub(crate) can_get_addresses: Listeners<CanGetAddressesChangedFn>,
}

impl Events {
    /// Tells of events. Nothing may be locked.
    pub(crate) fn tell(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            match event {
                Event::Unload => self.unload.tell(|call| call()),
                Event::Progress(title, hundredths) => self.progress.tell(|call| call(&title, hundredths)),
                Event::Status => self.status.tell(|call| call()),
                Event::Book { address, label, mine, purpose, change } => {
                    self.book.tell(|call| call(&address, &label, mine, purpose, change));
                }
                Event::Tx(txid, change) => self.tx.tell(|call| call(txid, change)),
                Event::CanGetAddresses => self.can_get_addresses.tell(|call| call()),
            }
        }
    }
}
