//! Any steps, as bytes: the mempool does what a naive model of it does.
//!
//! `PROPTEST_CASES` sets how many; `fuzz/` runs the same under a fuzzer.

#![allow(unreachable_pub, reason = "fuzzers use the same files")]

mod model;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 4096, ..ProptestConfig::default() })]

    #[test]
    fn a_mempool_agrees_with_a_naive_model_after_any_steps(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        model::run(&bytes);
    }
}
