//! Tests of the whole window, on a node and wallets in memory: the tree that a screen reader gets is asked and clicked.

mod access;
mod bursts;
mod calls;
mod fake;
mod frames;
mod gui;
mod hostile;
mod imports;
mod keys;
mod languages;
mod looks;
mod notices;
mod on_core;
mod outside;
mod pages;
mod paying;
mod peers;
mod processes;
mod psbt;
mod raster;
mod real;
mod real_processes;
mod real_remedies;
mod remedies;
mod secrets;
mod settings;
mod sizes;
mod tour;
mod wallets;

pub(crate) use gui::Gui;

use fake::{FakeWallet, World};

/// The pages that there are on a node without peers, in their order.
const PAGES: [&str; 10] =
    ["Overview", "Send", "Receive", "History", "Coins", "Fees", "Addresses", "Node", "Settings", "Processes"];

/// What is told of a wallet that signs what nobody reviewed.
const ANOTHER: &str = "The wallet signed another transaction than the one that was reviewed. It is not sent.";

/// A window on a wallet with two coins.
fn rich() -> Gui {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    gui
}
