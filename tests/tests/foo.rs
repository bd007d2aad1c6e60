//! What libmultiprocess's own test program covers, over real sockets.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mp_runtime::{ErrorKind, Handle, Origin, Result};
use mp_tests::foo::{
    ExtendedCallback, FooCallback, FooCustom, FooEmpty, FooEnum, FooInterface, FooMessage, FooMutable,
    FooStruct,
};
use mp_tests::setup::Setup;

struct Callback {
    expect: i32,
    answer: i32,
}

impl FooCallback for Callback {
    fn call(&self, arg: i32) -> Result<i32> {
        assert_eq!(arg, self.expect);
        Ok(self.answer)
    }
}

impl ExtendedCallback for Callback {
    fn call_extended(&self, arg: i32) -> Result<i32> {
        assert_eq!(arg, self.expect + 10);
        Ok(self.answer + 10)
    }
}

fn sample() -> FooStruct {
    FooStruct {
        name: "name".into(),
        set_int: BTreeSet::from([2, 1]),
        vector_bool: vec![false, true, false],
        optional_int: Some(3),
        unordered_set_int: HashSet::from([4, 5]),
        map_string_int: BTreeMap::from([("a".into(), 1), ("b".into(), -2)]),
    }
}

#[test]
fn numbers_and_out_parameters() {
    let setup = Setup::new();
    let foo = &setup.client;
    assert_eq!(foo.add(1, 2), Ok(3));
    assert_eq!(foo.add(i32::MIN, i32::MAX), Ok(-1));
    let mut out = 0;
    foo.add_out(3, 4, &mut out).unwrap();
    assert_eq!(out, 7);
    let mut sum = 10;
    foo.add_in_out(5, &mut sum).unwrap();
    assert_eq!(sum, 15);
    assert_eq!(foo.pass_double(1.25), Ok(1.25));
    assert_eq!(foo.pass_enum(FooEnum::Two), Ok(FooEnum::Two));
    let map = BTreeMap::from([("a".to_owned(), "b".to_owned()), ("c".to_owned(), String::new())]);
    assert_eq!(foo.map_size(&map), Ok(2));
}

#[test]
fn structs_keep_every_field() {
    let setup = Setup::new();
    let foo = &setup.client;
    assert_eq!(foo.pass(sample()), Ok(sample()));
    let none = FooStruct { optional_int: None, ..sample() };
    assert_eq!(foo.pass(none.clone()), Ok(none));
    assert_eq!(foo.pass(FooStruct::default()), Ok(FooStruct::default()));
    assert_eq!(foo.pass_empty(FooEmpty {}), Ok(FooEmpty {}));
}

#[test]
fn a_declared_exception_is_a_value() {
    let setup = Setup::new();
    assert_eq!(setup.client.raise(sample()), Ok(Err(sample())));
}

#[test]
fn bytes_may_be_empty_or_missing() {
    let setup = Setup::new();
    let foo = &setup.client;
    assert_eq!(foo.pass_data(b""), Ok(Vec::new()));
    assert_eq!(foo.pass_data(&[0, 255, 7]), Ok(vec![0, 255, 7]));
    let big: Vec<u8> = (0..4 << 20).map(|index: u32| index as u8).collect();
    assert!(foo.pass_data(&big).unwrap() == big);
    let some = vec![Some(b"Hi".to_vec()), None];
    assert_eq!(foo.pass_data_pointers(some.clone()), Ok(some));
    // C++ cannot tell null from empty in a list, so empty bytes would arrive as none.
    let error =
        foo.pass_data_pointers(vec![Some(Vec::new())]).expect_err("a value that would be another one");
    assert_eq!(error.kind(), ErrorKind::BadValue);
}

#[test]
fn conversions_of_the_users_own_run_on_both_sides() {
    let setup = Setup::new();
    let foo = &setup.client;
    let custom = FooCustom { v1: "v1".into(), v2: 5 };
    assert_eq!(foo.pass_custom(custom.clone()), Ok(custom));
    let message = foo.pass_message(FooMessage { message: "init".into() }).unwrap();
    assert_eq!(message.message, "init build read call build read");
    let mut mutable = FooMutable { message: "init".into() };
    foo.pass_mutable(&mut mutable).unwrap();
    assert_eq!(mutable.message, "init build read call build read");
}

#[test]
fn callbacks_are_borrowed_owned_shared_and_saved() {
    let setup = Setup::new();
    let foo = &setup.client;
    assert_eq!(foo.callback(&Callback { expect: 1, answer: 2 }, 1), Ok(2));
    assert_eq!(foo.callback_unique(Box::new(Callback { expect: 3, answer: 4 }), 3), Ok(4));
    assert_eq!(foo.callback_shared(Arc::new(Callback { expect: 5, answer: 6 }), 5), Ok(6));
    let saved = Arc::new(Callback { expect: 7, answer: 8 });
    foo.save_callback(Some(saved.clone())).unwrap();
    assert_eq!(Arc::strong_count(&saved), 2);
    assert_eq!(foo.callback_saved(7), Ok(8));
    assert_eq!(foo.callback_saved(7), Ok(8));
    foo.save_callback(None).unwrap();
    assert_eq!(Arc::strong_count(&saved), 1, "destroy reached the object before the call returned");
    assert_eq!(foo.callback_extended(&Callback { expect: 1, answer: 2 }, 11), Ok(12));
}

#[test]
fn an_inherited_method_is_called_through_the_derived_interface() {
    struct Both;
    impl FooCallback for Both {
        fn call(&self, arg: i32) -> Result<i32> {
            Ok(arg + 1)
        }
    }
    impl ExtendedCallback for Both {
        fn call_extended(&self, arg: i32) -> Result<i32> {
            Ok(arg + 2)
        }
    }
    let setup = Setup::new();
    let both: Arc<dyn ExtendedCallback> = Arc::new(Both);
    assert_eq!(setup.client.callback_shared(both, 1), Ok(2));
}

#[test]
fn an_object_that_comes_home_is_itself() {
    let setup = Setup::new();
    let saved: Arc<dyn FooCallback> = Arc::new(Callback { expect: 1, answer: 2 });
    setup.client.save_callback(Some(saved.clone())).unwrap();
    assert!(Handle::of(&*saved).is_none(), "a local object has no handle");
    assert!(Handle::of(&*setup.client.object()).is_some(), "a proxy has one");
    setup.client.save_callback(None).unwrap();
}

#[test]
fn closures_call_back_to_any_depth() {
    let setup = Setup::new();
    let foo = setup.client.object();
    assert_eq!(foo.pass_fn(Box::new(|| Ok(10))), Ok(10));
    let thread = std::thread::current().id();
    fn nest(foo: &Arc<dyn FooInterface>, depth: i32, thread: std::thread::ThreadId) -> Result<i32> {
        assert_eq!(std::thread::current().id(), thread, "callbacks run on the thread that made the call");
        if depth == 0 {
            return Ok(1);
        }
        let inner = foo.clone();
        foo.pass_fn(Box::new(move || nest(&inner, depth - 1, thread).map(|sum| sum + 1)))
    }
    assert_eq!(nest(&foo, 20, thread), Ok(21));
}

#[test]
fn a_call_after_the_connection_was_closed_here() {
    let setup = Setup::new();
    assert_eq!(setup.client.add(1, 2), Ok(3));
    setup.client.connection().close();
    assert!(setup.client.connection().wait_closed(Some(Duration::from_secs(5))).unwrap());
    let error = setup.client.add(1, 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.text(), "IPC client method called after disconnect");
    assert_eq!((error.interface(), error.method()), (Some("FooInterface"), Some("add")));
}

#[test]
fn a_call_after_the_server_closed_the_connection() {
    let setup = Setup::new();
    assert_eq!(setup.client.add(1, 2), Ok(3));
    setup.served.close();
    assert!(setup.client.connection().wait_closed(Some(Duration::from_secs(5))).unwrap());
    let error = setup.client.add(1, 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
}

#[test]
fn a_disconnect_during_a_call_on_the_event_loop() {
    let setup = Setup::new();
    assert_eq!(setup.client.add(1, 2), Ok(3));
    let connection = setup.served.clone();
    setup.foo.set_hook(move || connection.close());
    let error = setup.client.call_fn().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.text(), "IPC client method call interrupted by disconnect");
}

#[test]
fn a_disconnect_while_the_server_is_blocked_in_the_call() {
    let setup = Setup::new();
    let connection = setup.client.connection().clone();
    let (signal, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let (ended, has_ended) = channel();
    setup.foo.set_hook(move || {
        connection.close();
        let _ = wait.lock().unwrap().recv();
        ended.send(()).unwrap();
    });
    let error = setup.client.call_fn_async().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    signal.send(()).unwrap();
    has_ended.recv_timeout(Duration::from_secs(5)).expect("the blocked method goes on and ends");
}

#[test]
fn a_saved_callback_is_dropped_after_its_peer_vanished() {
    struct Flag(std::sync::mpsc::Sender<()>);
    impl FooCallback for Flag {
        fn call(&self, arg: i32) -> Result<i32> {
            Ok(arg)
        }
    }
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let setup = Setup::new();
    let (sender, dropped) = channel();
    setup.client.save_callback(Some(Arc::new(Flag(sender)))).unwrap();
    setup.served.close();
    dropped.recv_timeout(Duration::from_secs(5)).expect("the object of the vanished peer is dropped");
    // The server's proxy for it is dropped without anybody there to destroy it.
    setup.foo.save_callback(None).unwrap();
}

#[test]
fn calls_of_one_thread_run_in_order_on_one_server_thread() {
    let setup = Setup::new();
    let seen: Arc<Mutex<Vec<(std::thread::ThreadId, i32)>>> = Arc::default();
    let record = seen.clone();
    setup.foo.set_int_hook(move |number| {
        record.lock().unwrap().push((std::thread::current().id(), number));
        number
    });
    for number in [100, 200, 300] {
        assert_eq!(setup.client.call_int_fn_async(number), Ok(number));
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [100, 200, 300]);
    assert!(seen.iter().all(|(thread, _)| *thread == seen[0].0));
}

#[test]
fn each_client_thread_has_its_own_server_thread() {
    let setup = Setup::new();
    let foo = setup.client.object();
    let barrier = Arc::new(std::sync::Barrier::new(4));
    let inside = barrier.clone();
    setup.foo.set_int_hook(move |number| {
        inside.wait();
        number * 2
    });
    let calls: Vec<_> = (0..4)
        .map(|number| {
            let foo = foo.clone();
            std::thread::spawn(move || foo.call_int_fn_async(number))
        })
        .collect();
    for (number, call) in (0..).zip(calls) {
        assert_eq!(call.join().unwrap(), Ok(number * 2));
    }
}

#[test]
fn an_error_of_the_method_arrives_with_its_text() {
    let setup = Setup::new();
    let error = setup.client.callback_saved(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.origin(), Origin::Remote);
    assert_eq!(error.text(), "no callback was saved");
    assert_eq!(error.to_string(), "FooInterface.callbackSaved: remote failed: no callback was saved");
    // The connection lives on.
    assert_eq!(setup.client.add(1, 1), Ok(2));
}

#[test]
fn a_panic_in_a_method_is_an_error_of_that_call() {
    let setup = Setup::new();
    setup.foo.set_int_hook(|_| panic!("deliberate"));
    let error = setup.client.call_int_fn_async(1).unwrap_err();
    assert_eq!(error.text(), "the method panicked: deliberate");
    setup.foo.set_hook(|| panic!("on the loop"));
    assert!(setup.client.call_fn().is_err());
    assert_eq!(setup.client.add(1, 1), Ok(2));
}

#[test]
fn a_blocking_call_on_the_event_loop_is_an_error() {
    let setup = Setup::new();
    let (sender, receiver) = channel();
    let sender = Mutex::new(sender);
    let foo = setup.client.object();
    setup.foo.set_hook(move || sender.lock().unwrap().send(foo.add(1, 2)).unwrap());
    // `call_fn` has no context, so its method runs on the server's event loop.
    setup.client.call_fn().unwrap();
    let error = receiver.recv().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    setup.foo.set_hook(|| ());
}

#[test]
fn a_deadline_ends_the_wait_and_nothing_else() {
    let setup = Setup::new();
    // The server answers when the test lets it, which is after the errors.
    let (let_go, held) = channel::<()>();
    let held = Mutex::new(held);
    setup.foo.set_int_hook(move |number| {
        let _ = held.lock().unwrap().recv();
        number
    });
    let error =
        mp_runtime::within(Duration::from_millis(30), || setup.client.call_int_fn_async(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let handle = Handle::of(&*setup.client.object()).unwrap();
    handle.set_timeout(Some(Duration::from_millis(20)));
    assert_eq!(setup.client.call_int_fn_async(2).unwrap_err().kind(), ErrorKind::Timeout);
    handle.set_timeout(None);
    drop(let_go);
    assert_eq!(setup.client.call_int_fn_async(3), Ok(3));
}

#[test]
fn disconnects_race_with_calls() {
    for round in 0..200u32 {
        let setup = Setup::new();
        setup.foo.set_hook(|| ());
        let counted = Arc::new(AtomicI32::new(0));
        let done = counted.clone();
        let foo = setup.client.object();
        let caller = std::thread::spawn(move || {
            loop {
                match foo.call_fn_async() {
                    Ok(()) => done.fetch_add(1, Ordering::Relaxed),
                    Err(error) => break error,
                };
            }
        });
        let side = if round % 2 == 0 { setup.served.clone() } else { setup.client.connection().clone() };
        if round % 3 == 0 {
            while counted.load(Ordering::Relaxed) < 2 {
                std::thread::yield_now();
            }
        } else {
            std::thread::sleep(Duration::from_micros(u64::from(round) * 7));
        }
        side.close();
        let error = caller.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    }
}

#[test]
fn shutting_down_waits_for_calls() {
    let setup = Setup::new();
    setup.foo.set_int_hook(|number| {
        std::thread::sleep(Duration::from_millis(100));
        number
    });
    let foo = setup.client.object();
    let call = std::thread::spawn(move || foo.call_int_fn_async(5));
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(setup.served.shut_down(Duration::from_secs(5)), Ok(true));
    assert_eq!(call.join().unwrap(), Ok(5));
    assert!(setup.served.is_closed());
}

#[test]
fn a_message_over_the_limit_is_a_clear_error_and_the_connection_lives() {
    let setup = Setup::new();
    let huge = vec![1u8; 65 << 20];
    let error = setup.client.pass_data(&huge).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let large = vec![1u8; (64 << 20) - 64];
    let error = setup.client.pass_data(&large).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(setup.client.add(1, 1), Ok(2));
}
