//! What the program says about itself, and how it takes wrong usage.
//!
//! `INSTA_UPDATE=always cargo test -p mpgen-cli` writes the snapshots.

mod common;

use common::words;

fn check(name: &str, line: &str) {
    let help = words(line);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, help.stdout);
    });
}

#[test]
fn help_of_every_command() {
    check("help", "--help");
    check("help_of_expand", "expand --help");
    check("help_of_schema", "schema --help");
    check("help_of_check", "check --help");
    check("help_of_import", "import --help");
}

#[test]
fn the_version() {
    let version = words("--version");
    assert_eq!((version.code, version.stdout), (0, format!("mpgen {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for line in ["", "expnad", "expand", "schema --no-such-option", "schema --package"] {
        let run = words(line);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "mpgen {line}");
        assert!(run.stderr.contains("--help"), "mpgen {line}: {}", run.stderr);
    }
}
