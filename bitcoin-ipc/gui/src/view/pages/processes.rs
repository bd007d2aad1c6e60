//! The processes that work together, and the calls between them.

use eframe::egui::Ui;

use crate::engine::Command;
use crate::model::processes::{Calls, Process, Role};
use crate::model::{Form, Read, Wallets};
use crate::text::amount::grouped;
use crate::text::words::{known, t};
use crate::view::Cx;
use crate::view::widgets::{self, Cell};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.heading(t!("Processes"));
    ui.label(match cx.session.form {
        Form::Hosted => {
            t!("Window, node and wallets are in one process, and call each other without a socket.")
        }
        Form::Attached => t!("The node was there before this window, and stays when it is closed."),
        Form::Spawned => {
            t!("This window has started the node, which has started the process of the wallets.")
        }
        Form::OnCore => {
            t!("This window has started the process of the wallets. The node is another program's, and stays when it is closed.")
        }
    });
    match &cx.session.wallet_process {
        Wallets::Absent { why } => _ = ui.label(known(why)),
        // A banner says so on each page.
        Wallets::Unknown | Wallets::Ready | Wallets::Lost => {}
    }
    let Some(known) = cx.session.processes.value().cloned() else {
        ui.label(t!("They are not known yet."));
        return;
    };
    for process in &known.processes {
        one(ui, process);
    }
    if ui.button(t!("Look again")).clicked() {
        cx.command(Command::Again(Read::Processes));
    }
    if !known.logs.is_empty() {
        ui.add_space(8.0);
        ui.strong(t!("Logs"));
        for log in &known.logs {
            ui.add(eframe::egui::Label::new(log.as_str()).wrap());
        }
        let quoted: Vec<String> = known.logs.iter().map(|log| quote(log)).collect();
        let command = format!("bitcoin-ipc combine-logs --pair {}", quoted.join(" "));
        widgets::copy(ui, t!("Copy the command that shows them as one"), &command);
    }
    ui.add_space(8.0);
    ui.strong(t!("Calls between this window and the node"));
    if known.calls.is_empty() {
        ui.label(t!("There are none."));
        return;
    }
    head(ui);
    for (index, calls) in known.calls.iter().enumerate() {
        row(ui, index, calls);
    }
}

/// A path as a shell reads it.
fn quote(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

fn one(ui: &mut Ui, process: &Process) {
    let role = match process.role {
        Role::Window => t!("This window"),
        Role::Node => t!("Node"),
        Role::Wallets => t!("Wallets"),
        Role::All => t!("Window, node and wallets"),
    };
    let mut text = t!("process {number}", number = process.pid);
    if let Some(memory) = process.memory {
        text.push_str(&t!(", {memory} MB in memory", memory = grouped(memory / 1_024)));
    }
    if let Some(threads) = process.threads {
        text.push_str(&t!(", {threads} threads", threads));
    }
    widgets::pair(ui, role, &text);
}

fn cell(part: f32, text: &str, right: bool) -> Cell<'_> {
    Cell { part, text, right }
}

fn head(ui: &mut Ui) {
    widgets::head(
        ui,
        &[
            cell(0.5, t!("Method"), false),
            cell(0.14, t!("Calls"), true),
            cell(0.14, t!("Failed"), true),
            cell(0.22, t!("Longest"), true),
        ],
    );
}

fn row(ui: &mut Ui, index: usize, calls: &Calls) {
    let method = match calls.outgoing {
        true => calls.method.clone(),
        false => t!("to this window: {method}", method = calls.method),
    };
    let longest = format!("{}.{} ms", grouped(calls.longest / 1_000), calls.longest % 1_000 / 100);
    let (count, failed) = (grouped(calls.count), grouped(calls.failed));
    let name =
        t!("{method}, {count} calls, {failed} failed, longest {longest}", method, count, failed, longest);
    let cells = [
        cell(0.5, method.as_str(), false),
        cell(0.14, count.as_str(), true),
        cell(0.14, failed.as_str(), true),
        cell(0.22, longest.as_str(), true),
    ];
    widgets::row(ui, &name, index, &cells);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        assert_eq!(quote("/a b/it's"), "'/a b/it'\\''s'");
    }
}
