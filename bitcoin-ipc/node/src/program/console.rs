//! What a user hears who started the node by hand: Bitcoin Core's `noui`.
//!
//! In: messages of the node and of its wallets, the error that it ends with. Out: lines on standard error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bitcoin_ipc::interfaces::MessageBoxFn;
use mp_runtime::callbacks::Registration;

use bitcoin_init::signals::{Signals, Style};

/// Writes messages to standard error. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Console {
    error_shown: Arc<AtomicBool>,
}

impl Console {
    /// Shows messages, until what this gives is dropped.
    #[must_use]
    pub(super) fn listen(&self, signals: &Signals) -> Registration<MessageBoxFn> {
        let error_shown = self.error_shown.clone();
        signals.message_box.add(Box::new(move |message, style| {
            let bits = |one: Style| style & one as u32 != 0;
            let caption = match () {
                () if bits(Style::Error) => {
                    error_shown.store(true, Ordering::SeqCst);
                    "Error: "
                }
                () if bits(Style::Warning) => "Warning: ",
                () => "Information: ",
            };
            eprintln!("{caption}{}", message.original);
            Ok(false)
        }))
    }

    /// Shows the error that the program ends with, unless a message has told of it already.
    pub(super) fn end(&self, error: &dyn std::error::Error) {
        if !self.error_shown.load(Ordering::SeqCst) {
            eprintln!("Error: {error}");
        }
    }
}
