//! The threads on which calls wait.
//!
//! In: jobs, each for a lane. Out: those of one lane done in their order, those of others beside them. A lane that
//! nobody uses has no thread.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::lock;
use crate::model::{Read, SessionId};

/// Something to be done that may wait.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Whose turn a job waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Short calls to the node.
    Node,
    /// What the mempool is asked, which may take longer.
    Mempool,
    /// Wallets that are made or loaded, one at a time.
    Long,
    /// A line of the console, which may wait for ever.
    Console(u64),
    /// A wallet that is listened to again.
    Listen(String),
    /// What a wallet is asked.
    WalletReads(String),
    /// What a wallet does.
    Wallet(String),
    /// Files that are written.
    Files,
    /// The end.
    Stop,
}

impl Lane {
    pub(super) fn of(read: &Read) -> Lane {
        match read {
            Read::Chain | Read::Warnings | Read::Stopping | Read::Methods | Read::Settings | Read::Peers => {
                Lane::Node
            }
            Read::Processes => Lane::Files,
            Read::Mempool => Lane::Mempool,
            Read::Wallets | Read::Files => Lane::Long,
            Read::Listen(wallet) => Lane::Listen(wallet.clone()),
            Read::Traits(wallet)
            | Read::Balances(wallet)
            | Read::Newest(wallet)
            | Read::Older(wallet, ..)
            | Read::Total(wallet)
            | Read::Arrived(wallet, _)
            | Read::Coins(wallet)
            | Read::Book(wallet)
            | Read::Requests(wallet)
            | Read::LookUp(wallet, _) => Lane::WalletReads(wallet.clone()),
        }
    }
}

/// All lanes of a session.
pub(super) struct Lanes {
    id: SessionId,
    waiting: Arc<Mutex<HashMap<Lane, VecDeque<Job>>>>,
}

impl Lanes {
    pub(super) fn new(id: SessionId) -> Lanes {
        Lanes { id, waiting: Arc::default() }
    }

    /// Has a job done once those before it in its lane are done. False if there can be no thread for it.
    pub(super) fn run(&self, lane: Lane, job: Job) -> bool {
        let mut waiting = lock(&self.waiting);
        if let Some(jobs) = waiting.get_mut(&lane) {
            jobs.push_back(job);
            return true;
        }
        waiting.insert(lane.clone(), VecDeque::from([job]));
        drop(waiting);
        let (all, name) = (self.waiting.clone(), format!("calls {}", self.id));
        let begun = {
            let lane = lane.clone();
            std::thread::Builder::new().name(name).spawn(move || work(&all, &lane))
        };
        if begun.is_err() {
            lock(&self.waiting).remove(&lane);
        }
        begun.is_ok()
    }

    /// Nobody waits for a lane any more: its thread ends when its call does.
    pub(super) fn leave(&self, lane: &Lane) {
        if let Some(jobs) = lock(&self.waiting).get_mut(lane) {
            jobs.clear();
        }
    }
}

/// Does the jobs of a lane until there are none.
fn work(all: &Mutex<HashMap<Lane, VecDeque<Job>>>, lane: &Lane) {
    loop {
        let job = {
            let mut waiting = lock(all);
            match waiting.get_mut(lane).and_then(VecDeque::pop_front) {
                Some(job) => job,
                None => {
                    waiting.remove(lane);
                    return;
                }
            }
        };
        job();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_lane_that_waits_holds_up_no_other() {
        let lanes = Lanes::new(1);
        let ((go, gone), (tell, told)) = (mpsc::channel::<()>(), mpsc::channel());
        let (first, second) = (tell.clone(), tell.clone());
        assert!(lanes.run(
            Lane::Long,
            Box::new(move || {
                let _ = gone.recv();
                first.send("waited").expect("a hearer");
            })
        ));
        assert!(lanes.run(Lane::Long, Box::new(move || second.send("after it").expect("a hearer"))));
        assert!(lanes.run(Lane::Node, Box::new(move || tell.send("beside it").expect("a hearer"))));
        assert_eq!(told.recv(), Ok("beside it"));
        drop(go);
        assert_eq!((told.recv(), told.recv()), (Ok("waited"), Ok("after it")));
        assert!(told.recv().is_err(), "the jobs are dropped, and with them what they send by");
    }
}
