//! What all mining interfaces of a node share: the node, threads, and what would go into a block now.
//!
//! In: work that would hold others up; questions of those who wait for better fees. Out: results, from a bounded number
//! of threads; one selection for each change of the mempool, however many ask.

use std::sync::Arc;

use bitcoin::BlockHash;
use mp_runtime::{Error, ErrorKind, Result};
use tokio::sync::{Mutex, oneshot};

use super::new_block::{Draft, draft};
use crate::state::State;
use crate::template::SelectOptions;
use bitcoin_rpc::pool::Pool;

/// Calls that are worked on at once; one check of a block or one selection keeps one core busy.
const THREADS: usize = 16;
/// Calls that may wait for that.
const ROOM: usize = 4096;
/// Selections that are kept, one for each set of options that is asked for.
const KEPT: usize = 16;

/// A node and what its mining interfaces share.
pub(super) struct Shared {
    pub(super) state: Arc<State>,
    pool: Pool,
    drafts: Mutex<Drafts>,
}

/// Selections of one state of the chain and the mempool.
#[derive(Default)]
struct Drafts {
    of: Option<(BlockHash, u64)>,
    kept: Vec<(SelectOptions, Arc<Draft>)>,
}

impl Shared {
    pub(super) fn new(state: Arc<State>) -> Self {
        Shared { state, pool: Pool::new("mining", THREADS, ROOM), drafts: Mutex::default() }
    }

    /// Does something that takes its time, unless its caller has gone before it begins.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Shared>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = self.clone();
        let answer = self.pool.run(move |_| work(&shared)).map_err(|_| too_many())?;
        answer.await.map_err(|_| unanswered())?
    }

    /// As [`Shared::read`], for what is done whether its caller is still there or not.
    pub(super) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&State) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (give, taken) = oneshot::channel();
        let state = self.state.clone();
        // Nobody takes it when the caller has gone.
        let work = move || drop(give.send(work(&state)));
        self.pool.run_alone(|| true, work).map_err(|_| too_many())?;
        taken.await.map_err(|_| unanswered())?
    }

    /// What would go into a block of now.
    pub(super) async fn draft(self: &Arc<Self>, options: &SelectOptions) -> Result<Arc<Draft>> {
        // Others who ask meanwhile wait for the answer that they share.
        let mut drafts = self.drafts.lock().await;
        // Before the mempool is read: a change meanwhile only makes for one selection more.
        let seen = self.state.seen();
        let now = Some((seen.tip.hash, seen.mempool_changes));
        if drafts.of != now {
            *drafts = Drafts { of: now, kept: Vec::new() };
        }
        if let Some((_, draft)) = drafts.kept.iter().find(|(of, _)| of == options) {
            return Ok(draft.clone());
        }
        let wanted = *options;
        let made = Arc::new(self.read(move |shared| draft(&shared.state, &wanted)).await?);
        if drafts.kept.len() == KEPT {
            drafts.kept.remove(0);
        }
        drafts.kept.push((*options, made.clone()));
        Ok(made)
    }
}

fn too_many() -> Error {
    Error::new(ErrorKind::Overloaded, "too many mining calls wait already")
}

fn unanswered() -> Error {
    Error::failed("the call ended without an answer; the node's log may say why")
}

#[cfg(test)]
mod tests {
    use bitcoin::{Network, Txid, hashes::Hash};
    use bitcoin_init::shutdown::Shutdown;
    use futures::future::join_all;

    use super::*;
    use crate::state::Options;
    use bitcoin_init::signals::Signals;

    #[tokio::test]
    async fn there_is_one_selection_for_each_change() {
        let directory = tempfile::tempdir().unwrap();
        let options = Options::new(directory.path(), Network::Regtest);
        let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
        let shared = Arc::new(Shared::new(state.clone()));
        let options = SelectOptions::default();
        let ask = async || shared.draft(&options).await.unwrap();
        let first = ask().await;
        let again = join_all((0..50).map(|_| ask())).await;
        assert!(again.iter().all(|draft| Arc::ptr_eq(draft, &first)));
        state.prioritise(Txid::all_zeros(), 1).unwrap();
        let next = join_all((0..50).map(|_| ask())).await;
        assert!(next.iter().all(|draft| Arc::ptr_eq(draft, &next[0]) && !Arc::ptr_eq(draft, &first)));
        // Other limits make another block; none of them is for long.
        for max_weight in 0..100 {
            let other = SelectOptions { max_weight: options.max_weight - max_weight, ..options };
            assert_eq!(Arc::ptr_eq(&shared.draft(&other).await.unwrap(), &next[0]), max_weight == 0);
        }
        assert_eq!(shared.drafts.lock().await.kept.len(), KEPT);
    }
}
