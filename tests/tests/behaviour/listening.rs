//! Listening: how many may connect, and what stays behind.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::sync::Arc;
use std::time::Duration;

use mp_runtime::{AllowedPeers, ErrorKind, EventLoop, Limits, Remote, connect, listen, listen_for, within};

use super::work::{Work, Worker, until};

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn no_more_peers_are_served_than_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.sock");
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    // The loop lives as long as what runs on it.
    let server = listen::<dyn Work>(&EventLoop::new("server").unwrap(), &path, worker, Some(2)).unwrap();
    let clients = EventLoop::new("clients").unwrap();
    let connected: Vec<Remote<dyn Work>> = (0..3).map(|_| connect(&clients, &path).unwrap()).collect();
    let served = |client: &Remote<dyn Work>| within(Duration::from_millis(200), || client.pass_gate(1));
    let mut connected = connected.into_iter();
    let (one, two, three) = (connected.next().unwrap(), connected.next().unwrap(), connected.next().unwrap());
    assert_eq!((one.pass_gate(1), two.pass_gate(2)), (Ok(1), Ok(2)));
    assert_eq!(served(&three).unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!((server.connections(), server.accepted()), (2, 2));
    drop(one);
    // Its turn has come.
    assert_eq!(three.pass_gate(3), Ok(3));
    assert_eq!((server.connections(), server.accepted()), (2, 3));
    drop((two, three));
    until(|| server.connections() == 0);
    drop(server);
    until(|| !path.exists());
    let error = connect::<dyn Work>(&clients, &path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

/// The socket to which a process of another user connects, in its environment.
const SOCKET: &str = "STRANGERS_SOCKET";

#[test]
fn a_process_of_another_user_is_served_where_it_is_named() {
    if let Some(path) = std::env::var_os(SOCKET) {
        // The other process, whose own user does not serve the socket.
        let stream = std::os::unix::net::UnixStream::connect(path).unwrap();
        let client = mp_runtime::connect_stream::<dyn Work>(&EventLoop::new("stranger").unwrap(), stream);
        let outcome = within(Duration::from_secs(60), || client.pass_gate(1));
        println!("outcome: {:?}", outcome.map_err(|error| error.kind()));
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("only root can have a process of another user");
        return;
    }
    const OTHER: u32 = 65_534;
    // Where the other user can get at both.
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let event_loop = EventLoop::new("server").unwrap();
    let nobody = AllowedPeers::own().with_user(OTHER + 1);
    for (peers, outcome) in [(AllowedPeers::own().with_user(OTHER), "Ok(1)"), (nobody, "Err(Disconnected)")] {
        let path = folder.path().join("work.sock");
        let limits = Limits::default();
        let _server = listen_for::<dyn Work>(&event_loop, &path, worker.clone(), limits, peers).unwrap();
        let output = std::process::Command::new(&program)
            .args([
                "--exact",
                "listening::a_process_of_another_user_is_served_where_it_is_named",
                "--nocapture",
            ])
            .env(SOCKET, &path)
            .current_dir("/")
            .uid(OTHER)
            .gid(OTHER)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(&format!("outcome: {outcome}")), "{text}{output:?}");
    }
}

#[test]
fn connections_leave_no_descriptors_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.sock");
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let event_loop = EventLoop::new("server").unwrap();
    let server = listen::<dyn Work>(&event_loop, &path, worker, None).unwrap();
    let clients = EventLoop::new("clients").unwrap();
    let before = descriptors();
    for round in 0..300 {
        let client = connect::<dyn Work>(&clients, &path).unwrap();
        assert_eq!(client.pass_gate(round), Ok(round));
    }
    until(|| server.connections() == 0);
    // Other tests open some too, but nobody opens hundreds.
    until(|| descriptors() < before + 100);
}

#[test]
fn closing_a_server_ends_its_connections_after_their_calls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.sock");
    let worker = Arc::new(Worker::default());
    let server = listen::<dyn Work>(&EventLoop::new("server").unwrap(), &path, worker.clone(), None).unwrap();
    let clients = EventLoop::new("clients").unwrap();
    let (busy, idle) =
        (connect::<dyn Work>(&clients, &path).unwrap(), connect::<dyn Work>(&clients, &path).unwrap());
    assert!(idle.unlock(String::new(), String::new()).is_ok());
    let call = std::thread::spawn(move || busy.pass_gate(7));
    worker.gate.wait_for(1);
    let closing = std::thread::spawn(move || server.close(Duration::from_secs(60)));
    until(|| !path.exists());
    worker.gate.open();
    assert_eq!(call.join().unwrap(), Ok(7), "a call that was under way gets its answer");
    assert_eq!(closing.join().unwrap(), Ok(true));
    assert_eq!(idle.unlock(String::new(), String::new()).unwrap_err().kind(), ErrorKind::Disconnected);
    // All that served the peers is gone with them.
    until(|| Arc::strong_count(&worker) == 1);
}

#[test]
fn a_blocking_call_on_the_thread_of_the_driver_is_an_error_before_it_is_polled_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.sock");
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let server_loop = EventLoop::new("server").unwrap();
    let _server = listen::<dyn Work>(&server_loop, &path, worker, None).unwrap();
    let (event_loop, driver) = EventLoop::with_driver("client");
    assert!(event_loop.is_driven_here() && !server_loop.is_driven_here());
    let client = connect::<dyn Work>(&event_loop, &path).unwrap();
    assert_eq!(client.pass_gate(1).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(client.connection().wait_closed(None).unwrap_err().kind(), ErrorKind::Misuse);
    drop(driver);
    assert!(!event_loop.is_driven_here());
    assert_eq!(client.pass_gate(1).unwrap_err().kind(), ErrorKind::Disconnected);
}
