//! Which line of a client belongs to which of a server.
//!
//! In: the lines of calls by time. Out: for each its call, with a number that is the same in all
//! logs, and at an end how long it took.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::Summary;
use super::call::{CallLine, Step};
use super::merge::Line;

/// A server's line may stand before the client's by this much: both read the clock before they
/// write.
const SKEW: u64 = 1_000;

/// More calls than this are not held; the oldest are forgotten.
const MOST: usize = 100_000;

/// Numbers of calls stand in a log in their order but for this much.
const DISORDER: u64 = 1_000;

/// A call as one process numbers it: the log and the number.
type Own = (usize, u64);

/// A connection as one process numbers it.
type Connection = (usize, u64);

/// The place of a line in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// The call's number among all.
    pub(super) id: u64,
    /// Interface and method.
    pub(super) method: String,
    /// The call's number among those of its method.
    pub(super) number: u64,
    /// Whether this is the call's last line.
    pub(super) last: bool,
    /// At an end, the microseconds since the client sent or the server received it.
    took: Option<u64>,
    /// At the client's end, the microseconds between the server's lines.
    at_server: Option<u64>,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}#{}", self.method, self.number)?;
        if let Some(took) = self.took {
            write!(f, ", {took} us")?;
        }
        if let Some(took) = self.at_server {
            write!(f, ", {took} us of them at the server")?;
        }
        f.write_str("}")
    }
}

#[derive(Debug)]
struct Call {
    method: String,
    number: u64,
    client: Option<Side>,
    server: Option<Side>,
}

#[derive(Debug)]
struct Side {
    own: Own,
    connection: Connection,
    began: u64,
    took: Option<u64>,
}

impl Call {
    /// Whether all sides that were seen have ended. A client logs its request before it sends it, so
    /// one that was not seen by a server's end has no log here.
    fn done(&self) -> bool {
        [&self.client, &self.server].into_iter().flatten().all(|side| side.took.is_some())
    }
}

/// The calls that have not ended.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    calls: BTreeMap<u64, Call>,
    by_client: HashMap<Own, u64>,
    by_server: HashMap<Own, u64>,
    /// Calls of which one side is known, by method, the oldest first.
    waiting: HashMap<String, Vec<u64>>,
    /// Which connection of a client a server's is, and the reverse.
    server_of: HashMap<Connection, Connection>,
    client_of: HashMap<Connection, Connection>,
    numbers: HashMap<String, u64>,
    /// For each log whether its process's first call was seen, and the highest number.
    latest: HashMap<usize, (bool, u64)>,
    next: u64,
    summary: Summary,
}

impl Pairs {
    /// Takes the next line.
    pub(super) fn take(&mut self, line: &Line, call: &CallLine<'_>) -> Option<Role> {
        let own = (line.input, call.call);
        let id = match call.step {
            Step::ClientSend | Step::ServerReceive => self.begin(line, call),
            Step::ClientEnd => *self.by_client.get(&own)?,
            Step::ServerEnd => *self.by_server.get(&own)?,
        };
        let known = self.calls.get_mut(&id)?;
        let side = match call.step {
            Step::ClientEnd => known.client.as_mut(),
            Step::ServerEnd => known.server.as_mut(),
            Step::ClientSend | Step::ServerReceive => None,
        };
        let took = side.map(|side| {
            let took = line.micros.saturating_sub(side.began);
            side.took = Some(took);
            took
        });
        let at_server = if call.step == Step::ClientEnd {
            known.server.as_ref().and_then(|side| side.took)
        } else {
            None
        };
        let last = known.done();
        let role = Role { id, method: known.method.clone(), number: known.number, last, took, at_server };
        if last {
            self.forget(id);
        }
        Some(role)
    }

    /// Counts what is left.
    pub(super) fn finish(mut self, summary: &mut Summary) {
        while let Some((id, _)) = self.calls.first_key_value() {
            self.forget(*id);
        }
        summary.paired = self.summary.paired;
        summary.unpaired = self.summary.unpaired;
        summary.unanswered = self.summary.unanswered;
    }

    fn begin(&mut self, line: &Line, call: &CallLine<'_>) -> u64 {
        let client = call.step == Step::ClientSend;
        self.notice_restart(line.input, call.call);
        let id = self.partner(line, call, client).unwrap_or_else(|| self.add(call.method));
        let own = (line.input, call.call);
        let connection = (line.input, call.connection);
        let by_own = if client { &mut self.by_client } else { &mut self.by_server };
        by_own.insert(own, id);
        if let Some(known) = self.calls.get_mut(&id) {
            let side = Some(Side { own, connection, began: line.micros, took: None });
            if client {
                known.client = side;
            } else {
                known.server = side;
            }
            if let (Some(client), Some(server)) = (&known.client, &known.server) {
                self.server_of.insert(client.connection, server.connection);
                self.client_of.insert(server.connection, client.connection);
            }
        }
        id
    }

    /// A process that starts again writes to the same log and counts from 1 again. Threads write
    /// their numbers a little out of order.
    fn notice_restart(&mut self, input: usize, number: u64) {
        let (first, highest) = self.latest.entry(input).or_default();
        let restarted = (number == 1 && *first) || number.saturating_add(DISORDER) < *highest;
        *first = number == 1 || (*first && !restarted);
        *highest = if restarted { number } else { number.max(*highest) };
        if !restarted {
            return;
        }
        let of_input = |side: &Option<Side>| side.as_ref().is_some_and(|side| side.own.0 == input);
        let old = self.calls.iter().filter(|(_, call)| of_input(&call.client) || of_input(&call.server));
        for id in old.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.forget(id);
        }
        let keep = |one: &Connection, other: &mut Connection| one.0 != input && other.0 != input;
        self.server_of.retain(keep);
        self.client_of.retain(keep);
    }

    /// The oldest call of the method whose other side is all that is known and fits; it waits no
    /// longer.
    fn partner(&mut self, line: &Line, call: &CallLine<'_>, client: bool) -> Option<u64> {
        let connection = (line.input, call.connection);
        let (known, reverse) =
            if client { (&self.server_of, &self.client_of) } else { (&self.client_of, &self.server_of) };
        let waiting = self.waiting.get_mut(call.method)?;
        let at = waiting.iter().position(|id| {
            let Some(other) = self.calls.get(id) else { return false };
            let side = if client { (&other.server, &other.client) } else { (&other.client, &other.server) };
            let (Some(side), None) = side else { return false };
            let fits = match (known.get(&connection), reverse.get(&side.connection)) {
                (None, None) => side.connection.0 != line.input,
                (Some(theirs), _) => *theirs == side.connection,
                (None, Some(_)) => false,
            };
            fits && (!client || line.micros - side.began <= SKEW)
        })?;
        Some(waiting.remove(at))
    }

    fn add(&mut self, method: &str) -> u64 {
        if self.calls.len() >= MOST
            && let Some((oldest, _)) = self.calls.first_key_value()
        {
            self.forget(*oldest);
        }
        let number = self.numbers.entry(method.to_owned()).or_default();
        *number += 1;
        self.next += 1;
        let call = Call { method: method.to_owned(), number: *number, client: None, server: None };
        self.calls.insert(self.next, call);
        self.waiting.entry(method.to_owned()).or_default().push(self.next);
        self.next
    }

    fn forget(&mut self, id: u64) {
        let Some(call) = self.calls.remove(&id) else { return };
        if let Some(waiting) = self.waiting.get_mut(&call.method) {
            waiting.retain(|waiting| *waiting != id);
        }
        let paired = call.client.is_some() && call.server.is_some();
        let answered = [&call.client, &call.server].into_iter().flatten().any(|side| side.took.is_some());
        if let Some(side) = call.client {
            self.by_client.remove(&side.own);
        }
        if let Some(side) = call.server {
            self.by_server.remove(&side.own);
        }
        self.summary.paired += u64::from(paired);
        self.summary.unpaired += u64::from(!paired);
        self.summary.unanswered += u64::from(!answered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(input: usize, micros: u64) -> Line {
        Line { input, micros, start: true, text: String::new() }
    }

    fn take(pairs: &mut Pairs, at: (usize, u64), step: Step, connection: u64, call: u64) -> Option<Role> {
        pairs.take(&line(at.0, at.1), &CallLine { step, method: "A.b", connection, call })
    }

    fn number(role: Option<Role>) -> u64 {
        role.expect("a role").number
    }

    #[test]
    fn a_connection_stays_with_its_client() {
        let mut pairs = Pairs::default();
        // The logs 0 and 1 are clients, 2 is their server.
        assert_eq!(number(take(&mut pairs, (0, 10), Step::ClientSend, 1, 1)), 1);
        assert_eq!(number(take(&mut pairs, (2, 11), Step::ServerReceive, 5, 1)), 1);
        assert_eq!(number(take(&mut pairs, (1, 12), Step::ClientSend, 1, 1)), 2);
        assert_eq!(number(take(&mut pairs, (2, 13), Step::ServerReceive, 6, 2)), 2);
        assert_eq!(number(take(&mut pairs, (0, 14), Step::ClientSend, 1, 2)), 3);
        assert_eq!(number(take(&mut pairs, (1, 15), Step::ClientSend, 1, 2)), 4);
        assert_eq!(number(take(&mut pairs, (2, 16), Step::ServerReceive, 6, 3)), 4, "not the oldest");
        assert_eq!(number(take(&mut pairs, (2, 17), Step::ServerReceive, 5, 4)), 3);
    }

    #[test]
    fn a_server_may_be_a_moment_early() {
        let mut pairs = Pairs::default();
        assert_eq!(number(take(&mut pairs, (1, 10), Step::ServerReceive, 1, 1)), 1);
        assert_eq!(number(take(&mut pairs, (0, 12), Step::ClientSend, 1, 1)), 1);
        assert_eq!(number(take(&mut pairs, (1, 13), Step::ServerReceive, 1, 2)), 2);
        assert_eq!(number(take(&mut pairs, (0, 13 + SKEW + 1), Step::ClientSend, 1, 2)), 3, "too early");
    }

    #[test]
    fn calls_of_one_side_are_not_held() {
        let mut pairs = Pairs::default();
        for call in 1..10_000 {
            take(&mut pairs, (0, call), Step::ServerReceive, 1, call);
            assert!(take(&mut pairs, (0, call), Step::ServerEnd, 1, call).is_some_and(|role| role.last));
        }
        assert!(pairs.calls.is_empty() && pairs.by_server.is_empty() && pairs.waiting["A.b"].is_empty());
        let mut summary = Summary::default();
        pairs.finish(&mut summary);
        assert_eq!((summary.unpaired, summary.unanswered), (9_999, 0));
    }

    #[test]
    fn a_process_that_starts_again_counts_anew() {
        let mut pairs = Pairs::default();
        for run in 0..2 {
            let at = run * 10_000;
            assert_eq!(number(take(&mut pairs, (0, at), Step::ClientSend, 1 + run, 1)), 1 + 2 * run);
            assert_eq!(number(take(&mut pairs, (1, at + 1), Step::ServerReceive, 1, 1)), 1 + 2 * run);
            // This one never ends.
            assert_eq!(number(take(&mut pairs, (1, at + 2), Step::ServerReceive, 2, 2)), 2 + 2 * run);
        }
        assert!(take(&mut pairs, (0, 20_000), Step::ClientEnd, 2, 1).is_some());
        assert_eq!(take(&mut pairs, (0, 20_000), Step::ClientEnd, 9, 9), None);
    }
}
