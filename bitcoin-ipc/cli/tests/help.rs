//! What the program says about itself, and how it takes wrong usage.
//!
//! `INSTA_UPDATE=always cargo test -p bitcoin-ipc-cli` writes the snapshots.

mod common;

use common::run;

fn check(name: &str, line: &str) {
    let help = run(line).good();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, help);
    });
}

#[test]
fn help_of_the_program_and_of_commands_with_options() {
    check("help", "--help");
    for command in ["template", "mine", "rpc", "serve"] {
        check(&format!("help_of_{command}"), &format!("{command} --help"));
    }
}

#[test]
fn every_command_has_help() {
    for command in ["info", "tip", "tx", "echo", "bench", "top"] {
        let help = run(&format!("{command} --help")).good();
        assert!(help.contains("--connect <ADDRESS>"), "{help}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for (line, says) in [
        ("", "Usage"),
        ("tpi", "unrecognized subcommand"),
        ("mine 0", "zero"),
        ("mine 1 --address nonsense", "--address"),
        ("mine 1 --script 5g", "--script"),
        ("tx 12", "64 hexadecimal digits"),
        ("template --fee-threshold 5", "--watch"),
        ("--connect tcp:localhost info", "write `unix`, `unix:path` or `auto`"),
        ("--release v29 info", "v30, v31, v32"),
        ("--regtest --chain main info", "cannot be used with"),
        ("--timeout 0 info", "--timeout"),
    ] {
        let run = run(line);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{line}");
        assert!(run.stderr.contains(says), "{line}: {}", run.stderr);
    }
}
