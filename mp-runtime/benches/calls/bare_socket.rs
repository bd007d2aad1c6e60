//! Bytes that go back and forth on a socket, with nothing around them: the floor.
//!
//! In: a number of bytes. Out: the time of a number of round trips between two threads.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Round trips of `length` bytes, with a thread at the other end that sends back what it gets.
pub(crate) fn ping_pong(length: usize) -> impl FnMut(u64) -> Duration {
    let (mut near, mut far) = UnixStream::pair().expect("a socket pair");
    // Ends when the near end is dropped.
    std::thread::spawn(move || {
        let mut buffer = vec![0; length];
        while far.read_exact(&mut buffer).is_ok() && far.write_all(&buffer).is_ok() {}
    });
    let mut buffer = vec![7; length];
    move |iterations| {
        let started = Instant::now();
        for _ in 0..iterations {
            near.write_all(&buffer).expect("a socket");
            near.read_exact(&mut buffer).expect("a socket");
        }
        let elapsed = started.elapsed();
        assert!(buffer.iter().all(|byte| *byte == 7), "the bytes come back as they were");
        elapsed
    }
}
