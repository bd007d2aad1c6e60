//! What is done by keys alone.

use eframe::egui::style::ScrollAnimation;
use eframe::egui::{self, Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::fake::{FakeWallet, World, lock, script};
use super::{Gui, rich};
use crate::model::Lock;
use crate::model::prefs::Theme;

/// How often the tab key is pressed before something is not to be reached by it.
const MOST: usize = 100;

/// Presses a key.
fn key(gui: &mut Gui, key: Key) {
    gui.harness.key_press(key);
    gui.harness.run_steps(4);
}

/// The role and the name of what has the focus.
fn focused(gui: &Gui) -> Option<(Role, String)> {
    let focused = gui.harness.root().children_recursive().find(|node| node.is_focused())?;
    let focused = focused.accesskit_node();
    Some((focused.role(), focused.label().unwrap_or_default()))
}

/// Presses the tab key until something has the focus.
#[track_caller]
fn tab_to(gui: &mut Gui, what: &str, is: impl Fn(Role, &str) -> bool) {
    let mut seen = Vec::new();
    for _ in 0..MOST {
        if let Some((role, name)) = focused(gui) {
            if is(role, &name) {
                return;
            }
            seen.push(name);
        }
        key(gui, Key::Tab);
    }
    panic!("the tab key does not lead to {what}, but to {seen:?}");
}

/// Goes to what has this role, and a name that begins so, and presses the space bar.
#[track_caller]
fn press(gui: &mut Gui, role: Role, name: &str) {
    tab_to(gui, name, |is, found| is == role && found.starts_with(name));
    key(gui, Key::Space);
    gui.settle();
}

/// Goes to a button and presses it.
#[track_caller]
fn button(gui: &mut Gui, name: &str) {
    tab_to(gui, name, |role, found| role == Role::Button && found == name);
    key(gui, Key::Space);
    gui.settle();
}

/// Goes to a field, and types in place of what is in it.
#[track_caller]
fn type_in(gui: &mut Gui, name: &str, text: &str) {
    let field = |role| matches!(role, Role::TextInput | Role::PasswordInput | Role::MultilineTextInput);
    tab_to(gui, name, |role, found| field(role) && found == name);
    gui.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    gui.harness.run_steps(2);
    gui.harness.event(egui::Event::Text(text.to_owned()));
    gui.harness.run_steps(4);
}

/// Goes to a page.
fn page(gui: &mut Gui, digit: Key) {
    gui.harness.key_press_modifiers(Modifiers::ALT, digit);
    gui.harness.run_steps(4);
    gui.settle();
}

fn wallet(gui: &Gui, name: &str) -> std::sync::Arc<FakeWallet> {
    lock(&gui.world().loader.wallets)[name].clone()
}

#[test]
fn a48_an_address_is_copied_and_a_request_kept_by_keys() {
    let mut gui = rich();
    page(&mut gui, Key::Num3);
    gui.wait_for("QR code of bcrt1");
    type_in(&mut gui, "Label", "Rent");
    type_in(&mut gui, "Amount (BTC)", "0.25");
    tab_to(&mut gui, "the button", |role, name| role == Role::Button && name == "Copy URI");
    gui.harness.key_down(Key::Space);
    gui.harness.step();
    let commands = gui.harness.output().platform_output.commands.iter();
    let copied: String = commands
        .filter_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    gui.harness.key_up(Key::Space);
    assert!(
        copied.starts_with("bitcoin:bcrt1") && copied.ends_with("?amount=0.25000000&label=Rent"),
        "{copied}"
    );
    button(&mut gui, "Keep this request");
    gui.wait_for("Rent, 0.25000000 BTC");
    button(&mut gui, "New address");
    gui.wait(|gui| wallet(gui, "w").gate.count("getNewDestination") == 2);
    gui.settle();
    press(&mut gui, Role::ComboBox, "Kind of a new address");
    button(&mut gui, "P2PKH");
    gui.wait(|gui| wallet(gui, "w").gate.count("getNewDestination") == 3);
    gui.settle();
    button(&mut gui, "Forget Rent");
    gui.wait(|gui| !gui.sees("Rent, 0.25000000 BTC"));
}

#[test]
fn a48_coins_are_chosen_frozen_and_sent_by_keys() {
    let mut gui = rich();
    page(&mut gui, Key::Num5);
    // In the picture, and in the list.
    press(&mut gui, Role::CheckBox, "Coin of 1.00000000 BTC");
    assert!(gui.sees("2 coins; 1 chosen: 1.00000000 BTC"), "{}", gui.tree());
    press(&mut gui, Role::CheckBox, "Coin of 1.00000000 BTC");
    press(&mut gui, Role::CheckBox, "2.00000000 BTC");
    assert!(gui.sees("2 coins; 1 chosen: 2.00000000 BTC"));
    press(&mut gui, Role::Button, "Freeze 1.00000000 BTC");
    assert_eq!(lock(&wallet(&gui, "w").inside).frozen.len(), 1);
    press(&mut gui, Role::Button, "Unfreeze 1.00000000 BTC");
    assert!(lock(&wallet(&gui, "w").inside).frozen.is_empty());
    button(&mut gui, "Send these coins");
    type_in(&mut gui, "Pay to", &super::paying::address(7));
    type_in(&mut gui, "Amount (BTC)", "0.5");
    button(&mut gui, "Review");
    gui.wait_for("Coins that are spent: 1");
    gui.wait(|gui| gui.is_enabled("Send"));
    button(&mut gui, "Send");
    gui.wait_for("The payment is sent.");
    let sent = lock(&wallet(&gui, "w").inside).committed[0].clone();
    assert_eq!((sent.input.len(), sent.output[0].script_pubkey.clone()), (1, script(7)));
}

#[test]
fn a48_a_transaction_that_waits_is_helped_by_keys() {
    for (help, field, make, send, sent) in [
        (
            "Raise the fee…",
            "New fee rate (sat/vB)",
            "Make the replacement",
            "Send the replacement",
            "The replacement is sent.",
        ),
        (
            "Take it back…",
            "New fee rate (sat/vB)",
            "Make the cancellation",
            "Send the cancellation",
            "The cancellation is sent.",
        ),
        (
            "Pay for it…",
            "Fee rate of both together (sat/vB)",
            "Make the child",
            "Send the child",
            "The child is sent.",
        ),
    ] {
        let mut gui = rich();
        tab_to(&mut gui, "the row", |role, name| role == Role::Row && name.contains("Bob"));
        let row = focused(&gui);
        key(&mut gui, Key::Enter);
        gui.wait_for(help);
        gui.settle();
        button(&mut gui, help);
        type_in(&mut gui, field, "x");
        button(&mut gui, make);
        assert!(!gui.sees(send), "{help}: that is no rate");
        type_in(&mut gui, field, "9");
        button(&mut gui, make);
        gui.wait(|gui| gui.is_enabled(send));
        button(&mut gui, send);
        gui.wait_for(sent);
        assert_eq!(lock(&wallet(&gui, "w").inside).committed.len(), 1, "{help}");
        key(&mut gui, Key::Escape);
        gui.settle();
        assert!(gui.harness.query_by_role(Role::Dialog).is_none(), "{help}");
        assert_eq!(focused(&gui), row, "{help}: it has the focus that opened it");
    }
}

/// Opens the list of wallets.
fn wallets(gui: &mut Gui) {
    button(gui, "Wallets…");
    gui.wait_for("All wallets of the folder");
}

#[test]
fn a48_wallets_are_made_opened_chosen_and_closed_by_keys() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    lock(&world.loader.files).insert("old".to_owned(), FakeWallet::with_coins("old"));
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    for (name, passphrase, box_, expected) in [
        ("plain", "", None, Lock::Open),
        ("secret", "open", None, Lock::Locked),
        ("watches", "", Some("Without private keys"), Lock::NoKeys),
        ("blank", "", Some("Blank"), Lock::Open),
    ] {
        wallets(&mut gui);
        button(&mut gui, "Create…");
        type_in(&mut gui, "Wallet name", name);
        if let Some(box_) = box_ {
            press(&mut gui, Role::CheckBox, box_);
        }
        if !passphrase.is_empty() {
            type_in(&mut gui, "Wallet passphrase (may be left empty)", passphrase);
            type_in(&mut gui, "Wallet passphrase again", passphrase);
        }
        button(&mut gui, "Create");
        gui.wait_for(&format!("Overview of {name}"));
        gui.settle();
        let lock = gui.model().sessions[0].wallet().map(|wallet| wallet.lock());
        assert_eq!(lock, Some(expected), "{name}");
    }
    wallets(&mut gui);
    button(&mut gui, "Open old");
    gui.wait_for("Overview of old");
    gui.settle();
    // Another one is chosen, by the arrows of the list.
    press(&mut gui, Role::ComboBox, "Wallet");
    button(&mut gui, "w");
    gui.wait_for("Overview of w");
    gui.settle();
    wallets(&mut gui);
    button(&mut gui, "Close w");
    gui.wait(|gui| !gui.model().sessions[0].wallets.contains_key("w"));
    key(&mut gui, Key::Escape);
    assert!(gui.harness.query_by_role(Role::Dialog).is_none());
}

#[test]
fn a48_wallets_are_guarded_copied_and_restored_by_keys() {
    let mut gui = rich();
    let (wallet, loader) = (wallet(&gui, "w"), gui.world().loader.clone());
    wallets(&mut gui);
    button(&mut gui, "Encrypt…");
    type_in(&mut gui, "New passphrase", "first");
    type_in(&mut gui, "New passphrase again", "first");
    button(&mut gui, "Encrypt");
    gui.wait_for("The wallet is encrypted, and locked.");
    gui.settle();
    button(&mut gui, "Change the passphrase…");
    type_in(&mut gui, "Old passphrase", "first");
    type_in(&mut gui, "New passphrase", "second");
    type_in(&mut gui, "New passphrase again", "second");
    button(&mut gui, "Change");
    gui.wait(|_| wallet.gate.count("changeWalletPassphrase") == 1);
    gui.settle();
    button(&mut gui, "Backup…");
    type_in(&mut gui, "File or folder", "/tmp/backup.dat");
    button(&mut gui, "Make the backup");
    gui.wait_for("The backup is made.");
    gui.settle();
    button(&mut gui, "Export what watches this wallet…");
    type_in(&mut gui, "File", "/tmp/watch.dat");
    button(&mut gui, "Go on");
    gui.wait_for("/tmp/watch.dat is written");
    gui.settle();
    button(&mut gui, "Restore…");
    type_in(&mut gui, "Wallet name", "again");
    type_in(&mut gui, "Backup file", "/tmp/backup.dat");
    button(&mut gui, "Restore");
    gui.wait_for("Overview of again");
    gui.settle();
    assert_eq!(loader.gate.count("restoreWallet"), 1);
    press(&mut gui, Role::ComboBox, "Wallet");
    button(&mut gui, "w");
    gui.wait_for("Overview of w");
    gui.settle();
    button(&mut gui, "Unlock");
    type_in(&mut gui, "Passphrase", "second");
    key(&mut gui, Key::Enter);
    gui.wait(|gui| gui.is_enabled("Lock"));
    gui.settle();
    button(&mut gui, "Lock");
    gui.wait(|gui| gui.is_enabled("Unlock"));
}

#[test]
fn a48_the_tab_key_goes_as_one_reads() {
    let mut gui = rich();
    // What is below the bar and beside the list of pages.
    let (left, top) = (132.0, 40.0);
    for name in super::PAGES {
        gui.page(name);
        let (mut before, mut count): (Option<egui::accesskit::Rect>, _) = (None, 0);
        for _ in 0..MOST {
            key(&mut gui, Key::Tab);
            let Some(node) = gui.harness.root().children_recursive().find(|node| node.is_focused()) else {
                continue;
            };
            let (role, label) = (node.accesskit_node().role(), node.accesskit_node().label());
            let place = node.accesskit_node().bounding_box().expect("a place");
            if place.x0 < left || place.y0 < top {
                // It begins anew.
                before = None;
                continue;
            }
            count += 1;
            if let Some(before) = before {
                let beside = place.y0 < before.y1 && before.y0 < place.y1;
                let after = if beside { place.x0 >= before.x0 } else { place.y0 >= before.y0 };
                assert!(after, "{name}: {role:?} {label:?} at {place:?} comes after {before:?}");
            }
            before = Some(place);
        }
        assert!(count > 0 || name == "Fees", "{name}: the tab key leads to nothing on it");
    }
}

#[test]
fn a48_what_has_the_focus_comes_into_sight() {
    let mut gui = rich();
    gui.harness.ctx.all_styles_mut(|style| style.scroll_animation = ScrollAnimation::none());
    for (size, zoom) in [((640.0, 480.0), 100), ((1_280.0, 800.0), 200)] {
        gui.resize(size, zoom);
        for name in super::PAGES {
            gui.page(name);
            for _ in 0..40 {
                gui.harness.key_press(Key::Tab);
                gui.harness.run_steps(4);
                let Some(node) = gui.harness.root().children_recursive().find(|node| node.is_focused())
                else {
                    continue;
                };
                let node = node.accesskit_node();
                let place = node.bounding_box().expect("a place");
                let middle = (place.y0 + place.y1) / 2.0;
                assert!(
                    middle > 0.0 && middle < f64::from(size.1) - 30.0,
                    "{name} at {size:?}, {zoom} %: {:?} {:?} at {place:?}",
                    node.role(),
                    node.label()
                );
            }
        }
    }
}

#[test]
fn a48_what_has_the_focus_can_be_seen_in_each_theme() {
    let mut gui = rich();
    gui.harness.set_size(egui::vec2(700.0, 420.0));
    for theme in [Theme::Light, Theme::Dark, Theme::Contrast] {
        gui.harness.state_mut().state().prefs.theme = theme;
        for (page, role, name) in [
            ("Overview", Role::Tab, "Coins"),
            ("Overview", Role::Button, "Notices"),
            ("Overview", Role::ComboBox, "Wallet"),
            ("Overview", Role::Row, "Sent"),
            ("Coins", Role::CheckBox, "Coin of 2"),
            ("Coins", Role::CheckBox, "2.0"),
            ("Send", Role::TextInput, "Pay to"),
        ] {
            gui.page(page);
            let other = |node: &egui_kittest::Node<'_>| {
                let node = node.accesskit_node();
                node.role() == role && node.label().is_some_and(|label| label.starts_with(name))
            };
            gui.harness.remove_cursor();
            let id = {
                let node = gui.harness.root().children_recursive().find(other).expect("something");
                node.focus();
                node.accesskit_node().bounding_box().expect("a place")
            };
            gui.harness.run_steps(3);
            assert_eq!(focused(&gui).map(|found| found.0), Some(role), "{name}");
            let with = gui.picture();
            gui.harness.ctx.memory_mut(|memory| {
                if let Some(focused) = memory.focused() {
                    memory.surrender_focus(focused);
                }
            });
            gui.harness.run_steps(3);
            let without = gui.picture();
            let inside = |place: usize| {
                let (x, y) = ((place % with.width) as f64, (place / with.width) as f64);
                x >= id.x0 - 3.0 && x <= id.x1 + 3.0 && y >= id.y0 - 3.0 && y <= id.y1 + 3.0
            };
            let pixels = with.pixels.iter().zip(&without.pixels).enumerate();
            let seen = pixels
                .filter(|(place, (a, b))| inside(*place) && super::looks::contrast(**a, **b) >= 1.5)
                .count();
            assert!(seen >= 40, "{theme:?}: only {seen} pixels tell that {role:?} {name} has the focus");
        }
    }
}
