//! Real windows in both themes, for whoever looks at them: `GUI_SCREENS` is the folder that gets what is on the screen.

use std::time::Duration;

use serde_json::json;

use super::display::reader::{Bus, Reader};
use super::display::{Display, child, wait_until};
use super::readers::{asked, banner};
use super::secrets::xdotool;
use super::stopped::Stopped;
use super::{attach, mine, node, programs};

/// How long a window may take before it is pressed again.
const PAUSE: Duration = Duration::from_millis(500);

/// A folder for a window of a theme.
fn folder(theme: &str) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("gui-").tempdir_in("/tmp").unwrap();
    std::fs::write(folder.path().join("gui.json"), json!({ "theme": theme }).to_string()).unwrap();
    folder
}

/// Waits until a button can be pressed, and presses it.
fn press(reader: &Reader, name: &str, then: &str) {
    wait_until(then, || {
        reader.press("push button", name);
        std::thread::sleep(PAUSE);
        reader.sees(then)
    });
}

/// A payment from the form to its end, then a higher fee for it.
fn pay(display: &Display, reader: &Reader, theme: &str) {
    let keep = |name: &str| display.keep(&format!("a51-{name}-{theme}"));
    reader.wait_for("Pay to");
    keep("send");
    reader.press("push button", "Review");
    reader.wait_for("Review this payment");
    keep("a16-review");
    press(reader, "Send", "The payment is sent.");
    keep("a16-sent");
    reader.press("page tab", "Overview");
    let row = |tree: &Reader| {
        let rows = tree.tree().into_iter().filter(|item| item.role == "table row");
        rows.map(|item| item.name).find(|name| name.starts_with("Sent -1.00000000 BTC"))
    };
    wait_until("the payment's row", || row(reader).is_some());
    reader.press("table row", &row(reader).unwrap());
    reader.wait_for("Raise the fee…");
    keep("details");
    reader.press("push button", "Raise the fee…");
    reader.wait_for("New fee rate (sat/vB)");
    assert!(xdotool(display, &["search", "--sync", "--name", "Bitcoin", "windowfocus", "--sync"]));
    // One of the first keys leads to the field.
    wait_until("a replacement", || {
        assert!(xdotool(display, &["key", "Tab"]));
        assert!(xdotool(display, &["type", "--delay", "30", "55"]));
        reader.press("push button", "Make the replacement");
        std::thread::sleep(PAUSE);
        reader.sees("New rate, about")
    });
    keep("a21-replacement");
    press(reader, "Send the replacement", "The replacement is sent.");
    keep("a21-sent");
    reader.press("push button", "Close this dialog");
    wait_until("the old row", || {
        let mut rows = reader.tree().into_iter().filter(|item| item.role == "table row");
        rows.any(|row| row.name.contains("Replaced"))
    });
    keep("a21-replaced");
}

#[test]
fn a16_a21_a33_a38_a51_windows_to_look_at() {
    let (Some(programs), Some(_)) = (programs(), Bus::start()) else { return };
    for theme in ["Light", "Dark"] {
        let (Some(display), Some(bus)) = (Display::start(), Bus::start()) else { return };
        if !xdotool(&display, &["version"]) {
            eprintln!("SKIPPED: no xdotool");
            return;
        }
        let mut node = node(&programs);
        let folder = folder(theme);
        let uri = "bitcoin:bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk?amount=1&label=Alice";
        let _window = asked(&display, &bus, folder.path(), &[&attach(&node), uri]);
        let reader = bus.reader();
        pay(&display, &reader, theme);
        mine(&node, 1);
        reader.wait_for("Height 102,");
        assert_eq!(banner(&display), 0, "nothing is wrong");
        let stopped = Stopped::new(&mut node);
        reader.press("page tab", "Fees");
        reader.wait_for("The node does not answer");
        wait_until("the banner of the node", || banner(&display) > 2_000);
        reader.press("page tab", "History");
        reader.wait_for("entries");
        display.keep(&format!("a51-a33-stopped-{theme}"));
        drop(stopped);
        wait_until("no banner", || banner(&display) == 0);
        node.kill_wallet().unwrap();
        wait_until("the banner of the wallets", || banner(&display) > 2_000);
        display.keep(&format!("a51-a38-wallets-gone-{theme}"));
        wait_until("wallets that are back", || banner(&display) == 0);
        display.keep(&format!("a51-a38-wallets-back-{theme}"));
        node.stop().unwrap();
    }
}

#[test]
fn a1_a51_a_new_window_says_which_network_it_is_on() {
    let (Some(_), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else { return };
    for theme in ["Light", "Dark"] {
        let folder = folder(theme);
        let mut window = asked(&display, &bus, folder.path(), &[]);
        let reader = bus.reader();
        reader.wait_for("No wallet is loaded.");
        let node = child(window.pid(), "bitcoin-node").unwrap();
        wait_until("the wallets", || child(node, "bitcoin-wallet").is_some());
        assert!(reader.tree().iter().any(|item| item.name == "regtest"));
        assert!(xdotool(&display, &["search", "--name", "regtest"]), "the title names it");
        // The network's own colour, as the theme has it.
        let colour = if theme == "Dark" { [130, 190, 255] } else { [20, 80, 160] };
        wait_until("the colour of the network", || display.pixels().1.contains(&colour));
        display.keep(&format!("a51-a1-{theme}"));
        rustix::process::kill_process(window.pid(), rustix::process::Signal::TERM).unwrap();
        assert_eq!(window.ends().code(), Some(0));
        assert!(!folder.path().join("regtest/gui.sock").exists());
    }
}
