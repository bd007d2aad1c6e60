//! What a screen reader gets of a real window, and what is on the screen.

use std::path::Path;

use serde_json::json;

use super::display::reader::{Bus, Reader};
use super::display::{Display, Process, gui_log, wait_until};
use super::{GUI, attach, mine, node, programs};

/// A window that a screen reader can ask.
pub fn asked(display: &Display, bus: &Bus, datadir: &Path, args: &[&str]) -> Process {
    let mut command = display.command(Path::new(GUI), datadir, args);
    Process(command.env("DBUS_SESSION_BUS_ADDRESS", &bus.address).spawn().unwrap())
}

fn tabs(reader: &Reader) -> Vec<String> {
    reader.tree().into_iter().filter(|item| item.role == "page tab").map(|item| item.name).collect()
}

#[test]
fn a49_a_screen_reader_gets_the_window_and_presses_its_buttons() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let mut node = node(&programs);
    let folder = tempfile::tempdir().unwrap();
    let _window = asked(&display, &bus, folder.path(), &[&attach(&node)]);
    let reader = bus.reader();
    reader.wait_for("Overview of miner");
    let programs: Vec<String> = reader.programs().into_iter().map(|item| item.name).collect();
    assert_eq!(programs, ["bitcoin-gui"]);
    assert_eq!(
        tabs(&reader),
        [
            "Overview",
            "Send",
            "Receive",
            "History",
            "Coins",
            "Fees",
            "Addresses",
            "Node",
            "Settings",
            "Processes"
        ]
    );
    // A row says all that it shows, and whoever cannot see it can press it.
    reader.press("page tab", "History");
    reader.wait_for("Mined, immature 50.00000000 BTC");
    let rows = reader.tree().into_iter().filter(|item| item.role == "table row").count();
    assert!(rows > 5, "{:?}", reader.tree());
    reader.press("page tab", "Receive");
    reader.wait_for("QR code of bcrt1");
    display.keep("a49-receive");
    // What happens is heard without a key.
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).unwrap();
    node.wallet_rpc("miner", "sendtoaddress", json!([address, 2])).unwrap();
    mine(&node, 1);
    reader.wait_for("Height 102,");
    node.stop().unwrap();
    wait_until("a banner that is an alert", || {
        reader.tree().iter().any(|item| {
            item.name.contains("Waiting for it at") && matches!(item.role.as_str(), "notification" | "alert")
        })
    });
}

/// How many pixels have the colour of a banner, in either theme.
pub fn banner(display: &Display) -> usize {
    let colours = [[255, 236, 200], [90, 60, 0]];
    display.pixels().1.iter().filter(|pixel| colours.contains(pixel)).count()
}

#[test]
fn a51_a_banner_is_on_the_screen_when_the_node_is_gone() {
    let (Some(programs), Some(display)) = (programs(), Display::start()) else { return };
    let mut node = node(&programs);
    let folder = tempfile::tempdir().unwrap();
    let _window = super::gui(&display, folder.path(), &[&attach(&node)]);
    wait_until("a picture without a banner", || display.colours() > 16 && banner(&display) == 0);
    display.keep("a51-overview");
    node.kill_wallet().unwrap();
    wait_until("the banner of the wallets", || banner(&display) > 2_000);
    display.keep("a38-wallets-gone");
    wait_until("wallets that are back", || banner(&display) == 0);
    node.kill().unwrap();
    wait_until("the banner of the node", || banner(&display) > 2_000);
    display.keep("a36-node-gone");
}

#[test]
fn a49_without_a_bus_there_is_a_window_all_the_same() {
    let (Some(_), Some(display)) = (programs(), Display::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = display.command(Path::new(GUI), folder.path(), &["-ipcconnect=unix"]);
    let _window = Process(command.env_remove("DBUS_SESSION_BUS_ADDRESS").spawn().unwrap());
    wait_until("a picture", || display.colours() > 16);
}

#[test]
fn a_desktop_of_wayland_gets_a_window_by_x11() {
    let (Some(_), Some(display)) = (programs(), Display::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = display.command(Path::new(GUI), folder.path(), &["-ipcconnect=unix"]);
    command.env("WAYLAND_DISPLAY", "wayland-0").env("XDG_RUNTIME_DIR", folder.path());
    let _window = Process(command.spawn().unwrap());
    wait_until("a picture", || display.colours() > 16);
}

#[test]
fn a32_a_window_is_there_before_its_node_and_stays_small() {
    let (Some(programs), Some(display)) = (programs(), Display::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut node = node(&programs);
    // Nobody answers: what is drawn waits for no answer.
    let stopped = super::stopped::Stopped::new(&mut node);
    let window = super::gui(&display, folder.path(), &[&attach(&node)]);
    wait_until("a picture", || display.colours() > 16);
    drop(stopped);
    wait_until("a window that knows its node", || gui_log(folder.path()).contains("Network regtest."));
    let mebibytes = window.number("RssAnon") / 1_024;
    // Without what is of the program's own file, which is larger without optimisation.
    assert!(mebibytes <= 120, "{mebibytes} MiB");
}
