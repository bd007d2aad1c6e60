//! `mpgen expand`, from files and from standard input.

mod common;

use common::{inside, mpgen, run, with_stdin, words};

const GOOD: &str = r#"//! A shop.

use mp_runtime::{IpcStruct, Result, ipc_interface};

/// Something to buy.
#[derive(Clone, Debug, IpcStruct)]
pub struct Item {
    /// How much of it.
    #[ipc(ordinal = 0)]
    pub amount: u32,
}

pub mod inner {
    /// Sells.
    #[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
    pub trait Shop: Send + Sync {
        /// The price of something.
        fn price(&self, of: &str) -> super::Result<i64>;
    }
}

fn untouched() {}
"#;

const BAD: &str = r#"
#[ipc_interface(file = "shop.capnp", colour = "red")]
pub trait Shop: Send + Sync {
	fn price(&self, of: &str) -> i64;
    fn größe(&self, /* ÄÖÜ */ of: std::rc::Rc<u8>) -> Result<i64>;
}

#[derive(IpcEnum)]
pub enum Nothing {}
"#;

#[test]
fn a_good_file_is_printed_with_its_items_expanded() {
    let from_stdin = with_stdin("expand -", GOOD);
    assert_eq!((from_stdin.code, from_stdin.stderr.as_str()), (0, ""));
    let text = &from_stdin.stdout;
    syn::parse_file(text).expect("Rust");
    assert!(text.starts_with("//! A shop.\nuse mp_runtime"), "{text}");
    assert!(
        text.contains("#[derive(Clone, Debug)]\npub struct Item {\n    /// How much of it.\n    pub amount"),
        "{text}"
    );
    assert!(text.contains("__mp::Interface for dyn Shop"), "{text}");
    assert!(text.ends_with("fn untouched() {}\n"), "{text}");
    for gone in ["ipc_interface(", "#[ipc", "derive(IpcStruct"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("shop.rs"), GOOD).expect("a file");
    let from_file = inside(folder.path(), "expand shop.rs");
    assert_eq!((from_file.code, from_file.stdout), (0, from_stdin.stdout));
}

#[test]
fn one_item_is_printed_alone() {
    let run = with_stdin("expand - --item Shop", GOOD);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("/// Sells.\npub trait Shop"), "{}", run.stdout);
    assert!(!run.stdout.contains("Item"), "{}", run.stdout);

    let run = with_stdin("expand - --item Market", GOOD);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert_eq!(
        run.stderr,
        "error: <stdin> has no item named `Market`\nhelp: the file has `Item`, `Shop`, `inner`\n"
    );
}

#[test]
fn every_mistake_is_shown_where_it_is() {
    let run = with_stdin("expand -", BAD);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("mistakes", run.stderr);
    });

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("shop.rs"), BAD).expect("a file");
    let from_file = inside(folder.path(), "expand shop.rs --item Shop");
    assert_eq!(from_file.code, 1);
    let expected = run.stderr.replace("<stdin>", "shop.rs");
    assert!(expected.starts_with(&from_file.stderr), "{}", from_file.stderr);
}

#[test]
fn what_is_not_rust_is_a_mistake() {
    let run = with_stdin("expand -", "struct A;\nstruct 7;\n");
    assert_eq!(run.code, 1);
    assert_eq!(
        run.stderr,
        "error: expected identifier\n --> <stdin>:2:8\n  |\n2 | struct 7;\n  |        ^\n\n"
    );
    let run = with_stdin("expand -", "fn open( {}");
    assert_eq!(run.code, 1);
    assert!(run.stderr.starts_with("error: this is not Rust: a bracket"), "{}", run.stderr);
}

#[test]
fn modules_keep_their_attributes_and_files_their_first_line() {
    let run =
        with_stdin("expand -", "struct A;\n#[rustfmt::skip]\nmod a {\n    //! Inner.\n    struct X;\n}\n");
    assert_eq!(run.stdout, "struct A;\n#[rustfmt::skip]\nmod a {\n    //! Inner.\n    struct X;\n}\n");
    let run = with_stdin("expand - --item B", "#!/usr/bin/env shop\nstruct A;\nstruct B;\n");
    assert_eq!((run.code, run.stdout.as_str()), (0, "struct B;\n"));
}

#[test]
fn the_attribute_in_the_wrong_place_is_a_mistake() {
    for item in ["struct A;", "fn a() {}", "mod a {}", "enum A {}", "type A = u8;"] {
        let run = with_stdin("expand -", &format!("#[ipc_interface]\n{item}\n"));
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{item}");
        assert!(run.stderr.contains("belongs on a trait"), "{item}: {}", run.stderr);
    }
}

#[test]
fn a_file_that_is_not_there_is_exit_code_2() {
    let run = words("expand no/such/file.rs");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with("error: cannot read no/such/file.rs: "), "{}", run.stderr);
    assert!(run.stderr.contains("\nhelp: give the path of a Rust file"), "{}", run.stderr);
}

#[test]
fn colours_appear_only_where_they_are_wanted() {
    let line = ["expand", "no/such/file.rs"];
    let coloured = |command: &mut std::process::Command| run(command).stderr.contains('\x1b');
    assert!(!coloured(&mut mpgen(line)));
    assert!(coloured(mpgen(line).env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(mpgen(line).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
}
