//! `rpc` in its surroundings: standard input, terminals, configuration files, nodes that come later.

mod common;

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bitcoin_ipc::Release;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::mp_runtime::EventLoop;
use common::{Node, Running, program, run};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// Runs it with something on standard input.
fn run_with(line: &str, input: &str) -> (i32, String) {
    let mut command = program(line);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("a reader");
    let output = child.wait_with_output().expect("an end");
    assert!(output.stderr.is_empty(), "{output:?}");
    (output.status.code().expect("a code"), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn arguments_come_from_standard_input() {
    let node = Node::start(Release::V32);
    let hash = format!("{}\n", node.memory.tip().hash);
    assert_eq!(run_with(&node.line("rpc -stdin getblockhash"), "2\n"), (0, hash.clone()));
    assert_eq!(run_with(&node.line("rpc -named -stdin"), "getblockhash\nheight=2"), (0, hash));
}

#[test]
fn a_passphrase_is_asked_for_on_a_terminal_and_not_shown() {
    let node = Node::start(Release::V32);
    for (words, answers) in [
        ("rpc -stdinwalletpassphrase walletpassphrase 60", "hidden words\n"),
        ("rpc -stdin encryptwallet", "hidden words\n\x04"),
    ] {
        let terminal = Terminal::open();
        let mut child = terminal.start(&node.line(words));
        terminal.wait_until_unseen(true);
        terminal.write(answers);
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        // The node in memory has no wallets; it was asked.
        assert!(said.ends_with("error code: -32601\nerror message:\nMethod not found\n"), "{said}");
        assert_eq!(said.starts_with("Wallet passphrase> "), words.contains("walletpassphrase "), "{said}");
        assert_eq!(child.wait().expect("an end").code(), Some(89));
        terminal.wait_until_unseen(false);
        assert!(!terminal.shown().contains("hidden"), "{}", terminal.shown());
    }
}

#[test]
fn ctrl_c_at_the_question_leaves_the_terminal_as_it_was() {
    let node = Node::start(Release::V32);
    let terminal = Terminal::open();
    let mut child = terminal.start(&node.line("rpc -stdinwalletpassphrase walletpassphrase 60"));
    terminal.wait_until_unseen(true);
    let started = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    terminal.wait_until_unseen(false);
}

/// A terminal, with its other end.
struct Terminal {
    near: OwnedFd,
    far: std::fs::File,
}

impl Terminal {
    fn open() -> Terminal {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&near).expect("a right");
        unlockpt(&near).expect("a terminal");
        let name = ptsname(&near, Vec::new()).expect("a name").into_string().expect("text");
        let far = std::fs::File::options().read(true).write(true).open(name).expect("the other end");
        Terminal { near, far }
    }

    fn start(&self, line: &str) -> std::process::Child {
        let mut command: Command = program(line);
        command.stdin(self.far.try_clone().expect("a descriptor")).spawn().expect("it starts")
    }

    fn write(&self, text: &str) {
        rustix::io::write(&self.near, text.as_bytes()).expect("a reader");
    }

    /// What a user sees of what was typed.
    fn shown(&self) -> String {
        rustix::fs::fcntl_setfl(&self.near, rustix::fs::OFlags::NONBLOCK).expect("a flag");
        let mut bytes = [0; 4096];
        let length = rustix::io::read(&self.near, &mut bytes).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    fn wait_until_unseen(&self, unseen: bool) {
        let until = Instant::now() + Duration::from_secs(30);
        while tcgetattr(&self.far).expect("a terminal").local_modes.contains(LocalModes::ECHO) == unseen {
            assert!(Instant::now() < until, "the terminal never becomes so: {unseen}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn a_node_that_comes_later_is_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().display();
    std::fs::create_dir(directory.path().join("regtest")).expect("a directory");
    let line = format!("rpc -regtest -datadir={at} -rpcwait getblockcount");
    let waiting = Running::start(program(&line));
    waiting.connecting();
    let memory = MemoryNode::new();
    memory.mine(4).expect("blocks");
    let event_loop = EventLoop::new("later").expect("a loop");
    let socket = directory.path().join("regtest/node.sock");
    let server = memory.listen(&event_loop, &socket, Release::V32).expect("a server");
    assert_eq!(waiting.finish(), (0, "4\n".to_owned(), String::new()));
    drop(server);
    let start = Instant::now();
    let late =
        run(&format!("rpc -regtest -datadir={at}/none -rpcwait -rpcwaittimeout=1 getblockcount")).bad();
    assert!(late.contains("does not exist"), "{late}");
    let late = run(&format!("rpc -signet -datadir={at} -rpcwait -rpcwaittimeout=1 getblockcount")).bad();
    assert!(late.starts_with("error: timeout on transient error: no socket at"), "{late}");
    assert!(start.elapsed() < Duration::from_secs(20));
    let waiting = Running::start(program(&format!("rpc -signet -datadir={at} -rpcwait getblockcount")));
    waiting.connecting();
    assert_eq!(waiting.interrupt(), 130);
}

#[test]
fn the_configuration_says_where_the_node_is() {
    let node = Node::start(Release::V32);
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().display();
    let socket = node.socket.display();
    let write = |text: String| std::fs::write(directory.path().join("bitcoin.conf"), text).expect("a file");
    write(format!(
        "regtest=1\nserver=1\nrpcport=1\nconnect=10.0.0.1\ntimeout=1\n[regtest]\nipcconnect=unix:{socket}\n"
    ));
    for line in ["tip", "--json info", "rpc getblockcount"] {
        let run = run(&format!("--datadir {at} {line}"));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
    }
    let [info] = &run(&format!("--datadir {at} --json info")).json()[..] else { panic!("one line") };
    assert_eq!(info["socket"], serde_json::json!(node.socket));
    assert_eq!(info["peer"]["uid"], serde_json::json!(rustix::process::geteuid().as_raw()));
    assert_eq!(info["peer"]["pid"], serde_json::json!(std::process::id()));
    // The command line stands above it.
    let other = run(&format!("--datadir {at} --connect unix:{at}/none.sock tip")).bad();
    assert!(other.contains("none.sock"), "{other}");
    write(format!("regtest=1\nipcconnect=unix:{socket}\nnamed=1\nrpcwallet=w\nipctrust=any\n"));
    let by_name = run(&format!("rpc -datadir={at} getblockhash height=2")).good();
    assert_eq!(by_name, format!("{}\n", node.memory.tip().hash));
    for (text, says) in [
        ("regtest=1\nsignet=1\n", "use only one of"),
        ("regtest\n", "bitcoin.conf:1: "),
        ("noipcconnect=1\n", "without IPC"),
        ("ipcconnect=tcp:1\n", "-ipcconnect: unrecognized address"),
        ("ipctrust=nobody\n", "-ipctrust: `nobody`"),
        ("rpcconnect=10.0.0.1\n", "asks for HTTP"),
    ] {
        write(text.to_owned());
        let said = run(&format!("--datadir {at} rpc getblockcount")).bad();
        assert!(said.contains(says), "{text}: {said}");
    }
    let away = run(&format!("--datadir {at} rpc -rpcconnect=10.0.0.1 getblockcount")).bad();
    assert!(away.contains("-rpcconnect=10.0.0.1 asks for HTTP"), "{away}");
}

#[test]
fn what_has_no_effect_is_a_warning() {
    let node = Node::start(Release::V32);
    let run =
        node.run("rpc -daemon -pid=x -rpcport=1 -rpcpassword=x -rpcconnect=127.0.0.1:18443 getblockcount");
    assert_eq!((run.code, run.stdout.as_str()), (0, "2\n"));
    let warned: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(warned.len(), 5, "{warned:?}");
    assert!(
        warned.iter().all(|line| line.starts_with("Warning: -") && line.contains("no effect")),
        "{warned:?}"
    );
}
