//! `mpgen schema` and `mpgen check` on small packages that are not part of this workspace.
//!
//! Only one test builds something: that takes a while.

mod common;

use std::fs;
use std::path::Path;

use common::{LOCK, building as inside, write};
use tempfile::TempDir;

const SHOP: &str = r#"//! The front of the shop.
use mp_runtime::{Result, ipc_file, ipc_interface};

ipc_file! {
    /// The shop's file.
    pub static SHOP: "shop.capnp" @ 0xf00df00df00df00d;
}

/// Sells.
#[ipc_interface(file = SHOP)]
pub trait Shop: Send + Sync {
    /// The price of something.
    fn price(&self, of: &str) -> Result<i64>;
}
"#;

const OVEN: &str = r#"//! The back of the shop.
use mp_runtime::{Result, ipc_interface};

/// Bakes.
#[ipc_interface(file = "oven.capnp", file_id = 0xf00df00df00df00e)]
pub trait Oven: Send + Sync {
    /// Bakes.
    fn bake(&self) -> Result<()>;
}
"#;

/// A package `shop` with `more` in its manifest.
fn package(more: &str) -> TempDir {
    let folder = common::package("shop", more, "//! A shop.\npub mod front;\nmod back;\n");
    write(folder.path(), "src/front.rs", SHOP);
    write(folder.path(), "src/back.rs", OVEN);
    folder
}

#[test]
fn a_schema_is_printed_written_and_checked() {
    let package = package("[package.metadata.mpgen]\nschemas = \"schemas\"");
    let folder = package.path();

    let printed = inside(folder, "schema");
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    assert!(printed.stdout.starts_with("# shop.capnp\n"), "{}", printed.stdout);
    assert!(printed.stdout.contains("interface Shop"), "{}", printed.stdout);
    assert!(printed.stdout.contains("\n# mp/proxy.capnp\n"), "{}", printed.stdout);
    assert!(!printed.stdout.contains("Oven"), "{}", printed.stdout);
    assert_eq!(
        printed.stderr,
        "warning: `shop::back::Oven` (src/back.rs:6) is an interface that other crates cannot name, so the schema does not start from it\n\
         help: write `pub use back::Oven;` in lib.rs, or make every module around it `pub`; or list the interfaces that you want as `roots` under [package.metadata.mpgen] in Cargo.toml\n"
    );

    let missing = inside(folder, "check --root front::Shop");
    assert_eq!((missing.code, missing.stdout.as_str()), (1, ""));
    assert!(missing.stderr.contains("error: schemas/shop.capnp is missing\n"), "{}", missing.stderr);

    let written = inside(folder, "schema --root crate::front::Shop --write");
    assert_eq!((written.code, written.stdout.as_str()), (0, ""));
    assert_eq!(written.stderr, "wrote schemas/shop.capnp\nwrote schemas/mp/proxy.capnp\n");
    let text = fs::read_to_string(folder.join("schemas/shop.capnp")).expect("the file");
    assert!(printed.stdout.starts_with(&format!("# shop.capnp\n{text}# mp/proxy.capnp\n")));
    assert_eq!(
        inside(folder, "schema --root front::Shop --write schemas").stderr,
        "the files in schemas are up to date\n"
    );

    let fresh = inside(folder, "check --root front::Shop");
    assert_eq!((fresh.code, fresh.stderr.as_str()), (0, "the files in schemas are up to date\n"));

    write(folder, "src/front.rs", &SHOP.replace("price", "worth"));
    let stale = inside(folder, "check --root front::Shop --schemas schemas");
    assert_eq!((stale.code, stale.stdout.as_str()), (1, ""));
    let line = 1 + text.lines().position(|line| line.contains("price")).expect("the method");
    assert_eq!(
        stale.stderr,
        format!(
            "error: schemas/shop.capnp is out of date, from line {line} on\n\
             help: `mpgen schema --root front::Shop --offline --write schemas` writes them anew\n"
        )
    );

    let broken = inside(folder, "check --root front::Shop --against schemas");
    assert_eq!(broken.code, 1, "{}", broken.stderr);
    for part in [
        "error: @1 of `Shop` was `price` and is `worth`\n".to_owned(),
        format!("--> shop.capnp:{line}\n{line} |   worth @1 (context"),
        "help: add methods, parameters and fields behind all others".to_owned(),
    ] {
        assert!(broken.stderr.contains(&part), "{part:?} is not in: {}", broken.stderr);
    }
    assert!(broken.stdout.contains("\n-  price @1 "), "{}", broken.stdout);
    assert!(broken.stdout.contains("\n+  worth @1 "), "{}", broken.stdout);

    let more = SHOP.replace("<i64>;", "<i64>;\n    /// More.\n    fn more(&self) -> Result<()>;");
    write(folder, "src/front.rs", &more);
    git(folder, &["init", "-q"]);
    git(folder, &["add", "schemas"]);
    git(folder, &["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "a"]);
    fs::remove_dir_all(folder.join("schemas/mp")).expect("a folder");
    let safe = inside(folder, "check --root front::Shop --against HEAD");
    let expected = "peers of HEAD understand everything; 1 additions\n";
    assert_eq!((safe.code, safe.stderr.as_str()), (0, expected), "{}", safe.stdout);
    assert!(safe.stdout.contains("\n+  more @2 "), "{}", safe.stdout);
    let unknown = inside(folder, "check --root front::Shop --against v9");
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("error: `v9` is no folder and no revision of schemas"),
        "{}",
        unknown.stderr
    );

    write(folder, "src/lib.rs", "pub mod front;\npub mod back;\nfn mistake() -> u8 { \"\" }\n");
    let broken = inside(folder, "check");
    assert_eq!(broken.code, 2);
    assert!(broken.stderr.contains("mismatched types"), "{}", broken.stderr);
    assert!(
        broken.stderr.contains("error: the program that knows the schema could not be built"),
        "{}",
        broken.stderr
    );
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = std::process::Command::new("git").current_dir(folder).args(arguments).status().expect("git");
    assert!(status.success(), "{arguments:?}");
}

/// Runs a command that fails before anything is built.
#[track_caller]
fn fails(folder: &Path, line: &str, code: i32, expected: &[&str]) {
    let run = inside(folder, line);
    assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{}", run.stderr);
    for expected in expected {
        assert!(run.stderr.contains(expected), "{expected:?} is not in: {}", run.stderr);
    }
}

#[test]
fn what_is_meant_has_to_be_clear() {
    let package = package("");
    let folder = package.path();
    fails(
        folder,
        "schema --package sohp",
        2,
        &["error: there is no package `sohp`", "help: its packages are shop"],
    );
    fails(
        folder,
        "schema --root front:Shop",
        2,
        &["error: `front:Shop` is not the path of a trait", "help: write it like"],
    );
    fails(
        folder,
        "check",
        2,
        &["error: no folder of schema files is given", "help: write `--schemas DIR`, or `schemas"],
    );
    fails(folder, "schema --write", 2, &["help: write `--write DIR`"]);
    fails(folder, "schema --manifest-path no/Cargo.toml", 2, &["help: run mpgen in the folder of a package"]);

    write(folder, "src/lib.rs", "mod back;\n");
    fails(folder, "schema", 2, &["warning: `shop::back::Oven`", "error: found no interface in `shop`"]);
    write(folder, "src/lib.rs", "pub mod front;\nfn 7() {}\n");
    fails(folder, "schema", 1, &["error: expected identifier\n --> src/lib.rs:2:4\n"]);
    fs::rename(folder.join("src/lib.rs"), folder.join("src/main.rs")).expect("a file");
    fails(folder, "schema", 2, &["error: package `shop` has no library"]);
}

#[test]
fn settings_are_understood_or_refused() {
    let refused = |more: &str, expected: &str| {
        let package = package(more);
        fails(package.path(), "schema", 2, &[expected]);
    };
    refused(
        "[package.metadata.mpgen]\nroot = []",
        "there is no setting `root`\nhelp: it understands roots and schemas",
    );
    refused("[package.metadata.mpgen]\nroots = \"a\"", "`roots` is a list of names");
    refused("[package.metadata]\nmpgen = 1", "is not a table");
    refused("[workspace.metadata.mpgen]\npackages = [\"bakery\"]", "error: there is no package `bakery`");
}

#[test]
fn a_workspace_says_which_packages_are_meant() {
    let shop = package("");
    let bakery = package("[lib]\nname = \"oven\"");
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(LOCK, folder.path().join("Cargo.lock")).expect("the versions of this workspace");
    for (package, name) in [(&shop, "shop"), (&bakery, "bakery")] {
        fs::rename(package.path(), folder.path().join(name)).expect("a folder that moves");
    }
    let manifest = folder.path().join("bakery/Cargo.toml");
    let renamed = fs::read_to_string(&manifest).expect("a manifest").replace("\"shop\"", "\"bakery\"");
    fs::write(&manifest, renamed).expect("a manifest");
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"shop\", \"bakery\"]\n";
    write(folder.path(), "Cargo.toml", workspace);
    let unclear = "help: pass `--package NAME`, or write `packages = [\"NAME\"]` under [workspace.metadata.mpgen] in Cargo.toml; its packages are bakery, shop";
    fails(folder.path(), "schema", 2, &[unclear]);
    let both = "schema --package shop --package bakery --root front::Shop";
    fails(folder.path(), both, 2, &["help: let it begin with the name of a library: shop, oven"]);

    let settings = "[workspace.metadata.mpgen]\npackages = [\"shop\", \"bakery\"]\nschemas = \"schemas\"\n";
    write(folder.path(), "Cargo.toml", &format!("{workspace}{settings}"));
    fails(folder.path(), "schema --root front::Shop", 2, &["it is not clear which package"]);
    // In the folder of a package, that one is meant; the one without interfaces shows which it is.
    write(folder.path(), "bakery/src/lib.rs", "");
    fails(&folder.path().join("bakery"), "schema", 2, &["error: found no interface in `bakery`"]);
}
