//! What a call between two ends of a socket costs, beside the same call written by hand on
//! capnp-rpc and beside bytes that go back and forth on a bare socket.
//!
//! In: nothing. Out: criterion's figures, and at the end a table of ratios. Ours and its peers
//! take turns, so that noise of the machine hits all of them.

mod bare_socket;
mod by_hand;
mod interface;
mod pairs;
mod ratios;
mod recorded;
mod single;
mod spans;
mod throughput;

use std::os::unix::process::CommandExt;
use std::time::Duration;

use criterion::Criterion;

/// Has glibc keep the memory of a message that is gone. Otherwise it is given back and taken again
/// for each large message, or not, by the order of allocations: the hand-written call of 4 MB had
/// 5,000 page faults and ours 100. glibc reads this as the program starts.
fn keep_memory() {
    const KEEP: &str = "MALLOC_TRIM_THRESHOLD_";
    if std::env::var_os(KEEP).is_none() {
        let program = std::env::current_exe().expect("the path of this program");
        let again = std::process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(KEEP, "2000000000")
            .env("MALLOC_MMAP_THRESHOLD_", "33554432")
            .exec();
        panic!("the benchmark cannot start itself again: {again}");
    }
}

fn main() {
    keep_memory();
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(1000));
    let mut rows = Vec::new();
    single::calls(&mut criterion, &mut rows);
    single::records(&mut criterion, &mut rows);
    single::bytes(&mut criterion, &mut rows);
    throughput::many_threads(&mut criterion, &mut rows);
    throughput::growing(&mut criterion, &mut rows);
    throughput::many_tasks(&mut criterion, &mut rows);
    criterion.final_summary();
    ratios::print(&rows);
}
