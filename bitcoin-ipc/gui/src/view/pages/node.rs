//! The node.

use eframe::egui::Ui;

use super::{console, fees};
use crate::model::{Form, Link};
use crate::text::amount;
use crate::text::words::{known, t};
use crate::view::{Cx, State, frame, widgets};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let session = cx.session;
    ui.heading(t!("Node"));
    widgets::pair(ui, t!("Network"), frame::network_name(session.network));
    let link = match (&session.link, session.form) {
        (Link::Up, Form::Attached | Form::OnCore) => t!("Connected to {place}", place = session.place),
        (Link::Up, Form::Spawned) => t!("Started by this window, and ended with it").to_owned(),
        (Link::Up, Form::Hosted) => t!("In this process").to_owned(),
        (Link::Lost { why }, _) => known(why).into_owned(),
        (Link::Opening { step } | Link::Stopping { step }, _) => known(step).into_owned(),
        (Link::Refused { why }, _) => known(why).into_owned(),
        (Link::Closed { exit }, _) => t!("Ended, exit code {exit}", exit),
    };
    widgets::pair(ui, t!("Connection"), &link);
    let number = |number: i32| amount::grouped(u64::try_from(number).unwrap_or_default());
    if let Some(height) = session.chain.height {
        widgets::pair(ui, t!("Blocks"), &number(height));
        widgets::pair(ui, t!("Headers"), &number(session.chain.header_height));
        widgets::pair(ui, t!("Last block"), &cx.date(session.chain.time));
    }
    if let Some(mempool) = session.mempool.value() {
        fees::size(ui, mempool);
    }
    widgets::pair(ui, t!("Frames drawn by this window"), &amount::grouped(state.frames.count()));
    if let Some((count, slowest)) = state.frames.slowest() {
        let name = t!("Slowest of the last {count} frames", count = amount::grouped(count as u64));
        widgets::pair(ui, &name, &slowest);
    }
    ui.add_space(8.0);
    console::show(ui, cx, state);
}
