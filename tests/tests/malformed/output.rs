//! What the server prints when its peers break the rules: nothing.
//!
//! In: this test program, run again without its own capture. Out: its standard output and error,
//! searched for what a library prints behind our back. (Reports belong to `tracing`; capnp-rpc
//! prints the failures of its own tasks on standard output.)

use std::process::Command;

#[test]
fn the_server_prints_nothing() {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--nocapture", "--quiet", "--skip", "output::"])
        .output()
        .expect("a run of this program");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    // The harness of the tests says how many there are, and shows its progress in dots.
    let strange = |line: &&str| {
        let ours = line.is_empty() || line.starts_with("running ") || line.starts_with("test result: ok");
        !ours
            && !line
                .chars()
                .all(|letter| letter == '.' || letter.is_ascii_digit() || letter == '/' || letter == ' ')
    };
    let lines: Vec<&str> = text.lines().filter(strange).collect();
    assert_eq!(lines, Vec::<&str>::new());
}
