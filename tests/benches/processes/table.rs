//! Lines of figures and goals.
//!
//! In: what was measured and what it should be. Out: lines on standard output.

/// Prints a headline.
pub(crate) fn head(words: &str, columns: &[&str]) {
    println!("\n{words}");
    row("", columns, "");
}

/// Prints a line.
pub(crate) fn row(what: &str, columns: &[impl AsRef<str>], note: &str) {
    let columns: String = columns.iter().map(|column| format!(" {:>14}", column.as_ref())).collect();
    println!("{what:<26}{columns}  {note}");
}

/// How a figure stands to its goal.
pub(crate) fn held(value: f64, most: f64) -> String {
    let word = if value <= most { "holds" } else { "missed" };
    format!("≤ {most} {word}")
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
