//! Where and when objects are dropped, and who owns them meanwhile.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mp_runtime::{
    ErrorKind, EventLoop, Limits, Result, connect_stream, ipc_interface, pipelined, serve_stream, within,
};

use super::house::{Dropped, House, LendingHouse, Made, Served, SlowThing, Thing, house, plain};
use super::work::{Gate, until};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn what_cannot_be_sent_is_not_dropped_on_an_event_loop() {
    let served = Arc::new(Served::default());
    let mine = Dropped::default();
    // A call on a connection that is closed.
    let (client, _connection) = plain(&served);
    client.connection().close();
    client.connection().wait_closed(Some(LONG)).unwrap();
    let error = client.give_back(Box::new(Made::new(1, &mine))).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    until(|| mine.count() == 1);
    // A call with more objects than one may have.
    let few = Limits::default().with_message_capabilities(3);
    let (client, _connection) = house::<dyn House>(&served, few, Limits::default());
    let things = (Box::new(Made::new(2, &mine)), Box::new(Made::new(3, &mine)));
    let error = client.take_two(things.0, things.1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    until(|| mine.count() == 3);
    assert!(mine.never_on_a_loop(), "{:?}", mine.all());
    // An answer with one object more than the peer may have.
    let few = Limits::default().with_exported_objects(4);
    let (client, _connection) = house::<dyn House>(&served, Limits::default(), few);
    let mut kept = Vec::new();
    let refused = (0..10).find_map(|number| client.make(number).map(|thing| kept.push(thing)).err());
    assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::Overloaded));
    until(|| served.dropped.count() == 1);
    drop(kept);
    assert!(served.dropped.never_on_a_loop(), "{:?}", served.dropped.all());
}

#[test]
fn a_connection_that_closes_during_a_call_drops_its_objects_elsewhere() {
    let served = Arc::new(Served::default());
    let server = EventLoop::new("server").unwrap();
    let client = EventLoop::new("client").unwrap();
    const ROUNDS: u32 = 300;
    for number in 0..ROUNDS {
        let (near, far) = UnixStream::pair().unwrap();
        let connection = serve_stream::<dyn House>(&server, far, served.clone());
        let remote = connect_stream::<dyn House>(&client, near);
        let thing: Arc<dyn Thing> = remote.make_shared(number).unwrap();
        let calls = std::thread::spawn({
            let thing = thing.clone();
            move || thing.number().map(drop)
        });
        if number % 2 == 0 {
            connection.close();
        } else {
            remote.connection().close();
        }
        let _ = calls.join().unwrap();
    }
    until(|| served.dropped.count() == ROUNDS as usize);
    assert!(served.dropped.never_on_a_loop(), "{:?}", served.dropped.all());
}

#[test]
fn a_destructor_that_hangs_holds_up_the_objects_of_no_other_peer() {
    let served = Arc::new(Served { sticky: Some(1), ..Served::default() });
    let server = EventLoop::new("server").unwrap();
    let client = EventLoop::new("client").unwrap();
    let connected = || {
        let (near, far) = UnixStream::pair().unwrap();
        serve_stream::<dyn House>(&server, far, served.clone());
        connect_stream::<dyn House>(&client, near)
    };
    let (one, other) = (connected(), connected());
    let kept = (one.make(1).unwrap(), other.make(2).unwrap());
    one.connection().close();
    served.last_gate.wait_for(1);
    other.connection().close();
    until(|| served.dropped.count() == 1);
    assert_eq!(served.dropped.all()[0].0, 2);
    served.last_gate.open();
    until(|| served.dropped.count() == 2);
    drop(kept);
}

#[test]
fn an_object_that_went_back_to_its_own_process_lives_as_long_as_somebody_has_it() {
    let served = Arc::new(Served::default());
    let (client, _connection) = plain(&served);
    let thing = client.make_shared(1).unwrap();
    let back = client.share_back(thing.clone()).unwrap();
    drop(thing);
    assert_eq!((back.number(), served.dropped.count()), (Ok(1), 0));
    drop(back);
    until(|| served.dropped.count() == 1);
    // Given back for good it is its process's own.
    let thing = client.make(2).unwrap();
    let back = client.give_back(thing).unwrap();
    assert_eq!(back.number(), Ok(2));
    drop(back);
    until(|| served.dropped.count() == 2);
}

#[test]
fn objects_that_could_not_be_given_back_are_destroyed() {
    let served = Arc::new(Served::default());
    let few = Limits::default().with_message_capabilities(3);
    let (client, _connection) = house::<dyn House>(&served, few, Limits::default());
    let (one, other) = (client.make(1).unwrap(), client.make(2).unwrap());
    assert_eq!(client.take_two(one, other).unwrap_err().kind(), ErrorKind::Limit);
    until(|| served.dropped.count() == 2);
    // By the thread that serves `destroy`, not by the one for what is left behind.
    assert!(
        served.dropped.all().iter().all(|(_, thread)| thread == "ipc-worker"),
        "{:?}",
        served.dropped.all()
    );
}

#[test]
fn a_promised_object_that_turns_out_to_be_our_own_can_be_called() {
    let served = Arc::new(Served::default());
    let (client, _connection) = plain(&served);
    let mine = Dropped::default();
    let thing: Arc<dyn Thing> = Arc::new(Made::new(5, &mine));
    for _ in 0..20 {
        let promised = pipelined(|| client.share_back(thing.clone())).unwrap();
        // Before and after the promise was kept.
        assert_eq!(promised.number(), Ok(5));
        assert_eq!(promised.number(), Ok(5));
        drop(promised);
    }
    // Nobody has destroyed it.
    assert_eq!(mine.count(), 0);
    assert_eq!(client.share_back(thing.clone()).unwrap().number(), Ok(5));
    drop(thing);
    until(|| mine.count() == 1);
}

/// Opens the gate when it is asked, and never answers.
struct Endless(Arc<Gate>, Arc<AtomicBool>);

/// Says when it is dropped.
struct Ended(Arc<AtomicBool>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[ipc_interface]
impl SlowThing for Endless {
    async fn number(&self) -> Result<u32> {
        let _ended = Ended(self.1.clone());
        self.0.open();
        std::future::pending().await
    }
}

#[test]
fn a_loan_ends_with_its_call_whatever_the_peer_still_asks() {
    let served = Arc::new(Served::default());
    let (client, _connection) = house::<dyn LendingHouse>(&served, Limits::default(), Limits::default());
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let outcomes: Vec<_> = (0..20)
            .map(|_| {
                served.gate.shut();
                let ended = Arc::new(AtomicBool::new(false));
                let outcome = client.ask(&Endless(served.gate.clone(), ended.clone()));
                (outcome, ended.load(Ordering::SeqCst))
            })
            .collect();
        done.send(outcomes)
    });
    let outcomes = is_done.recv_timeout(LONG).expect("the loans end");
    assert_eq!(outcomes, vec![(Ok(()), true); 20]);
}

#[test]
fn a_deadline_ends_the_wait_for_the_end_of_an_object() {
    let served = Arc::new(Served { sticky: Some(1), ..Served::default() });
    let (client, _connection) = plain(&served);
    let thing = client.make(1).unwrap();
    within(Duration::from_millis(30), || drop(thing));
    assert_eq!(served.dropped.count(), 0, "its destructor waits at the gate");
    // The thread that serves it is not in the way of what comes next.
    assert_eq!(within(LONG, || client.make(2)).unwrap().number(), Ok(2));
    served.last_gate.open();
    until(|| served.dropped.count() == 2);
}

#[test]
fn a_call_that_was_given_up_holds_up_no_later_one() {
    let served = Arc::new(Served::default());
    let (client, _connection) = plain(&served);
    for number in 0..5 {
        let error = within(Duration::from_millis(20), || client.wait(number)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(within(LONG, || client.make(number)).unwrap().number(), Ok(number));
    }
    served.gate.open();
    assert_eq!(client.wait(9), Ok(9));
}
