//! The callbacks of a wallet, each while it is registered and later.

use bitcoin_ipc::interfaces::{
    AddressBookChangedFn, CanGetAddressesChangedFn, ShowWalletProgressFn, StatusChangedFn,
    TransactionChangedFn, UnloadWalletFn,
};
use bitcoin_ipc::types::{AddressPurpose, ChangeType, Destination};

use crate::ends::Ends;
use crate::peer::heard;
use crate::sample::{destination, txid};

pub(crate) fn the_gui_hears_of_a_wallet_until_it_stops(ends: &Ends) {
    let (wallet, peer) = (ends.wallet(), &ends.peer);
    heard!(peer, wallet.handle_unload(UnloadWalletFn), (), (), (), ());
    heard!(
        peer,
        wallet.handle_show_progress(ShowWalletProgressFn),
        (title, progress),
        (),
        ("Rescanning…", 1),
        ("", 100)
    );
    heard!(peer, wallet.handle_status_changed(StatusChangedFn), (), (), (), ());
    heard!(
        peer,
        wallet.handle_address_book_changed(AddressBookChangedFn),
        (address, label, is_mine, purpose, status),
        (),
        (&destination(1), "rent", true, AddressPurpose::Refund, ChangeType::Deleted),
        (&Destination::None, "", false, AddressPurpose::Send, ChangeType::Updated)
    );
    heard!(
        peer,
        wallet.handle_transaction_changed(TransactionChangedFn),
        (txid, status),
        (),
        (txid(1), ChangeType::Updated),
        (txid(2), ChangeType::New)
    );
    heard!(peer, wallet.handle_can_get_addresses_changed(CanGetAddressesChangedFn), (), (), (), ());
}
