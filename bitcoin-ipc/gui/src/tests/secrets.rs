//! Passphrases are nowhere but where they go.

use eframe::egui;

use super::fake::{FakeWallet, World, lock};
use super::{Gui, rich};

const CANARY: &str = "Zq7!canary";

/// The secret is not in the model, nor in the tree.
#[track_caller]
fn nowhere(gui: &Gui) {
    assert!(!format!("{:?}", gui.model()).contains(CANARY), "the model has it");
    assert!(!gui.tree().contains(CANARY), "the tree has it");
    let told = &gui.harness.output().platform_output;
    let told = format!("{:?} {:?}", told.commands, told.events);
    assert!(!told.contains(CANARY), "the system is told of it");
}

#[test]
pub(super) fn a54_a_passphrase_is_seen_by_nobody() {
    let mut gui = rich();
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    gui.press("Wallets…");
    gui.settle();
    gui.press("Encrypt…");
    gui.type_in("New passphrase", CANARY);
    nowhere(&gui);
    gui.type_in("New passphrase again", "other");
    assert!(gui.sees("The two are not the same."));
    assert!(!gui.is_enabled("Encrypt"));
    gui.clear("New passphrase again");
    gui.type_in("New passphrase again", CANARY);
    // What is copied are bullets.
    gui.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    gui.harness.event(egui::Event::Copy);
    gui.harness.step();
    nowhere(&gui);
    gui.press("Encrypt");
    // What came of it is told in the dialog, which grows by that.
    gui.wait_for("The wallet is encrypted, and locked.");
    gui.settle();
    gui.press("Close this dialog");
    gui.wait(|gui| gui.is_enabled("Unlock"));
    assert_eq!(wallet.gate.count("encryptWallet"), 1);
    gui.press("Unlock");
    gui.type_in("Passphrase", CANARY);
    nowhere(&gui);
    gui.harness.key_press(egui::Key::Enter);
    gui.wait(|gui| gui.is_enabled("Lock"));
    nowhere(&gui);
    gui.press("Lock");
    gui.wait(|gui| gui.is_enabled("Unlock"));
}

#[test]
pub(super) fn a54_a_passphrase_is_dropped_with_its_wallet() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    lock(&world.loader.wallets)["w"].encrypt(CANARY.as_bytes());
    let mut gui = Gui::open(&world);
    gui.wait(|gui| gui.is_enabled("Unlock"));
    gui.press("Unlock");
    gui.type_in("Passphrase", CANARY);
    world.kill_wallets();
    gui.wait_for("The wallet process has ended.");
    gui.wait(|gui| !gui.sees("Unlock the wallet"));
    nowhere(&gui);
    world.start_wallets();
    gui.wait(|gui| gui.is_enabled("Unlock"));
    gui.press("Unlock");
    assert_eq!(gui.field("Passphrase").value(), Some(String::new()));
}

#[test]
pub(super) fn a57_the_console_keeps_no_secret() {
    let mut gui = rich();
    gui.page("Node");
    gui.type_in("Command", "walletpassphrase ");
    gui.wait_for("what follows is not shown, and not kept");
    gui.field("Command").type_text(&format!("{CANARY} 60"));
    gui.harness.run_steps(3);
    nowhere(&gui);
    gui.press("Run");
    gui.wait(|gui| gui.world().node.gate.count("walletpassphrase") == 1);
    gui.settle();
    nowhere(&gui);
    gui.wait_for("> walletpassphrase …");
    // The line comes back without what was secret, and is not run.
    gui.field("Command").focus();
    gui.harness.run_steps(2);
    gui.harness.key_press(egui::Key::ArrowUp);
    gui.harness.run_steps(3);
    assert_eq!(gui.harness.state_mut().state().console.line.peek(), "walletpassphrase");
    assert_eq!(gui.world().node.gate.count("walletpassphrase"), 1);
}
