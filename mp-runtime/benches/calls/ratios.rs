//! The tables at the end: what one call costs, how many times its peers' cost that is, and how many times it may be.
//!
//! In: what was measured side by side. Out: lines on standard output.

use std::collections::BTreeMap;

use super::pairs::Row;
use super::recorded;

/// The most that a call may cost of what another one costs: group, what, peer.
const GOALS: &[(&str, &str, &str, f64)] = &[
    ("call", "async", "hand", 0.8),
    ("call", "async", "bare", 2.0),
    ("call", "sync", "hand", 1.5),
    ("call", "context", "hand", 2.0),
    ("call", "callback-sync", "sync", 3.0),
    ("bytes-1MB", "async", "hand", 1.0),
    ("bytes-4MB", "async", "hand", 1.0),
    ("tasks-1000", "async", "hand", 1.0),
];

/// Prints the table. A blank means that the two were not measured side by side.
pub(crate) fn print(rows: &[Row]) {
    print_all(rows);
    println!("\n{:<12} {:<16} {:<8} {:>8} {:>8}", "group", "what", "peer", "ratio", "goal");
    for (group, what, peer, most) in GOALS {
        let find = |what: &str| rows.iter().find(|row| row.group == *group && row.what == what);
        let ratio = find(what).and_then(|row| ratio(rows, row, peer));
        let Some(ratio) = ratio else { continue };
        let held = if ratio <= *most { "holds" } else { "missed" };
        println!("{group:<12} {what:<16} {peer:<8} {ratio:>8.2} {most:>8} {held}");
    }
    let ours = rows.iter().filter(|row| row.peers.contains(&"hand") && !row.what.starts_with("hand"));
    let figures: BTreeMap<String, f64> = ours
        .filter_map(|row| Some((format!("{} {} × hand", row.group, row.what), row.ratio("hand")?)))
        .collect();
    recorded::compare(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/calls/recorded.tsv"), &figures);
}

/// The ratio to another row of the same group, by way of a peer of both where the two were not beside each other.
fn ratio(rows: &[Row], row: &Row, peer: &str) -> Option<f64> {
    if peer == "bare" {
        return to_bare(rows, row);
    }
    row.ratio(peer).or_else(|| {
        let other = rows.iter().find(|other| other.group == row.group && other.what == peer)?;
        Some(row.ratio("hand")? / other.ratio("hand")?)
    })
}

fn print_all(rows: &[Row]) {
    println!(
        "\n{:<12} {:<16} {:>12} {:>10} {:>8} {:>8}  × other peer",
        "group", "what", "µs per call", "calls/s", "× hand", "× bare"
    );
    for row in rows {
        let Some(time) = row.nanoseconds() else { continue };
        let shown = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let like = row.peers.iter().find(|peer| !["hand", "bare"].contains(peer));
        let like = like.and_then(|peer| Some(format!("{:.2} × {peer}", row.ratio(peer)?)));
        println!(
            "{:<12} {:<16} {:>12.1} {:>10.0} {:>8} {:>8}  {}",
            row.group,
            row.what,
            time / 1e3,
            1e9 / time,
            shown(row.ratio("hand")),
            shown(to_bare(rows, row)),
            like.unwrap_or_default()
        );
    }
}

/// The ratio to the bare socket, by way of the peer where the two were not beside each other.
fn to_bare(rows: &[Row], row: &Row) -> Option<f64> {
    row.ratio("bare").or_else(|| {
        let peer = row.peers.first()?;
        let through = rows.iter().find(|other| other.group == row.group && other.what == *peer)?;
        Some(row.ratio(peer)? * to_bare(rows, through)?)
    })
}
