//! The node and the wallet process live and die beside the window.

use std::time::Duration;

use bitcoin_ipc::types::restart;
use egui_kittest::kittest::Queryable as _;

use super::fake::{FakeWallet, World, lock};
use super::{Gui, rich};
use crate::model::prefs::Prefs;

#[test]
fn a3_a_node_that_comes_later_is_attached() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::unconnected(&world, Prefs::default());
    gui.wait_for("Starting…");
    assert!(gui.sees("Wallets are shown as soon as the node is there."));
    gui.connect();
    gui.wait_for("Available 3.00000000 BTC");
}

#[test]
fn a33_a_node_that_is_busy_holds_up_no_click() {
    let mut gui = rich();
    let world = gui.world().clone();
    world.node.gate.shut(true);
    gui.click(eframe::egui::Role::Tab, "Fees");
    for page in ["Overview", "Send", "Receive", "History", "Coins", "Addresses", "Settings", "Node"] {
        gui.click(eframe::egui::Role::Tab, page);
        assert!(gui.sees(page));
    }
    gui.click(eframe::egui::Role::Tab, "Send");
    gui.type_in("Pay to", "typed meanwhile");
    gui.wait_for("The node does not answer (");
    world.node.gate.shut(false);
    gui.wait(|gui| !gui.sees("does not answer"));
    gui.settle();
    assert_eq!(world.node.gate.count("getmempoolinfo"), 1, "nothing is done twice");
    assert_eq!(gui.field("Pay to").value(), Some("typed meanwhile".to_owned()));
}

#[test]
fn a36_a_node_that_is_gone_leaves_all_as_it_was() {
    let mut gui = rich();
    gui.page("Send");
    gui.type_in("Pay to", "half an addr");
    gui.lose_node();
    assert!(!gui.is_enabled("Review"), "nothing can be sent");
    assert_eq!(gui.field("Pay to").value(), Some("half an addr".to_owned()));
    gui.click(eframe::egui::Role::Tab, "Overview");
    assert!(gui.sees("This may have changed since:") && gui.sees("Available 3.00000000 BTC"));
    gui.click(eframe::egui::Role::Tab, "Send");
    *lock(&gui.world().node.height) += 5;
    gui.connect();
    gui.wait(|gui| gui.is_enabled("Review") && gui.sees("Height 205,"));
    assert!(!gui.sees("Waiting for it"));
    assert_eq!(gui.field("Pay to").value(), Some("half an addr".to_owned()));
}

#[test]
fn a38_the_end_of_the_wallet_process_is_noticed_without_a_call() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    lock(&world.loader.wallets)["w"].encrypt(b"x");
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    gui.page("Send");
    gui.type_in("Pay to", "draft");
    let calls = world.node.gate.total();
    world.kill_wallets();
    gui.wait_for("The wallet process has ended. If it is the node's own, it is started again;");
    assert_eq!(world.node.gate.total(), calls, "nobody asked");
    let banners = gui.harness.query_all_by_role(eframe::egui::Role::Alert).count();
    assert_eq!(banners, 1, "it is said once");
    gui.page("Fees");
    gui.wait_for("25 sat/vB");
    world.start_wallets();
    gui.wait(|gui| !gui.sees("The wallet process has ended."));
    assert!(format!("{:?}", gui.model().notices).contains("The wallets are back."));
    gui.page("Send");
    assert_eq!(gui.field("Pay to").value(), Some("draft".to_owned()));
    gui.wait(|gui| gui.is_enabled("Unlock"));
}

#[test]
fn a39_five_ends_of_the_wallet_process_leave_nothing_behind() {
    let mut gui = rich();
    let world = gui.world().clone();
    let handlers = || lock(&world.loader.wallets)["w"].gate.count("subscribe");
    let mut before = None;
    for _ in 0..6 {
        world.kill_wallets();
        gui.wait_for("The wallet process has ended. If it is the node's own, it is started again;");
        world.start_wallets();
        gui.wait(|gui| !gui.sees("The wallet process has ended.") && gui.sees("Available 3.00000000 BTC"));
        gui.settle();
        let subscribed = handlers();
        if let Some(before) = before {
            assert!(subscribed - before <= 12, "each time the same few: {before} to {subscribed}");
        }
        before = Some(subscribed);
    }
}

#[test]
fn a39_the_nodes_pause_is_counted_down() {
    let mut gui = rich();
    let world = gui.world().clone();
    world.kill_wallets();
    gui.wait_for("The wallet process has ended.");
    world.node.load(&restart::message(Duration::from_secs(3_600)));
    gui.wait_for("The wallet process has ended. The node starts it again in 3,600 s.");
    // Nobody asks for anything meanwhile.
    let calls = world.node.gate.total();
    gui.wait_for("The node starts it again in 3,598 s.");
    assert_eq!(world.node.gate.total(), calls);
    world.node.load(&restart::message(Duration::from_millis(250)));
    gui.wait_for("The wallet process has ended. The node starts it again.");
    world.start_wallets();
    gui.wait(|gui| !gui.sees("The wallet process has ended."));
    gui.settle();
    assert_eq!(gui.model().sessions[0].restart, None);
}

#[test]
fn a41_a_node_without_wallets_says_what_to_do() {
    let world = World::new(Vec::new());
    world.kill_wallets();
    let mut gui = Gui::open(&world);
    gui.wait_for("No wallets are there: this node has no wallets now.");
    gui.page("Node");
    gui.type_in("Command", "getblockcount");
    gui.press("Run");
    gui.wait_for("200");
}

#[test]
fn a42_a_wallet_that_hangs_does_not_stop_the_chain() {
    let mut gui = rich();
    let world = gui.world().clone();
    let wallet = lock(&world.loader.wallets)["w"].clone();
    wallet.gate.shut(true);
    gui.click(eframe::egui::Role::Tab, "Coins");
    gui.wait_for("The wallet does not answer (");
    world.node.mine();
    gui.wait_for("Height 201,");
    wallet.gate.shut(false);
    gui.wait(|gui| !gui.sees("does not answer"));
}

#[test]
fn a37_warnings_of_the_node_are_shown() {
    let mut gui = rich();
    gui.world().node.warn("This is a test version");
    gui.wait_for("This is a test version");
    gui.world().node.warn("");
    gui.wait(|gui| !gui.sees("This is a test version"));
}

#[test]
fn a38_a_wallet_that_does_not_come_back_can_be_loaded_again() {
    let mut gui = rich();
    let world = gui.world().clone();
    world.kill_wallets();
    gui.wait_for("The wallet process has ended. If it is the node's own, it is started again;");
    let wallet = lock(&world.loader.wallets).remove("w").expect("a wallet");
    lock(&world.loader.files).insert("w".to_owned(), wallet);
    world.start_wallets();
    gui.wait(|gui| gui.model().sessions[0].settles.is_some());
    assert!(!gui.sees("The wallet w is not loaded any more."), "it may be on its way");
    gui.wait_for("The wallet w is not loaded any more.");
    gui.press("Load w again");
    gui.wait(|gui| !gui.sees("is not loaded any more"));
    gui.wait_for("Available 3.00000000 BTC");
}

#[test]
fn a10_two_windows_show_the_same() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let (mut first, mut second) = (Gui::open(&world), Gui::open(&world));
    for gui in [&mut first, &mut second] {
        gui.wait_for("Available 3.00000000 BTC");
    }
    let wallet = lock(&world.loader.wallets)["w"].clone();
    wallet.receive(12_345, "New one");
    for gui in [&mut first, &mut second] {
        gui.wait_for("Received 0.00012345 BTC, New one, Unconfirmed");
    }
    drop(first);
    world.node.mine();
    second.wait_for("Height 201,");
}

#[test]
fn a11_one_window_shows_two_nodes() {
    let mut gui = rich();
    let other = World::new(vec![FakeWallet::with_coins("other")]);
    *lock(&other.node.height) = 7;
    gui.add(&other, "second");
    assert!(gui.sees("Height 200,"));
    gui.click(eframe::egui::Role::ComboBox, "Node");
    gui.press("second");
    gui.wait_for("Overview of other");
    gui.wait_for("Height 7,");
    gui.settle();
    // The other one goes on when one is gone.
    gui.world().kill_node();
    other.node.mine();
    gui.wait_for("Height 8,");
    assert!(gui.is_enabled("Wallets…"));
}

#[test]
fn a35_a_node_of_this_process_that_is_busy_holds_up_no_click() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::hosting(&world);
    gui.wait_for("Available 3.00000000 BTC");
    gui.settle();
    gui.page("Node");
    gui.type_in("Command", "waitfornewblock");
    world.node.gate.shut(true);
    gui.press("Run");
    gui.wait(|_| world.node.gate.count("waitfornewblock") == 1);
    for page in super::PAGES {
        gui.click(eframe::egui::Role::Tab, page);
        assert!(gui.sees(page));
    }
    gui.click(eframe::egui::Role::Tab, "Send");
    gui.type_in("Pay to", "typed meanwhile");
    gui.click(eframe::egui::Role::Tab, "Node");
    gui.press("Do not wait for waitfornewblock");
    gui.wait_for("Not waited for any more.");
    world.node.gate.shut(false);
    gui.settle();
    gui.page("Send");
    assert_eq!(gui.field("Pay to").value(), Some("typed meanwhile".to_owned()));
    assert_eq!(world.node.gate.count("waitfornewblock"), 1, "nothing is done twice");
}

#[test]
fn a34_a_wallet_that_hangs_while_a_payment_is_made_keeps_the_draft() {
    let mut gui = rich();
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    gui.page("Send");
    gui.type_in("Pay to", &super::paying::address(7));
    gui.type_in("Amount (BTC)", "0.5");
    wallet.gate.shut(true);
    gui.press("Review");
    gui.wait(|_| wallet.gate.count("createTransaction") == 1);
    for page in super::PAGES {
        gui.click(eframe::egui::Role::Tab, page);
    }
    gui.click(eframe::egui::Role::Tab, "Send");
    gui.type_in("Label", "typed meanwhile");
    gui.wait_for("The wallet does not answer (");
    wallet.gate.shut(false);
    gui.wait_for("Review this payment");
    gui.press("Back");
    gui.settle();
    assert_eq!(gui.field("Pay to").value(), Some(super::paying::address(7)));
    assert_eq!(gui.field("Label").value(), Some("typed meanwhile".to_owned()));
    assert_eq!(wallet.gate.count("createTransaction"), 1, "nothing is done twice");
}

#[test]
fn a34_a_node_that_hangs_while_a_passphrase_is_typed_takes_nothing_of_it() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let wallet = lock(&world.loader.wallets)["w"].clone();
    wallet.encrypt(b"open");
    let mut gui = Gui::open(&world);
    gui.wait(|gui| gui.is_enabled("Unlock"));
    gui.settle();
    gui.press("Unlock");
    gui.type_in("Passphrase", "op");
    // Everybody hangs, and is asked for something.
    for gate in [&world.node.gate, &wallet.gate] {
        gate.shut(true);
    }
    gui.engine.send(crate::engine::Msg::Event(0, crate::engine::Event::StatusChanged("w".to_owned())));
    gui.wait_for("does not answer (");
    assert_eq!(gui.field("Passphrase").value(), Some("••".to_owned()));
    gui.type_in("Passphrase", "en");
    gui.harness.key_press(eframe::egui::Key::Enter);
    gui.wait(|_| wallet.gate.count("unlock") == 1);
    gui.harness.run_steps(3);
    for gate in [&world.node.gate, &wallet.gate] {
        gate.shut(false);
    }
    gui.wait(|gui| gui.is_enabled("Lock"));
    gui.settle();
    assert_eq!(wallet.gate.count("unlock"), 1, "nothing is done twice");
}

#[test]
fn a34_a_window_whose_node_hangs_is_closed_at_once() {
    let mut gui = rich();
    let world = gui.world().clone();
    let wallet = lock(&world.loader.wallets)["w"].clone();
    for gate in [&world.node.gate, &world.loader.gate, &wallet.gate] {
        gate.shut(true);
    }
    for page in super::PAGES {
        gui.click(eframe::egui::Role::Tab, page);
    }
    gui.engine.send(crate::engine::Msg::Command(0, crate::engine::Command::Close));
    gui.wait(|gui| gui.harness.state().is_over());
    assert_eq!(gui.harness.state().exit_code(), 0);
    for gate in [&world.node.gate, &world.loader.gate, &wallet.gate] {
        gate.shut(false);
    }
}

#[test]
fn a34_a_window_is_closed_while_its_node_has_not_come_yet() {
    let mut gui = Gui::starting();
    gui.wait_for("Starting…");
    gui.engine.send(crate::engine::Msg::Command(0, crate::engine::Command::Close));
    gui.wait(|gui| gui.harness.state().is_over());
    assert_eq!(gui.harness.state().exit_code(), 0);
}
