//! What was measured before, beside what is measured now.
//!
//! In: figures by name, each a ratio to a peer of the same run or a number of bytes, so that they do not depend on the
//! machine; and the file with those of another time. `MP_RATIOS=check` ends the program with an error when one is worse
//! than 1.25 times what it was, `MP_RATIOS=record` writes them down instead. Out: lines on standard output.

use std::collections::BTreeMap;
use std::path::Path;

/// A figure that is so many times what it was is worse.
const WORSE: f64 = 1.25;

/// Compares figures with those in a file, or writes them there, as the environment asks for.
pub(crate) fn compare(file: &str, figures: &BTreeMap<String, f64>) {
    let wanted = std::env::var("MP_RATIOS").unwrap_or_default();
    if wanted.is_empty() || figures.is_empty() {
        return;
    }
    let before = read(file);
    match wanted.as_str() {
        "record" => {
            // Those that were not measured this time stay.
            let all = before.into_iter().chain(figures.iter().map(|(name, value)| (name.clone(), *value)));
            let lines = all.collect::<BTreeMap<_, _>>();
            let lines: String = lines.iter().map(|(name, value)| format!("{name}\t{value:.3}\n")).collect();
            std::fs::write(file, lines).expect("a file that can be written");
            println!("\n{} figures are written to {file}", figures.len());
        }
        "check" => {
            let worse: Vec<String> = figures
                .iter()
                .filter_map(|(name, now)| Some((name, now, before.get(name)?)))
                .filter(|(_, now, then)| **now > **then * WORSE)
                .map(|(name, now, then)| format!("{name}: {now:.3}, and {then:.3} before"))
                .collect();
            if !worse.is_empty() {
                println!("\nworse than {WORSE} times what was recorded:\n{}", worse.join("\n"));
                std::process::exit(1);
            }
            let known = figures.keys().filter(|name| before.contains_key(*name)).count();
            println!("\n{known} of {} figures were recorded, and none is worse", figures.len());
        }
        other => panic!("MP_RATIOS is `check` or `record`, not `{other}`"),
    }
}

fn read(file: &str) -> BTreeMap<String, f64> {
    if !Path::new(file).exists() {
        return BTreeMap::new();
    }
    let text = std::fs::read_to_string(file).expect("a file that can be read");
    let line = |line: &str| {
        let (name, value) = line.split_once('\t')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    text.lines().map(|text| line(text).unwrap_or_else(|| panic!("`{text}` is no name and number"))).collect()
}
