//! What windows are told.
//!
//! In: the node that there is. Out: each new tip at once, and what else is new at an interval, to windows that want to
//! hear of it; while there are none nothing is asked.

use std::sync::Weak;
use std::time::{Duration, Instant};

use bitcoin::BlockHash;
use bitcoin_ipc::Result;
use bitcoin_ipc::types::{BlockTip, SynchronizationState};
use mp_runtime::callbacks::News;
use serde_json::json;

use super::Shared;
use crate::answer::Fields;
use crate::ask::Ask;
use crate::core::Core;
use crate::method::Method;

/// How often the node is asked what it does not tell: its headers, its peers, its warnings.
const INTERVAL: Duration = Duration::from_secs(10);

/// The chain as a window sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ChainView {
    pub(super) tip: Option<BlockTip>,
    pub(super) headers: i32,
    pub(super) progress: f64,
    pub(super) initial: bool,
    pub(super) warnings: Vec<String>,
}

/// The peers as a window counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NetworkView {
    pub(super) inbound: u64,
    pub(super) outbound: u64,
    pub(super) active: bool,
}

impl ChainView {
    pub(super) fn ask(ask: &Ask) -> Result<ChainView> {
        let info = ask.fields(Method::GetBlockchainInfo, json!([]))?;
        Ok(ChainView {
            tip: Some(BlockTip {
                block_height: info.int("blocks")?,
                block_time: info.int("time")?,
                block_hash: info.text("bestblockhash")?,
            }),
            headers: info.int("headers")?,
            progress: info.float("verificationprogress")?,
            initial: info.flag("initialblockdownload")?,
            warnings: info.texts("warnings")?,
        })
    }

    fn state(&self) -> SynchronizationState {
        match self.initial {
            true => SynchronizationState::InitDownload,
            false => SynchronizationState::PostInit,
        }
    }

    fn hash(&self) -> Option<BlockHash> {
        self.tip.map(|tip| tip.block_hash)
    }
}

impl NetworkView {
    pub(super) fn read(info: &Fields) -> Result<NetworkView> {
        Ok(NetworkView {
            inbound: info.int("connections_in")?,
            outbound: info.int("connections_out")?,
            active: info.flag("networkactive")?,
        })
    }
}

/// What was told last.
#[derive(Default)]
struct Told {
    /// Why there was no node; nothing if there was one.
    missing: Option<String>,
    chain: ChainView,
    network: Option<NetworkView>,
    asked: Option<Instant>,
}

/// Tells windows of all that is new, as long as there is somebody who has windows.
pub(super) fn tell(weak: &Weak<Shared>) {
    let mut told = Told::default();
    while let Some(shared) = weak.upgrade() {
        let (present, heard) = (shared.present.clone(), shared.is_heard());
        match present.core() {
            Err(why) => {
                told.absent(&shared, why);
                drop(shared);
                present.wait(INTERVAL);
            }
            Ok(core) => {
                // What the wallets know. The node may be ahead of it: waiting for another tip than its own would be no wait.
                let known = core.tip().hash;
                if heard && let Err(error) = told.look(&shared, &core) {
                    tracing::debug!(target: "node", %error, "windows are told later");
                }
                drop(shared);
                core.0.follow.wait_change(known, INTERVAL);
            }
        }
    }
}

impl Told {
    /// The node is gone, or still is.
    fn absent(&mut self, shared: &Shared, why: String) {
        self.asked = None;
        if self.missing.as_ref() != Some(&why) {
            self.missing = Some(why);
            shared.signals.alert.tell(News::Once("alert".into()), |hear| hear());
        }
    }

    fn look(&mut self, shared: &Shared, core: &Core) -> Result<()> {
        let signals = &shared.signals;
        let chain = ChainView::ask(&core.0.ask)?;
        shared.see(&chain);
        let (state, progress, newest) = (chain.state(), chain.progress, || News::Latest("tip".into()));
        if let Some(tip) = chain.tip {
            if chain.headers != self.chain.headers {
                let highest = BlockTip { block_height: chain.headers, ..tip };
                // As Bitcoin Core says whether headers are checked before they are kept: these are kept.
                signals.header_tip.tell(newest(), move |hear| hear(state, highest, 0.0));
            }
            if (chain.hash(), chain.initial) != (self.chain.hash(), self.chain.initial) {
                signals.block_tip.tell(newest(), move |hear| hear(state, tip, progress));
            }
        }
        let back = self.missing.take().is_some();
        if back || chain.warnings != self.chain.warnings {
            signals.alert.tell(News::Once("alert".into()), |hear| hear());
        }
        self.chain = chain;
        if self.asked.is_none_or(|asked| asked.elapsed() >= INTERVAL) {
            self.asked = Some(Instant::now());
            let info = core.0.ask.fields(Method::GetNetworkInfo, json!([]))?;
            let network = NetworkView::read(&info)?;
            self.tell_network(shared, network);
        }
        Ok(())
    }

    fn tell_network(&mut self, shared: &Shared, network: NetworkView) {
        let before = self.network.replace(network);
        let count = network.inbound + network.outbound;
        if before
            .is_none_or(|before| (before.inbound, before.outbound) != (network.inbound, network.outbound))
        {
            let count = i32::try_from(count).unwrap_or(i32::MAX);
            shared.signals.num_connections.tell(News::Latest("peers".into()), move |hear| hear(count));
        }
        if before.is_none_or(|before| before.active != network.active) {
            let active = network.active;
            shared.signals.network_active.tell(News::Latest("network".into()), move |hear| hear(active));
        }
    }
}
