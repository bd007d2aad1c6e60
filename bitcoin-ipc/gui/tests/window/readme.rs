//! What the README promises of the window.

use std::process::{Command, Stdio};

use bitcoin_demo::programs::Caller;
use rustix::process::{Signal, kill_process};
use serde_json::json;

use super::GUI;
use super::display::reader::Bus;
use super::display::{Display, Process, children, folder_of, wait_until};

/// The command of the first README that opens a window, as it stands there behind what installs and builds.
fn command() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.ends_with("./bitcoin-gui -regtest")).unwrap();
    let (build, run) = line.split_at(line.find("cd target/debug && ").unwrap());
    assert!(build.contains("cargo build") && build.contains("-p bitcoin-gui"), "{build}");
    run.to_owned()
}

#[test]
fn a63_the_command_of_the_readme_opens_a_window_that_shows_a_payment() {
    let Some(folder) = folder_of(GUI, &["bitcoin-node", "bitcoin-wallet", "bitcoin-ipc"]) else { return };
    let (Some(display), Some(bus)) = (Display::start(), Bus::start()) else { return };
    let home = tempfile::Builder::new().prefix("gui-").tempdir_in("/tmp").unwrap();
    // The programs may be built elsewhere.
    let clone = home.path().join("clone");
    std::fs::create_dir_all(clone.join("target")).unwrap();
    std::os::unix::fs::symlink(folder, clone.join("target/debug")).unwrap();
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &command()])
        .current_dir(clone)
        .env("HOME", home.path())
        .env("LC_ALL", "C")
        .env("DISPLAY", &display.name)
        .env("DBUS_SESSION_BUS_ADDRESS", &bus.address)
        .env_remove("WAYLAND_DISPLAY")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .stdin(Stdio::null());
    let mut shell = Process(shell.spawn().unwrap());
    let reader = bus.reader();
    reader.wait_for("Overview of me");
    reader.wait_for("Sent -1.00000000 BTC");
    reader.wait_for("Height 101,");
    display.keep("a63-readme");
    let window = children(shell.pid()).into_iter().next().unwrap_or_else(|| shell.pid());
    kill_process(window, Signal::TERM).unwrap();
    assert_eq!(shell.ends().code(), Some(0));
    // The node stays, as it was there before the window.
    let socket = home.path().join(".bitcoin/regtest/node.sock");
    let node = Caller::connect(&socket).unwrap();
    assert_eq!(node.call(None, "getblockcount", json!([])).unwrap(), json!(101));
    node.call(None, "stop", json!([])).unwrap();
    wait_until("its end", || !socket.exists());
}

#[test]
fn a63_the_wrapper_finds_the_windows() {
    let Some(folder) = folder_of(GUI, &["bitcoin", "bitcoin-qt"]) else { return };
    for (args, name) in [(&["-m", "gui"][..], "bitcoin-gui"), (&["gui"], "bitcoin-qt")] {
        let output = Command::new(folder.join("bitcoin")).args(args).arg("-version").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(name), "{args:?}: {text}");
    }
}
