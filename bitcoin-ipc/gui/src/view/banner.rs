//! What has to be read at once, above every page.
//!
//! In: a session, what was read already. Out: banners, and what their buttons do. However much there is to say, half of
//! the page stays.

use eframe::egui::{ScrollArea, Ui};

use super::{Cx, State, widgets};
use crate::engine::Command;
use crate::model::notices::Notice;
use crate::model::review::{Bump, SendState};
use crate::model::{Form, Key, Level, Link, Read, Restart, Wallet, Wallets};
use crate::text::amount;
use crate::text::words::{known, t};

/// A banner.
struct Banner {
    text: String,
    button: Option<(String, Wish)>,
}

/// What the button of a banner does.
enum Wish {
    /// Loads this wallet.
    Load(String),
    /// Takes the latest notices as read.
    Read,
}

/// Draws them.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let banners = banners(cx, state);
    if banners.is_empty() {
        return;
    }
    let most = ui.available_height() / 2.0;
    let scroll = ScrollArea::vertical().id_salt("banners").max_height(most).auto_shrink([false, true]);
    scroll.show(ui, |ui| {
        for Banner { text, button } in banners {
            widgets::alert(ui, &text);
            let Some((name, wish)) = button else { continue };
            if ui.button(name).clicked() {
                match wish {
                    Wish::Load(name) => cx.command(Command::LoadWallet(name)),
                    Wish::Read => state.seen = cx.model.notices.last(),
                }
            }
        }
    });
}

fn banners(cx: &Cx<'_>, state: &State) -> Vec<Banner> {
    let session = cx.session;
    let mut all = Vec::new();
    let mut add = |text: String, button: Option<(String, Wish)>| all.push(Banner { text, button });
    match &session.link {
        Link::Lost { why } if session.form == Form::Attached => {
            let place = &session.place;
            add(t!("{why} Waiting for it at {place}.", why = known(why), place), None);
        }
        Link::Lost { why } => {
            add(t!("{why} Close the window, and start it again.", why = known(why)), None);
        }
        Link::Opening { step } | Link::Stopping { step } => add(step.clone(), None),
        Link::Refused { why } => add(why.clone(), None),
        Link::Up | Link::Closed { .. } => {}
    }
    if let (Link::Up, Some(seconds)) = (&session.link, session.slow) {
        let text = match session.work.keys().any(is_of_node) {
            true => t!("The node does not answer ({seconds} s). It may be busy.", seconds),
            false => t!("The wallet does not answer ({seconds} s). It may be busy.", seconds),
        };
        add(text, None);
    }
    if session.is_up() {
        match &session.wallet_process {
            Wallets::Lost => add(wallets_lost(session.restart), None),
            Wallets::Absent { why } if state.page.is_of_wallet() => {
                let text = t!(
                    "No wallets are there: {why}. They come as soon as a wallet process attaches to the node; one \
                     that is too old to offer its wallets is reached by the console.",
                    why = known(why).trim_end_matches('.')
                );
                add(text, None);
            }
            _ => {}
        }
    }
    // While something is loaded it may be that.
    let settled = session.has_wallets() && session.settles.is_none() && session.doing.is_none();
    if let Some(wallet) = cx.wallet().filter(|wallet| settled && !wallet.here) {
        let title = wallet.title();
        let button = (t!("Load {title} again", title), Wish::Load(wallet.name.clone()));
        add(t!("The wallet {title} is not loaded any more. What is shown is old.", title), Some(button));
    }
    let unknown = |wallet: &Wallet| {
        matches!(wallet.send, SendState::Unknown { .. }) || matches!(wallet.bump, Bump::Unknown { .. })
    };
    if session.wallets.values().any(|wallet| unknown(wallet)) {
        add(t!("The outcome of a payment is unknown. It is looked up, not repeated.").to_owned(), None);
    }
    if !session.warnings.is_empty() {
        add(session.warnings.clone(), None);
    }
    // The latest thing that went wrong, until it is read. Why there is no node is said above.
    let told = |notice: &Notice| matches!(&session.link, Link::Refused { why } if *why == notice.text);
    let mut new = cx.model.notices.iter().take_while(|notice| notice.number > state.seen);
    if let Some(notice) = new.find(|notice| notice.level != Level::Information && !told(notice)) {
        add(cx.told(&notice.text).into_owned(), Some((t!("I have read this").to_owned(), Wish::Read)));
    }
    all
}

/// What is known of wallets whose process has ended.
fn wallets_lost(restart: Option<Restart>) -> String {
    match restart {
        Some(Restart { seconds: 0, .. }) => {
            t!("The wallet process has ended. The node starts it again.").to_owned()
        }
        Some(Restart { seconds, .. }) => {
            t!(
                "The wallet process has ended. The node starts it again in {seconds} s.",
                seconds = amount::grouped(seconds)
            )
        }
        None => t!(
            "The wallet process has ended. If it is the node's own, it is started again; if it attached by itself, \
             somebody has to start it."
        )
        .to_owned(),
    }
}

/// Whether a call is one to the node itself.
fn is_of_node(key: &Key) -> bool {
    matches!(key, Key::Read(Read::Chain | Read::Warnings | Read::Mempool | Read::Methods | Read::Wallets))
}
