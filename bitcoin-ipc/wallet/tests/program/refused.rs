//! What a user is told when wallets cannot attach to what is there.

use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

use bitcoin_ipc::mp_runtime::{EventLoop, listen};
use bitcoin_ipc::release::{Services, v31};

use crate::chain::TestChain;
use crate::process::{PROGRAM, Running, command, error, finish, run};
use crate::{TestNode, eventually};

#[test]
fn arguments_that_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| error(&run(folder.path(), args));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let missing = folder.path().join("missing");
    let long = format!("-ipcconnect=unix:/{}", "x".repeat(120));
    for (args, text) in [
        (
            &["-ipcconnect=tcp:localhost"][..],
            "-ipcconnect: unrecognized address `tcp:localhost`; write `unix`, `unix:path` or `auto`"
                .to_owned(),
        ),
        (
            &[&format!("-ipcconnect=unix:{}", file.display())],
            format!(
                "{} is not a socket: give the socket of a node with -ipcconnect=unix:<path>",
                file.display()
            ),
        ),
        (
            &[&format!("-datadir={}", missing.display())],
            format!(
                "the data directory {} does not exist; create it, or give another with -datadir",
                missing.display()
            ),
        ),
        (
            &["-ipctrust=root"],
            "-ipctrust: `root` is nobody; write `own`, `any` or the number of a user".to_owned(),
        ),
        (&["-disablewallet"], "-disablewallet leaves nothing to do for a process of wallets".to_owned()),
    ] {
        assert_eq!(run(args), format!("Error: {text}"), "{args:?}");
    }
    assert!(run(&[&long]).contains("that of a socket at most 107"), "{long}");
    assert!(run(&["-ipcfd"]).contains("unknown option -ipcfd"));
    let by_hand = finish({
        let mut command = Command::new(PROGRAM);
        command.args(["-ipcfd", "99"]);
        command
    });
    assert!(error(&by_hand).contains("a parent process passes it, do not give it by hand"));
}

#[test]
fn nodes_that_have_no_chain_for_wallets() {
    let folder = tempfile::tempdir().unwrap();
    let event_loop = EventLoop::new("node").unwrap();
    let offers_none = |place: &str| {
        let address = format!("unix:{}", folder.path().join(place).display());
        let text = error(&run(folder.path(), &[&format!("-ipcconnect={address}")]));
        let expected = format!(
            "Error: the node at {address} offers no chain to wallets (makeChain), as releases of Bitcoin Core do \
             not: attach to one of these with -core={address} instead of -ipcconnect"
        );
        assert_eq!(text, expected);
    };
    let released: Arc<dyn v31::Init> = Arc::new(Services::default());
    let _released = listen(&event_loop, folder.path().join("released.sock"), released, None).unwrap();
    offers_none("released.sock");
    let _empty = TestNode::listen(None, &event_loop, folder.path());
    offers_none("regtest/node.sock");
}

#[test]
fn a_node_of_another_network() {
    let folder = tempfile::tempdir().unwrap();
    let event_loop = EventLoop::new("node").unwrap();
    let _node = TestNode::listen(Some(&TestChain::default()), &event_loop, folder.path());
    let socket = folder.path().join("regtest/node.sock");
    let output =
        finish(command(folder.path(), &["-signet", &format!("-ipcconnect=unix:{}", socket.display())]));
    let text = error(&output);
    let expected =
        "Error: the node is of regtest, and the wallets are of signet: choose one network for both (-chain)";
    assert_eq!(text, expected);
}

#[test]
fn a_directory_that_another_process_has() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &[]);
    first.wait_for_log("Waiting for a node", 1);
    let place = folder.path().join("regtest/wallets");
    let expected = format!(
        "Error: the wallet directory {} is in use by process {}: stop that one, or choose another with \
         -walletdir",
        place.display(),
        first.pid()
    );
    assert_eq!(error(&run(folder.path(), &[])), expected);
    assert_eq!(error(&run(folder.path(), &["-wallet=w", "create"])), expected);
    first.stop();
}

#[test]
fn whoever_stands_in_for_the_node_is_not_trusted() {
    let own = rustix::process::geteuid();
    if !own.is_root() {
        return eprintln!("skipped: it takes root to listen as somebody else");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("regtest")).unwrap();
    let socket = folder.path().join("regtest/node.sock");
    let at = socket.clone();
    let listening = std::thread::spawn(move || {
        let listener = std::os::unix::net::UnixListener::bind(at).unwrap();
        // Whose the thread is when it listens is what counts, so it listens once more.
        let nobody = rustix::fs::Uid::from_raw(65534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        rustix::net::listen(&listener, 9).unwrap();
        listener
    });
    let listener = listening.join().unwrap();
    let said = error(&run(folder.path(), &[]));
    assert!(said.contains("node.sock is user 65534, who is neither this one nor root"), "{said}");
    assert!(said.contains("-ipctrust=65534"), "{said}");
    let mut heard = [0; 8];
    let (mut refusing, _) = listener.accept().unwrap();
    assert_eq!(refusing.read(&mut heard).unwrap(), 0, "it was told nothing");
    let trusting = Running::start(folder.path(), &["-ipctrust=65534"]);
    let (mut trusted, _) = listener.accept().unwrap();
    assert_eq!(trusted.read(&mut heard).unwrap(), 8);
    drop(trusted);
    trusting.stop();
}

#[test]
fn a_socket_of_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let event_loop = EventLoop::new("node").unwrap();
    let _node = TestNode::listen(Some(&TestChain::default()), &event_loop, folder.path());
    let socket = folder.path().join("regtest/node.sock");
    let root = rustix::process::geteuid().is_root();
    let mut command = if root {
        // Root may use every socket, so somebody else has to try.
        let nobody = 65534;
        let program = folder.path().join("bitcoin-wallet");
        // Not by this process: what it forks meanwhile would have the copy open for writing, which then cannot be run.
        assert!(Command::new("cp").args([PROGRAM.as_ref(), program.as_os_str()]).status().unwrap().success());
        for place in [folder.path(), &folder.path().join("regtest"), &program] {
            chown(place, Some(nobody), None).unwrap();
        }
        let mut command = Command::new(program);
        command.uid(nobody);
        command
    } else {
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o000)).unwrap();
        Command::new(PROGRAM)
    };
    command.arg(format!("-datadir={}", folder.path().display())).args(["-regtest", "-printtoconsole=0"]);
    let text = error(&finish(command));
    let owner = rustix::process::geteuid().as_raw();
    let place = socket.display();
    let expected = format!(
        "Error: no permission for {place}; {place} belongs to user {owner}, and this process runs as another \
         one or without the right to it: run it as the user that runs the node"
    );
    assert_eq!(text, expected);
    eventually("the log says it too", || {
        let log = std::fs::read_to_string(folder.path().join("regtest/debug.log.wallet"));
        log.is_ok_and(|log| log.contains("no permission for"))
    });
}
