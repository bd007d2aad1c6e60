//! Listening: how many may connect, and what stays behind.

use std::sync::Arc;
use std::time::Duration;

use mp_runtime::{ErrorKind, EventLoop, Remote, connect, listen, within};

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
