//! Payments: what is reviewed is what is sent, once.

use bitcoin::Network;
use eframe::egui::{self, Role};

use super::fake::{FakeWallet, World, lock, script};
use super::{Gui, rich};

/// The address of somebody with this number.
pub(super) fn address(number: u8) -> String {
    bitcoin::Address::from_script(&script(number), Network::Regtest).expect("an address").to_string()
}

fn wallet(gui: &Gui) -> std::sync::Arc<FakeWallet> {
    lock(&gui.world().loader.wallets)["w"].clone()
}

/// Fills in a payment of half a bitcoin to Alice, and reviews it.
pub(super) fn review(gui: &mut Gui) {
    gui.page("Send");
    gui.type_in("Pay to", &address(7));
    gui.type_in("Amount (BTC)", "0.5");
    gui.type_in("Label", "Alice");
    gui.press("Review");
    gui.wait_for("Review this payment");
}

/// Waits until the payment can be sent.
fn ready(gui: &mut Gui) {
    assert!(!gui.is_enabled("Send"), "too early");
    gui.wait(|gui| gui.is_enabled("Send"));
}

#[test]
pub(super) fn a16_three_steps_lead_to_a_payment() {
    let mut gui = rich();
    review(&mut gui);
    ready(&mut gui);
    gui.press("Send");
    gui.wait_for("The payment is sent.");
    let wallet = wallet(&gui);
    let sent = lock(&wallet.inside).committed.clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].output[0].script_pubkey, script(7));
    assert_eq!(sent[0].output[0].value.to_sat(), 50_000_000);
    assert!(gui.sees(&sent[0].compute_txid().to_string()));
    let book = lock(&wallet.inside).book.clone();
    assert!(book.values().any(|(name, _)| name == "Alice"), "the label is kept");
    gui.press("Another payment");
    gui.settle();
    assert_eq!(gui.field("Pay to").value(), Some(String::new()), "the draft is a new one");
}

#[test]
pub(super) fn a16_what_is_wrong_is_told_at_its_field_and_nothing_is_called() {
    let mut gui = rich();
    gui.page("Send");
    gui.press("Review");
    assert!(gui.sees("Enter an address.") && gui.sees("Enter an amount."));
    gui.type_in("Pay to", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq");
    gui.type_in("Amount (BTC)", "0");
    gui.press("Review");
    assert!(gui.sees("This address is not of the network regtest."));
    assert!(gui.sees("The amount has to be above 0."));
    let described = {
        use egui_kittest::kittest::NodeT as _;
        let node = gui.field("Pay to");
        let node = node.accesskit_node();
        node.data().described_by().len()
    };
    assert_eq!(described, 1, "a screen reader is told which field it is");
    gui.clear("Pay to");
    gui.type_in("Pay to", &address(7));
    gui.clear("Amount (BTC)");
    gui.type_in("Amount (BTC)", "4");
    gui.press("Review");
    assert!(gui.sees("This is more than there is."));
    gui.clear("Amount (BTC)");
    gui.type_in("Amount (BTC)", "0.1");
    gui.press("Add a recipient");
    gui.type_in("Pay to, recipient 2", &address(7));
    gui.type_in("Amount, recipient 2 (BTC)", "0.1");
    gui.press("Review");
    assert!(gui.sees("This address is above already"));
    let wallet = wallet(&gui);
    assert_eq!((wallet.gate.count("createTransaction"), wallet.gate.count("commitTransaction")), (0, 0));
}

#[test]
pub(super) fn a16_a_payment_uri_fills_in_the_fields() {
    let mut gui = rich();
    gui.page("Send");
    gui.type_in("Pay to", &format!("bitcoin:{}?amount=0.125&label=Shop%20%231", address(9)));
    assert_eq!(gui.field("Pay to").value(), Some(address(9)));
    assert_eq!(gui.field("Amount (BTC)").value(), Some("0.12500000".to_owned()));
    assert_eq!(gui.field("Label").value(), Some("Shop #1".to_owned()));
}

#[test]
pub(super) fn a17_the_review_shows_all_that_is_signed() {
    let mut gui = rich();
    review(&mut gui);
    let groups = crate::text::address::in_groups(&address(7));
    for text in [
        "Pays 0.50000000 BTC to Alice",
        groups.as_str(),
        "Change: 2.49996250 BTC",
        "0.00003750 BTC",
        "sat/vB",
        "0.0 % of what is paid",
        "0.50003750 BTC",
        "Coins that are spent: 2",
        "1.00000000 BTC, 10 confirmations",
        "Picture of the transaction: 2 inputs of 3.00000000 BTC, 2 outputs, fee 0.00003750 BTC",
    ] {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
    gui.press("Back");
    gui.settle();
    assert_eq!(gui.field("Pay to").value(), Some(address(7)), "the draft stays");
}

#[test]
pub(super) fn a17_what_was_not_reviewed_is_not_sent() {
    let mut gui = rich();
    lock(&wallet(&gui).inside).tampers = true;
    review(&mut gui);
    ready(&mut gui);
    gui.press("Send");
    gui.wait_for("The wallet signed another transaction than the one that was reviewed. It is not sent.");
    assert_eq!(wallet(&gui).gate.count("commitTransaction"), 0);
    assert_eq!(gui.field("Pay to").value(), Some(address(7)), "the draft stays");
}

#[test]
pub(super) fn a17_coins_that_were_spent_meanwhile_are_noticed() {
    let mut gui = rich();
    review(&mut gui);
    lock(&wallet(&gui).inside).coins.clear();
    ready(&mut gui);
    gui.press("Send");
    gui.wait_for("A coin of this payment has been spent meanwhile. Review it again.");
    assert_eq!(wallet(&gui).gate.count("fillPSBT"), 0);
}

#[test]
pub(super) fn a18_a_locked_wallet_is_unlocked_for_the_payment_alone() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    lock(&world.loader.wallets)["w"].encrypt(b"Zq7!canary");
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    review(&mut gui);
    ready(&mut gui);
    gui.press("Send");
    gui.type_in("Passphrase", "wrong");
    gui.harness.key_press(egui::Key::Enter);
    gui.wait_for("The passphrase is wrong. Nothing was sent.");
    assert_eq!(wallet(&gui).gate.count("commitTransaction"), 0);
    gui.wait(|gui| gui.is_enabled("Send"));
    gui.press("Send");
    gui.type_in("Passphrase", "Zq7!canary");
    gui.harness.key_press(egui::Key::Enter);
    gui.wait_for("The payment is sent.");
    let wallet = wallet(&gui);
    assert_eq!(wallet.gate.count("commitTransaction"), 1);
    assert_eq!(wallet.gate.count("lock"), 2, "it is locked again, also after a wrong passphrase");
    gui.wait(|gui| gui.is_enabled("Unlock"));
}

#[test]
pub(super) fn a19_a_key_that_is_held_down_sends_nothing() {
    let mut gui = rich();
    gui.page("Send");
    gui.type_in("Pay to", &address(7));
    gui.type_in("Amount (BTC)", "0.5");
    // The key goes down in the form and stays there.
    let held = |repeat| egui::Event::Key {
        key: egui::Key::Enter,
        physical_key: None,
        pressed: true,
        repeat,
        modifiers: egui::Modifiers::NONE,
    };
    {
        use egui_kittest::kittest::Queryable as _;
        gui.harness.get_by_role_and_label(Role::Button, "Review").focus();
    }
    gui.harness.run_steps(2);
    gui.harness.event(held(false));
    for _ in 0..200 {
        gui.harness.event(held(true));
        gui.harness.step();
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    gui.wait_for("Review this payment");
    gui.wait(|gui| gui.is_enabled("Send"));
    for _ in 0..20 {
        gui.harness.event(held(true));
        gui.harness.step();
    }
    gui.settle();
    assert!(gui.sees("Review this payment"));
    assert_eq!(wallet(&gui).gate.count("fillPSBT"), 0);
    gui.press("Send");
    gui.wait_for("The payment is sent.");
}

#[test]
pub(super) fn a22_a_transaction_is_given_up_and_a_file_is_written() {
    let mut gui = rich();
    gui.click(Role::Row, "Sent -0.50000000 BTC, Bob, Unconfirmed, 14 Nov 2023 22:13");
    gui.wait_for("Give it up…");
    gui.press("Give it up…");
    gui.press("Give it up");
    gui.wait(|gui| {
        wallet(gui).gate.count("abandonTransaction") == 1 && !gui.sees("Copy the raw transaction")
    });
    gui.settle();
    gui.page("History");
    gui.wait_for("3 entries");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("history.csv");
    gui.press("Export…");
    gui.type_in("File", file.to_str().expect("a text"));
    gui.press("Write");
    gui.wait(|_| file.exists() && std::fs::metadata(&file).is_ok_and(|found| found.len() > 0));
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.contains("\"Sent\",\"Bob\""), "{text}");
    assert!(text.contains("\"-0.50000000\",\"0.00000150\",\"Unconfirmed\""), "{text}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
pub(super) fn a40_an_unknown_outcome_is_looked_up_and_never_repeated() {
    for done in [true, false] {
        let mut gui = rich();
        let wallet = wallet(&gui);
        lock(&wallet.inside).dies = Some(done);
        review(&mut gui);
        ready(&mut gui);
        gui.press("Send");
        gui.wait_for(if done {
            "The payment is sent."
        } else {
            "It was not sent: the wallet does not have it."
        });
        assert_eq!(wallet.gate.count("commitTransaction"), 1, "once");
        assert_eq!(wallet.gate.count("getTx"), 1, "looked up");
        let notices = format!("{:?}", gui.model().notices);
        assert!(notices.contains("The outcome of a payment is unknown. It is looked up, not repeated."));
    }
}

#[test]
pub(super) fn a40_the_outcome_is_looked_up_when_the_wallets_are_back() {
    let mut gui = rich();
    let (wallet, world) = (wallet(&gui), gui.world().clone());
    review(&mut gui);
    ready(&mut gui);
    // The call is under way when the process dies.
    wallet.gate.shut(true);
    gui.press("Send");
    gui.wait(|gui| lock(&gui.world().loader.wallets)["w"].gate.count("getCoins") >= 2);
    world.kill_wallets();
    wallet.gate.shut(false);
    gui.wait_for("The wallet process has ended.");
    gui.wait(|gui| {
        let session = &gui.model().sessions[0];
        !matches!(session.wallets["w"].send, crate::model::review::SendState::Sending(_))
    });
    world.start_wallets();
    gui.wait(|gui| gui.sees("Available: "));
    assert!(wallet.gate.count("commitTransaction") <= 1);
    assert_eq!(gui.field("Pay to").value(), Some(address(7)), "the draft is as it was");
}
