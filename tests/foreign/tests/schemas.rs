//! Our schemas against the official ones, node for node.
//!
//! In: our declarations of a release, and the files that `bitcoin-capnp-types` took from Bitcoin
//! Core. Out: that the reference compiler sees the same in both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod official;

use std::collections::BTreeSet;

use bitcoin_ipc::release::{v30, v31, v32};
use mp_runtime::schema::{File, Kind, Root, Schema, interface};
use mp_tests::reference::{compare, compile, installed};
use official::Facts;

/// What comes with our `common.capnp` but is of no release: the multiprocess branch's.
const UNRELEASED: &str = "Expected";

/// Ours as a set of lines, like [`official::read`]'s.
fn ours(files: &[File]) -> Facts {
    let mut facts = Facts::default();
    for File { node, declarations, .. } in files {
        let file = node.name.rsplit('/').next().unwrap();
        facts.note(file, "", "$Cxx.namespace", node.cxx_namespace);
        for constant in node.constants {
            facts.constants.insert(format!("{file} {}", constant.name));
        }
        for declaration in declarations {
            let name = format!("{file} {}", declaration.name);
            match declaration.kind {
                Kind::Interface(interface) => {
                    facts.notes_of(&name, interface.annotations);
                    for method in interface.methods {
                        let name = format!("{name}.{}", method.name);
                        facts.notes_of(&name, method.annotations);
                        for field in method.params.fields.iter().chain(method.results.fields) {
                            facts.notes_of(&format!("{name} {}", field.name), field.annotations);
                        }
                        facts.methods.insert(name);
                    }
                    facts.interfaces.insert(name);
                }
                Kind::Struct(structure) => {
                    facts.notes_of(&name, structure.annotations);
                    for field in structure.fields {
                        facts.notes_of(&format!("{name} {}", field.name), field.annotations);
                    }
                    facts.structs.insert(name);
                }
                other => panic!("{name}: no release has {other:?}"),
            }
        }
    }
    facts
}

/// The files of a release without what is not released.
fn released(schema: &Schema) -> Vec<File> {
    let mut files = schema.files().to_vec();
    for file in &mut files {
        file.declarations.retain(|it| it.name != UNRELEASED);
        file.imports.clear();
    }
    files
}

fn check(version: &str, init: Root, counts: [usize; 4]) {
    if !installed() {
        return;
    }
    let folder = official::folder(version);
    let names = official::names(&folder);
    let request = compile(&folder, &names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let schema = Schema::of(&[init]).unwrap();
    let files = released(&schema);

    let last = |file: &File| file.node.name.rsplit('/').next().unwrap().to_owned();
    assert_eq!(files.iter().map(last).collect::<BTreeSet<_>>(), names.into_iter().collect());
    let mut found = Vec::new();
    for file in &files {
        compare(&schema, file, &request, &mut found);
    }
    assert!(found.is_empty(), "bitcoin-capnp-types {version}:\n{}", found.join("\n"));

    let theirs = official::read(&request);
    println!("bitcoin-capnp-types {version}: {theirs}");
    let ours = ours(&files);
    assert_eq!(ours.interfaces, theirs.interfaces);
    assert_eq!(ours.methods, theirs.methods);
    assert_eq!(ours.structs, theirs.structs);
    assert_eq!(ours.constants, theirs.constants);
    assert_eq!(ours.notes, theirs.notes);
    assert_eq!(theirs.counts(), counts, "interfaces, methods, structs, constants");
}

#[test]
fn our_schemas_of_v30_are_the_official_ones() {
    check("0.1.2", interface::<dyn v30::Init>(), [4, 23, 4, 0]);
}

#[test]
fn our_schemas_of_v31_are_the_official_ones() {
    check("0.2.1", interface::<dyn v31::Init>(), [4, 23, 5, 4]);
}

#[test]
fn our_schemas_of_v32_are_the_official_ones() {
    check("0.3.0", interface::<dyn v32::Init>(), [5, 29, 5, 4]);
}
