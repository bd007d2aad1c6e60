//! Threads that read for their connection while they wait, and leave that to others when they have other things to do.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use mp_runtime::{EventLoop, Result, ipc_file, ipc_interface, pair};

use super::work::{Work, Worker, client};

ipc_file! {
    static STAIRS: "stairs.capnp" @ 0xe5a1_0000_0000_000b;
}

/// What is called back.
#[ipc_interface(file = STAIRS)]
trait Step: Send + Sync {
    fn step(&self, height: i32) -> Result<i32>;
}

/// What calls back.
#[ipc_interface(file = STAIRS, construct, destroy = false)]
trait Stairs: Send + Sync {
    fn climb(&self, step: &dyn Step) -> Result<i32>;
    fn double(&self, height: i32) -> Result<i32>;
    #[ipc(no_context)]
    fn half(&self, height: i32) -> Result<i32>;
}

struct House;

impl Stairs for House {
    fn climb(&self, step: &dyn Step) -> Result<i32> {
        Ok(step.step(1)? + step.step(2)?)
    }

    fn double(&self, height: i32) -> Result<i32> {
        Ok(2 * height)
    }

    fn half(&self, height: i32) -> Result<i32> {
        Ok(height / 2)
    }
}

/// Calls until this thread reads for the connection.
fn begin_to_lead(work: &dyn Work, worker: &Worker) {
    worker.gate.open();
    for _ in 0..5 {
        work.thread().unwrap();
    }
    worker.gate.shut();
}

#[test]
fn a_thread_that_waits_for_long_holds_up_no_other() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker).object();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            begin_to_lead(&*work, &worker);
            work.pass_gate(7)
        });
        worker.gate.wait_for(1);
        // The first of these takes the reading over, and the waiting thread hears of its own answer all the same.
        for _ in 0..200 {
            work.stop().unwrap();
        }
        let others: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..50).all(|_| work.stop().is_ok()))).collect();
        assert!(others.into_iter().all(|other| other.join().unwrap()));
        worker.gate.open();
        assert_eq!(waits.join().unwrap(), Ok(7));
    });
}

#[test]
fn a_thread_that_hears_nothing_for_long_hears_the_answer() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker).object();
    begin_to_lead(&*work, &worker);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            worker.gate.wait_for(1);
            // Longer than a thread looks after a socket that is silent.
            std::thread::sleep(Duration::from_millis(1_300));
            worker.gate.open();
        });
        assert_eq!(work.pass_gate(8), Ok(8));
    });
    // The serving thread hears nothing for as long.
    std::thread::sleep(Duration::from_millis(1_300));
    begin_to_lead(&*work, &worker);
}

#[test]
fn a_connection_that_breaks_is_heard_of_by_the_thread_that_reads() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker);
    let connection = work.connection().clone();
    let work = work.object();
    begin_to_lead(&*work, &worker);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            worker.gate.wait_for(1);
            connection.close();
        });
        let error = work.pass_gate(9).unwrap_err();
        assert!(error.text().contains("interrupted by disconnect"), "{error}");
    });
    worker.gate.open();
}

/// A callback that returns when another thread's call on the same connection has.
struct Waiting {
    asks: Sender<i32>,
    answers: std::sync::Mutex<Receiver<i32>>,
}

impl Step for Waiting {
    fn step(&self, height: i32) -> Result<i32> {
        self.asks.send(height).unwrap();
        Ok(self.answers.lock().unwrap().recv().unwrap())
    }
}

#[test]
fn a_thread_with_a_callback_leaves_the_reading_to_others() {
    let (stairs, _served) = pair::<dyn Stairs>(&EventLoop::new("stairs").unwrap(), Arc::new(House));
    in_both_forms(&*stairs.object());
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    let _served =
        mp_runtime::serve_stream::<dyn Stairs>(&EventLoop::new("house").unwrap(), far, Arc::new(House));
    let client = mp_runtime::connect_stream::<dyn Stairs>(&EventLoop::new("guest").unwrap(), near);
    in_both_forms(&*client.object());
}

fn in_both_forms(stairs: &dyn Stairs) {
    let (asks, asked) = channel();
    let (answer, answers) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for height in asked {
                let doubled = stairs.double(height).unwrap();
                answer.send(stairs.half(10 * doubled).unwrap()).unwrap();
            }
        });
        let step = Waiting { asks, answers: answers.into() };
        for _ in 0..100 {
            assert_eq!(stairs.climb(&step), Ok(30));
        }
        drop(step);
    });
}
