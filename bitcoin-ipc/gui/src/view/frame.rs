//! What is around every page.
//!
//! In: a session. Out: the list of pages, the bar, banners, the strip, and the page itself.

use eframe::egui::{self, Align, Key, Layout, Modifiers, Role, ScrollArea, Ui};

use super::dialogs::Dialog;
use super::widgets::{self, secret::SecretText};
use super::{Cx, State, banner, pages, theme};
use crate::engine::{Command, WalletCommand};
use crate::model::prefs::ZOOMS;
use crate::model::{Form, Link, Lock, Page, wallet};
use crate::text::words::{known, t, tr};
use crate::text::{amount, time};

/// Draws all but dialogs.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    keys(ui, state);
    egui::Panel::top("bar").show(ui, |ui| bar(ui, cx, state));
    egui::Panel::bottom("strip").show(ui, |ui| strip(ui, cx));
    egui::Panel::left("pages").resizable(false).exact_size(132.0).show(ui, |ui| tabs(ui, cx, state));
    egui::CentralPanel::default().show(ui, |ui| {
        banner::show(ui, cx, state);
        if state.closing {
            closing(ui, cx);
            return;
        }
        let settles = state.page == Page::Settings && cx.session.takes_settings();
        if matches!(cx.session.link, Link::Refused { .. }) && !settles {
            refused(ui, cx, state);
            return;
        }
        if state.page == Page::History {
            // It scrolls by itself, and knows what is in sight.
            pages::show(ui, cx, state);
        } else {
            let scroll = ScrollArea::vertical().id_salt(state.page.name()).auto_shrink([false, false]);
            scroll.show(ui, |ui| {
                pages::show(ui, cx, state);
                widgets::follow_focus(ui);
            });
        }
    });
}

/// Keys that count everywhere.
fn keys(ui: &Ui, state: &mut State) {
    const DIGITS: [Key; 10] = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
        Key::Num8,
        Key::Num9,
        Key::Num0,
    ];
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    for (key, page) in DIGITS.into_iter().zip(Page::ALL) {
        if pressed(Modifiers::ALT, key) {
            state.page = page;
        }
    }
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::M) {
        state.prefs.hide_amounts = !state.prefs.hide_amounts;
    }
    let mut zoom = |by: i32| {
        let next =
            (i32::from(state.prefs.zoom) + by).clamp(i32::from(*ZOOMS.start()), i32::from(*ZOOMS.end()));
        state.prefs.zoom = u16::try_from(next).unwrap_or(100);
    };
    if pressed(Modifiers::COMMAND, Key::Plus) || pressed(Modifiers::COMMAND, Key::Equals) {
        zoom(10);
    }
    if pressed(Modifiers::COMMAND, Key::Minus) {
        zoom(-10);
    }
    if pressed(Modifiers::COMMAND, Key::Num0) {
        state.prefs.zoom = 100;
    }
}

fn tabs(ui: &mut Ui, cx: &Cx<'_>, state: &mut State) {
    ui.add_space(6.0);
    let list = |ui: &mut Ui| {
        for page in cx.session.pages() {
            let chosen = state.page == page;
            let response =
                ui.add(egui::Button::selectable(chosen, tr(page.name())).min_size(egui::vec2(0.0, 28.0)));
            ui.ctx().accesskit_node_builder(response.id, |node| {
                node.set_role(Role::Tab);
                node.set_selected(chosen);
            });
            if response.clicked() {
                state.page = page;
            }
        }
        widgets::follow_focus(ui);
    };
    let scroll = ScrollArea::vertical().id_salt("pages").auto_shrink([false, false]);
    scroll.show(ui, |ui| ui.with_layout(Layout::top_down_justified(Align::Min), list));
}

fn bar(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    ui.horizontal_wrapped(|ui| {
        if cx.model.sessions.len() > 1 {
            let name = cx.session.name.clone();
            egui::ComboBox::new("Node", t!("Node")).selected_text(name).show_ui(ui, |ui| {
                for session in &cx.model.sessions {
                    ui.selectable_value(&mut state.session, Some(session.id), session.name.as_str());
                }
            });
        }
        let shown = cx.wallet().map_or(t!("None").to_owned(), |wallet| wallet.title());
        let mut chosen = cx.session.shown.clone();
        egui::ComboBox::new("Wallet", t!("Wallet")).selected_text(shown).truncate().show_ui(ui, |ui| {
            for name in cx.session.wallets.keys() {
                ui.selectable_value(&mut chosen, Some(name.clone()), wallet::title(name));
            }
        });
        if chosen != cx.session.shown {
            cx.command(Command::Show { page: state.page, wallet: chosen });
        }
        if cx.session.has_wallets() && ui.button(t!("Wallets…")).clicked() {
            cx.command(Command::ListFiles);
            state.dialog = Some(Dialog::Wallets);
        }
        let there = cx.session.has_wallets() && cx.wallet().is_some_and(|wallet| wallet.here);
        match cx.wallet().map(|wallet| wallet.lock()) {
            Some(Lock::Locked) if ui.add_enabled(there, egui::Button::new(t!("Unlock"))).clicked() => {
                state.dialog = Some(Dialog::Unlock(SecretText::default()));
            }
            Some(Lock::Unlocked) if ui.add_enabled(there, egui::Button::new(t!("Lock"))).clicked() => {
                cx.wallet_command(WalletCommand::Lock);
            }
            _ => {}
        }
        let response = ui.toggle_value(&mut state.prefs.hide_amounts, t!("Hide amounts"));
        let hidden = state.prefs.hide_amounts;
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_role(Role::Button);
            node.set_toggled(hidden.into());
        });
        let new = cx.model.notices.last().saturating_sub(state.seen);
        let text = if new == 0 { t!("Notices").to_owned() } else { t!("Notices ({new})", new) };
        if ui.button(text).clicked() {
            state.seen = cx.model.notices.last();
            state.dialog = Some(Dialog::Notices);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let dark = ui.visuals().dark_mode;
            ui.colored_label(theme::network(cx.session.network, dark), network_name(cx.session.network));
        });
    });
}

/// What a network is called.
pub(crate) fn network_name(network: bitcoin::Network) -> &'static str {
    match network {
        bitcoin::Network::Bitcoin => "main",
        bitcoin::Network::Testnet => "testnet3",
        bitcoin::Network::Testnet4 => "testnet4",
        bitcoin::Network::Signet => "signet",
        bitcoin::Network::Regtest => "regtest",
    }
}

/// Where the chain is, and what came of what the user wanted.
fn strip(ui: &mut Ui, cx: &Cx<'_>) {
    let chain = &cx.session.chain;
    ui.horizontal_wrapped(|ui| {
        match chain.height {
            Some(height) => {
                let height = amount::grouped(u64::try_from(height).unwrap_or_default());
                ui.label(t!("Height {height}, block of {date}", height, date = cx.date(chain.time)));
            }
            None => _ = ui.label(t!("The chain is not known yet")),
        }
        if chain.initial_download && chain.height.is_some() {
            let behind = time::length(cx.now() - chain.time);
            let percent = format!("{:.0}", (chain.progress * 100.0).clamp(0.0, 100.0));
            ui.label(t!("{behind} behind, {percent} %", behind, percent));
        }
        let doing = cx.session.doing.iter().chain(cx.wallet().and_then(|wallet| wallet.doing.as_ref()));
        for doing in doing {
            ui.label(format!("{} {} %", known(&doing.title), doing.percent));
        }
        pages::outcome(ui, cx);
    });
}

fn closing(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.heading(t!("Closing"));
    for session in &cx.model.sessions {
        let step = match &session.link {
            Link::Stopping { step } => &known(step),
            Link::Closed { .. } => t!("It is done."),
            _ => t!("It is left."),
        };
        ui.label(format!("{}: {step}", session.name));
        if matches!(session.form, Form::Spawned | Form::OnCore)
            && matches!(session.link, Link::Stopping { .. })
        {
            ui.label(t!("If it does not end, it can be ended by force. It loses nothing of the chain; it has to check more of it at the next start."));
            let button = ui.button(t!("End {name} by force", name = session.name));
            if button.clicked() {
                cx.command_to(session.id, Command::Force);
            }
        }
    }
}

/// What can be done where there is no node; a banner says why there is none.
fn refused(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let own = cx.session.takes_settings();
    ui.label(if own {
        t!("Mend it in the settings or with other options, close the window, and start it again.")
    } else {
        t!("Nothing can be done here. Close the window, and start it with other options.")
    });
    ui.horizontal_wrapped(|ui| {
        if own && ui.button(t!("Open settings")).clicked() {
            state.page = Page::Settings;
        }
        if ui.button(t!("Close")).clicked() {
            cx.command(Command::Close);
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    });
}
