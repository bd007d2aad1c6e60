//! Those whom the node is connected to, and those who are kept away.

use eframe::egui::{self, Ui};

use crate::engine::{Command, PeerCommand};
use crate::model::peers::{BANS, Peer, Peers};
use crate::text::address::one_line;
use crate::text::amount::grouped;
use crate::text::words::{t, tr};
use crate::view::{Cx, widgets};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.heading(t!("Peers"));
    let Some(peers) = cx.session.peers.value().cloned() else {
        ui.label(t!("They are not known yet."));
        return;
    };
    if !cx.session.peers.is_fresh() {
        ui.label(t!("This may have changed since."));
    }
    let can = cx.session.is_up();
    network(ui, cx, &peers, can);
    if peers.peers.is_empty() {
        ui.label(t!("The node is connected to nobody."));
    }
    for peer in &peers.peers {
        ui.push_id(peer.id, |ui| ui.group(|ui| one(ui, cx, peer, can)));
    }
    if peers.bans.is_empty() {
        return;
    }
    ui.add_space(8.0);
    ui.strong(t!("Kept away"));
    for ban in &peers.bans {
        ui.push_id(ban.of.to_string(), |ui| {
            ui.horizontal_wrapped(|ui| {
                widgets::pair(ui, &ban.of.to_string(), &t!("until {date}", date = cx.date(ban.until)));
                let lift = egui::Button::new(t!("Keep {of} away no more", of = ban.of));
                if ui.add_enabled(can, lift).clicked() {
                    cx.command(Command::Peer(PeerCommand::Unban(ban.of)));
                }
            });
        });
    }
}

fn network(ui: &mut Ui, cx: &mut Cx<'_>, peers: &Peers, can: bool) {
    widgets::pair(ui, t!("Connections"), &peers.peers.len().to_string());
    widgets::pair(ui, t!("Sent"), &format!("{} kB", grouped(peers.sent / 1_000)));
    widgets::pair(ui, t!("Received"), &format!("{} kB", grouped(peers.received / 1_000)));
    ui.horizontal_wrapped(|ui| {
        let text = if peers.active { t!("Switch the network off") } else { t!("Switch the network on") };
        if ui.add_enabled(can, egui::Button::new(text)).clicked() {
            cx.command(Command::Peer(PeerCommand::Network(!peers.active)));
        }
        if ui.add_enabled(can, egui::Button::new(t!("Look again"))).clicked() {
            cx.command(Command::Again(crate::model::Read::Peers));
        }
    });
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, peer: &Peer, can: bool) {
    let name = one_line(&peer.name);
    ui.strong(format!("{}: {name}", peer.id));
    let way = if peer.inbound { t!("it has connected") } else { t!("the node has connected") };
    let ping = match peer.ping {
        0 => t!("no ping yet").to_owned(),
        time => t!("ping {time} ms", time = grouped(time.unsigned_abs() / 1_000)),
    };
    let program = one_line(&peer.program);
    ui.label(t!("{program}, {way}, since {date}, {ping}", program, way, date = cx.date(peer.since), ping));
    ui.label(t!(
        "{sent} kB sent, {received} kB received, {height} blocks at the start",
        sent = grouped(peer.sent / 1_000),
        received = grouped(peer.received / 1_000),
        height = grouped(u64::try_from(peer.height).unwrap_or_default())
    ));
    ui.horizontal_wrapped(|ui| {
        let end = egui::Button::new(t!("Disconnect {name}", name));
        if ui.add_enabled(can, end).clicked() {
            cx.command(Command::Peer(PeerCommand::Disconnect(peer.id)));
        }
        for (length, seconds) in BANS {
            let ban = egui::Button::new(t!("Keep {name} away for {length}", name, length = tr(length)));
            if ui.add_enabled(can, ban).clicked() {
                cx.command(Command::Peer(PeerCommand::Ban(peer.address, seconds)));
            }
        }
    });
}
