//! What the names in a library mean.
//!
//! In: the tree of modules as written. Out: the tree with its imports resolved, and the path by
//! which other crates name each interface.

use std::collections::VecDeque;

use super::source::{Import, Name, Target, Tree};

/// Adds what the imports bring, until they bring nothing new.
pub(super) fn resolve(tree: &mut Tree, library: &str) {
    loop {
        let mut grown = false;
        for module in 0..tree.modules.len() {
            for import in tree.modules[module].imports.clone() {
                for name in brought(tree, library, module, &import) {
                    grown |= add(&mut tree.modules[module].names, name);
                }
            }
        }
        if !grown {
            return;
        }
    }
}

/// Adds a name, or makes it public. Says whether that is new.
fn add(names: &mut Vec<Name>, new: Name) -> bool {
    match names.iter_mut().find(|name| name.name == new.name && name.target == new.target) {
        None => names.push(new),
        Some(known) if new.public && !known.public => known.public = true,
        Some(_) => return false,
    }
    true
}

/// The names that an import brings into `module`, as far as is known yet.
fn brought(tree: &Tree, library: &str, module: usize, import: &Import) -> Vec<Name> {
    let targets = look_up(tree, library, module, &import.path);
    let public = import.public;
    match &import.name {
        Some(name) => targets.into_iter().map(|target| Name { name: name.clone(), target, public }).collect(),
        // `*` brings what is public, and what is not only where nobody looks from outside.
        None => targets
            .into_iter()
            .filter_map(|target| match target {
                Target::Module(from) if from != module => Some(&tree.modules[from].names),
                _ => None,
            })
            .flatten()
            .map(|name| Name { public: public && name.public, ..name.clone() })
            .collect(),
    }
}

/// What a path in `module` means: a module, an interface, or nothing of ours.
fn look_up(tree: &Tree, library: &str, module: usize, path: &[String]) -> Vec<Target> {
    let mut here = vec![Target::Module(module)];
    for (index, step) in path.iter().enumerate() {
        let modules = here.iter().filter_map(|target| match target {
            Target::Module(module) => Some(*module),
            Target::Interface(_) => None,
        });
        let steps: Vec<Target> = modules
            .flat_map(|module| match step.as_str() {
                "crate" => vec![Target::Module(0)],
                "self" => vec![Target::Module(module)],
                "super" => tree.modules[module].parent.map(Target::Module).into_iter().collect(),
                step => {
                    let names = tree.modules[module].names.iter();
                    names.filter(|name| name.name == step).map(|name| name.target).collect()
                }
            })
            .collect();
        here =
            if steps.is_empty() && index == 0 && step == library { vec![Target::Module(0)] } else { steps };
    }
    here
}

/// For each interface the shortest path by which other crates can name it.
pub(super) fn public_paths(tree: &Tree) -> Vec<Option<String>> {
    let mut paths = vec![None; tree.interfaces.len()];
    let mut seen = vec![false; tree.modules.len()];
    let mut queue = VecDeque::from([(0, Vec::new())]);
    seen[0] = true;
    while let Some((module, path)) = queue.pop_front() {
        for name in tree.modules[module].names.iter().filter(|name| name.public) {
            let path: Vec<String> = [path.as_slice(), std::slice::from_ref(&name.name)].concat();
            match name.target {
                Target::Interface(interface) => {
                    paths[interface].get_or_insert_with(|| path.join("::"));
                }
                Target::Module(inner) => {
                    if !std::mem::replace(&mut seen[inner], true) {
                        queue.push_back((inner, path));
                    }
                }
            }
        }
    }
    paths
}
