//! Windows come and go, with their nodes and without.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use bitcoin_demo::programs::{Caller, Form, Node, NodeOptions};
use rustix::process::{Signal, kill_process};
use serde_json::json;

use super::display::reader::Bus;
use super::display::{Display, child, gui_log, log, runs, wait_until};
use super::readers::asked;
use super::{gui, programs};

/// Whatever is in a folder is for its owner alone; gives how much that is.
fn is_for_its_owner(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // One may be gone since.
        let Ok(about) = path.symlink_metadata() else { continue };
        assert_eq!(about.permissions().mode() & 0o077, 0, "{}", path.display());
        count += 1;
        if about.is_dir() {
            count += is_for_its_owner(&path);
        }
    }
    count
}

#[test]
fn a1_a4_a5_a56_a_window_starts_its_node_and_ends_it() {
    let (Some(_), Some(display)) = (programs(), Display::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let ends = || log(folder.path()).matches("Shutdown: done").count();
    let mut window = gui(&display, folder.path(), &[]);
    let mut pids = (None, None);
    wait_until("the node and its wallets", || {
        pids.0 = child(window.pid(), "bitcoin-node");
        pids.1 = pids.0.and_then(|node| child(node, "bitcoin-wallet"));
        pids.1.is_some()
    });
    wait_until("a picture", || display.colours() > 16);
    // No port is open, whatever is wished (see `Display::program`).
    let sockets = ["tcp", "tcp6"].map(|kind| {
        std::fs::read_to_string(format!("/proc/{}/net/{kind}", window.0.id())).unwrap_or_default()
    });
    let held: Vec<String> = std::fs::read_dir(format!("/proc/{}/fd", window.0.id()))
        .unwrap()
        .filter_map(|entry| {
            std::fs::read_link(entry.ok()?.path()).ok()?.to_str()?.strip_prefix("socket:[").map(str::to_owned)
        })
        .collect();
    // State 0A is LISTEN.
    let listens = sockets
        .iter()
        .flat_map(|all| all.lines())
        .filter(|line| line.split_whitespace().nth(3) == Some("0A"));
    let own = listens.filter(|line| held.iter().any(|inode| line.contains(inode.trim_end_matches(']'))));
    assert_eq!(own.count(), 0, "it listens");
    wait_until("a node that runs", || {
        log(folder.path()).contains("The wallets") || log(folder.path()).contains("Started ")
    });
    let own = is_for_its_owner(folder.path());
    assert!(own >= 5, "{own} files, folders and sockets");

    kill_process(window.pid(), Signal::TERM).unwrap();
    assert_eq!(window.ends().code(), Some(0));
    assert_eq!(ends(), 1, "{}", log(folder.path()));
    for pid in [pids.0.unwrap(), pids.1.unwrap()] {
        wait_until("the end of what it started", || !runs(pid));
    }

    // A window that is killed takes its node along.
    let window = gui(&display, folder.path(), &[]);
    let mut node = None;
    wait_until("the node", || {
        node = child(window.pid(), "bitcoin-node");
        node.is_some_and(|node| child(node, "bitcoin-wallet").is_some())
    });
    kill_process(window.pid(), Signal::KILL).unwrap();
    wait_until("the node's end in order", || ends() == 2 && !runs(node.unwrap()));
}

#[test]
fn a2_a_window_that_leaves_lets_its_node_stay() {
    let (Some(programs), Some(display)) = (programs(), Display::start()) else { return };
    let mut node = Node::start(&programs, NodeOptions::new(Form::TwoProcesses)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("-ipcconnect=unix:{}", node.socket().display());
    let mut window = gui(&display, folder.path(), &[&socket]);
    wait_until("a picture", || display.colours() > 16);
    wait_until("a start", || gui_log(folder.path()).contains("Network regtest."));
    assert_eq!(child(window.pid(), "bitcoin-node"), None, "it starts no second node");
    kill_process(window.pid(), Signal::TERM).unwrap();
    assert_eq!(window.ends().code(), Some(0));
    assert_eq!(node.rpc("getblockcount", json!([])).unwrap(), json!(0));
    node.stop().unwrap();
}

#[test]
fn a6_a12_a_node_stays_and_a_second_start_hands_over_its_uri() {
    let (Some(_), Some(display)) = (programs(), Display::start()) else { return };
    // The path of a socket is short.
    let folder = tempfile::Builder::new().prefix("gui-").tempdir_in("/tmp").unwrap();
    let mut window = gui(&display, folder.path(), &["-nodestays"]);
    let socket = folder.path().join("regtest/node.sock");
    let mut caller = None;
    wait_until("a node that answers", || {
        caller =
            Caller::connect(&socket).ok().filter(|node| node.call(None, "getblockcount", json!([])).is_ok());
        caller.is_some()
    });
    let other = folder.path().join("regtest/gui.sock");
    wait_until("the window's own socket", || other.exists());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&other).unwrap().permissions());
    assert_eq!(mode & 0o077, 0);
    let uri = "bitcoin:bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk?amount=1";
    assert_eq!(gui(&display, folder.path(), &[uri]).ends().code(), Some(0), "the first window has taken it");
    assert_eq!(child(window.pid(), "bitcoin-node"), None, "it is in a session of its own");
    kill_process(window.pid(), Signal::TERM).unwrap();
    assert_eq!(window.ends().code(), Some(0));
    assert!(!other.exists());
    let caller = caller.unwrap();
    assert_eq!(caller.call(None, "getblockcount", json!([])).unwrap(), json!(0), "the node stays");
    caller.call(None, "stop", json!([])).unwrap();
    wait_until("its end", || log(folder.path()).contains("Shutdown: done"));
}

#[test]
fn a8_a_node_that_cannot_start_is_mended_in_its_settings() {
    let (Some(_), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut window = asked(&display, &bus, folder.path(), &["-maxmempool=4"]);
    let reader = bus.reader();
    reader.wait_for("-maxmempool must be at least 5 MB");
    wait_until("a picture", || display.colours() > 16);
    display.keep("a8-refused");
    let alerts =
        reader.tree().into_iter().filter(|item| matches!(item.role.as_str(), "notification" | "alert"));
    assert_eq!(alerts.count(), 1, "{:?}", reader.tree());
    reader.press("push button", "Open settings");
    reader.wait_for("Memory of the mempool in MB (maxmempool): set by the command line, which counts.");
    reader.wait_for("-maxmempool must be at least 5 MB");
    kill_process(window.pid(), Signal::TERM).unwrap();
    assert_eq!(window.ends().code(), Some(1));
    let told = gui_log(folder.path());
    assert!(told.contains("-maxmempool must be at least 5 MB") && !told.contains("panicked"), "{told}");
}

#[test]
fn mistakes_are_told_before_there_is_a_window() {
    let folder = tempfile::tempdir().unwrap();
    for (args, text) in [
        (&["-nonesuch"][..], "unknown option -nonesuch"),
        (&["-ipcconnect=tcp:1"], "-ipcconnect: unrecognized address"),
        (&["bitcoin:nonsense"], "This is not an address."),
        (&["bitcoin:x", "bitcoin:y"], "there is more than one payment URI"),
    ] {
        let datadir = format!("-datadir={}", folder.path().display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_bitcoin-gui"));
        let output = command.args([&datadir, "-regtest"]).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(text), "{args:?}: {told}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_bitcoin-gui")).arg("-help").output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("-ipcconnect=<address>"));
}
