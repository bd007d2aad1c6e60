//! Parents and children: what a child has, and what becomes of it when its parent is killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use mp_runtime::{EventLoop, SpawnArgument, spawn};
use mp_tests::family::{Child, GRAVE};

use super::work::until;

const FAMILY: &str = env!("CARGO_BIN_EXE_family");

/// Has a child whose parent is killed. Returns what it has left.
fn orphan(grave: &Path, arguments: &[&str]) -> String {
    let mut parent = Command::new(FAMILY)
        .args(arguments)
        .env(GRAVE, grave)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    parent.kill().unwrap();
    parent.wait().unwrap();
    until(|| std::fs::metadata(grave).is_ok_and(|file| file.len() > 0));
    std::fs::read_to_string(grave).unwrap()
}

#[test]
fn what_a_child_has_served_is_dropped_before_it_ends_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let left = orphan(&folder.path().join(round.to_string()), &[]);
        assert!(left.ends_with("of 1 parts left"), "{left}");
    }
}

#[test]
fn it_is_dropped_after_a_call_that_the_killed_parent_has_made() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let left = orphan(&folder.path().join(round.to_string()), &["busy"]);
        assert!(left.ends_with("of 1 parts left"), "{left}");
    }
}

#[test]
fn a_child_has_no_descriptor_but_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let file = std::fs::File::create(&secret).unwrap();
    // As code in another language, or a parent of this process, leaves them.
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let (process, child) =
        spawn::<dyn Child>(&EventLoop::new("parent").unwrap(), FAMILY, SpawnArgument::IpcFd).unwrap();
    let descriptors = child.descriptors().unwrap();
    assert!(descriptors.iter().any(|target| target.starts_with("socket:")), "{descriptors:?}");
    assert!(!descriptors.contains(&secret.display().to_string()), "{descriptors:?}");
    drop(child);
    assert!(process.wait().unwrap().success());
}

#[test]
fn a_program_whose_panics_abort_is_not_built() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mp-runtime/src/unwinding.rs");
    let folder = tempfile::tempdir().unwrap();
    let built = |strategy: &str| {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc)
            .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "-C", strategy, "-o"])
            .arg(folder.path().join("unwinding.rmeta"))
            .arg(&source)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(built("panic=unwind"), (true, String::new()));
    let (success, text) = built("panic=abort");
    assert!(!success && text.contains("mp-runtime needs panics that unwind"), "{text}");
}
