//! The example programs as processes: with each other, and mixed with the C++ ones where these
//! are at hand (`MPEXAMPLE_DIR` names their directory).

use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use mp_example::InitInterface;
use mp_runtime::{ErrorKind, EventLoop, SpawnArgument, spawn};

const PRINTER: &str = env!("CARGO_BIN_EXE_mpprinter");
const CALCULATOR: &str = env!("CARGO_BIN_EXE_mpcalculator");
const EXAMPLE: &str = env!("CARGO_BIN_EXE_mpexample");
const ROOM: &str = env!("CARGO_BIN_EXE_mproom");

fn run(program: &Path, args: &[&str], input: &[u8]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary directory");
    // The C++ programs write a log into the current directory.
    let mut child = Command::new(program)
        .args(args)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    child.stdin.take().expect("its input").write_all(input).expect("a pipe");
    child.wait_with_output().expect("its output")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_answer_is_printed_by_another_process() {
    let output = run(Path::new(EXAMPLE), &[], b"2+2\n\n(1.5 + 2) * 3 / 7\nexit\n1+1\n");
    assert_eq!(text(&output.stdout), "mpprinter: 2+2 = 4\nmpprinter: (1.5 + 2) * 3 / 7 = 1.5\n");
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn nonsense_gets_an_answer_and_the_next_equation_as_well() {
    let output = run(Path::new(EXAMPLE), &[], b"what?\n\xff\xfe\n1/0\n3*3");
    assert_eq!(
        text(&output.stdout),
        "mpprinter: cannot solve `what?`: expected a number at column 1, found `w`\n\
         mpprinter: cannot solve `1/0`: division by zero\nmpprinter: 3*3 = 9\n"
    );
    assert_eq!(text(&output.stderr), "mpexample: this line is not UTF-8 text\n");
    assert!(output.status.success());
}

#[test]
fn the_log_names_every_call() {
    let output = run(Path::new(EXAMPLE), &["-debug=ipc"], b"2+2\n");
    let log = text(&output.stderr);
    for call in
        ["InitInterface.makePrinter", "InitInterface.makeCalculator", "CalculatorInterface.solveEquation"]
    {
        assert!(log.contains(&format!("IPC client send {call}")), "{log}");
        assert!(log.contains(&format!("IPC client recv {call}")), "{log}");
    }
    assert!(!log.contains("2+2"), "values are for the trace level: {log}");
}

#[test]
fn a_missing_program_is_named() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let alone = folder.path().join("mpexample");
    std::fs::copy(EXAMPLE, &alone).expect("a copy");
    let output = run(&alone, &[], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("mpprinter: no such program"), "{}", text(&output.stderr));
}

#[test]
fn wrong_arguments_are_explained() {
    for (program, args, hint) in [
        (EXAMPLE, &["-x"][..], "unknown argument `-x`"),
        (PRINTER, &[], "mpprinter is started by mpexample"),
        (CALCULATOR, &["-ipcfd", "500"], "no such descriptor is open"),
        (ROOM, &["many"], "Usage: mproom"),
    ] {
        let output = run(Path::new(program), args, b"");
        assert!(!output.status.success(), "{program}");
        assert!(text(&output.stderr).contains(hint), "{}", text(&output.stderr));
    }
}

#[test]
fn one_thread_serves_and_uses_a_thousand_peers() {
    let output = run(Path::new(ROOM), &["1000", "2"], b"");
    assert_eq!(text(&output.stderr), "");
    let out = text(&output.stdout);
    assert!(out.contains("1000 peers joined") && out.contains("2000 calls heard"), "{out}");
    assert!(out.contains("on 1 threads in all"), "{out}");
}

#[test]
fn a_child_ends_with_its_connection() {
    let event_loop = EventLoop::new("test").expect("an event loop");
    for argument in [SpawnArgument::Bare, SpawnArgument::IpcFd] {
        let (mut child, init) = spawn::<dyn InitInterface>(&event_loop, PRINTER, argument).expect("a child");
        let printer = init.make_printer().expect("a printer");
        assert_eq!(child.wait_timeout(Duration::from_millis(50)), Ok(None));
        drop((init, printer));
        assert!(child.wait().expect("its end").success());
    }
}

#[test]
fn a_child_that_dies_is_a_disconnect() {
    let event_loop = EventLoop::new("test").expect("an event loop");
    let (mut child, init) =
        spawn::<dyn InitInterface>(&event_loop, PRINTER, SpawnArgument::IpcFd).expect("a child");
    let printer = init.make_printer().expect("a printer");
    child.kill().expect("its end");
    child.wait().expect("its end");
    assert!(init.connection().wait_closed(Some(Duration::from_secs(10))).expect("the end"));
    assert_eq!(printer.print("hello").expect_err("an error").kind(), ErrorKind::Disconnected);
    assert_eq!(init.make_printer().map(drop).expect_err("an error").kind(), ErrorKind::Disconnected);
}

#[test]
fn children_inherit_no_socket_but_their_own() {
    let event_loop = EventLoop::new("test").expect("an event loop");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let event_loop = event_loop.clone();
            std::thread::spawn(move || {
                let start = || spawn::<dyn InitInterface>(&event_loop, PRINTER, SpawnArgument::IpcFd);
                (0..4).map(|_| start().expect("a child")).collect::<Vec<_>>()
            })
        })
        .collect();
    let children: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect();
    let mut seen = std::collections::BTreeSet::new();
    for (child, init) in &children {
        drop(init.make_printer().expect("a printer"));
        // A child may open sockets of its own, but shares none with its siblings or with us.
        let own: std::collections::BTreeSet<PathBuf> = sockets(child.pid()).into_iter().collect();
        assert!(!own.is_empty());
        let ours = sockets(std::process::id());
        for socket in own {
            assert!(!ours.contains(&socket), "{socket:?} is ours");
            assert!(seen.insert(socket.clone()), "{socket:?} is another child's too");
        }
    }
    for (child, init) in children {
        drop(init);
        assert!(child.wait().expect("its end").success());
    }
}

/// The sockets that a process has open, its standard streams aside.
fn sockets(pid: u32) -> Vec<PathBuf> {
    let folder = PathBuf::from(format!("/proc/{pid}/fd"));
    let entries = std::fs::read_dir(folder).expect("the descriptors").map(|entry| entry.expect("an entry"));
    entries
        .filter(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) > Some(2))
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .collect()
}

#[test]
fn each_program_can_be_the_cxx_one() {
    let Some(cxx) = std::env::var_os("MPEXAMPLE_DIR").map(PathBuf::from) else {
        // Past the capture of output, so that a run shows it.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: MPEXAMPLE_DIR names no directory with libmultiprocess's example programs"
        );
        return;
    };
    for mix in 0..8 {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let ours = |bit: u32| mix >> bit & 1 == 1;
        for (bit, program, path) in
            [(0, "mpexample", EXAMPLE), (1, "mpprinter", PRINTER), (2, "mpcalculator", CALCULATOR)]
        {
            let theirs = cxx.join(program);
            // Ours finds the programs beside its real path, so it is copied; theirs beside its name.
            if ours(bit) {
                std::fs::copy(path, folder.path().join(program)).map(drop).expect("a copy");
            } else {
                symlink(theirs, folder.path().join(program)).expect("a link");
            }
        }
        let output = run(&folder.path().join("mpexample"), &[], b"6*7\nexit\n");
        let answer = if ours(2) { "mpprinter: 6*7 = 42" } else { "mpprinter: Wow 6*7, that's a tough one." };
        assert!(text(&output.stdout).contains(answer), "mix {mix}: {output:?}");
        assert!(output.status.success(), "mix {mix}: {output:?}");
    }
}
