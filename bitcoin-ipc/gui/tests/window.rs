//! Real windows, on a display in memory. Without Xvfb or the programs these tests say that they are skipped.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use bitcoin_demo::programs::{Caller, Form, Node, NodeOptions, Programs};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < until, "it did not come: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that is killed when dropped.
struct Process(Child);

impl Process {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    fn ends(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("its end", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display in memory, and what is drawn on it.
struct Display {
    _server: Process,
    name: String,
    folder: TempDir,
}

impl Display {
    fn start() -> Option<Display> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-fbdir"]);
        command.arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
        let Ok(mut server) = command.spawn() else {
            eprintln!("SKIPPED: no Xvfb");
            return None;
        };
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        Some(Display { _server: Process(server), name, folder })
    }

    /// How many colours the screen has.
    fn colours(&self) -> usize {
        let file = std::fs::read(self.folder.path().join("Xvfb_screen0")).unwrap_or_default();
        let number = |place: usize| {
            let bytes = file.get(4 * place..4 * place + 4).unwrap_or(&[0; 4]);
            u32::from_be_bytes(bytes.try_into().unwrap()) as usize
        };
        // The header of an XWD file: its size, and how many colours follow it, of twelve bytes each.
        let begin = number(0) + 12 * number(19);
        let pixels = file.get(begin..).unwrap_or_default();
        pixels.chunks_exact(4).collect::<std::collections::HashSet<_>>().len()
    }

    fn gui(&self, datadir: &Path, args: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bitcoin-gui"));
        command
            .env("DISPLAY", &self.name)
            .env_remove("WAYLAND_DISPLAY")
            // An ordinary build does not know it.
            .env("EGUI_INSPECTION", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("GALLIUM_DRIVER", "llvmpipe")
            .arg(format!("-datadir={}", datadir.display()))
            .arg("-regtest")
            .args(args)
            .stdin(Stdio::null());
        Process(command.spawn().unwrap())
    }
}

/// Where the node's program is, beside the window's.
fn programs() -> Option<Programs> {
    let folder: PathBuf = Path::new(env!("CARGO_BIN_EXE_bitcoin-gui")).parent().unwrap().to_owned();
    let there = ["bitcoin-node", "bitcoin-wallet"].iter().all(|name| folder.join(name).exists());
    if !there {
        eprintln!("SKIPPED: no bitcoin-node and bitcoin-wallet in {}", folder.display());
    }
    there.then(|| Programs::at(folder))
}

/// The process of this name below another one.
fn child(of: Pid, name: &str) -> Option<Pid> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", of.as_raw_nonzero())).ok()?;
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    let children: Vec<String> = children.collect();
    let pids = children.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok());
    pids.filter_map(Pid::from_raw).find(|pid| {
        let found = std::fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()));
        found.is_ok_and(|found| found.trim() == name)
    })
}

fn runs(pid: Pid) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    state
        .rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}

fn log(datadir: &Path) -> String {
    std::fs::read_to_string(datadir.join("regtest/debug.log")).unwrap_or_default()
}

#[test]
fn a1_a4_a5_a_window_starts_its_node_and_ends_it() {
    let (Some(_), Some(display)) = (programs(), Display::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let ends = || log(folder.path()).matches("Shutdown: done").count();
    let mut gui = display.gui(folder.path(), &[]);
    let mut pids = (None, None);
    wait_until("the node and its wallets", || {
        pids.0 = child(gui.pid(), "bitcoin-node");
        pids.1 = pids.0.and_then(|node| child(node, "bitcoin-wallet"));
        pids.1.is_some()
    });
    wait_until("a picture", || display.colours() > 16);
    // No port is open, and all files are for their owner alone.
    let sockets = std::fs::read_to_string(format!("/proc/{}/net/tcp", gui.0.id())).unwrap();
    let held: Vec<String> = std::fs::read_dir(format!("/proc/{}/fd", gui.0.id()))
        .unwrap()
        .filter_map(|entry| {
            std::fs::read_link(entry.ok()?.path()).ok()?.to_str()?.strip_prefix("socket:[").map(str::to_owned)
        })
        .collect();
    // State 0A is LISTEN.
    let listens = sockets.lines().filter(|line| line.split_whitespace().nth(3) == Some("0A"));
    let own = listens.filter(|line| held.iter().any(|inode| line.contains(inode.trim_end_matches(']'))));
    assert_eq!(own.count(), 0, "it listens");
    for file in ["regtest/debug.log.gui", "regtest/debug.log"] {
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o077, 0, "{file}");
    }
    wait_until("a node that runs", || {
        log(folder.path()).contains("The wallets") || log(folder.path()).contains("Started ")
    });

    kill_process(gui.pid(), Signal::TERM).unwrap();
    assert_eq!(gui.ends().code(), Some(0));
    assert_eq!(ends(), 1, "{}", log(folder.path()));
    for pid in [pids.0.unwrap(), pids.1.unwrap()] {
        wait_until("the end of what it started", || !runs(pid));
    }

    // A window that is killed takes its node along.
    let gui = display.gui(folder.path(), &[]);
    let mut node = None;
    wait_until("the node", || {
        node = child(gui.pid(), "bitcoin-node");
        node.is_some_and(|node| child(node, "bitcoin-wallet").is_some())
    });
    kill_process(gui.pid(), Signal::KILL).unwrap();
    wait_until("the node's end in order", || ends() == 2 && !runs(node.unwrap()));
}

#[test]
fn a2_a_window_that_leaves_lets_its_node_stay() {
    let (Some(programs), Some(display)) = (programs(), Display::start()) else { return };
    let mut node = Node::start(&programs, NodeOptions::new(Form::TwoProcesses)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("-ipcconnect=unix:{}", node.socket().display());
    let mut gui = display.gui(folder.path(), &[&socket]);
    wait_until("a picture", || display.colours() > 16);
    let log = || std::fs::read_to_string(folder.path().join("regtest/debug.log.gui")).unwrap_or_default();
    wait_until("a start", || log().contains("Network regtest."));
    assert_eq!(child(gui.pid(), "bitcoin-node"), None, "it starts no second node");
    kill_process(gui.pid(), Signal::TERM).unwrap();
    assert_eq!(gui.ends().code(), Some(0));
    assert_eq!(node.rpc("getblockcount", json!([])).unwrap(), json!(0));
    node.stop().unwrap();
}

#[test]
fn a6_a12_a_node_stays_and_a_second_start_hands_over_its_uri() {
    let (Some(_), Some(display)) = (programs(), Display::start()) else { return };
    // The path of a socket is short.
    let folder = tempfile::Builder::new().prefix("gui-").tempdir_in("/tmp").unwrap();
    let mut gui = display.gui(folder.path(), &["-nodestays"]);
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
    assert_eq!(display.gui(folder.path(), &[uri]).ends().code(), Some(0), "the first window has taken it");
    assert_eq!(child(gui.pid(), "bitcoin-node"), None, "it is in a session of its own");
    kill_process(gui.pid(), Signal::TERM).unwrap();
    assert_eq!(gui.ends().code(), Some(0));
    assert!(!other.exists());
    let caller = caller.unwrap();
    assert_eq!(caller.call(None, "getblockcount", json!([])).unwrap(), json!(0), "the node stays");
    caller.call(None, "stop", json!([])).unwrap();
    wait_until("its end", || log(folder.path()).contains("Shutdown: done"));
}

#[test]
fn a8_a_node_that_cannot_start_leaves_its_exit_code() {
    let (Some(_), Some(display)) = (programs(), Display::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut gui = display.gui(folder.path(), &["-maxmempool=4"]);
    let log = || std::fs::read_to_string(folder.path().join("regtest/debug.log.gui")).unwrap_or_default();
    wait_until("the node's reason", || log().contains("-maxmempool must be at least 5 MB"));
    wait_until("a picture", || display.colours() > 16);
    kill_process(gui.pid(), Signal::TERM).unwrap();
    assert_eq!(gui.ends().code(), Some(1));
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
