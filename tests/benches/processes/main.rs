//! What calls between two processes cost: beside libmultiprocess, as peers and objects grow in number, and in memory.
//!
//! In: nothing, or `MP_CXX_FOO`, a program that measures the same calls between two processes of libmultiprocess's and
//! prints a line for each, its name and its microseconds. Out: tables, each figure with its goal beside it.
//!
//! A server is this program once more, in a process of its own.

mod cost;
mod foo;
mod growth;
mod memory;
mod peers;
#[path = "../../../mp-runtime/benches/calls/recorded.rs"]
mod recorded;
mod serving;
mod table;

use std::collections::BTreeMap;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, path] = &arguments[..]
        && word == serving::WORD
    {
        return serving::serve(path);
    }
    serving::allow_many_descriptors();
    // Cargo passes words of its own; those that are left choose tables, and rows of the first one.
    let chosen: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let mut figures = BTreeMap::new();
    let tables: [(&str, Table); 4] = [
        ("foo", foo::print),
        ("memory", |_, figures| memory::print(figures)),
        ("growth", |_, _| growth::print()),
        ("peers", |_, _| peers::print()),
    ];
    let is_table = |word: &str| tables.iter().any(|(name, _)| *name == word);
    let rows: Vec<&str> = chosen.iter().copied().filter(|word| !is_table(word)).collect();
    for (name, print) in tables {
        if chosen.is_empty() || chosen.contains(&name) {
            print(&rows, &mut figures);
        }
    }
    recorded::compare(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/processes/recorded.tsv"), &figures);
}

/// Prints some rows of a table, or all, and files what can be compared with another run's.
type Table = fn(&[&str], &mut BTreeMap<String, f64>);
