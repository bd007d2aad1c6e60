//! What the node tells a user interface, whoever that is: Bitcoin Core's `CClientUIInterface`.
//!
//! In: functions that want to hear. Out: each call reaches all of them, in its order; a window that hangs holds up
//! nobody.

use std::time::Duration;

use bitcoin_ipc::interfaces::{
    BannedListChangedFn, InitMessageFn, InitWalletFn, MessageBoxFn, NotifyAlertChangedFn, NotifyBlockTipFn,
    NotifyHeaderTipFn, NotifyNetworkActiveChangedFn, NotifyNumConnectionsChangedFn, QuestionFn,
    ShowNodeProgressFn,
};
use bitcoin_ipc::types::BilingualStr;
use mp_runtime::callbacks::{Callbacks, News};

/// All signals of a node. Clones are the same signals.
#[derive(Clone)]
pub struct Signals {
    /// What is being loaded.
    pub init_message: Callbacks<InitMessageFn>,
    /// A message for the user.
    pub message_box: Callbacks<MessageBoxFn>,
    /// A question to the user.
    pub question: Callbacks<QuestionFn>,
    /// How far something is.
    pub show_progress: Callbacks<ShowNodeProgressFn>,
    /// Wallets can be used.
    pub init_wallet: Callbacks<InitWalletFn>,
    /// The number of peers.
    pub num_connections: Callbacks<NotifyNumConnectionsChangedFn>,
    /// Whether the network is switched on.
    pub network_active: Callbacks<NotifyNetworkActiveChangedFn>,
    /// The warnings changed.
    pub alert: Callbacks<NotifyAlertChangedFn>,
    /// The ban list changed.
    pub banned_list: Callbacks<BannedListChangedFn>,
    /// The highest block.
    pub block_tip: Callbacks<NotifyBlockTipFn>,
    /// The highest header.
    pub header_tip: Callbacks<NotifyHeaderTipFn>,
}

/// How long one who tells of an error waits until it is heard.
const PARTING: Duration = Duration::from_secs(5);

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

impl Default for Signals {
    fn default() -> Self {
        const OF: &str = "the node";
        Signals {
            init_message: Callbacks::new(OF),
            message_box: Callbacks::new(OF),
            question: Callbacks::new(OF),
            show_progress: Callbacks::new(OF),
            init_wallet: Callbacks::new(OF),
            num_connections: Callbacks::new(OF),
            network_active: Callbacks::new(OF),
            alert: Callbacks::new(OF),
            banned_list: Callbacks::new(OF),
            block_tip: Callbacks::new(OF),
            header_tip: Callbacks::new(OF),
        }
    }
}

impl Signals {
    /// Says what is being loaded.
    pub fn loading(&self, message: &str) {
        let message = message.to_owned();
        self.init_message.tell(News::Each, move |hear| hear(&message));
    }

    /// Shows a message to the user. One about an error is waited for, but not long.
    pub fn message(&self, message: &BilingualStr, style: Style) {
        let message = message.clone();
        self.message_box.tell(News::Each, move |show| show(&message, style as u32).map(|_agreed| ()));
        // What is wrong may be the last thing that a user hears.
        if style == Style::Error {
            self.message_box.wait(PARTING);
        }
    }

    /// Shows how far something is, in hundredths.
    pub fn progress(&self, title: &str, progress: i32, resume_possible: bool) {
        let title = title.to_owned();
        // That it is done is told in any case.
        let news = if progress < 100 { News::Latest(title.clone()) } else { News::Each };
        self.show_progress.tell(news, move |hear| hear(&title, progress, resume_possible));
    }
}
