//! Wallets that are made, opened, closed and guarded.

use std::sync::Arc;

use super::fake::{FakeWallet, World, lock};
use super::{Gui, rich};

#[test]
pub(super) fn a25_wallets_are_made_opened_and_closed() {
    let world = World::new(Vec::new());
    lock(&world.loader.files).insert("old".to_owned(), FakeWallet::with_coins("old"));
    let mut gui = Gui::open(&world);
    gui.wait_for("No wallet is loaded.");
    gui.press("Create a wallet…");
    assert!(!gui.is_enabled("Create"));
    gui.type_in("Wallet name", "new");
    gui.press("Create");
    gui.wait_for("Overview of new");
    assert_eq!(world.loader.gate.count("createWallet"), 1);
    gui.settle();
    gui.press("Wallets…");
    gui.settle();
    gui.wait_for("Open old");
    gui.press("Open old");
    gui.wait_for("Overview of old");
    gui.wait_for("Available 3.00000000 BTC");
    gui.press("Wallets…");
    gui.settle();
    assert!(!gui.is_enabled("Migrate"));
    assert!(gui.sees("Wallets of the old kind are migrated by Bitcoin Core"));
    gui.press("Close old");
    gui.wait(|gui| gui.model().sessions[0].wallets.keys().eq(["new"]));
    gui.settle();
    gui.press("Close this dialog");
    gui.wait_for("Overview of new");
}

#[test]
pub(super) fn a25_a_wallet_that_is_not_made_says_why() {
    let mut gui = rich();
    gui.press("Wallets…");
    gui.settle();
    gui.press("Create…");
    gui.type_in("Wallet name", "w");
    gui.press("Create");
    gui.wait_for("The wallet w is not loaded: The wallet is there already.");
    gui.press("I have read this");
    assert!(!gui.sees("The wallet is there already."));
}

#[test]
pub(super) fn a25_passphrases_are_changed_and_backups_made() {
    let mut gui = rich();
    let wallet: Arc<FakeWallet> = lock(&gui.world().loader.wallets)["w"].clone();
    wallet.encrypt(b"old");
    gui.world().kill_wallets();
    gui.wait_for("The wallet process has ended.");
    gui.world().start_wallets();
    gui.wait(|gui| gui.is_enabled("Unlock"));
    gui.settle();
    gui.press("Wallets…");
    gui.settle();
    gui.press("Change the passphrase…");
    gui.type_in("Old passphrase", "wrong");
    gui.type_in("New passphrase", "new");
    gui.type_in("New passphrase again", "new");
    gui.press("Change");
    gui.wait_for("The old passphrase is wrong.");
    gui.press("Backup…");
    gui.type_in("File or folder", "/tmp/backup.dat");
    gui.press("Make the backup");
    gui.wait(|_| wallet.gate.count("backupWallet") == 1);
    gui.wait_for("The backup is made.");
    gui.press("Close this dialog");
    // Whoever gives a wrong passphrase is told so wherever he is, and not for ever.
    assert!(gui.sees("Overview of w"));
    gui.press("Unlock");
    gui.type_in("Passphrase", "wrong");
    gui.harness.key_press(eframe::egui::Key::Enter);
    gui.wait_for("The passphrase is wrong.");
    gui.settle();
    gui.page("Coins");
    assert!(!gui.sees("The passphrase is wrong."));
}

#[test]
pub(super) fn a9_a_window_of_another_network_can_do_nothing() {
    let world = World::new(Vec::new());
    let mut gui = Gui::open(&world);
    gui.wait_for("No wallet is loaded.");
    let why = "The node at /tmp/node.sock is of the network signet, and this window of regtest.";
    gui.engine.send(crate::engine::Msg::Event(0, crate::engine::Event::Refused(why.to_owned())));
    gui.wait_for(why);
    assert!(gui.sees("Nothing can be done here."));
    assert!(!gui.sees("Create a wallet…"));
}

#[test]
pub(super) fn a25_labels_and_what_watches_are_exported() {
    let mut gui = rich();
    let folder = tempfile::tempdir().expect("a folder");
    let (file, path) =
        (folder.path().join("labels.jsonl"), |name: &str| folder.path().join(name).display().to_string());
    let alice = super::paying::address(7);
    std::fs::write(&file, format!("{{\"type\":\"addr\",\"ref\":\"{alice}\",\"label\":\"Alice\"}}\n"))
        .expect("a file");
    let go_on = |gui: &mut Gui, kind: &str, path: &str| {
        gui.press(&format!("{kind}…"));
        gui.type_in("File", path);
        gui.press("Go on");
        gui.settle();
    };
    gui.press("Wallets…");
    gui.settle();
    go_on(&mut gui, "Import labels (BIP 329)", &path("labels.jsonl"));
    gui.wait_for("1 labels are taken over.");
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    assert!(lock(&wallet.inside).book.values().any(|(label, _)| label == "Alice"));
    go_on(&mut gui, "Export labels (BIP 329)", &path("out.jsonl"));
    gui.wait_for("out.jsonl is written: 1 labels.");
    let written = std::fs::read_to_string(folder.path().join("out.jsonl")).expect("a file");
    assert_eq!(written, std::fs::read_to_string(&file).expect("a file"));
    go_on(&mut gui, "Export labels (BIP 329)", &path("out.jsonl"));
    gui.wait_for("out.jsonl is not written");
    go_on(&mut gui, "Export what watches this wallet", "/tmp/watch.dat");
    gui.wait_for("/tmp/watch.dat is written: a wallet that watches this one.");
    assert_eq!(wallet.gate.count("exportwatchonlywallet"), 1);
}
