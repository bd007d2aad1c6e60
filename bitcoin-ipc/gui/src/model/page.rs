//! The pages of the window.
//!
//! In: nothing. Out: which there are.

use crate::text::words::mark;

/// A page of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Page {
    /// What there is.
    #[default]
    Overview,
    /// Paying.
    Send,
    /// Being paid.
    Receive,
    /// What was paid.
    History,
    /// What can be spent.
    Coins,
    /// What a payment costs.
    Fees,
    /// Whom one knows.
    Addresses,
    /// The node.
    Node,
    /// What is to the user's taste.
    Settings,
    /// The processes, and the calls between them.
    Processes,
    /// Those whom the node is connected to.
    Peers,
}

impl Page {
    /// All pages, in their order.
    pub(crate) const ALL: [Page; 11] = [
        Page::Overview,
        Page::Send,
        Page::Receive,
        Page::History,
        Page::Coins,
        Page::Fees,
        Page::Addresses,
        Page::Node,
        Page::Settings,
        Page::Processes,
        Page::Peers,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Page::Overview => mark!("Overview"),
            Page::Send => mark!("Send"),
            Page::Receive => mark!("Receive"),
            Page::History => mark!("History"),
            Page::Coins => mark!("Coins"),
            Page::Fees => mark!("Fees"),
            Page::Addresses => mark!("Addresses"),
            Page::Node => mark!("Node"),
            Page::Settings => mark!("Settings"),
            Page::Processes => mark!("Processes"),
            Page::Peers => mark!("Peers"),
        }
    }

    /// Whether it shows a wallet.
    pub(crate) fn is_of_wallet(self) -> bool {
        !matches!(self, Page::Fees | Page::Node | Page::Settings | Page::Processes | Page::Peers)
    }
}
