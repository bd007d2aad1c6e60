//! What the node tells a user interface, whoever that is: Bitcoin Core's `CClientUIInterface`.
//!
//! In: functions that want to hear. Out: each call reaches all of them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bitcoin_ipc::interfaces::{
    BannedListChangedFn, Handler, InitMessageFn, InitWalletFn, MessageBoxFn, NotifyAlertChangedFn,
    NotifyBlockTipFn, NotifyHeaderTipFn, NotifyNetworkActiveChangedFn, NotifyNumConnectionsChangedFn,
    QuestionFn, ShowNodeProgressFn,
};
use bitcoin_ipc::types::BilingualStr;
use mp_runtime::{ErrorKind, Result, ipc_interface};

/// All signals of a node. Clones are the same signals.
#[derive(Clone, Default)]
pub struct Signals {
    /// What is being loaded.
    pub init_message: Signal<InitMessageFn>,
    /// A message for the user.
    pub message_box: Signal<MessageBoxFn>,
    /// A question to the user.
    pub question: Signal<QuestionFn>,
    /// How far something is.
    pub show_progress: Signal<ShowNodeProgressFn>,
    /// Wallets can be used.
    pub init_wallet: Signal<InitWalletFn>,
    /// The number of peers.
    pub num_connections: Signal<NotifyNumConnectionsChangedFn>,
    /// Whether the network is switched on.
    pub network_active: Signal<NotifyNetworkActiveChangedFn>,
    /// The warnings changed.
    pub alert: Signal<NotifyAlertChangedFn>,
    /// The ban list changed.
    pub banned_list: Signal<BannedListChangedFn>,
    /// The highest block.
    pub block_tip: Signal<NotifyBlockTipFn>,
    /// The highest header.
    pub header_tip: Signal<NotifyHeaderTipFn>,
}

/// How a message looks, as bits of Bitcoin Core's `CClientUIInterface`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Something to know.
    Information = 1 << 0,
    /// Something doubtful.
    Warning = 1 << 1,
    /// Something wrong.
    Error = 1 << 2,
}

impl Signals {
    /// Shows a message to the user.
    pub fn message(&self, message: &BilingualStr, style: Style) {
        self.message_box.emit(|show| show(message, style as u32).map(|_agreed| ()));
    }
}

/// One signal, and the functions that hear it. Clones are the same signal.
pub struct Signal<F>(Arc<Slots<F>>);

struct Slots<F> {
    slots: Mutex<Vec<Arc<F>>>,
}

impl<F> Clone for Signal<F> {
    fn clone(&self) -> Self {
        Signal(self.0.clone())
    }
}

impl<F> Default for Signal<F> {
    fn default() -> Self {
        Signal(Arc::new(Slots { slots: Mutex::default() }))
    }
}

impl<F> Slots<F> {
    fn remove(&self, gone: &Arc<F>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|slot| !Arc::ptr_eq(slot, gone));
    }
}

impl<F: Send + Sync + 'static> Signal<F> {
    /// Has a function hear the signal, until the handler is dropped or disconnected.
    pub fn connect(&self, function: F) -> Box<dyn Handler> {
        let slot = Arc::new(function);
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner).push(slot.clone());
        Box::new(Slot { slots: Arc::downgrade(&self.0), slot })
    }

    /// Calls every function, and forgets those whose process is gone. Other errors are logged.
    pub fn emit(&self, mut call: impl FnMut(&F) -> Result<()>) {
        let slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for slot in slots {
            match call(&slot) {
                Err(error) if error.kind() == ErrorKind::Disconnected => self.0.remove(&slot),
                Err(error) => {
                    tracing::warn!(target: "node", "A user interface did not hear a signal: {error}")
                }
                Ok(()) => {}
            }
        }
    }

    /// Whether anyone hears it.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !self.0.slots.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// A function's registration.
struct Slot<F> {
    slots: Weak<Slots<F>>,
    slot: Arc<F>,
}

impl<F> Slot<F> {
    fn end(&self) {
        if let Some(slots) = self.slots.upgrade() {
            slots.remove(&self.slot);
        }
    }
}

impl<F> Drop for Slot<F> {
    fn drop(&mut self) {
        self.end();
    }
}

#[ipc_interface]
impl<F: Send + Sync> Handler for Slot<F> {
    fn disconnect(&self) -> Result<()> {
        self.end();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use mp_runtime::Error;

    use super::*;

    #[test]
    fn a_signal_reaches_those_who_are_connected() {
        let signal = Signal::<InitWalletFn>::default();
        let heard = Arc::new(AtomicU32::new(0));
        let counter = heard.clone();
        let handler = signal.connect(Box::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }));
        let _gone = signal.connect(Box::new(|| Err(Error::disconnected("gone"))));
        signal.emit(|function| function());
        signal.emit(|function| function());
        assert_eq!(heard.load(Ordering::Relaxed), 2);
        assert!(signal.is_connected());
        handler.disconnect().unwrap();
        assert!(!signal.is_connected());
    }
}
