//! What is typed and chosen, and of nobody else's interest.
//!
//! In: clicks and keys. Out: drafts, which outlive their node; which page is shown.

use std::collections::HashMap;

use bitcoin::Txid;
use eframe::egui::Id;

use super::Cx;
use super::dialogs::Dialog;
use super::frames::Frames;
use crate::engine::Command;
use crate::model::bip21::PaymentUri;
use crate::model::draft::{Draft, Faults, RecipientDraft};
use crate::model::prefs::Prefs;
use crate::model::review::SendState;
use crate::model::{Page, SessionId};

/// What is typed and chosen.
pub(crate) struct State {
    /// The node that is shown.
    pub(crate) session: Option<SessionId>,
    /// The page that is shown.
    pub(crate) page: Page,
    /// What the engine was last told of these.
    told: Option<(SessionId, Page, bool)>,
    /// What is to the user's taste.
    pub(crate) prefs: Prefs,
    /// What is typed for each wallet of each node.
    pub(crate) wallets: HashMap<(SessionId, String), WalletState>,
    /// What is typed for settings of the node.
    pub(crate) settings: HashMap<&'static str, String>,
    /// The line of the console, and which earlier one it came from.
    pub(crate) console: ConsoleState,
    /// What lies over the page.
    pub(crate) dialog: Option<Dialog>,
    /// Whether something lies over the page.
    pub(crate) over: bool,
    /// What had the focus before.
    pub(crate) opener: Option<Id>,
    /// The transaction that is not looked at any more.
    pub(crate) closed: Option<Txid>,
    /// A payment for the first wallet that is shown.
    pub(crate) payment: Option<PaymentUri>,
    /// Whether the window is being closed.
    pub(crate) closing: bool,
    /// The last notice that was seen.
    pub(crate) seen: u64,
    /// The frames that were drawn.
    pub(crate) frames: Frames,
}

/// The console's line.
#[derive(Default)]
pub(crate) struct ConsoleState {
    /// The line.
    pub(crate) line: super::widgets::secret::SecretText,
    /// How far back the line is.
    pub(crate) back: usize,
}

/// What is typed for a wallet.
#[derive(Default)]
pub(crate) struct WalletState {
    /// The payment.
    pub(crate) draft: Draft,
    /// What is wrong with it.
    pub(crate) faults: Option<Faults>,
    /// Since when the review is on the screen, in frames' time.
    pub(crate) reviewed: Option<Reviewed>,
    /// The request.
    pub(crate) request: RequestDraft,
    /// What is looked for in the history.
    pub(crate) search: String,
    /// The rows that were found.
    pub(crate) found: super::pages::found::Found,
    /// Whether the history is on its way to its end.
    pub(crate) going: bool,
    /// How far the history is scrolled.
    pub(crate) offset: f32,
    /// Whom to add to the address book.
    pub(crate) contact: (String, String),
    /// The label that is being changed, and that of which address.
    pub(crate) label: Option<(String, String)>,
    /// The message to sign or to verify.
    pub(crate) message: MessageDraft,
}

/// A review that is on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reviewed {
    /// Of which transaction.
    pub(crate) txid: Txid,
    /// Since when, in seconds of the window.
    pub(crate) since: f64,
    /// Whether hidden amounts are shown all the same.
    pub(crate) revealed: bool,
}

/// A request that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestDraft {
    /// Who asks.
    pub(crate) label: String,
    /// How much.
    pub(crate) amount: String,
    /// What for.
    pub(crate) message: String,
}

/// A message that is to be signed or verified.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageDraft {
    /// The address.
    pub(crate) address: String,
    /// The message.
    pub(crate) text: String,
    /// The signature.
    pub(crate) signature: String,
    /// Whether the signature is right.
    pub(crate) verdict: Option<Result<(), String>>,
}

impl State {
    /// A new window.
    pub(crate) fn new(prefs: Prefs) -> State {
        State {
            session: None,
            page: Page::default(),
            told: None,
            prefs,
            wallets: HashMap::new(),
            settings: HashMap::new(),
            console: ConsoleState::default(),
            dialog: None,
            over: false,
            opener: None,
            closed: None,
            payment: None,
            closing: false,
            seen: 0,
            frames: Frames::default(),
        }
    }

    /// Follows the model: tells it what is shown, and drops what belongs to something that is gone.
    pub(super) fn follow(&mut self, cx: &mut Cx<'_>) {
        cx.prefer(&self.prefs);
        let id = cx.session.id;
        // A page is shown anew when the node or the wallet is.
        let now = (id, self.page, cx.wallet().is_some());
        if self.told != Some(now) {
            self.told = Some(now);
            let wallet = cx.session.shown.clone();
            cx.command(Command::Show { page: self.page, wallet });
        }
        // A passphrase is not kept for a wallet that may come back.
        if let Some(dialog) = &self.dialog
            && dialog.has_secret()
            && !cx.session.has_wallets()
        {
            self.dialog = None;
        }
        if let Some(wallet) = cx.wallet()
            && let Some(payment) = self.payment.take()
        {
            let unit = self.prefs.unit;
            let state = self.wallets.entry((id, wallet.name.clone())).or_default();
            state.draft = Draft { recipients: vec![RecipientDraft::of(&payment, unit)], ..Draft::default() };
        }
        let sent = cx.wallet().filter(|wallet| matches!(wallet.send, SendState::Sent { .. }));
        if let Some(wallet) = sent {
            let state = self.wallets.entry((id, wallet.name.clone())).or_default();
            state.draft = Draft::default();
            state.faults = None;
            state.reviewed = None;
        }
    }

    /// What is typed for the wallet that is shown.
    pub(crate) fn of_wallet(&mut self, cx: &Cx<'_>) -> &mut WalletState {
        let name = cx.wallet().map(|wallet| wallet.name.clone()).unwrap_or_default();
        self.wallets.entry((cx.session.id, name)).or_default()
    }
}
