//! The table at the end: each figure as a multiple of the hand-written call beside it.
//!
//! In: the estimates that criterion left. Out: lines on standard output.

use std::path::PathBuf;

/// Group, what is compared, its peer.
const ROWS: &[(&str, &str, &str)] = &[
    ("call", "async", "hand"),
    ("call", "sync", "hand"),
    ("call", "context", "hand"),
    ("call", "callback", "hand"),
    ("call", "callback-hand", "hand"),
    ("call", "callback-async", "callback-hand"),
    ("call", "record-async", "hand"),
    ("call", "record-sync", "hand"),
    ("call", "hand", "bare"),
    ("bytes-1kB", "async", "hand"),
    ("bytes-1kB", "sync", "hand"),
    ("bytes-64kB", "async", "hand"),
    ("bytes-64kB", "sync", "hand"),
    ("bytes-1MB", "async", "hand"),
    ("bytes-1MB", "sync", "hand"),
    ("bytes-4MB", "async", "hand"),
    ("bytes-4MB", "sync", "hand"),
    ("threads-1", "sync", "hand"),
    ("threads-4", "sync", "hand"),
    ("threads-16", "sync", "hand"),
    ("threads-64", "sync", "hand"),
    ("threads-1", "context", "hand"),
    ("threads-4", "context", "hand"),
    ("threads-16", "context", "hand"),
    ("threads-64", "context", "hand"),
    ("tasks-64", "async", "hand"),
    ("tasks-1000", "async", "hand"),
];

/// Prints the table, as far as the estimates are there.
pub(crate) fn print() {
    println!("\n{:<12} {:<15} {:>12} {:>12} {:>8}", "group", "what", "µs per call", "calls/s", "ratio");
    for (group, what, peer) in ROWS {
        if let (Some(ours), Some(theirs)) = (nanoseconds(group, what), nanoseconds(group, peer)) {
            let ratio = format!("{:.2} × {peer}", ours / theirs);
            println!("{group:<12} {what:<15} {:>12.1} {:>12.0}   {ratio}", ours / 1e3, 1e9 / ours);
        }
    }
}

/// The typical time of one call, as criterion estimated it.
fn nanoseconds(group: &str, what: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let path = target.join("criterion").join(group).join(what).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
