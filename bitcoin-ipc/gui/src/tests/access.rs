//! Keys alone, and names for whoever cannot see.

use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::{Gui, PAGES, rich};

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
