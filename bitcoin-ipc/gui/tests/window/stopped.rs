//! Windows that are stopped, wallets that are killed.

use std::path::Path;
use std::time::Duration;

use bitcoin_demo::programs::Node;
use bitcoin_ipc::monitor::Monitor;
use mp_runtime::{EventLoop, Remote, connect};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::display::reader::{Bus, Reader};
use super::display::{Display, Process, number, wait_until};
use super::readers::{asked, banner};
use super::{attach, gui, mine, node, programs};

/// A node that is stopped until this is dropped.
pub struct Stopped(Pid);

impl Stopped {
    pub fn new(node: &mut Node) -> Stopped {
        let pid = node.process().unwrap().pid();
        kill_process(pid, Signal::STOP).unwrap();
        Stopped(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}

/// Whether a process is stopped.
fn is_stopped(window: &Process) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", window.0.id())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
}

/// Pays the wallet itself.
fn pay(node: &Node) {
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).unwrap();
    node.wallet_rpc("miner", "sendtoaddress", json!([address, 1])).unwrap();
}

#[test]
fn a45_a_window_that_is_stopped_holds_up_nobody() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let mut node = node(&programs);
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let reader = bus.reader();
    let window = asked(&display, &bus, first.path(), &[&attach(&node)]);
    reader.wait_for("Height 101,");
    window.signal(Signal::STOP);
    wait_until("a stop", || is_stopped(&window));
    // A screen of its own: a window that another one covers is not drawn.
    let (other, beside) = (Bus::start().unwrap(), Display::start().unwrap());
    let _second = asked(&beside, &other, second.path(), &[&attach(&node)]);
    let reader = other.reader();
    for height in 102..=111 {
        pay(&node);
        mine(&node, 1);
        let balances = node.wallet_rpc("miner", "getbalances", json!([])).unwrap();
        assert_eq!(balances["lastprocessedblock"]["height"], json!(height));
        assert!(is_stopped(&window), "all of it while the first one is stopped");
    }
    reader.wait_for("Height 111,");
    window.signal(Signal::CONT);
    bus.reader().wait_for("Height 111,");
    node.stop().unwrap();
}

#[test]
fn a46_what_was_told_to_a_stopped_window_is_bounded_and_it_shows_the_truth() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let mut node = node(&programs);
    let folder = tempfile::tempdir().unwrap();
    let reader = bus.reader();
    let window = asked(&display, &bus, folder.path(), &[&attach(&node)]);
    reader.wait_for("Height 101,");
    let pids = [node.process().unwrap().pid(), node.wallet_pid().unwrap()];
    mine(&node, 50);
    let memory = || pids.map(|pid| number(pid, "RssAnon"));
    let before = memory();
    window.signal(Signal::STOP);
    wait_until("a stop", || is_stopped(&window));
    for _ in 0..10 {
        pay(&node);
        mine(&node, 40);
    }
    let balances = node.wallet_rpc("miner", "getbalances", json!([])).unwrap();
    for (before, after) in before.into_iter().zip(memory()) {
        assert!(after <= before + 50 * 1_024, "{before} kB have become {after} kB");
    }
    assert!(is_stopped(&window));
    window.signal(Signal::CONT);
    reader.wait_for("Height 551,");
    let available: f64 = balances["mine"]["trusted"].to_string().parse().unwrap();
    reader.wait_for("Overview of miner");
    let shown = format!("{:.8}", available).replace('.', "");
    wait_until("the balance that the wallet has", || {
        reader.tree().iter().any(|item| item.name.replace([',', '.', ' '], "").contains(&shown))
    });
    node.stop().unwrap();
}

#[test]
fn a46_a_window_that_was_given_up_while_it_was_stopped_listens_again() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let mut node = node(&programs);
    let folder = tempfile::tempdir().unwrap();
    let reader = bus.reader();
    let window = asked(&display, &bus, folder.path(), &[&attach(&node)]);
    reader.wait_for("Overview of miner");
    reader.press("page tab", "Addresses");
    reader.wait_for("This wallet's own");
    window.signal(Signal::STOP);
    wait_until("a stop", || is_stopped(&window));
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).unwrap();
    let label = |text: String| node.wallet_rpc("miner", "setlabel", json!([address, text])).unwrap();
    // More than is kept for one that does not listen.
    for number in 0..10_100 {
        label(format!("Label {number}"));
    }
    assert!(is_stopped(&window));
    window.signal(Signal::CONT);
    reader.wait_for("Label 10099");
    label("Heard again".to_owned());
    reader.wait_for("Heard again");
    node.stop().unwrap();
}

#[test]
fn a39_what_dies_again_and_again_leaves_nothing_behind() {
    let (Some(programs), Some(display)) = (programs(), Display::start()) else { return };
    let mut node = node(&programs);
    let folder = tempfile::tempdir().unwrap();
    let window = gui(&display, folder.path(), &[&attach(&node)]);
    wait_until("a picture", || display.colours() > 16);
    let kill = || {
        let old = node.kill_wallet().unwrap();
        wait_until("the next process of wallets", || {
            node.wallet_pid().is_some_and(|pid| pid != old)
                && node.wallet_rpc("miner", "getbalances", json!([])).is_ok()
        });
    };
    let counts = || (window.count("fd"), window.count("task"));
    // Once, so that all is there that a window ever has.
    kill();
    let mut before = (0, 0);
    wait_until("rest", || {
        let now = counts();
        let rests = now == before;
        before = now;
        std::thread::sleep(Duration::from_millis(300));
        rests
    });
    for _ in 0..5 {
        kill();
    }
    wait_until("as little as before", || {
        let now = counts();
        now.0 <= before.0 && now.1 <= before.1
    });
    node.stop().unwrap();
}

/// Calls of a window, as it tells them to whoever asks.
struct Calls {
    asked: Remote<dyn Monitor>,
    _event_loop: EventLoop,
}

impl Calls {
    fn of(monitor: &Path) -> Calls {
        let event_loop = EventLoop::new("top").unwrap();
        Calls { asked: connect::<dyn Monitor>(&event_loop, monitor).unwrap(), _event_loop: event_loop }
    }

    /// How many there were, and how many of them it made itself.
    fn count(&self) -> (u64, u64) {
        let counts = futures::executor::block_on(self.asked.call_counts()).unwrap();
        let sum = |all: bool| {
            counts.iter().filter(|count| all || !count.served).map(|count| count.calls).sum::<u64>()
        };
        (sum(true), sum(false))
    }

    /// The same, once there are no more for half a second.
    fn at_rest(&self) -> (u64, u64) {
        let mut before = (0, 0);
        wait_until("rest", || {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.count();
            std::mem::replace(&mut before, now) == now
        });
        before
    }
}

#[test]
fn a43_a_real_window_calls_nobody_when_nothing_happens() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let mut node = node(&programs);
    let folder = tempfile::tempdir().unwrap();
    let monitor = folder.path().join("m.sock");
    let option = format!("-monitor={}", monitor.display());
    let _window = asked(&display, &bus, folder.path(), &[&attach(&node), &option]);
    bus.reader().wait_for("Overview of miner");
    let calls = Calls::of(&monitor);
    let (before, _) = calls.at_rest();
    assert!(before > 10, "{before} calls were counted");
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(calls.count().0, before);
    mine(&node, 1);
    bus.reader().wait_for("Height 102,");
    wait_until("the call for a block", || calls.count().0 > before);
    node.stop().unwrap();
}

/// How many frames a window says that it has drawn.
fn frames(reader: &Reader) -> Option<u64> {
    let tree = reader.tree();
    let place = tree.iter().position(|item| item.name.starts_with("Frames drawn by this window"))?;
    tree[place..].iter().find_map(|item| item.name.replace(',', "").parse().ok())
}

#[test]
fn a44_a_real_window_that_nobody_sees_draws_nothing_and_asks_for_nothing() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let mut node = node(&programs);
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let monitor = first.path().join("m.sock");
    let option = format!("-monitor={}", monitor.display());
    let _window = asked(&display, &bus, first.path(), &[&attach(&node), &option]);
    let reader = bus.reader();
    reader.wait_for("Overview of miner");
    reader.press("page tab", "Node");
    let mut before = None;
    wait_until("the count of frames", || {
        before = frames(&reader);
        before.is_some()
    });
    // A window of the same size over it is as if it were made small: no window manager is here that could do that.
    let other = gui(&display, second.path(), &["-ipcconnect=unix:nowhere.sock"]);
    wait_until("the banner of the other one", || banner(&display) > 2_000);
    display.keep("a44-covered");
    let calls = Calls::of(&monitor);
    calls.at_rest();
    // From here on it knows.
    mine(&node, 1);
    let (_, own) = calls.at_rest();
    for _ in 0..30 {
        mine(&node, 1);
    }
    assert_eq!(calls.at_rest().1, own, "no call of its own in 30 blocks");
    assert!(!reader.sees("Height 132,"), "nobody has drawn it");
    drop(other);
    reader.wait_for("Height 132,");
    let after = frames(&reader).unwrap();
    let drawn = after - before.unwrap();
    assert!(drawn <= 25, "{drawn} frames for 31 blocks that nobody saw");
    node.stop().unwrap();
}
