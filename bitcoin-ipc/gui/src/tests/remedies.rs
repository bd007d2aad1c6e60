//! Help for what waits: a higher fee, the payment taken back, a child that pays for both.

use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::fake::{CHANGE, FEE, FakeWallet, World, lock, of_entry, own_script, script};
use super::{Gui, rich};
use crate::model::review::Bump;

const BOB: &str = "Sent -0.50000000 BTC, Bob, Unconfirmed, 14 Nov 2023 22:13";
/// What Bob's transaction spends, in satoshi.
const SPENT: u64 = 50_000_000 + CHANGE + FEE;

fn wallet(gui: &Gui) -> std::sync::Arc<FakeWallet> {
    lock(&gui.world().loader.wallets)["w"].clone()
}

/// Opens the help for a row.
fn open(gui: &mut Gui, row: &str, button: &str) {
    gui.click(Role::Row, row);
    gui.wait_for(button);
    gui.settle();
    gui.press(button);
}

/// Asks for a rate.
fn make(gui: &mut Gui, field: &str, rate: &str, button: &str) {
    gui.clear(field);
    gui.type_in(field, rate);
    gui.press(button);
    gui.settle();
}

/// Sends once that can be done, which is not at once.
fn send(gui: &mut Gui, button: &str) {
    assert!(!gui.is_enabled(button), "too early");
    gui.wait(|gui| gui.is_enabled(button));
    gui.press(button);
}

#[test]
pub(super) fn a21_a_fee_is_raised_by_a_rate_of_ones_own() {
    let mut gui = rich();
    open(&mut gui, BOB, "Raise the fee…");
    make(&mut gui, "New fee rate (sat/vB)", "1", "Make the replacement");
    gui.wait_for("Insufficient total fee 0.00000015, must be at least 0.00000300");
    make(&mut gui, "New fee rate (sat/vB)", "3", "Make the replacement");
    for text in ["0.00000150 BTC", "0.00000450 BTC", "Pays 0.50000000 BTC", "Change: 0.39999700 BTC"] {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
    send(&mut gui, "Send the replacement");
    gui.wait_for("The replacement is sent.");
    let wallet = wallet(&gui);
    assert_eq!(wallet.gate.count("commitBumpTransaction"), 1);
    let sent = lock(&wallet.inside).committed[0].clone();
    let paid: Vec<_> =
        sent.output.iter().map(|out| (out.value.to_sat(), out.script_pubkey.clone())).collect();
    assert_eq!(paid, [(50_000_000, script(7)), (CHANGE - 300, own_script(0x71))]);
}

#[test]
pub(super) fn a21_a_payment_is_taken_back_to_the_satoshi() {
    let mut gui = rich();
    open(&mut gui, BOB, "Take it back…");
    make(&mut gui, "New fee rate (sat/vB)", "1", "Make the cancellation");
    // 110 virtual bytes with one input and one output, of which the signature may be a byte longer.
    let told = "This rate pays 0.00000110 BTC; it takes 0.00000161 BTC, the old fee and what the node wants on top: 1.464 sat/vB or more.";
    gui.wait_for(told);
    make(&mut gui, "New fee rate (sat/vB)", "1.464", "Make the cancellation");
    assert!(gui.sees("0.00000162 BTC"), "{}", gui.tree());
    gui.press("Close this dialog");
    gui.settle();

    open(&mut gui, BOB, "Take it back…");
    make(&mut gui, "New fee rate (sat/vB)", "5", "Make the cancellation");
    for text in
        ["Fee now:", "0.00000150 BTC", "0.00000550 BTC", "Coins that are spent: 1", "Change: 0.89999600 BTC"]
    {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
    assert!(!gui.sees("Pays "), "nobody is paid");
    send(&mut gui, "Send the cancellation");
    gui.wait_for("The cancellation is sent.");
    let wallet = wallet(&gui);
    let inside = lock(&wallet.inside);
    let old = of_entry(&inside.entries[2], 2);
    let sent = &inside.committed[0];
    assert_eq!((inside.committed.len(), wallet.gate.count("commitBumpTransaction")), (1, 1));
    assert_eq!(sent.input[0].previous_output, old.input[0].previous_output);
    assert_eq!(sent.output.len(), 1);
    assert_eq!(sent.output[0].value.to_sat(), SPENT - 550);
    assert_ne!(sent.output[0].script_pubkey, old.output[1].script_pubkey, "the address is a new one");
}

#[test]
pub(super) fn a21_a_child_pays_for_what_came_in() {
    let mut gui = rich();
    let wallet = wallet(&gui);
    wallet.receive(20_000_000, "Carol");
    let row = "Received 0.20000000 BTC, Carol, Unconfirmed, 14 Nov 2023 22:13";
    gui.wait_for(row);
    gui.settle();
    open(&mut gui, row, "Pay for it…");
    make(&mut gui, "Fee rate of both together (sat/vB)", "10", "Make the child");
    let parent = of_entry(&lock(&wallet.inside).entries[3].clone(), 3);
    let fee = 10 * 150 + 10 * parent.vsize() as u64 - FEE;
    for text in ["Fee of what waits:", "Fee of the child:", "in no block yet"] {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
    let model = gui.model();
    let Bump::Review(prepared) = &model.sessions[0].wallets["w"].bump else { panic!("no review") };
    assert_eq!((prepared.old_fee, prepared.fee), (FEE, fee));
    assert_eq!(prepared.ancestors, Some((FEE, parent.vsize() as u64)));
    send(&mut gui, "Send the child");
    gui.wait_for("The child is sent.");
    let sent = lock(&wallet.inside).committed[0].clone();
    assert_eq!(sent.input.len(), 1, "it spends nothing else");
    assert_eq!(sent.input[0].previous_output.txid, parent.compute_txid());
    assert_eq!(sent.output[0].value.to_sat(), 20_000_000 - fee);
    assert_eq!((sent.output.len(), wallet.gate.count("commitTransaction")), (1, 1));
}

#[test]
pub(super) fn a21_help_is_offered_where_there_is_some() {
    let mut gui = rich();
    gui.click(Role::Row, BOB);
    gui.wait_for("Raise the fee…");
    assert!(gui.is_enabled("Take it back…") && gui.is_enabled("Pay for it…"), "its change can be spent");
    gui.press("Close this dialog");
    gui.settle();
    gui.click(Role::Row, "Received 2.00000000 BTC, Alice, 150 confirmations, 14 Nov 2023 22:13");
    gui.wait_for("Copy the raw transaction");
    assert!(!gui.sees("Pay for it…"), "it is in a block");
}

#[test]
pub(super) fn a21_a_wallet_that_makes_something_else_is_not_believed() {
    for (button, field, go) in [
        ("Raise the fee…", "New fee rate (sat/vB)", "Make the replacement"),
        ("Take it back…", "New fee rate (sat/vB)", "Make the cancellation"),
        ("Pay for it…", "Fee rate of both together (sat/vB)", "Make the child"),
    ] {
        let mut gui = rich();
        lock(&wallet(&gui).inside).robs = true;
        open(&mut gui, BOB, button);
        make(&mut gui, field, "9", go);
        gui.wait_for("It is not used.");
        let wallet = wallet(&gui);
        assert_eq!(wallet.gate.count("signBumpTransaction") + wallet.gate.count("fillPSBT"), 0, "{button}");
    }
}

#[test]
pub(super) fn a21_what_was_not_reviewed_is_not_sent() {
    for (button, field, go, sends) in [
        ("Raise the fee…", "New fee rate (sat/vB)", "Make the replacement", "Send the replacement"),
        ("Take it back…", "New fee rate (sat/vB)", "Make the cancellation", "Send the cancellation"),
        ("Pay for it…", "Fee rate of both together (sat/vB)", "Make the child", "Send the child"),
    ] {
        let mut gui = rich();
        lock(&wallet(&gui).inside).tampers = true;
        open(&mut gui, BOB, button);
        make(&mut gui, field, "9", go);
        send(&mut gui, sends);
        gui.wait_for(crate::tests::ANOTHER);
        let wallet = wallet(&gui);
        let committed = wallet.gate.count("commitBumpTransaction") + wallet.gate.count("commitTransaction");
        assert_eq!(committed, 0, "{button}");
    }
}

#[test]
pub(super) fn a21_a_locked_wallet_is_unlocked_for_the_cancellation_alone() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    lock(&world.loader.wallets)["w"].encrypt(b"Zq7!canary");
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    open(&mut gui, BOB, "Take it back…");
    make(&mut gui, "New fee rate (sat/vB)", "5", "Make the cancellation");
    send(&mut gui, "Send the cancellation");
    gui.type_in("Passphrase", "wrong");
    gui.harness.key_press(egui::Key::Enter);
    gui.wait_for("The passphrase is wrong. Nothing was sent.");
    let wallet = wallet(&gui);
    assert_eq!(wallet.gate.count("signBumpTransaction"), 0);
    gui.wait(|gui| gui.is_enabled("Send the cancellation"));
    gui.press("Send the cancellation");
    gui.type_in("Passphrase", "Zq7!canary");
    gui.harness.key_press(egui::Key::Enter);
    gui.wait_for("The cancellation is sent.");
    assert_eq!(wallet.gate.count("commitBumpTransaction"), 1);
    assert_eq!(wallet.gate.count("lock"), 2, "it is locked again, also after a wrong passphrase");
}

#[test]
pub(super) fn a40_whether_it_was_taken_back_is_looked_up_and_not_tried_again() {
    for done in [true, false] {
        let mut gui = rich();
        let wallet = wallet(&gui);
        lock(&wallet.inside).dies = Some(done);
        open(&mut gui, BOB, "Take it back…");
        let asked = wallet.gate.count("getTx");
        make(&mut gui, "New fee rate (sat/vB)", "5", "Make the cancellation");
        assert_eq!(wallet.gate.count("getTx"), asked + 1, "for what is taken back");
        send(&mut gui, "Send the cancellation");
        gui.wait_for(if done {
            "The cancellation is sent."
        } else {
            "It was not sent: the wallet does not have it."
        });
        assert_eq!(wallet.gate.count("commitBumpTransaction"), 1, "once");
        assert!(wallet.gate.count("getTx") >= asked + 2, "looked up");
    }
}

#[test]
pub(super) fn a53_hidden_amounts_are_shown_in_help_only_when_they_are_wanted() {
    let mut gui = rich();
    gui.harness.state_mut().state().prefs.hide_amounts = true;
    gui.harness.run_steps(3);
    let row = gui
        .harness
        .get_all_by_role(Role::Row)
        .find_map(|node| node.accesskit_node().label().filter(|label| label.contains("Bob")));
    open(&mut gui, &row.expect("a row"), "Take it back…");
    // Also in what is told of a rate that is too low.
    make(&mut gui, "New fee rate (sat/vB)", "1", "Make the cancellation");
    gui.wait_for("This rate pays ••••• BTC; it takes ••••• BTC, the old fee and what the node wants on top");
    assert!(!gui.drawn().contains("0.000001"), "{}", gui.drawn());
    make(&mut gui, "New fee rate (sat/vB)", "5", "Make the cancellation");
    gui.wait_for("Amounts are hidden.");
    assert!(!gui.sees("0.00000550"));
    gui.press("Show the amounts of this payment");
    gui.wait_for("0.00000550 BTC");
    send(&mut gui, "Send the cancellation");
    gui.wait_for("The cancellation is sent.");
}
