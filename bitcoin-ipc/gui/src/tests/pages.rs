//! Each page, with what it shows and does.

use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::fake::{FakeWallet, World, lock, own_script};
use super::{Gui, rich};
use crate::model::requests::Request;

#[test]
pub(super) fn a13_overview_shows_the_balances_and_the_latest_transactions() {
    let mut gui = rich();
    for text in [
        "Available 3.00000000 BTC",
        "Pending 0.00000000 BTC",
        "Immature 0.25000000 BTC",
        "Total 3.25000000 BTC",
    ] {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
    assert!(gui.sees("Height 200, block of"));
    gui.click(Role::Row, "Sent -0.50000000 BTC, Bob, Unconfirmed, 14 Nov 2023 22:13");
    gui.wait_for("Copy the raw transaction");
    assert!(gui.sees("0.00000150 BTC"), "the fee in\n{}", gui.tree());
    assert_eq!(gui.world().node.gate.count("gettransaction"), 1);
    gui.press("Close this dialog");
    assert!(!gui.sees("Copy the raw transaction"));
}

#[test]
pub(super) fn a14_receive_has_an_address_and_its_qr_code_at_once() {
    let mut gui = rich();
    gui.page("Receive");
    gui.wait_for("QR code of bcrt1");
    let first =
        bitcoin::Address::from_script(&own_script(64 | 1), bitcoin::Network::Regtest).expect("an address");
    assert!(gui.sees(&format!("Address {first}")));
    let read = |gui: &mut Gui| {
        let picture = gui.picture();
        let grey = |x, y| picture.at(x, y).g();
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(picture.width, picture.height, grey);
        let codes = image.detect_grids();
        assert_eq!(codes.len(), 1, "codes in the picture");
        codes[0].decode().expect("a code").1
    };
    assert_eq!(read(&mut gui), format!("BITCOIN:{}", first.to_string().to_uppercase()));
    gui.type_in("Amount (BTC)", "0.5");
    gui.type_in("Label", "Rent");
    assert_eq!(read(&mut gui), format!("bitcoin:{first}?amount=0.50000000&label=Rent"));
    gui.clear("Amount (BTC)");
    gui.type_in("Amount (BTC)", "0,5");
    assert!(gui.sees("Write a point before decimals"));
    assert!(!gui.sees("QR code of"), "no picture of what is not meant");
    gui.clear("Amount (BTC)");

    gui.press("New address");
    let second =
        bitcoin::Address::from_script(&own_script(64 | 2), bitcoin::Network::Regtest).expect("an address");
    gui.wait_for(&format!("Address {second}"));
    let wallets = lock(&gui.world().loader.wallets).clone();
    assert_eq!(wallets["w"].gate.count("getNewDestination"), 2);
}

#[test]
pub(super) fn a15_requests_are_kept_in_the_wallet_and_forgotten() {
    let mut gui = rich();
    gui.page("Receive");
    gui.wait_for("QR code of bcrt1");
    gui.type_in("Label", "Rent");
    gui.type_in("Amount (BTC)", "0.25");
    gui.press("Keep this request");
    gui.wait_for("Rent, 0.25000000 BTC");
    let wallets = lock(&gui.world().loader.wallets).clone();
    let kept = lock(&wallets["w"].inside).requests.clone();
    let request = Request::from_bytes(&kept[&b"1"[..]]).expect("Bitcoin Core's form");
    assert_eq!((request.label.as_str(), request.amount, request.time), ("Rent", 25_000_000, 1_800_000_000));
    gui.press("Forget Rent");
    gui.wait(|gui| !gui.sees("Rent, 0.25000000 BTC"));
    assert!(lock(&wallets["w"].inside).requests.is_empty());
}

#[test]
pub(super) fn a20_coins_are_frozen_chosen_and_sent() {
    let mut gui = rich();
    gui.page("Coins");
    gui.wait_for("2 coins; 0 chosen");
    let coin = |gui: &Gui, amount: &str| {
        let boxes = gui.harness.get_all_by_role(Role::CheckBox);
        let mut names = boxes.filter_map(|node| node.accesskit_node().label());
        names.find(|name| name.starts_with(amount)).expect("a coin")
    };
    let one = coin(&gui, "1.00000000 BTC");
    gui.click(Role::CheckBox, &format!("Coin of {one}"));
    assert!(gui.sees("1 chosen: 1.00000000 BTC"), "{}", gui.tree());
    let two = coin(&gui, "2.00000000 BTC");
    gui.press(&format!("Freeze {two}"));
    gui.wait_for("The coin is frozen.");
    gui.wait_for(", frozen");
    let wallets = lock(&gui.world().loader.wallets).clone();
    assert_eq!(lock(&wallets["w"].inside).frozen.len(), 1);
    gui.press("Send these coins");
    gui.settle();
    assert!(gui.sees("1 coins are chosen; no others are spent."));
    gui.type_in("Pay to", &super::paying::address(7));
    gui.type_in("Amount (BTC)", "1.5");
    gui.press("Review");
    assert!(gui.sees("This is more than there is."), "the chosen coin is not enough");
    assert_eq!(wallets["w"].gate.count("createTransaction"), 0);
}

#[test]
pub(super) fn a24_messages_are_signed_and_verified() {
    let mut gui = rich();
    gui.page("Addresses");
    let main = "mpLQjfK79b7CCV4VMJWEWAj5Mpx8Up5zxB";
    gui.type_in("Signing address (P2PKH)", main);
    gui.type_in("Text of the message", "hello");
    gui.press("Sign");
    gui.wait_for("c2lnbmF0dXJl");
    gui.clear("Signing address (P2PKH)");
    gui.type_in("Signing address (P2PKH)", &super::paying::address(7));
    gui.press("Sign");
    gui.wait_for("Messages are signed with P2PKH addresses alone");
    gui.type_in("Signature", "c2lnbmF0dXJl");
    gui.press("Verify");
    assert!(gui.sees("The signature is not one of a message."));
    let wallets = lock(&gui.world().loader.wallets).clone();
    assert_eq!(wallets["w"].gate.count("signMessage"), 1);
}

#[test]
pub(super) fn a24_the_address_book_is_kept() {
    let mut gui = rich();
    gui.page("Addresses");
    let (alice, contact) = (super::paying::address(7), "Alice \u{202e}& co");
    gui.type_in("Address", &alice);
    gui.type_in("Name", contact);
    gui.press("Add");
    gui.wait_for("The label is kept.");
    gui.wait_for("Alice & co");
    gui.press(&format!("Label {alice}"));
    gui.clear(&format!("Label of {alice}"));
    gui.type_in(&format!("Label of {alice}"), "Bob");
    gui.press("Keep");
    gui.wait(|gui| gui.sees("Bob") && !gui.sees("Alice & co"));
    gui.press(&format!("Forget {alice}"));
    gui.wait(|gui| !gui.sees("Bob"));
}

#[test]
pub(super) fn a26_the_console_runs_completes_and_does_not_wait() {
    let mut gui = rich();
    gui.page("Node");
    gui.type_in("Command", "getblockhash(getblockcount())");
    gui.harness.key_press(egui::Key::Enter);
    gui.wait_for("0000000000000000000000000000000000000000000000000000000000000000");
    assert_eq!(gui.world().node.gate.count("getblockcount"), 1);

    gui.type_in("Command", "getblockc");
    gui.press("getblockcount");
    gui.press("Run");
    gui.wait(|gui| gui.world().node.gate.count("getblockcount") == 2 && gui.sees("200"));

    gui.type_in("Command", "nonesuch");
    gui.press("Run");
    gui.wait_for("Method not found");

    // Only the call that waits is held up, and nobody has to wait for it.
    let world = gui.world().clone();
    world.node.gate.shut(true);
    gui.type_in("Command", "waitfornewblock 0");
    gui.press("Run");
    gui.wait_for("Do not wait for waitfornewblock 0");
    gui.press("Do not wait for waitfornewblock 0");
    gui.wait_for("Not waited for any more.");
    world.node.gate.shut(false);

    gui.press("Clear the console");
    gui.wait(|gui| !gui.sees("> waitfornewblock 0"));
}

#[test]
pub(super) fn a29_the_search_finds_what_is_far_behind() {
    let world = World::new(vec![FakeWallet::huge("w", 1_000)]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.page("History");
    assert!(gui.sees("200 entries known"));
    gui.type_in("Search", "entry 7,");
    gui.clear("Search");
    gui.type_in("Search", "Entry 77");
    // 77, and 770 to 779; the first one is in the oldest page.
    gui.wait(|gui| gui.model().sessions[0].wallets["w"].history.to_the_end);
    gui.settle();
    let rows = gui.harness.get_all_by_role(Role::Row).count();
    assert_eq!(rows, 11, "{}", gui.tree());
    gui.harness.key_press(egui::Key::Escape);
    gui.harness.run_steps(3);
    assert!(gui.sees("1,000 entries"));
}

#[test]
pub(super) fn fees_show_estimates_and_the_mempool() {
    let mut gui = rich();
    gui.page("Fees");
    gui.wait_for("25 sat/vB");
    assert!(gui.sees("not enough is known"));
    assert!(
        gui.sees("Chart of the mempool: 450 virtual bytes pay 0.00001500 BTC together"),
        "{}",
        gui.tree()
    );
}
