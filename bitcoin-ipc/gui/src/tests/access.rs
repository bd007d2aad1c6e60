//! Keys alone, and names for whoever cannot see.

use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::{Gui, PAGES, rich};
use crate::view::Dialog;

/// What takes part in a page and says nothing of itself.
fn nameless(gui: &Gui) -> Vec<String> {
    let mut found = gui.harness.unnamed_widgets();
    for node in gui.harness.root().children_recursive() {
        let node = node.accesskit_node();
        let named = node.label().is_some_and(|label| !label.trim().is_empty());
        if matches!(node.role(), Role::Image | Role::Row | Role::Tab | Role::Dialog | Role::Alert) && !named {
            found.push(format!("{:?}", node.role()));
        }
    }
    found
}

#[test]
fn a47_everything_has_a_name() {
    let mut gui = rich();
    for page in PAGES {
        gui.page(page);
        assert_eq!(nameless(&gui), Vec::<String>::new(), "{page}");
    }
    gui.page("Overview");
    for dialog in ["Wallets…", "Notices"] {
        let button = gui
            .harness
            .get_all_by_role(Role::Button)
            .find(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with(dialog)));
        button.expect("a button").click();
        gui.harness.run_steps(3);
        gui.settle();
        assert_eq!(nameless(&gui), Vec::<String>::new(), "{dialog}");
        gui.press("Close this dialog");
    }
}

/// Opens a dialog.
fn open(gui: &mut Gui, dialog: Dialog) {
    gui.harness.state_mut().state().dialog = Some(dialog);
    gui.harness.run_steps(5);
}

#[test]
fn a47_a48_each_dialog_has_names_and_is_left_by_keys() {
    let mut gui = rich();
    for dialog in Dialog::each() {
        open(&mut gui, dialog);
        let title = |gui: &Gui| {
            let dialog = gui.harness.query_by_role(Role::Dialog)?;
            dialog.accesskit_node().label()
        };
        let name = title(&gui).expect("a dialog with a name");
        assert_eq!(nameless(&gui), Vec::<String>::new(), "{name}");
        // The tab key goes round inside it, and what it leads to has a name.
        let mut seen = Vec::new();
        for _ in 0..40 {
            gui.harness.key_press(egui::Key::Tab);
            gui.harness.run_steps(2);
            let focused = gui.harness.root().children_recursive().find(|node| node.is_focused());
            let focused = focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default();
            assert!(!focused.is_empty(), "{name}: the tab key leads to something without a name");
            seen.push(focused);
        }
        assert!(seen.iter().any(|name| name == "Close this dialog"), "{name}: {seen:?}");
        for outside in PAGES.into_iter().chain(["Hide amounts", "Wallet"]) {
            assert!(
                !seen.iter().any(|name| name == outside),
                "{name}: the tab key leads out of it, to {outside}"
            );
        }
        gui.harness.key_press(egui::Key::Escape);
        gui.harness.run_steps(4);
        assert_eq!(title(&gui), None, "{name} is closed by Escape");
    }
}

#[test]
fn a50_each_dialog_has_room_and_can_be_closed() {
    let mut gui = rich();
    for (size, zoom) in [((1_000.0, 720.0), 100), ((480.0, 360.0), 100), ((1_000.0, 720.0), 200)] {
        gui.harness.state_mut().state().prefs.zoom = zoom;
        gui.harness.set_size(egui::vec2(size.0, size.1));
        for dialog in Dialog::each() {
            open(&mut gui, dialog);
            let dialog = gui.harness.get_by_role(Role::Dialog);
            let name = dialog.accesskit_node().label();
            for node in dialog.children_recursive() {
                let node = node.accesskit_node();
                let Some(place) = node.bounding_box() else { continue };
                assert!(
                    place.x0 >= -1.0 && place.x1 <= f64::from(size.0) + 1.0,
                    "{name:?} at {size:?}, {zoom} %: {:?} at {place:?}",
                    node.label().or(node.value())
                );
            }
            if let Some(folder) = std::env::var_os("GUI_SCREENS") {
                let file = format!("a50-dialog-{}-{zoom}-{}.png", name.clone().unwrap_or_default(), size.0);
                gui.picture().save(&std::path::Path::new(&folder).join(file.replace('/', "-")));
            }
            let close = gui.harness.get_by_role_and_label(Role::Button, "Close this dialog");
            let place = close.accesskit_node().bounding_box().expect("a button with a place");
            assert!(place.y1 <= f64::from(size.1) + 1.0, "{name:?} at {size:?}, {zoom} %: {place:?}");
            gui.harness.key_press(egui::Key::Escape);
            gui.harness.run_steps(4);
        }
    }
}

#[test]
fn a48_pages_and_dialogs_are_reached_by_keys() {
    let mut gui = rich();
    let digits = [
        egui::Key::Num1,
        egui::Key::Num2,
        egui::Key::Num3,
        egui::Key::Num4,
        egui::Key::Num5,
        egui::Key::Num6,
        egui::Key::Num7,
        egui::Key::Num8,
        egui::Key::Num9,
        egui::Key::Num0,
    ];
    for (key, page) in digits.into_iter().zip(PAGES) {
        gui.harness.key_press_modifiers(egui::Modifiers::ALT, key);
        gui.harness.run_steps(2);
        let tab = gui.harness.get_by_role_and_label(Role::Tab, page);
        assert_eq!(tab.accesskit_node().is_selected(), Some(true), "{page}");
    }
    gui.page("Overview");
    gui.press("Wallets…");
    gui.wait_for("All wallets of the folder");
    gui.harness.key_press(egui::Key::Escape);
    gui.harness.run_steps(3);
    assert!(!gui.sees("All wallets of the folder"));
}

#[test]
fn a48_a_payment_is_made_by_keys_alone() {
    let mut gui = rich();
    gui.harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::Num2);
    gui.settle();
    // The tab key goes through all that can be used, in the order in which it is read.
    let tab_to = |gui: &mut Gui, name: &str| {
        for _ in 0..60 {
            let focused = gui.harness.root().children_recursive().find(|node| node.is_focused());
            let here = focused.and_then(|node| node.accesskit_node().label());
            if here.as_deref() == Some(name) {
                return;
            }
            gui.harness.key_press(egui::Key::Tab);
            gui.harness.run_steps(2);
        }
        panic!("the tab key does not lead to {name}");
    };
    tab_to(&mut gui, "Pay to");
    gui.harness.event(egui::Event::Text(super::paying::address(7)));
    tab_to(&mut gui, "Amount (BTC)");
    gui.harness.event(egui::Event::Text("0.5".to_owned()));
    tab_to(&mut gui, "Review");
    gui.harness.key_press(egui::Key::Space);
    gui.wait_for("Review this payment");
    gui.wait(|gui| gui.is_enabled("Send"));
    tab_to(&mut gui, "Send");
    // There are two of this name: the page's, and the button.
    while gui
        .harness
        .root()
        .children_recursive()
        .any(|node| node.is_focused() && node.accesskit_node().role() != Role::Button)
    {
        gui.harness.key_press(egui::Key::Tab);
        gui.harness.run_steps(2);
        tab_to(&mut gui, "Send");
    }
    gui.harness.key_press(egui::Key::Space);
    gui.wait_for("The payment is sent.");
}

/// The name of what has the focus.
fn focused(gui: &Gui) -> Option<String> {
    let focused = gui.harness.root().children_recursive().find(|node| node.is_focused());
    focused.and_then(|node| node.accesskit_node().label())
}

#[test]
fn a48_the_focus_goes_back_to_what_opened_a_dialog() {
    let mut gui = rich();
    for button in ["Wallets…", "Notices"] {
        gui.harness.get_by_role_and_label(Role::Button, button).focus();
        gui.harness.run_steps(2);
        gui.harness.key_press(egui::Key::Space);
        gui.harness.run_steps(4);
        assert!(gui.harness.query_by_role(Role::Dialog).is_some(), "{button}");
        assert_ne!(focused(&gui).as_deref(), Some(button), "the keys are the dialog's");
        gui.harness.key_press(egui::Key::Tab);
        gui.harness.run_steps(2);
        let inside = focused(&gui).expect("the tab key leads into it");
        assert_ne!(inside, button);
        gui.harness.key_press(egui::Key::Escape);
        gui.harness.run_steps(4);
        assert!(gui.harness.query_by_role(Role::Dialog).is_none(), "{button}");
        assert_eq!(focused(&gui).as_deref(), Some(button));
    }
    // Also from one dialog to the next, and from what comes when the wallet has answered.
    gui.harness.get_by_role_and_label(Role::Button, "Wallets…").focus();
    gui.harness.run_steps(2);
    gui.harness.key_press(egui::Key::Space);
    gui.harness.run_steps(4);
    gui.settle();
    gui.press("Backup…");
    assert!(gui.sees("Make a backup"));
    gui.harness.key_press(egui::Key::Escape);
    gui.harness.run_steps(4);
    assert_eq!(focused(&gui).as_deref(), Some("Wallets…"));
    let row = gui.harness.get_all_by_role(Role::Row).next().and_then(|node| node.accesskit_node().label());
    let row = row.expect("a row");
    gui.harness.get_by_role_and_label(Role::Row, &row).focus();
    gui.harness.run_steps(2);
    gui.harness.key_press(egui::Key::Enter);
    gui.wait_for("Copy the raw transaction");
    gui.harness.key_press(egui::Key::Escape);
    gui.settle();
    assert!(!gui.sees("Copy the raw transaction"));
    assert_eq!(focused(&gui), Some(row));
}
