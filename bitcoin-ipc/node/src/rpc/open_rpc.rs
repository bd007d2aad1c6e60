//! The commands as an OpenRPC document.
//!
//! In: the commands of the node and those that wallets have added. Out: what each takes. What it gives is left open: any
//! value.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::command::{Arg, Command, Kind, Run, arg};
use super::error::Answer;
use super::registry::{Entry, Registry};
use super::{Params, Shared};

/// The version of OpenRPC.
const OPENRPC: &str = "1.4.1";

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "control",
        "getopenrpcinfo",
        "Tells what all commands take, as an OpenRPC document.",
        Run::Server(|shared, params| document(shared, params.flag_or(0, false)?)),
    )
    .args(&[arg("show_hidden", Kind::Bool, "Whether to tell of hidden commands and arguments too.")
        .default("false")]),
    Command::new(
        "control",
        "rpc.discover",
        "Tells what all commands take, as an OpenRPC document.",
        Run::Server(|shared: &Shared, _: &Params| document(shared, false)),
    ),
];

fn document(shared: &Shared, hidden: bool) -> Answer {
    let registry: &Registry = &shared.registry;
    let rows = registry.conversions(&shared.guests);
    // Which arguments of wallets' commands are no texts, by command and name.
    let others: HashSet<(&str, &str)> = rows
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row[3] == false)
        .filter_map(|row| Some((row[0].as_str()?, row[2].as_str()?)))
        .collect();
    let mut methods = Vec::new();
    for name in registry.names() {
        let Some(entry) = registry.entries(&name).into_iter().next() else { continue };
        if !hidden && entry.category() == "hidden" {
            continue;
        }
        let params: Vec<Value> = match &entry {
            Entry::Own(command) => {
                command.args.iter().filter(|arg| hidden || !arg.hidden).map(of_own).collect()
            }
            Entry::Added(_) => {
                let names = entry.argument_names().into_iter().filter(|(_, named_only)| !named_only);
                names.map(|(names, _)| of_added(&name, &names, &others)).collect()
            }
        };
        let help = registry.help(&shared.guests, &name);
        methods.push(json!({
            "name": name,
            "description": help.split("\n\n").nth(1).unwrap_or_default().trim(),
            "params": params,
            "result": { "name": "result", "schema": {} },
            "x-bitcoin-category": entry.category(),
        }));
    }
    Ok(json!({
        "openrpc": OPENRPC,
        "info": {
            "title": "bitcoin-node JSON-RPC",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The commands of this node and of its wallets.",
        },
        "methods": methods,
    }))
}

fn of_own(arg: &Arg) -> Value {
    let mut schema = schema(arg.kind);
    if let Some(default) = arg.default {
        let (name, value) = match serde_json::from_str(default) {
            Ok(value) => ("default", value),
            Err(_) => ("x-bitcoin-default-hint", default.into()),
        };
        schema.insert(name.to_owned(), value);
    }
    let mut object = named(arg.names);
    object.insert("required".to_owned(), (!arg.optional).into());
    object.insert("schema".to_owned(), schema.into());
    if !arg.about.is_empty() {
        object.insert("description".to_owned(), arg.about.into());
    }
    object.into()
}

/// Of wallets' commands it is known which arguments are texts.
fn of_added(command: &str, names: &str, others: &HashSet<(&str, &str)>) -> Value {
    let text = names.split('|').all(|name| !others.contains(&(command, name)));
    let mut object = named(names);
    object.insert("required".to_owned(), false.into());
    object.insert("schema".to_owned(), if text { json!({ "type": "string" }) } else { json!({}) });
    object.into()
}

/// An argument's name, and its other ones.
fn named(names: &str) -> Map<String, Value> {
    let mut names = names.split('|');
    let mut object = Map::new();
    object.insert("name".to_owned(), names.next().into());
    let others: Vec<Value> = names.map(Value::from).collect();
    if !others.is_empty() {
        object.insert("x-bitcoin-aliases".to_owned(), others.into());
    }
    object
}

/// A type as JSON Schema.
fn schema(kind: Kind) -> Map<String, Value> {
    let schema = match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Hex => json!({ "type": "string", "pattern": "^[0-9a-fA-F]+$" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Amount => json!({ "oneOf": [{ "type": "number" }, { "type": "string" }] }),
        Kind::Range => json!({ "oneOf": [{ "type": "number" }, {
            "type": "array",
            "items": [{ "type": "number" }, { "type": "number" }],
            "additionalItems": false,
            "minItems": 2,
            "maxItems": 2,
        }] }),
        Kind::List => json!({ "type": "array" }),
        Kind::Object => json!({ "type": "object" }),
        Kind::Any => json!({}),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}
