//! The interfaces that a library declares.
//!
//! In: the source of a library. Out: the paths by which other crates name its interfaces, and the
//! interfaces that they cannot name, with what to do about it.

mod condition;
mod names;
mod source;

use std::path::PathBuf;

use crate::Failure;
use crate::metadata::Library;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The paths of the interfaces that other crates can name, in the order of the source.
    pub(crate) paths: Vec<String>,
    /// The others.
    pub(crate) hidden: Vec<Hidden>,
    /// Where macros are declared that make interfaces, which are not found in what they make: file and line.
    pub(crate) macros: Vec<(PathBuf, usize)>,
}

/// An interface that other crates cannot name.
#[derive(Debug)]
pub(crate) struct Hidden {
    /// Its path inside the library.
    pub(crate) path: String,
    /// The file that declares it.
    pub(crate) file: PathBuf,
    /// The line of its name.
    pub(crate) line: usize,
    /// How other crates can come to name it.
    pub(crate) advice: String,
}

/// Finds the interfaces of a library of which these features are on.
pub(crate) fn interfaces(library: &Library, features: &[String]) -> Result<Found, Failure> {
    let mut tree = source::read(&library.source, features)?;
    names::resolve(&mut tree, &library.name);
    let mut found = Found { macros: std::mem::take(&mut tree.macros), ..Found::default() };
    for (path, interface) in names::public_paths(&tree).into_iter().zip(&tree.interfaces) {
        if let Some(path) = path {
            found.paths.push(format!("{}::{path}", library.name));
            continue;
        }
        let inside =
            [tree.modules[interface.module].path.as_slice(), std::slice::from_ref(&interface.name)].concat();
        let inside = inside.join("::");
        let name = &interface.name;
        let below_root = inside != *name;
        let mut advice = if interface.public {
            String::new()
        } else if below_root {
            format!("declare it as `pub trait {name}` and ")
        } else {
            format!("declare it as `pub trait {name}`")
        };
        if below_root {
            let file = library.source.file_name().unwrap_or_default().display();
            advice += &format!("write `pub use {inside};` in {file}, or make every module around it `pub`");
        }
        found.hidden.push(Hidden {
            path: format!("{}::{inside}", library.name),
            file: interface.file.clone(),
            line: interface.line,
            advice,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Found, interfaces};
    use crate::metadata::Library;

    fn of(files: &[(&str, &str)]) -> Found {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let library = Library { name: "shop".into(), source: folder.path().join("lib.rs") };
        interfaces(&library, &["sweet".into()]).expect("source that parses")
    }

    fn paths(files: &[(&str, &str)]) -> Vec<String> {
        of(files).paths
    }

    #[test]
    fn modules_are_followed_into_their_files() {
        let found = paths(&[
            ("lib.rs", "pub mod a; pub mod b; #[path = \"other.rs\"] pub mod c; pub mod d { pub mod e; }"),
            ("a.rs", "pub mod inner;"),
            ("a/inner.rs", "#[ipc_interface(file = F)] pub trait A {}"),
            ("b/mod.rs", "pub mod inner;"),
            ("b/inner.rs", "#[mp_runtime::ipc_interface(file = F)] pub trait B {} pub trait Ordinary {}"),
            ("other.rs", "#[ipc_interface(file = F)] pub trait C {}"),
            ("d/e.rs", "#[ipc_interface(file = F)] pub trait E {}"),
        ]);
        assert_eq!(found, ["shop::a::inner::A", "shop::b::inner::B", "shop::c::C", "shop::d::e::E"]);
    }

    #[test]
    fn macros_that_make_interfaces_are_pointed_out() {
        let found = of(&[
            ("lib.rs", "mod a;\nmacro_rules! other { () => { pub trait A {} } }"),
            (
                "a.rs",
                "\nmacro_rules! make { ($name:ident) => { #[ipc_interface(file = F)] pub trait $name {} } }\nmake!(A);",
            ),
        ]);
        let places: Vec<_> =
            found.macros.iter().map(|(file, line)| (file.ends_with("a.rs"), *line)).collect();
        assert_eq!((found.paths, places), (Vec::new(), vec![(true, 2)]));
    }

    #[test]
    fn names_are_followed_through_imports() {
        let found = paths(&[(
            "lib.rs",
            "mod a { #[ipc_interface] pub trait A {} #[ipc_interface] pub trait B {} pub mod deep { #[ipc_interface] pub trait C {} } }
             use a::deep as below;
             pub use a::{A, B as Renamed};
             pub use self::below::*;",
        )]);
        assert_eq!(found, ["shop::A", "shop::Renamed", "shop::C"]);
    }

    #[test]
    fn the_shortest_public_path_wins() {
        let text = "pub mod a { #[ipc_interface] pub trait A {} } pub use crate::a::A;";
        assert_eq!(paths(&[("lib.rs", text)]), ["shop::A"]);
    }

    #[test]
    fn older_versions_are_interfaces_too() {
        let text =
            "mod a { #[ipc_interface(file = F, versions(v1(form = OldA, file = G), v2))] pub trait A {} }
             pub use a::{A, OldA};";
        assert_eq!(paths(&[("lib.rs", text)]), ["shop::A", "shop::OldA"]);
    }

    #[test]
    fn what_is_not_compiled_is_not_found() {
        let found = paths(&[(
            "lib.rs",
            "#[cfg(test)] mod tests { #[ipc_interface] pub trait A {} }
             #[cfg(feature = \"sweet\")] #[ipc_interface] pub trait B {}
             #[cfg(not(feature = \"sweet\"))] #[ipc_interface] pub trait C {}
             #[cfg(any(feature = \"sour\", all(test, unix)))] #[ipc_interface] pub trait D {}
             #[cfg(unix)] #[ipc_interface] pub trait E {}",
        )]);
        assert_eq!(found, ["shop::B", "shop::E"]);
    }

    #[test]
    fn an_interface_that_cannot_be_named_comes_with_advice() {
        let found = of(&[
            ("lib.rs", "mod a;\n#[ipc_interface] trait Top {}"),
            ("a.rs", "#[ipc_interface]\npub trait A {}\n#[ipc_interface] pub(crate) trait B {}"),
        ]);
        assert!(found.paths.is_empty());
        let hidden: Vec<_> = found
            .hidden
            .iter()
            .map(|hidden| (hidden.path.as_str(), hidden.line, hidden.advice.as_str()))
            .collect();
        let reach =
            |path: &str| format!("write `pub use {path};` in lib.rs, or make every module around it `pub`");
        assert_eq!(
            hidden,
            [
                ("shop::a::A", 2, reach("a::A").as_str()),
                ("shop::a::B", 3, format!("declare it as `pub trait B` and {}", reach("a::B")).as_str()),
                ("shop::Top", 2, "declare it as `pub trait Top`"),
            ]
        );
    }

    #[test]
    fn imports_in_a_circle_come_to_an_end() {
        let text = "pub mod a { pub use super::b::*; } pub mod b { pub use super::a::*; #[ipc_interface] pub trait B {} }";
        assert_eq!(paths(&[("lib.rs", text)]), ["shop::a::B"]);
    }
}
