//! The table at the end: what one call costs, and how many times its peers' cost that is.
//!
//! In: what was measured side by side. Out: lines on standard output.

use super::pairs::Row;

/// Prints the table. A blank means that the two were not measured side by side.
pub(crate) fn print(rows: &[Row]) {
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
