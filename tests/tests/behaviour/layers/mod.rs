//! The order of packages and modules: each imports only earlier ones.
//!
//! In: the block `layers` of CONTRIBUTING.md, and all sources. Out: what stands in another order than it
//! says, with the line that would be true.

mod order;
mod sources;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use order::{Order, orders};
use sources::Sources;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn contributing() -> Vec<Order> {
    orders(&std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap())
}

/// The folders of packages that others may use, with their names. Tests import whatever they test.
fn packages() -> Vec<(PathBuf, String, String)> {
    let manifest = |folder: &Path| std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let quoted = |text: &str| text.split('"').nth(1).unwrap_or_default().to_owned();
    let workspace = manifest(&root());
    let (_, members) = workspace.split_once("members = [").unwrap();
    let members = members.split(']').next().unwrap().lines().map(quoted);
    let members = members.filter(|member| !member.is_empty() && !member.starts_with("tests"));
    members
        .map(|member| {
            let folder = root().join(member);
            let text = manifest(&folder);
            let name = text.lines().find(|line| line.starts_with("name = ")).map(quoted).unwrap();
            (folder, name, text)
        })
        .collect()
}

#[test]
fn each_package_depends_only_on_earlier_ones() {
    let packages = packages();
    let names: BTreeSet<String> = packages.iter().map(|(_, name, _)| name.clone()).collect();
    let mut imports = BTreeSet::new();
    for (_, name, manifest) in &packages {
        // What tests and build scripts need is no import of the package.
        let tables = manifest.split("\n[").filter(|table| table.starts_with("dependencies]"));
        for line in tables.flat_map(str::lines) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if names.contains(dependency) {
                imports.insert((name.clone(), dependency.to_owned()));
            }
        }
    }
    assert!(imports.len() > 5, "the manifests look different");
    let order = contributing().into_iter().find(|order| order.package == "packages").expect("an order");
    assert_eq!(order.faults(&names, &imports), Vec::<String>::new());
}

#[test]
fn each_module_imports_only_earlier_ones() {
    let orders = contributing();
    let mut faults = Vec::new();
    for (folder, name, _) in packages() {
        let sources = Sources::read(&folder.join("src"));
        let own: Vec<&Order> = orders.iter().filter(|order| order.package == name).collect();
        if !own.iter().any(|order| order.folder.is_empty()) && sources.modules(&[]).len() > 1 {
            let none = Order { package: name.clone(), ..Order::default() };
            faults.extend(none.faults(&sources.modules(&[]), &sources.imports(&[])));
        }
        for order in own {
            let found = order.faults(&sources.modules(&order.folder), &sources.imports(&order.folder));
            faults.extend(found);
        }
    }
    let names: Vec<String> = packages().into_iter().map(|(_, name, _)| name).collect();
    let unknown =
        orders.iter().filter(|order| order.package != "packages" && !names.contains(&order.package));
    faults.extend(unknown.map(|order| format!("{} is no package", order.package)));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A test that cannot fail proves nothing: each order is wrong when any of its imports goes the other way.
#[test]
fn an_import_that_is_turned_round_is_a_fault() {
    let mut turned = 0;
    for (folder, name, _) in packages() {
        let sources = Sources::read(&folder.join("src"));
        for order in contributing().into_iter().filter(|order| order.package == name) {
            let (modules, imports) = (sources.modules(&order.folder), sources.imports(&order.folder));
            for (from, to) in &imports {
                let mut other = imports.clone();
                other.remove(&(from.clone(), to.clone()));
                other.insert((to.clone(), from.clone()));
                let faults = order.faults(&modules, &other);
                assert!(!faults.is_empty(), "{name}: {to} may import {from}");
                turned += 1;
            }
        }
    }
    assert!(turned > 100, "only {turned} imports were seen");
}
