//! Lines of several logs by time.
//!
//! In: readers. Out: one line after the other, the earliest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufRead};

use bitcoin_init::time;

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of its log.
    pub(super) input: usize,
    /// Microseconds since 1970: its own, or that of a line before it, and never less than that.
    pub(super) micros: u64,
    /// Whether it has a time of its own.
    pub(super) start: bool,
    /// The line without its end; bytes that are no UTF-8 are replaced.
    pub(super) text: String,
}

/// The lines of all logs.
pub(super) struct Merge<'a> {
    readers: Vec<Box<dyn BufRead + 'a>>,
    next: Vec<Option<Line>>,
    order: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'a> Merge<'a> {
    /// Reads the first line of each.
    pub(super) fn new(readers: Vec<Box<dyn BufRead + 'a>>) -> io::Result<Self> {
        let mut merge =
            Merge { next: readers.iter().map(|_| None).collect(), readers, order: BinaryHeap::new() };
        for input in 0..merge.readers.len() {
            merge.advance(input, 0)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, input: usize, before: u64) -> io::Result<()> {
        let mut bytes = Vec::new();
        if self.readers[input].read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        while let Some(b'\n' | b'\r') = bytes.last() {
            bytes.pop();
        }
        let own = time::parse(&bytes).map(|(micros, _)| micros);
        // A clock that was set back does not change the order of a log.
        let micros = own.unwrap_or(0).max(before);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.next[input] = Some(Line { input, micros, start: own.is_some(), text });
        self.order.push(Reverse((micros, input)));
        Ok(())
    }
}

impl Iterator for Merge<'_> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((micros, input)) = self.order.pop()?;
        let line = self.next[input].take()?;
        Some(self.advance(input, micros).map(|()| line))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(logs: &[Vec<u8>]) -> Vec<(usize, String)> {
        let readers = logs.iter().map(|log| Box::new(&log[..]) as Box<dyn BufRead>).collect();
        let lines = Merge::new(readers).expect("lines");
        lines.map(|line| line.expect("a line")).map(|line| (line.input, line.text)).collect()
    }

    #[test]
    fn lines_without_a_time_stay() {
        let one = b"head\n2026-01-01T00:00:02Z a\n  more\n2026-01-01T00:00:01Z back\n".to_vec();
        let two =
            b"2026-01-01T00:00:01Z b\r\n2026-01-01T00:00:02Z c\n\xff\n2026-01-01T00:00:02.000001Z d".to_vec();
        let texts: Vec<String> = merged(&[one, two])
            .into_iter()
            .map(|(_, text)| text.rsplit("Z ").next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(texts, ["head", "b", "a", "  more", "back", "c", "\u{fffd}", "d"]);
    }

    proptest! {
        #[test]
        fn every_log_keeps_its_order(times in prop::collection::vec(prop::collection::vec(0..50_u64, 0..20), 0..4)) {
            let text = |times: &Vec<u64>| {
                let lines = times.iter().enumerate();
                lines.map(|(at, micros)| format!("{} {at}\n", time::format(*micros))).collect::<String>().into_bytes()
            };
            let logs: Vec<Vec<u8>> = times.iter().map(text).collect();
            let lines = merged(&logs);
            for (input, log) in logs.iter().enumerate() {
                let own: String = lines.iter().filter(|line| line.0 == input).map(|line| format!("{}\n", line.1)).collect();
                prop_assert_eq!(own.as_bytes(), &log[..]);
            }
        }

        #[test]
        fn any_bytes_are_merged(logs in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
            merged(&logs);
        }
    }
}
