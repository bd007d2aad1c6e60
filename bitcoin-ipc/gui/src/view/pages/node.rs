//! The node.

use eframe::egui::Ui;

use super::{console, fees};
use crate::model::{Form, Link};
use crate::text::amount;
use crate::view::{Cx, State, frame, widgets};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let session = cx.session;
    ui.heading("Node");
    widgets::pair(ui, "Network", frame::network_name(session.network));
    let link = match (&session.link, session.form) {
        (Link::Up, Form::Attached) => format!("Connected to {}", session.place),
        (Link::Up, Form::Spawned) => "Started by this window, and ended with it".to_owned(),
        (Link::Up, Form::Hosted) => "In this process".to_owned(),
        (Link::Lost { why }, _) => why.clone(),
        (Link::Opening { step } | Link::Stopping { step }, _) => step.clone(),
        (Link::Refused { why }, _) => why.clone(),
        (Link::Closed { exit }, _) => format!("Ended, exit code {exit}"),
    };
    widgets::pair(ui, "Connection", &link);
    let number = |number: i32| amount::grouped(u64::try_from(number).unwrap_or_default());
    if let Some(height) = session.chain.height {
        widgets::pair(ui, "Blocks", &number(height));
        widgets::pair(ui, "Headers", &number(session.chain.header_height));
        widgets::pair(ui, "Last block", &cx.date(session.chain.time));
    }
    if let Some(mempool) = session.mempool.value() {
        fees::size(ui, mempool);
    }
    widgets::pair(ui, "Frames drawn by this window", &amount::grouped(state.frames));
    ui.add_space(8.0);
    console::show(ui, cx, state);
}
