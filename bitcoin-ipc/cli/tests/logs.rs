//! `combine-logs`, on logs as two processes write them.

use std::process::Command;

#[test]
fn logs_are_combined_and_calls_paired() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = folder.path().join("debug.log");
    let wallet = folder.path().join("debug.log.wallet");
    let client =
        "2026-11-21T10:00:00.000001Z [ipc:debug] IPC client send Chain.getHeight connection=1 call=7 bytes=16
2026-11-21T10:00:00.000004Z [ipc:debug] IPC client recv Chain.getHeight connection=1 call=7 micros=3 bytes=16
";
    let server = "2026-11-21T10:00:00.000002Z [ipc:debug] IPC server recv request Chain.getHeight connection=1 call=3 bytes=16
2026-11-21T10:00:00.000003Z [ipc:debug] IPC server send response Chain.getHeight connection=1 call=3 micros=1 bytes=16
";
    std::fs::write(&node, server).expect("a log");
    std::fs::write(&wallet, client).expect("a log");
    let output = Command::new(env!("CARGO_BIN_EXE_bitcoin-ipc"))
        .args(["combine-logs", "--pair"])
        .args([&node, &wallet])
        .output()
        .expect("an end");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["wallet", "node", "node", "wallet"], "{text}");
    assert_eq!(text.matches("{Chain.getHeight#1").count(), 4, "{text}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 calls seen on both sides"), "{output:?}");
}

#[test]
fn a_log_that_is_not_there_is_an_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_bitcoin-ipc"))
        .args(["combine-logs", "/nowhere/debug.log"])
        .output()
        .expect("an end");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot read /nowhere/debug.log") && text.contains("help"), "{text}");
}
