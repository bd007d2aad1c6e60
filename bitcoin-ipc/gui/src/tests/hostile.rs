//! What others wrote may be of any length and of any kind: it is shown, in bounds.

use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::fake::{FakeWallet, World, lock};
use super::{Gui, PAGES};
use crate::view::Dialog;

/// Longer than anything that is read, with line breaks and what turns the direction of the rest.
fn long(end: &str) -> String {
    format!("\u{202e}<b>{}\n{}{end}", "W".repeat(3_000), "\n\tW \u{2066}".repeat(3_000))
}

/// Nothing of what is drawn is beside the window, and nothing turns what follows.
#[track_caller]
fn is_in_bounds(gui: &Gui, what: &str) {
    let ctx = &gui.harness.ctx;
    let width = f64::from(ctx.content_rect().right() * ctx.pixels_per_point());
    for node in gui.harness.root().children_recursive() {
        let node = node.accesskit_node();
        let name = node.label().or(node.value()).unwrap_or_default();
        let field = matches!(node.role(), Role::TextInput | Role::MultilineTextInput | Role::TextRun);
        assert!(field || !name.contains('\u{202e}'), "{what}: {name:?}");
        assert!(field || name.chars().count() < 2_000, "{what}: {:?} is long", node.role());
        let Some(place) = node.bounding_box().filter(|_| !name.is_empty()) else { continue };
        assert!(
            place.x1 <= width + 1.0,
            "{what}: {:?} {name:?} ends at {} of {width}",
            node.role(),
            place.x1
        );
    }
}

#[test]
fn a59_a_wallet_with_a_long_name_and_long_labels_breaks_no_page() {
    let name = long("end");
    let wallet = FakeWallet::with_coins(&name);
    lock(&wallet.inside).entries[0].label = long("label");
    let world = World::new(vec![wallet.clone(), FakeWallet::with_coins("w")]);
    let mut gui = Gui::open(&world);
    gui.wait(|gui| gui.model().sessions[0].wallets.len() == 2);
    let shown = gui.model().sessions[0].shown.clone();
    if shown.as_deref() == Some("w") {
        gui.click(Role::ComboBox, "Wallet");
        gui.press(&crate::model::wallet::title(&name));
    }
    gui.wait_for("Available 3.00000000 BTC");
    gui.settle();
    // Somebody has such a label, and is in the way of others.
    gui.page("Addresses");
    gui.type_in("Address", &super::paying::address(7));
    gui.type_in("Name", &long("somebody"));
    gui.press("Add");
    gui.settle();
    for (size, zoom) in [((1_000.0, 720.0), 100), ((640.0, 480.0), 100), ((1_000.0, 720.0), 200)] {
        gui.harness.state_mut().state().prefs.zoom = zoom;
        gui.harness.set_size(egui::vec2(size.0, size.1));
        for page in PAGES {
            gui.page(page);
            gui.harness.run_steps(3);
            is_in_bounds(&gui, &format!("{page} at {size:?}, {zoom} %"));
        }
        for dialog in [Dialog::Wallets, Dialog::Notices] {
            gui.harness.state_mut().state().dialog = Some(dialog);
            gui.settle();
            is_in_bounds(&gui, &format!("a dialog at {size:?}, {zoom} %"));
            gui.press("Close this dialog");
        }
    }
}

#[test]
fn a59_a_node_that_says_very_much_leaves_half_of_the_page() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Available 3.00000000 BTC");
    gui.settle();
    gui.harness.set_size(egui::vec2(640.0, 480.0));
    gui.page("Send");
    world.node.warn(&long("warning"));
    world.node.say(&long("message"));
    world.node.go_on(&long("progress"), -7);
    gui.wait(|gui| {
        let session = gui.model().sessions[0].clone();
        !session.warnings.is_empty() && session.doing.is_some() && gui.model().notices.last() > 0
    });
    gui.settle();
    is_in_bounds(&gui, "all at once");
    let banners: Vec<_> = gui.harness.query_all_by_role(Role::Alert).collect();
    assert_eq!(banners.len(), 2);
    let field = gui.field("Pay to").accesskit_node().bounding_box().expect("a place");
    assert!(field.y1 < 480.0, "a payment can be filled in: {field:?}");
    // What is below is scrolled to.
    gui.press("I have read this");
    gui.wait(|gui| gui.harness.query_all_by_role(Role::Alert).count() == 1);
    gui.press("Notices");
    is_in_bounds(&gui, "notices");
}

#[test]
fn what_went_wrong_is_told_until_it_is_read() {
    let mut gui = super::rich();
    gui.world().node.say("The disk is full.");
    gui.wait_for("The disk is full.");
    // Something else that is only to be known comes after it.
    gui.world().kill_wallets();
    gui.wait_for("The wallet process has ended.");
    gui.world().start_wallets();
    gui.wait(|gui| format!("{:?}", gui.model().notices).contains("The wallets are back."));
    gui.settle();
    assert!(gui.sees("The disk is full."));
    gui.press("I have read this");
    gui.settle();
    assert!(!gui.sees("The disk is full."));
}

#[test]
fn a_list_of_any_length_is_drawn_in_parts() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let wallet = lock(&world.loader.wallets)["w"].clone();
    {
        let mut inside = lock(&wallet.inside);
        let (first, ..) = inside.coins[0];
        let coins = (0..1_000).map(|vout| (bitcoin::OutPoint { vout, ..first }, 5_000 - u64::from(vout), 10));
        inside.coins = coins.collect();
    }
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.page("Coins");
    gui.wait_for("1000 coins; 0 chosen");
    let freeze = |gui: &Gui| {
        let buttons = gui.harness.get_all_by_role(Role::Button);
        let name = |node: egui_kittest::Node<'_>| node.accesskit_node().label().unwrap_or_default();
        buttons.map(name).filter(|name| name.starts_with("Freeze ")).count()
    };
    assert_eq!(freeze(&gui), 100);
    gui.press("Show 100 more");
    gui.press("Show 200 more");
    assert_eq!(freeze(&gui), 400);
    gui.press("Show 400 more");
    gui.press("Show 200 more");
    assert_eq!(freeze(&gui), 1_000);
    assert!(!gui.sees("Show "));
}
