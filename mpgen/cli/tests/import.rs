//! `mpgen import`: Rust of a schema, whose schema is the same again.

mod common;

#[allow(dead_code, reason = "the program needs more of it")]
#[path = "../src/capnp/mod.rs"]
mod capnp;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use capnp::{Annotation, Field, File, Kind};
use common::{building, inside, package, run, words, write};

const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
/// What comes with the runtime, which no source declares.
const PROVIDED: &str = "mp/proxy.capnp";

/// The schema files in a folder, by what imports call them.
fn files(root: &Path) -> BTreeMap<String, File> {
    fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, File>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "capnp") {
                let name = path.strip_prefix(root).expect("inside").display().to_string();
                let text = fs::read_to_string(&path).expect("a text");
                let file = capnp::parse(&name, &text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
                found.insert(name, normal(file));
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(root, root, &mut found);
    found.remove(PROVIDED);
    found
}

/// A file without what is no part of its nodes: lines, the order of the text, and imports that nothing uses.
fn normal(mut file: File) -> File {
    fn sort(annotations: &mut [Annotation]) {
        annotations.sort_by(|a, b| (&a.name, &a.value).cmp(&(&b.name, &b.value)));
    }
    fn fields(fields: &mut [Field]) {
        fields.sort_by_key(|field| field.ordinal);
        for field in fields {
            field.line = 0;
            sort(&mut field.annotations);
        }
    }
    file.imports.clear();
    sort(&mut file.annotations);
    file.declarations.sort_by(|a, b| a.name.cmp(&b.name));
    for declaration in &mut file.declarations {
        declaration.line = 0;
        sort(&mut declaration.annotations);
        match &mut declaration.kind {
            Kind::Interface { methods, .. } => {
                methods.sort_by_key(|method| method.ordinal);
                for method in methods {
                    method.line = 0;
                    sort(&mut method.annotations);
                    fields(&mut method.params);
                    fields(&mut method.results);
                }
            }
            Kind::Struct(inside) | Kind::Enum(inside) => fields(inside),
            Kind::Constant(..) | Kind::Other => {}
        }
    }
    file
}

/// Imports all schema files of a folder, and gives the files that the source has in turn.
fn there_and_back(root: &Path, name: &str) -> BTreeMap<String, File> {
    let mut line = vec!["import".to_owned(), "-I".to_owned(), root.display().to_string()];
    line.extend(files(root).keys().map(|name| root.join(name).display().to_string()));
    let imported = run(&mut common::mpgen(&line));
    assert_eq!((imported.code, imported.stderr.as_str()), (0, ""));
    let package = package(name, "", &imported.stdout);
    let written = building(package.path(), "schema --write schemas");
    assert_eq!(written.code, 0, "{}\n{}", written.stderr, imported.stdout);
    files(&package.path().join("schemas"))
}

#[track_caller]
fn same(before: &BTreeMap<String, File>, after: &BTreeMap<String, File>) {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, before) in before {
        let after = &after[name];
        for (before, after) in before.declarations.iter().zip(&after.declarations) {
            assert_eq!(before, after, "in {name}");
        }
        assert_eq!(before, after, "{name}");
    }
}

#[test]
fn what_comes_out_again_is_what_went_in() {
    let before = files(Path::new(SCHEMAS));
    assert!(before.len() > 20, "{:?}", before.keys());
    same(&before, &there_and_back(Path::new(SCHEMAS), "imported"));
}

/// A schema with every form that has one in Rust.
const ALL: &str = r#"@0xf00df00df00df00d;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("a::b");
using Proxy = import "/mp/proxy.capnp";
$Proxy.include("a.h");
$Proxy.include("b.h");
using Other = import "part/other.capnp";
using Item = import "part/other.capnp".Item;
const most :UInt32 = 0x10;
const ratio :Float64 = -1.5e3;
interface Plain $Proxy.wrap("Plain<int>") { destroy @0 (context :Proxy.Context) -> (); }
interface Last @0xf00df00df00df0ff {
  zero @0 () -> ();
  one @1 (context :Proxy.Context) -> (answer :Int64) $Proxy.name("eins");
  destroy @2 (context :Proxy.Context) -> ();
  begin @3 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
}
interface Derived extends(Plain) {
  fn @0 (context :Proxy.Context, self :Text, type :Data, isRBFOptIn :List(Text)) -> (result :Item, hasResult :Bool);
  # With a comment.
  # Of two lines.
  optionals @1 (a :UInt8, hasA :Bool, b :Text, hasB :Bool, c :Item, hasC :Bool, hasD :Bool) -> (result :Plain);
  defaults @2 (a :UInt32 = .most, b :Float64 = .ratio, c :Bool = true, d :Float32 = inf, e :Int8 = -3) -> ();
  ways @3 (context :Proxy.Context, a :Int32, wantB :Bool, c :Text) -> (a :Int32, b :Text, c :Text, result :Bool);
  others @4 (context :Proxy.Context, b :Text) -> (a :Int32, b :Text, hasB :Bool, c :List(Item));
  fails @5 (what :Text) -> (result :Int32, error :Item $Proxy.exception("a::Error"));
  throws @6 (what :Text) -> (fault :Item $Proxy.exception("a::Error"));
  many @7 () -> (a :Int32, b :Int32, error :Item $Proxy.exception("a::Error"));
  size @8 (of :Other.Size, all :List(Other.Size)) -> (result :Other.Size);
  objects @9 (one :Plain, many :List(Plain)) -> (result :List(Plain));
  generic @10 (a :Other.Holder(Text, Item), b :Other.Bare) -> (result :List(Other.Holder(Data, List(Text))));
  changed @11 (a :Int32) -> (a :Text);
}
struct Unused { # Nobody passes it.
  a @1 :Bool;
  b @0 :Int16 = 5 $Proxy.name("b_");
}
struct Tree { value @0 :Int32; left @1 :Tree; all @2 :List(Tree); }
struct UsesTree { tree @0 :Tree; object @1 :Plain; }
"#;

const OTHER: &str = r#"@0xf00df00df00df00e;
enum Size { small @0; veryLarge @1; xYZ @2; }
struct Item {
  union {
    nothing @0 :Void;
    text @1 :Text;
    both :group { first @2 :Int32; second @3 :Data; hasSecond @4 :Bool; }
    last @5 :Size;
    self @6 :List(Item);
  }
}
struct Holder(Key, Value) { key @0 :Key; value @1 :Value; }
struct Bare(Value) { error @0 :Text; }
struct Option { vec @0 :UInt8; hasVec @1 :Bool; hasOther @2 :Bool; }
struct Result(Value) { value @0 :Value; }
"#;

#[test]
fn every_form_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "all.capnp", ALL);
    write(folder.path(), "part/other.capnp", OTHER);
    same(&files(folder.path()), &there_and_back(folder.path(), "forms"));
}

#[test]
fn the_recorded_versions_are_those_of_the_schema_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = ["v30", "v31", "v32"].map(|version| format!("schemas/bitcoin/{version}/init.capnp"));
    let command = format!("import -I schemas {}", files.join(" "));
    let run = inside(&root, &command);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let recorded = fs::read_to_string(root.join("bitcoin-ipc/tests/recorded/schemas.rs")).expect("a file");
    assert!(
        recorded == run.stdout,
        "`mpgen {command} > bitcoin-ipc/tests/recorded/schemas.rs` writes it anew"
    );
}

/// Bitcoin Core's own files, where they are at hand.
#[test]
fn the_files_of_bitcoin_core_come_back() {
    let Some(folder) = std::env::var_os("BITCOIN_SCHEMAS") else {
        eprintln!("SKIPPED: BITCOIN_SCHEMAS is not set to the folder of Bitcoin Core's schema files");
        return;
    };
    let folder = Path::new(&folder);
    let before = files(folder);
    assert!(before.contains_key("mining.capnp"), "{:?}", before.keys());
    same(&before, &there_and_back(folder, "core"));
}

#[test]
fn what_has_no_form_in_rust_is_refused_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |text: &str, expected: &[&str]| {
        let head = "@0xf00df00df00df00d;\nusing Proxy = import \"/mp/proxy.capnp\";\n";
        write(folder.path(), "a.capnp", &format!("{head}{text}"));
        let run = inside(folder.path(), "import a.capnp");
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
        for expected in expected {
            assert!(run.stderr.contains(expected), "{expected:?} is not in: {}", run.stderr);
        }
        assert_eq!(run.stderr.matches("error: ").count(), expected.len(), "{}", run.stderr);
    };
    let beside = "a.capnp:3: a struct with fields beside a union";
    let inside = "to a struct of its own, and hold that in a field";
    refused("struct A {\n  struct B { a @0 :Bool; }\n}", &["error: a.capnp:4: a type inside another one"]);
    refused(
        "interface A {\n  interface B {}\n  b @0 () -> (c :Bool);\n}",
        &["its id, which then has to stand behind its name"],
    );
    refused(
        "struct A {\n  any @0 :AnyPointer;\n}",
        &["error: a.capnp:4: `AnyPointer` has no form in Rust; write the type that it holds"],
    );
    refused(
        "struct A { a @0 :List(UInt8); }\nconst a :Text = \"b\";",
        &["`Data`, which looks the same on the wire", "a.capnp:4: the constant `a` has no form"],
    );
    refused("struct A { a @0 :Text = \"b\"; }", &["a.capnp:3: a default that is no number"]);
    refused(
        "struct A { a @0 :B = (b = true); }\nstruct B { b @0 :Bool; }",
        &["leave it out, and have whoever reads"],
    );
    refused(
        "struct A { a @0 :C = two; }\nenum C { one @0; two @1; }",
        &["a.capnp:3: a default that is no number"],
    );
    refused(
        "interface A { a @0 (b :List(Int8) = [1, 2]) -> (); }",
        &["a.capnp:3: a default that is no number"],
    );
    refused("struct A { a @0 :Bool; union { b @1 :Bool; c @2 :Bool; } }", &[beside]);
    refused("struct A { a :group { b @0 :Bool; } }", &[inside]);
    refused("struct A { a :union { b @0 :Bool; c @1 :Text; } }", &[inside]);
    refused(
        "struct A { union { a @0 :Bool; b :union { c @1 :Bool; d @2 :Bool; } } }",
        &["a union in a union has no form"],
    );
    refused(
        "struct A { union { a :group { b @0 :Bool; c @2 :Bool; } d @1 :Bool; } }",
        &["move them to a struct of their own"],
    );
    refused("struct A { a @0 :Bool $Proxy.skip; }", &["the annotation `$mp/proxy.capnp:skip`"]);
    refused(
        "interface A { a @0 (b :Proxy.Thread) -> (); }",
        &["`mp/proxy.capnp:Thread` is the runtime's own"],
    );
    refused("interface A(T) { a @0 () -> (); }", &["write one interface for each type"]);
    refused("interface A { a @0 B -> (); }\nstruct B {}", &["a struct of their own have no form"]);
}

#[test]
fn what_cannot_be_read_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "@0xf00df00df00df00d;\nusing B = import \"b.capnp\";\nstruct A { b @0 :B.B; }";
    write(folder.path(), "a.capnp", text);
    let run = inside(folder.path(), "import a.capnp");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("error: cannot read ./b.capnp"), "{}", run.stderr);
    assert!(run.stderr.contains("`-I DIR`"), "{}", run.stderr);
    assert_eq!(words("import").code, 2);
    write(folder.path(), "b.capnp", "@0xf00df00df00df00e;\nenum B { one @0; }\nenum C { one @0; }");
    let run = inside(folder.path(), "import a.capnp");
    let expected = "warning: b.capnp:3: no interface passes `C`, so no schema shows it";
    assert!(run.code == 0 && run.stderr.contains(expected), "{}", run.stderr);
}
