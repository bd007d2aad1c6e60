//! How connections and servers end: after their calls, and with everything that belongs to them.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mp_runtime::{
    ErrorKind, EventLoop, Origin, Remote, connect, connect_stream, listen, serve_stream, within,
};

use super::house::{House, Served, plain};
use super::work::until;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

fn loops() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap();
    let names = names.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "capnp-loop").count()
}

#[test]
fn a_thread_that_has_called_keeps_no_event_loop_running() {
    let served = Arc::new(Served::default());
    let server = EventLoop::new("server").unwrap();
    for number in 0..300 {
        let (near, far) = UnixStream::pair().unwrap();
        serve_stream::<dyn House>(&server, far, served.clone());
        let client = connect_stream::<dyn House>(&EventLoop::new("client").unwrap(), near);
        assert_eq!(client.make(number).unwrap().number(), Ok(number));
    }
    // Other tests have loops too, but nobody has hundreds.
    until(|| loops() < 150);
    assert_eq!(served.dropped.count(), 300);
}

/// Shuts a connection down while a call is under way, which the client hears of.
fn shut_down_during(call: fn(&dyn House) -> mp_runtime::Result<u32>) {
    let served = Arc::new(Served::default());
    let (client, connection) = plain(&served);
    let object = client.object();
    let answer = std::thread::spawn(move || call(&*object));
    served.gate.wait_for(1);
    let ended = std::thread::spawn(move || connection.shut_down(LONG));
    // It has time to go wrong.
    std::thread::sleep(Duration::from_millis(50));
    assert!(!client.connection().is_closed());
    served.gate.open();
    assert_eq!(answer.join().unwrap(), Ok(7), "a call that was under way gets its answer");
    assert_eq!(ended.join().unwrap(), Ok(true));
    assert_eq!(client.connection().wait_closed(Some(LONG)), Ok(true));
}

#[test]
fn a_shutdown_waits_for_a_call_on_a_thread() {
    shut_down_during(|house| house.wait(7));
}

#[test]
fn a_shutdown_waits_for_an_asynchronous_call_without_context() {
    shut_down_during(|house| futures::executor::block_on(house.linger(7)));
}

#[test]
fn a_shutdown_waits_for_a_call_that_nobody_waits_for_any_more() {
    let served = Arc::new(Served::default());
    let (client, connection) = plain(&served);
    let error = within(Duration::from_millis(20), || client.wait(7)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    served.gate.wait_for(1);
    let ended = std::thread::spawn(move || connection.shut_down(LONG));
    std::thread::sleep(Duration::from_millis(50));
    assert!(!ended.is_finished());
    served.gate.open();
    assert_eq!(ended.join().unwrap(), Ok(true));
}

#[test]
fn a_shutdown_that_loses_patience_says_so() {
    let served = Arc::new(Served::default());
    let (client, connection) = plain(&served);
    let object = client.object();
    let answer = std::thread::spawn(move || futures::executor::block_on(object.linger(7)));
    served.gate.wait_for(1);
    assert_eq!(connection.shut_down(Duration::from_millis(30)), Ok(false));
    assert_eq!(answer.join().unwrap().unwrap_err().kind(), ErrorKind::Disconnected);
    served.gate.open();
}

#[test]
fn the_path_of_a_server_is_free_when_it_is_dropped_or_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.sock");
    let event_loop = EventLoop::new("server").unwrap();
    let served = Arc::new(Served::default());
    let clients = EventLoop::new("clients").unwrap();
    for round in 0..200 {
        let server = listen::<dyn House>(&event_loop, &path, served.clone(), None)
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        let client = connect::<dyn House>(&clients, &path).unwrap();
        assert_eq!(client.make(round).unwrap().number(), Ok(round));
        if round % 2 == 0 {
            drop(server);
        } else {
            assert_eq!(server.close(LONG), Ok(true));
        }
        assert!(!path.exists());
    }
}

#[test]
fn a_busy_loop_does_not_keep_the_path_of_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.sock");
    let busy = EventLoop::new("busy").unwrap();
    let served = Arc::new(Served::default());
    let server = listen::<dyn House>(&busy, &path, served.clone(), None).unwrap();
    let (release, released) = std::sync::mpsc::channel::<()>();
    busy.spawn_task(async move {
        let _ = released.recv();
    });
    drop(server);
    let other = EventLoop::new("other").unwrap();
    let _server = listen::<dyn House>(&other, &path, served, None).unwrap();
    let client = connect::<dyn House>(&EventLoop::new("client").unwrap(), &path).unwrap();
    assert_eq!(client.make(1).unwrap().number(), Ok(1));
    drop(release);
    // The busy one lets go of its socket now, and of nothing else.
    let (done, is_done) = std::sync::mpsc::channel();
    busy.spawn_task(async move {
        let _ = done.send(());
    });
    is_done.recv_timeout(LONG).unwrap();
    assert!(path.exists());
}

#[test]
fn a_server_that_is_closed_leaves_no_connection_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.sock");
    let event_loop = EventLoop::new("server").unwrap();
    let served = Arc::new(Served::default());
    for _ in 0..20 {
        let server = listen::<dyn House>(&event_loop, &path, served.clone(), None).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let connecting: Vec<_> = (0..4)
            .map(|_| {
                let (path, stop) = (path.clone(), stop.clone());
                std::thread::spawn(move || {
                    let event_loop = EventLoop::new("clients").unwrap();
                    let mut connected: Vec<Remote<dyn House>> = Vec::new();
                    while !stop.load(Ordering::SeqCst) && connected.len() < 50 {
                        connected.extend(connect::<dyn House>(&event_loop, &path));
                    }
                    connected
                })
            })
            .collect();
        until(|| server.accepted() > 20);
        assert_eq!(server.close(LONG), Ok(true));
        stop.store(true, Ordering::SeqCst);
        for client in connecting.into_iter().flat_map(|thread| thread.join().unwrap()) {
            assert_eq!(client.connection().wait_closed(Some(LONG)), Ok(true));
        }
    }
}

#[test]
fn an_error_of_the_peer_about_another_connection_is_its_own() {
    let served = Arc::new(Served::default());
    let (client, _connection) = plain(&served);
    let error = client.upstream().unwrap_err();
    assert_eq!((error.kind(), error.origin()), (ErrorKind::Disconnected, Origin::Remote));
    assert_eq!(error.text(), "upstream");
    assert!(!client.connection().is_closed());
    assert_eq!(client.make(1).unwrap().number(), Ok(1));
    // Whereas this one is about ours.
    let object = client.object();
    let answer = std::thread::spawn(move || object.wait(1));
    served.gate.wait_for(1);
    client.connection().close();
    let error = answer.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.origin()), (ErrorKind::Disconnected, Origin::Local));
    served.gate.open();
}

#[test]
fn a_connection_that_its_loop_never_opens_is_closed() {
    let (event_loop, driver) = EventLoop::with_driver("client");
    drop(driver);
    let (near, far) = UnixStream::pair().unwrap();
    let client = connect_stream::<dyn House>(&event_loop, near);
    assert_eq!(client.connection().wait_closed(Some(LONG)), Ok(true));
    let served = serve_stream::<dyn House>(&event_loop, far, Arc::new(Served::default()));
    assert_eq!(served.wait_closed(Some(LONG)), Ok(true));
}
