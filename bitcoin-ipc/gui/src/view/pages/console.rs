//! The console.

use eframe::egui::{self, Key, Modifiers, TextEdit, Ui};
use zeroize::Zeroize;

use crate::engine::Command;
use crate::model::console::{Reply, secret_method};
use crate::model::wallet;
use crate::text::words::t;
use crate::view::widgets::named;
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let console = cx.session.console.clone();
    ui.strong(t!("Console"));
    ui.label(t!(
        "What somebody tells you to enter here may take all that you have. Enter help for a list of methods."
    ));
    for exchange in &console.exchanges {
        ui.push_id(exchange.id, |ui| {
            ui.monospace(format!("> {}", exchange.line));
            match &exchange.reply {
                Reply::Waiting => {
                    if ui.button(t!("Do not wait for {line}", line = exchange.line)).clicked() {
                        cx.command(Command::CancelConsole(exchange.id));
                    }
                }
                Reply::Answer(text) => {
                    ui.add(egui::Label::new(egui::RichText::new(cx.veiled(text)).monospace()).wrap());
                }
                Reply::Error(text) => {
                    let color = crate::view::theme::fault(ui.visuals().dark_mode);
                    ui.colored_label(color, cx.told(text));
                }
                Reply::Cancelled => _ = ui.label(t!("Not waited for any more.")),
            }
        });
    }
    // A line that may have a secret is not shown, and the toolkit never gets it.
    let line = &mut state.console.line;
    let hidden = secret_method(line.peek()).is_some();
    let response = if hidden {
        // It is the same field, so that whoever types in it does not lose it.
        named(ui, t!("Command"), None, |ui| {
            ui.add(TextEdit::singleline(line).id_salt("command").password(true).desired_width(560.0))
        })
    } else {
        let mut text = line.peek().to_owned();
        let response = named(ui, t!("Command"), None, |ui| {
            ui.add(
                TextEdit::singleline(&mut text)
                    .id_salt("command")
                    .desired_width(560.0)
                    .font(egui::TextStyle::Monospace),
            )
        });
        if response.changed() {
            line.set(&text);
            if secret_method(&text).is_some() {
                forget(ui, response.id);
            }
        }
        text.zeroize();
        response
    };
    if hidden {
        let method = secret_method(line.peek()).unwrap_or_default();
        ui.label(t!("{method}: what follows is not shown, and not kept.", method));
    }
    let whom = cx.wallet().map(|wallet| wallet.name.clone());
    ui.label(match &whom {
        Some(name) => t!("Methods of wallets are those of {title}.", title = wallet::title(name)),
        None => t!("No wallet is loaded.").to_owned(),
    });
    if response.has_focus() && !hidden {
        recall(ui, &console, &mut state.console);
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.horizontal_wrapped(|ui| {
        let can = cx.session.is_up() && !state.console.line.is_empty();
        let run = ui.add_enabled(can, egui::Button::new(t!("Run"))).clicked();
        if can && (run || entered) {
            cx.command(Command::Console { line: state.console.line.take_secret(), wallet: whom });
            state.console.back = 0;
            response.request_focus();
        }
        if ui.button(t!("Clear the console")).clicked() {
            cx.command(Command::ClearConsole);
            state.console.line.wipe();
        }
    });
    let start = state.console.line.peek().to_owned();
    if !start.contains(char::is_whitespace) {
        let fits: Vec<&str> = console.completions(&start).filter(|name| *name != start).take(8).collect();
        ui.horizontal_wrapped(|ui| {
            for name in fits {
                if ui.small_button(name).clicked() {
                    state.console.line.set(name);
                    response.request_focus();
                }
            }
        });
    }
}

/// Has the toolkit forget what it could undo.
fn forget(ui: &Ui, field: egui::Id) {
    if let Some(mut known) = TextEdit::load_state(ui.ctx(), field) {
        known.clear_undoer();
        TextEdit::store_state(ui.ctx(), field, known);
    }
}

/// Earlier lines, by the arrow keys. They are put into the field, and not run.
fn recall(ui: &Ui, console: &crate::model::console::Console, state: &mut crate::view::state::ConsoleState) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let most = console.history.len();
    let back = if pressed(Key::ArrowUp) {
        (state.back + 1).min(most)
    } else if pressed(Key::ArrowDown) {
        state.back.saturating_sub(1)
    } else {
        return;
    };
    state.back = back;
    match most.checked_sub(back).and_then(|place| console.history.get(place)) {
        Some(line) if back > 0 => state.line.set(line),
        _ => state.line.wipe(),
    }
}
