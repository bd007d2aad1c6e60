//! The window of one process, on a display in memory. Without Xvfb this says that it is skipped.

#![allow(clippy::unwrap_used)]

#[path = "../../gui/tests/display/mod.rs"]
mod display;

use std::path::Path;

use display::reader::{Bus, Reader};
use display::{Display, Process, children, folder_of, log, wait_until};
use rustix::process::{Signal, kill_process};

const QT: &str = env!("CARGO_BIN_EXE_bitcoin-qt");

fn window(display: &Display, bus: &Bus, program: &Path, datadir: &Path, args: &[&str]) -> Process {
    let mut command = display.command(program, datadir, args);
    Process(command.env("DBUS_SESSION_BUS_ADDRESS", &bus.address).spawn().unwrap())
}

/// What is on a page, but for what is different each time: addresses, times, numbers of frames.
fn page(reader: &Reader, page: &str) -> Vec<(String, String)> {
    reader.press("page tab", page);
    reader.wait_for(page);
    let mut last = Vec::new();
    wait_until("a page that rests", || {
        let items = reader.tree().into_iter().filter(|item| !item.name.is_empty());
        let now: Vec<_> = items.map(|item| (item.role, steady(&item.name))).collect();
        let rests = now == last && now.iter().any(|(role, _)| role == "page tab");
        last = now;
        rests
    });
    // The name of the program is its own.
    last.retain(|(role, _)| role != "application");
    last
}

/// A text with each number as one sign.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for character in text.chars() {
        let digit = character.is_ascii_digit();
        if !(digit && steady.ends_with('#')) {
            steady.push(if digit { '#' } else { character });
        }
    }
    steady
}

#[test]
fn a7_one_process_shows_the_same_as_three() {
    let Some(folder) = folder_of(QT, &["bitcoin-gui", "bitcoin-node", "bitcoin-wallet"]) else { return };
    let (Some(display), Some(bus)) = (Display::start(), Bus::start()) else { return };
    // A screen of its own: a window that another one covers is not drawn.
    let (second, beside) = (Bus::start().unwrap(), Display::start().unwrap());
    let (one, three) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut qt = window(&display, &bus, Path::new(QT), one.path(), &[]);
    let mut gui = window(&beside, &second, &folder.join("bitcoin-gui"), three.path(), &["-noipcconnect"]);
    let readers = [bus.reader(), second.reader()];
    for reader in &readers {
        reader.wait_for("No wallet is loaded.");
    }
    assert_eq!(children(qt.pid()), [], "it is one process");
    assert_eq!(children(gui.pid()).len(), 1, "it has a node, which has the wallets");
    for name in ["Overview", "Send", "Fees", "Settings"] {
        let [in_one, in_three] = readers.each_ref().map(|reader| page(reader, name));
        assert_eq!(in_one, in_three, "{name}");
    }
    let [in_one, in_three] = readers.each_ref().map(|reader| page(reader, "Processes"));
    assert_ne!(in_one, in_three, "this page is about that");
    let has = |page: &[(String, String)], text: &str| page.iter().any(|(_, name)| name.contains(text));
    assert!(has(&in_one, "Window, node and wallets") && !has(&in_one, "Node:"), "{in_one:?}");
    assert!(has(&in_three, "This window:") && has(&in_three, "Wallets:"), "{in_three:?}");
    display.keep("a7-processes");
    for (window, datadir) in [(&mut qt, one.path()), (&mut gui, three.path())] {
        kill_process(window.pid(), Signal::TERM).unwrap();
        assert_eq!(window.ends().code(), Some(0));
        assert_eq!(log(datadir).matches("Shutdown: done").count(), 1);
    }
}
