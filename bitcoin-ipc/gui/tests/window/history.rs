//! A long history in a real window.

use serde_json::json;

use super::display::reader::{Bus, Reader};
use super::display::{Display, wait_until};
use super::readers::asked;
use super::secrets::xdotool;
use super::{attach, mine, node, programs};

/// The numbers of confirmations of the rows that are drawn.
fn confirmations(reader: &Reader) -> Vec<u32> {
    let rows = reader.tree().into_iter().filter(|item| item.role == "table row");
    let count = |name: String| {
        let before = name.split(" confirmation").next()?.rsplit(' ').next()?.replace(',', "");
        before.parse().ok()
    };
    rows.filter_map(|row| count(row.name)).collect()
}

/// `GUI_FRAMES=print` says what the slowest frame took, `GUI_FRAMES=check` compares it with the goal: both want a release
/// build and a quiet machine.
#[test]
fn a30_a_long_history_is_scrolled_while_blocks_come() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    if !xdotool(&display, &["version"]) {
        eprintln!("SKIPPED: no xdotool");
        return;
    }
    let mut node = node(&programs);
    for _ in 0..29 {
        mine(&node, 100);
    }
    let folder = tempfile::tempdir().unwrap();
    let _window = asked(&display, &bus, folder.path(), &[&attach(&node)]);
    let reader = bus.reader();
    reader.wait_for("Overview of miner");
    reader.press("page tab", "History");
    reader.wait_for("entries known of 3,001 transactions");
    assert!(xdotool(&display, &["search", "--sync", "--name", "Bitcoin", "windowfocus", "--sync"]));
    assert!(xdotool(&display, &["mousemove", "500", "400"]));
    std::thread::scope(|scope| {
        let blocks = scope.spawn(|| (0..100).for_each(|_| mine(&node, 1)));
        while !blocks.is_finished() {
            assert!(xdotool(&display, &["click", "--repeat", "20", "--delay", "10", "5"]));
        }
    });
    reader.wait_for("Height 3,101,");
    // It is where it was scrolled to, and what came meanwhile is counted.
    wait_until("old rows", || confirmations(&reader).into_iter().min().is_some_and(|least| least > 100));
    assert!(xdotool(&display, &["key", "Home"]));
    wait_until("the newest row", || confirmations(&reader).contains(&1));
    reader.press("page tab", "Node");
    let mut slowest = String::new();
    wait_until("the time of the slowest frame", || {
        let tree = reader.tree();
        let mut names = tree.iter().map(|item| item.name.as_str());
        let found = names.find(|name| name.starts_with("Slowest of the last")).is_some();
        let time = names.find(|name| name.ends_with(" ms"));
        slowest = time.unwrap_or_default().to_owned();
        found && time.is_some()
    });
    if let Some(wish) = std::env::var_os("GUI_FRAMES") {
        println!("3,000 coinbases, 100 blocks while they are scrolled: slowest frame {slowest}; goal 50 ms");
        let time: f64 = slowest.trim_end_matches(" ms").parse().unwrap();
        assert!(wish != "check" || time <= 50.0, "too slow");
    }
    assert_eq!(node.rpc("getblockcount", json!([])).unwrap(), json!(3_101));
    node.stop().unwrap();
}
