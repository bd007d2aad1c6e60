//! How runs end that do not end well, or that end on Ctrl-C.

mod common;

use std::time::{Duration, Instant};

use bitcoin_ipc::Release;
use common::{Node, Running, program, run};
use rustix::process::Signal;

#[test]
fn errors_say_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().display();
    let none = run(&format!("--datadir {at} --signet info")).bad();
    assert!(
        none.contains("signet/node.sock") && none.contains("`bitcoin-node -chain=signet -ipcbind=unix`"),
        "{none}"
    );
    std::fs::create_dir(directory.path().join("regtest")).expect("a directory");
    let _other = std::os::unix::net::UnixListener::bind(directory.path().join("regtest/node.sock"));
    let elsewhere = run(&format!("--datadir {at} info")).bad();
    assert!(elsewhere.contains("node.sock, but there is one of the regtest chain"), "{elsewhere}");
    let long = run(&format!("--connect unix:/{} info", "x".repeat(200))).bad();
    assert!(long.contains("at most 107"), "{long}");
    let monitor = run(&format!("--datadir {at} top")).bad();
    assert!(monitor.contains("monitor.sock"), "{monitor}");
    drop(std::os::unix::net::UnixListener::bind(directory.path().join("old.sock")).expect("a socket"));
    let gone = run(&format!("--connect unix:{at}/old.sock tip")).bad();
    assert!(gone.contains("is gone"), "{gone}");
}

#[test]
fn a_node_that_does_not_answer_is_not_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("n.sock");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let late = run(&format!("--timeout 1 --connect unix:{} info", socket.display())).bad();
    assert!(late.contains("timed out") && late.contains("--timeout"), "{late}");
}

#[test]
fn a_node_that_is_stopped_is_noticed_by_who_watches() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().display();
    let mut node = Running::start(program(&format!("--datadir {at} serve --blocks 3 --every 1")));
    assert!(node.line().starts_with("serving"));
    let line = format!("--datadir {at} --regtest --timeout 1");
    for command in ["tip --watch", "template --watch"] {
        let mut watching = Running::start(program(&format!("{line} --json {command}")));
        assert!(watching.line().starts_with('{'));
        node.signal(Signal::STOP);
        let (code, complaint) = watching.end();
        assert_eq!(code, 1, "{command}: {complaint}");
        assert!(complaint.contains("has not answered within 1s"), "{command}: {complaint}");
        node.signal(Signal::CONT);
    }
    assert_eq!(node.interrupt(), 0);
}

#[test]
fn a_node_that_accepts_nobody_is_given_up_in_time_or_by_ctrl_c() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("n.sock");
    let _full = common::full_queue(&socket);
    let line = |timeout: u32, command: &str| {
        format!("--timeout {timeout} --connect unix:{} {command}", socket.display())
    };
    let late = run(&line(1, "info")).bad();
    assert!(late.contains("nobody accepts connections") && late.contains("debug.log"), "{late}");
    let late = run(&line(1, &format!("top --socket {}", socket.display()))).bad();
    assert!(late.contains("nobody has accepted a connection within 1s"), "{late}");
    for command in ["info", "tip --watch", "rpc getblockcount", "echo"] {
        let running = Running::start(program(&line(600, command)));
        running.connecting();
        assert_eq!(running.interrupt(), 130, "{command}");
    }
}

#[test]
fn colours_are_for_terminals() {
    let error = |color: &str| run(&format!("--color {color} --connect unix:/nowhere tip")).bad();
    assert!(error("auto").starts_with("error: no socket"));
    assert!(error("always").starts_with("\x1b["));
}

#[test]
fn the_log_shows_calls() {
    let node = Node::start(Release::V32);
    let run = node.run("--debug echo");
    assert_eq!(run.stdout, "hello\n");
    assert!(run.stderr.contains("IPC client send Echo.echo"), "{}", run.stderr);
}

#[test]
fn ctrl_c_ends_a_wait() {
    for release in Release::ALL {
        let node = Node::start(release);
        for command in ["tip --watch", "template --watch"] {
            let mut running = node.running(&format!("--json {command}"));
            assert!(running.line().starts_with('{'));
            assert_eq!(running.interrupt(), 130, "{command}");
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let node = Node::start(Release::V32);
    let mut command = program(&node.line("tip --watch"));
    let mut child = command.spawn().expect("it starts");
    drop(child.stdout.take());
    node.memory.mine(1).expect("a block");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn ctrl_c_leaves_top() {
    let node = Node::start(Release::V32);
    node.run("echo").good();
    let mut running = node.running("top");
    assert!(running.line().starts_with("method "));
    assert_eq!(running.interrupt(), 0);
}

#[test]
fn ctrl_c_ends_long_work_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().display();
    let serving = Running::start(program(&format!("--datadir {at} serve --blocks 4000000000")));
    serving.connecting();
    assert_eq!(serving.interrupt(), 0);
    let node = Node::start(Release::V32);
    let running = node.running("bench --seconds 3600");
    running.connecting();
    assert_eq!(running.interrupt(), 130);
}

#[test]
fn ctrl_c_ends_a_program_whose_output_nobody_takes() {
    let node = Node::start(Release::V32);
    let running = node.running("mine 4000000000");
    let until = Instant::now() + Duration::from_secs(60);
    let mut height = 0;
    // The hashes fill a pipe, and then it goes on no more.
    while height < 500 || height != node.memory.tip().height {
        height = node.memory.tip().height;
        std::thread::sleep(Duration::from_millis(500));
        assert!(Instant::now() < until, "it goes on at {height}");
    }
    assert_eq!(running.interrupt(), 130);
}

#[test]
fn serve_is_a_node_until_ctrl_c() {
    for release in Release::ALL {
        let directory = tempfile::tempdir().expect("a directory");
        let at = directory.path().display();
        let mut running = Running::start(program(&format!(
            "--datadir {at} --release {release} serve --blocks 7 --transactions 2 --every 1"
        )));
        assert!(running.line().starts_with(&format!("serving Bitcoin Core {release} at block 7")));
        let files = || std::fs::read_dir(directory.path().join("regtest")).expect("a directory").count();
        assert_eq!(files(), 2);
        let line = |line: &str| run(&format!("--datadir {at} --regtest {line}"));
        assert!(line("info").good().contains(&release.to_string()));
        let [template] = &line("--json template").json()[..] else { panic!("one line") };
        assert_eq!(template["transactions"], 2);
        assert!(line("top --once").good().contains("Mining.createNewBlock"));
        assert_eq!(running.interrupt(), 0);
        assert_eq!(files(), 0);
    }
}
