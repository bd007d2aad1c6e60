//! What a call between two ends of a socket costs, beside the same call written by hand on
//! capnp-rpc and beside bytes that go back and forth on a bare socket.
//!
//! In: nothing. Out: criterion's figures, and at the end a table of ratios. Every group holds
//! ours and its peers, so that noise of the machine hits all of them.

mod bare_socket;
mod by_hand;
mod interface;
mod ratios;
mod single;
mod throughput;

use std::time::Duration;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    single::calls(&mut criterion);
    single::bytes(&mut criterion);
    throughput::threads(&mut criterion);
    throughput::tasks(&mut criterion);
    criterion.final_summary();
    ratios::print();
}
