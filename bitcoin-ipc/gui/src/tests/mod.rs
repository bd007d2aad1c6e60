//! Tests of the whole window, on a node and wallets in memory: the tree that a screen reader gets is asked and clicked.

mod access;
mod calls;
mod fake;
mod gui;
mod imports;
mod looks;
mod pages;
mod paying;
mod processes;
mod psbt;
mod raster;
mod real;
mod secrets;
mod settings;
mod sizes;
mod wallets;

pub(crate) use gui::Gui;

use fake::{FakeWallet, World};

/// A window on a wallet with two coins.
fn rich() -> Gui {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    gui
}
