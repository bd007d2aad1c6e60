//! The schemas that `bitcoin-capnp-types` carries.
//!
//! In: a version of the crate. Out: the folder of its files, and what the reference compiler says of
//! them, as sets of lines.

#![allow(dead_code, reason = "each test uses its part")]

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use capnp::schema_capnp::{annotation, code_generator_request, node, value};
use capnp::struct_list;

/// libmultiprocess's own file; its nodes are none of Bitcoin Core's.
const PROXY: &str = "proxy.capnp";
/// The annotations that both sides have, by their ids.
const ANNOTATIONS: [(u64, &str); 4] = [
    (0xb9c6_f99e_bf80_5f2c, "$Cxx.namespace"),
    (0xe6f4_6079_b7b1_405e, "$Proxy.wrap"),
    (0xb594_888f_63f4_dbb9, "$Proxy.name"),
    (0x996a_1832_0099_2f88, "$Proxy.exception"),
];

/// The folder with the schemas of this version, which cargo has for the drivers.
pub(crate) fn folder(version: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|it| it["name"] == "bitcoin-capnp-types" && it["version"] == version);
    Path::new(found.unwrap()["manifest_path"].as_str().unwrap()).with_file_name("capnp")
}

/// The schema files of Bitcoin Core in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let all = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = all.filter(|name| name.ends_with(".capnp") && name != PROXY).collect();
    names.sort();
    names
}

/// What some files declare, as lines that begin with the file's name.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) interfaces: BTreeSet<String>,
    pub(crate) methods: BTreeSet<String>,
    pub(crate) structs: BTreeSet<String>,
    pub(crate) constants: BTreeSet<String>,
    pub(crate) notes: BTreeSet<String>,
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [interfaces, methods, structs, constants] = self.counts();
        let notes = self.notes.len();
        write!(
            f,
            "{interfaces} interfaces, {methods} methods, {structs} structs, {constants} constants, {notes} \
             annotations compared"
        )
    }
}

impl Facts {
    /// How many interfaces, methods, structs and constants there are.
    pub(crate) fn counts(&self) -> [usize; 4] {
        [&self.interfaces, &self.methods, &self.structs, &self.constants].map(BTreeSet::len)
    }

    pub(crate) fn note(&mut self, owner: &str, member: &str, annotation: &str, text: &str) {
        self.notes.insert(format!("{owner}{member}: {annotation}({text:?})"));
    }

    /// Notes annotations that are text already, as far as both sides have them.
    pub(crate) fn notes_of(&mut self, owner: &str, annotations: &[&str]) {
        let known = |text: &&&str| ANNOTATIONS.iter().any(|(_, name)| text.starts_with(name));
        self.notes.extend(annotations.iter().filter(known).map(|text| format!("{owner}: {text}")));
    }

    fn read_notes(&mut self, owner: &str, annotations: struct_list::Reader<'_, annotation::Owned>) {
        for annotation in annotations {
            let Some((_, name)) = ANNOTATIONS.iter().find(|(id, _)| *id == annotation.get_id()) else {
                continue;
            };
            let Ok(value::Text(text)) = annotation.get_value().unwrap().which() else {
                panic!("{owner}: {name} without a text");
            };
            self.note(owner, "", name, text.unwrap().to_str().unwrap());
        }
    }
}

/// What a compiled request says of the files of Bitcoin Core in it.
pub(crate) fn read(request: &[u8]) -> Facts {
    let options = capnp::message::ReaderOptions::new();
    let message = capnp::serialize::read_message(&mut &*request, options).unwrap();
    let request: code_generator_request::Reader<'_> = message.get_root().unwrap();
    let nodes: HashMap<u64, node::Reader<'_>> =
        request.get_nodes().unwrap().iter().map(|node| (node.get_id(), node)).collect();
    let mut facts = Facts::default();
    for requested in request.get_requested_files().unwrap() {
        let file = nodes[&requested.get_id()];
        let name = file.get_display_name().unwrap().to_str().unwrap();
        facts.read_notes(name, file.get_annotations().unwrap());
        for nested in file.get_nested_nodes().unwrap() {
            let node = nodes[&nested.get_id()];
            let name = format!("{name} {}", nested.get_name().unwrap().to_str().unwrap());
            assert_eq!(node.get_nested_nodes().unwrap().len(), 0, "{name}: nested declarations");
            read_declaration(&mut facts, &nodes, name, node);
        }
    }
    facts
}

fn read_declaration(
    facts: &mut Facts,
    nodes: &HashMap<u64, node::Reader<'_>>,
    name: String,
    node: node::Reader<'_>,
) {
    facts.read_notes(&name, node.get_annotations().unwrap());
    match node.which().unwrap() {
        node::Interface(interface) => {
            for method in interface.get_methods().unwrap() {
                let name = format!("{name}.{}", method.get_name().unwrap().to_str().unwrap());
                facts.read_notes(&name, method.get_annotations().unwrap());
                for half in [method.get_param_struct_type(), method.get_result_struct_type()] {
                    read_fields(facts, &name, nodes[&half]);
                }
                facts.methods.insert(name);
            }
            facts.interfaces.insert(name);
        }
        node::Struct(_) => {
            read_fields(facts, &name, node);
            facts.structs.insert(name);
        }
        node::Const(_) => drop(facts.constants.insert(name)),
        _ => panic!("{name}: neither interface nor struct nor constant"),
    }
}

fn read_fields(facts: &mut Facts, owner: &str, node: node::Reader<'_>) {
    let Ok(node::Struct(structure)) = node.which() else { panic!("{owner}: not a struct") };
    for field in structure.get_fields().unwrap() {
        let name = field.get_name().unwrap().to_str().unwrap();
        facts.read_notes(&format!("{owner} {name}"), field.get_annotations().unwrap());
    }
}
