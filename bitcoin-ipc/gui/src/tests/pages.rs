//! Each page, with what it shows and does.

use eframe::egui::Role;

use super::Gui;
use super::fake::{FakeWallet, World, lock};

/// A window on a wallet with two coins.
fn rich() -> Gui {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    gui
}

#[test]
fn a13_overview_shows_the_balances_and_the_latest_transactions() {
    let mut gui = rich();
    for text in ["Available 3.00000000 BTC", "Pending 0.00000000 BTC", "Immature 0.25000000 BTC", "Total 3.25000000 BTC"] {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
    assert!(gui.sees("Height 200, block of"));
    let row = "Sent -0.50000000 BTC, Bob, Unconfirmed, 14 Nov 2023 22:13";
    gui.click(Role::Row, row);
    gui.wait_for("Details");
    gui.wait_for("Copy the raw transaction");
    assert!(gui.sees("0.00000150 BTC"), "the fee in\n{}", gui.tree());
    let world = gui.world.clone();
    assert_eq!(world.node.gate.count("gettransaction"), 1);
}
