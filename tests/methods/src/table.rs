//! The table of methods.
//!
//! In: the interfaces' own descriptions, and what came of calls. Out: a text, or what is wrong.

use std::collections::BTreeSet;
use std::fmt::Write;

use bitcoin_ipc::files;
use bitcoin_ipc::interfaces::watch::SplitInit;
use bitcoin_node::restrictions::{RESTRICTIONS, SILENT};
use mp_runtime::schema::{Kind, Schema, interface};
use mp_runtime::wire::node::InterfaceNode;

use crate::Calls;

const HEAD: &str = "\
# Methods

Which methods of Bitcoin Core's interfaces, and of those that watch scripts
(`schemas/bitcoin/watch.capnp`), this repository's node and wallets have. A test has made this file by
calling all of them, through a connection, on a node with wallets that runs on regtest; it fails when the
file is not what it finds. After a change, write the file with

    MP_METHODS=write cargo test -p mp-methods

A method that *works* has answered; what stands behind a colon is what its answers are limited to. What
`bitcoin-gui` calls, as its tests count it (`bitcoin-ipc/gui/calls.txt`), is marked in the last column.
";

/// What the window calls, a line each.
const WINDOW: &str = include_str!("../../../bitcoin-ipc/gui/calls.txt");

/// The interfaces in the order of their files, with those that consist of one callback last.
fn interfaces() -> Result<Vec<&'static InterfaceNode>, String> {
    let schema = Schema::of(&[interface::<dyn SplitInit>()]).map_err(|error| error.to_string())?;
    let order = [
        &files::INIT,
        &files::ECHO,
        &files::MINING,
        &files::RPC,
        &files::HANDLER,
        &files::CHAIN,
        &files::NODE,
        &files::WALLET,
        &files::WATCH,
    ];
    let mut nodes = Vec::new();
    for file in order {
        let file = schema.files().iter().find(|known| known.node.name == file.name);
        let declarations = file.map(|file| &file.declarations[..]).unwrap_or_default();
        nodes.extend(declarations.iter().filter_map(|declaration| match declaration.kind {
            Kind::Interface(node) => Some(node),
            _ => None,
        }));
    }
    nodes.sort_by_key(|node| is_callback(node));
    Ok(nodes)
}

fn is_callback(node: &InterfaceNode) -> bool {
    node.name.ends_with("Callback")
}

/// The text of the table.
///
/// # Errors
///
/// The text of the error names the methods that nobody called, the calls that failed, and restrictions of
/// methods that do not exist or do not work.
pub fn table(calls: &Calls) -> Result<String, String> {
    let seen = calls.seen();
    let mut wrong = seen.wrong.clone();
    let mut known = BTreeSet::new();
    let mut window: BTreeSet<&str> = WINDOW.lines().collect();
    let mut text = HEAD.to_owned();
    let mut in_callbacks = false;
    for node in interfaces()? {
        // How objects come and go is part of every interface.
        let methods = node.methods.iter().filter(|method| {
            let own = [node.construct, node.destroy];
            !own.contains(&Some(method.ordinal))
        });
        let mut rows = String::new();
        let mut working = 0;
        let mut count = 0;
        for method in methods {
            let key = (node.name, method.name);
            known.insert(key);
            count += 1;
            let restriction = RESTRICTIONS.iter().find(|(interface, name, _)| (*interface, *name) == key);
            let silent = SILENT.iter().find(|(interface, _)| *interface == node.name);
            let state = match (seen.refused.get(&key), seen.answered.contains(&key), restriction, silent) {
                (Some(reason), ..) => {
                    format!("not supported: {}", reason.trim_start_matches("not supported: "))
                }
                (None, true, None, _) => "works".to_owned(),
                (None, true, Some((.., restriction)), _) => format!("works: {restriction}"),
                (None, false, _, Some((_, reason))) => format!("never called: {reason}"),
                (None, false, _, None) => {
                    wrong.push(format!("{}.{} was not called", node.name, method.name));
                    continue;
                }
            };
            working += usize::from(state.starts_with("works"));
            let shown = if is_callback(node) { node.name } else { method.name };
            let called = window.remove(format!("{}.{}", node.name, method.name).as_str());
            let called = if called { "window" } else { "" };
            // Writing to a string cannot fail.
            let _ =
                writeln!(rows, "| `{shown}` | {} | {called} |", state.replace('|', "\\|").replace('\n', " "));
        }
        if !in_callbacks {
            let (title, sum) = if is_callback(node) {
                in_callbacks = true;
                ("Callbacks".to_owned(), String::new())
            } else {
                (node.name.to_owned(), format!("{working} of {count} work.\n\n"))
            };
            let _ = write!(text, "\n## {title}\n\n{sum}| method | state | called by |\n|---|---|---|\n");
        }
        text.push_str(&rows);
    }
    wrong.extend(window.iter().map(|name| format!("the window calls {name}, which does not exist")));
    for (interface, _) in SILENT {
        if !known.iter().any(|(name, _)| name == interface)
            || seen
                .answered
                .iter()
                .any(|(name, method)| name == interface && known.contains(&(*name, *method)))
        {
            wrong.push(format!("{interface} is said to be never called, but was called or does not exist"));
        }
    }
    let refused = |key: &(_, _)| seen.refused.contains_key(key);
    for (interface, method, _) in RESTRICTIONS {
        if !known.contains(&(*interface, *method)) || refused(&(*interface, *method)) {
            wrong.push(format!("{interface}.{method} has a restriction but does not work or exist"));
        }
    }
    if wrong.is_empty() { Ok(text) } else { Err(wrong.join("\n")) }
}
