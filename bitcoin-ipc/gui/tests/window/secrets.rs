//! A passphrase that was typed into a real window is not in its memory afterwards.

use std::io::{Read, Seek, SeekFrom};
use std::process::Command;

use serde_json::json;

use super::display::reader::Bus;
use super::display::{Display, Process, wait_until};
use super::readers::asked;
use super::{attach, node, programs};

const CANARY: &str = "Zq7canary7f3aXk9pW2";

/// How often a text is in the memory of a process, but for the messages that took it to the node: the runtime frees
/// them, and the library that made them wipes nothing. Nothing if the system does not show it.
fn hits(process: &Process, text: &str) -> Option<usize> {
    let id = process.0.id();
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).ok()?;
    let mut memory = std::fs::File::open(format!("/proc/{id}/mem")).ok()?;
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    // What stands before bytes in a message: a pointer to a list of so many of them.
    let mut message = vec![1, 0, 0, 0];
    message.extend(u32::try_from(text.len() << 3 | 2).ok()?.to_le_bytes());
    let (mut found, mut seen) = (0, 0);
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-')?;
        let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
        let mut bytes = Vec::new();
        if memory.seek(SeekFrom::Start(start)).is_err()
            || (&memory).take(end - start).read_to_end(&mut bytes).is_err()
        {
            continue;
        }
        seen += bytes.len();
        for needle in [text.as_bytes(), &wide] {
            let places = bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
            found += places.filter(|(place, _)| !bytes[..*place].ends_with(&message)).count();
        }
    }
    (seen > 1_000_000).then_some(found)
}

/// Presses keys and buttons. False without the program for it.
pub fn xdotool(display: &Display, args: &[&str]) -> bool {
    Command::new("xdotool")
        .env("DISPLAY", &display.name)
        .args(args)
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn a55_a_passphrase_is_gone_from_memory_when_its_dialog_is() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    if !xdotool(&display, &["version"]) {
        eprintln!("SKIPPED: no xdotool");
        return;
    }
    let mut node = node(&programs);
    node.wallet_rpc("miner", "encryptwallet", json!([CANARY])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let window = asked(&display, &bus, folder.path(), &[&attach(&node)]);
    let reader = bus.reader();
    reader.wait_for("Overview of miner");
    reader.press("push button", "Unlock");
    reader.wait_for("Unlock the wallet");
    assert!(xdotool(&display, &["search", "--sync", "--name", "Bitcoin", "windowfocus", "--sync"]));
    assert!(xdotool(&display, &["type", "--delay", "30", CANARY]));
    let typed = || reader.tree().iter().any(|item| item.name == "•".repeat(CANARY.len()));
    wait_until("what is typed", || hits(&window, CANARY) != Some(0) || typed());
    let Some(there) = hits(&window, CANARY) else {
        eprintln!("SKIPPED: the memory of other processes cannot be read");
        return;
    };
    assert!(there > 0, "it is there while it is typed");
    assert!(xdotool(&display, &["key", "Return"]));
    wait_until("an open wallet", || {
        reader.tree().iter().any(|item| item.role == "push button" && item.name == "Lock")
    });
    wait_until("nothing of it in memory", || hits(&window, CANARY) == Some(0));
    node.stop().unwrap();
}
