//! What a wallet tells.
//!
//! In: a wallet. Out: its callbacks as events.

use std::sync::Arc;

use bitcoin_ipc::interfaces::{Handler, Wallet};
use bitcoin_ipc::types::ChangeType;
use mp_runtime::{Result, within};

use super::guard::Arm;
use super::{GOODBYE, Held, lock};
use crate::engine::Event;

/// A wallet that is loaded, and what keeps it telling.
pub(super) struct Loaded {
    pub(super) object: Arc<dyn Wallet>,
    arm: Arm,
    _told: Vec<Box<dyn Handler>>,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        self.arm.disarm();
    }
}

/// Has a wallet tell what happens, as long as it is held; gives its name.
pub(super) fn listen(held: &Arc<Held>, object: Arc<dyn Wallet>) -> Result<(String, Loaded)> {
    let name = object.get_wallet_name()?;
    let (arm, process) = (Arm::new(), held.process());
    let guard = || arm.guard(held.id, held.sender.clone(), Event::Unheard(process, name.clone()));
    let tell = || {
        let guard = guard();
        let (held, name) = (Arc::downgrade(held), name.clone());
        move |event: &dyn Fn(String) -> Event| {
            // It is dropped with this closure.
            let _guard = &guard;
            if let Some(held) = held.upgrade() {
                held.tell(event(name.clone()));
            }
            Ok(())
        }
    };
    let (status, addresses, book, changed, progress) = (tell(), tell(), tell(), tell(), tell());
    let (holder, unloaded, ends) = (Arc::downgrade(held), name.clone(), guard());
    let told = vec![
        object.handle_unload(Box::new(move || {
            let _guard = &ends;
            if let Some(held) = holder.upgrade() {
                let_go(&held, &unloaded);
            }
            Ok(())
        }))?,
        object.handle_status_changed(Box::new(move || status(&Event::StatusChanged)))?,
        object.handle_can_get_addresses_changed(Box::new(move || addresses(&Event::StatusChanged)))?,
        object.handle_address_book_changed(Box::new(move |_, _, _, _, _| book(&Event::BookChanged)))?,
        object.handle_transaction_changed(Box::new(move |txid, change| {
            changed(&|name| Event::TransactionChanged(name, txid, change == ChangeType::New))
        }))?,
        object.handle_show_progress(Box::new(move |title, percent| {
            progress(&|name| Event::WalletProgress(name, title.to_owned(), percent))
        }))?,
    ];
    Ok((name, Loaded { object, arm, _told: told }))
}

/// Lets go of a wallet that is about to be unloaded, on another thread than the callback's.
fn let_go(held: &Arc<Held>, name: &str) {
    let loaded = lock(&held.objects).wallets.remove(name);
    if let Some(loaded) = &loaded {
        loaded.arm.disarm();
    }
    held.tell(Event::WalletUnloaded(name.to_owned()));
    held.lanes.run(super::lanes::Lane::Long, Box::new(move || within(GOODBYE, || drop(loaded))));
}
