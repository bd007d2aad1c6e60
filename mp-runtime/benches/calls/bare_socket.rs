//! Bytes that go back and forth on a socket, with nothing around them: the floor.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The time of `iterations` round trips of `length` bytes between two threads.
pub(crate) fn ping_pong(length: usize, iterations: u64) -> Duration {
    let (mut near, mut far) = UnixStream::pair().expect("a socket pair");
    let server = std::thread::spawn(move || {
        let mut buffer = vec![0; length];
        while far.read_exact(&mut buffer).is_ok() {
            far.write_all(&buffer).expect("a socket");
        }
    });
    let mut buffer = vec![7; length];
    let started = Instant::now();
    for _ in 0..iterations {
        near.write_all(&buffer).expect("a socket");
        near.read_exact(&mut buffer).expect("a socket");
    }
    let elapsed = started.elapsed();
    drop(near);
    server.join().expect("the server");
    elapsed
}
