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
mod serving;
mod table;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, path] = &arguments[..]
        && word == serving::WORD
    {
        return serving::serve(path);
    }
    serving::allow_many_descriptors();
    // Cargo passes words of its own; those that are left choose tables.
    let chosen: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let tables: [(&str, fn()); 4] =
        [("foo", foo::print), ("memory", memory::print), ("growth", growth::print), ("peers", peers::print)];
    for (name, print) in tables {
        if chosen.is_empty() || chosen.iter().any(|word| *word == name) {
            print();
        }
    }
}
