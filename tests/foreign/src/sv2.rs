//! The template provider of the Stratum V2 project, `bitcoin_core_sv2`, which turns block templates
//! into messages of the Template Distribution Protocol.
//!
//! In: a socket, a plan, and a way to make the chain grow. Out: [`Seen`], what the provider made of the
//! server's answers. What it logs goes to `tracing`, and says more than its errors.

use std::path::Path;

use async_channel::{Receiver, Sender, unbounded};
use bitcoin_core_sv2::CancellationToken;
use bitcoin_core_sv2::runtime_api::template_distribution_protocol as tdp;
use stratum_core::parsers_sv2::TemplateDistributionOwned as Message;
use stratum_core::template_distribution_sv2::{CoinbaseOutputConstraintsOwned, RequestTransactionDataOwned};

use crate::Plan;

pub use bitcoin_core_sv2::runtime_api::BitcoinCoreVersion as Version;

/// What the provider told.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The template when it started.
    pub first: Work,
    /// The template after the chain had grown.
    pub next: Work,
    /// The transactions of the first template without its coinbase, serialized.
    pub transactions: Vec<Vec<u8>>,
}

/// A `NewTemplate` together with the `SetNewPrevHash` that makes it current.
#[derive(Clone, Debug)]
pub struct Work {
    /// The number that both messages name.
    pub template_id: u64,
    /// Whether the template came before its `SetNewPrevHash`; always so when the tip changes.
    pub future: bool,
    /// The hash of the block to build on, in the byte order of the wire.
    pub prev_hash: Vec<u8>,
    /// What the coinbase's outputs may be worth, in satoshis.
    pub coinbase_value: u64,
    /// How the script of the coinbase's input has to begin.
    pub coinbase_prefix: Vec<u8>,
    /// How many outputs the coinbase has to have.
    pub coinbase_outputs: u32,
    /// The hashes beside the coinbase, from the lowest level.
    pub merkle_path: usize,
    /// The time for the header.
    pub timestamp: u32,
    /// The compact target.
    pub bits: u32,
}

/// Both ends of a provider under way.
struct Provider<'a> {
    plan: &'a Plan,
    to: Sender<Message>,
    from: Receiver<Message>,
    stop: CancellationToken,
}

impl Provider<'_> {
    /// The next message; an error if the provider gave up.
    async fn receive(&self) -> Result<Message, String> {
        tokio::select! {
            biased;
            message = self.from.recv() => message.map_err(|error| error.to_string()),
            () = self.stop.cancelled() => Err("the provider gave up; its log says why".to_owned()),
        }
    }

    async fn send(&self, message: Message) -> Result<(), String> {
        self.to.send(message).await.map_err(|error| error.to_string())
    }

    /// Receives templates until one is made current. Others are those that fees brought.
    async fn work(&self) -> Result<Work, String> {
        let mut templates = Vec::new();
        loop {
            let set = match self.receive().await? {
                Message::NewTemplate(template) => {
                    templates.push(template);
                    continue;
                }
                Message::SetNewPrevHash(set) => set,
                other => return Err(format!("unexpected message: {other}")),
            };
            let template = templates
                .into_iter()
                .find(|template| template.template_id == set.template_id)
                .ok_or_else(|| format!("no template {} came before it was set", set.template_id))?;
            return Ok(Work {
                template_id: set.template_id,
                future: template.future_template,
                prev_hash: set.prev_hash.to_owned_bytes(),
                coinbase_value: template.coinbase_tx_value_remaining,
                coinbase_prefix: template.coinbase_prefix.to_owned_bytes(),
                coinbase_outputs: template.coinbase_tx_outputs_count,
                merkle_path: template.merkle_path.len(),
                timestamp: set.header_timestamp,
                bits: set.n_bits,
            });
        }
    }

    async fn transactions(&self, template_id: u64) -> Result<Vec<Vec<u8>>, String> {
        self.send(Message::RequestTransactionData(RequestTransactionDataOwned { template_id })).await?;
        loop {
            match self.receive().await? {
                Message::RequestTransactionDataSuccess(data) => {
                    return Ok(data.transaction_list.iter().map(|tx| tx.clone().to_owned_bytes()).collect());
                }
                // Fees may bring another template in between.
                Message::NewTemplate(_) => {}
                other => return Err(format!("unexpected message: {other}")),
            }
        }
    }

    async fn run(&self, advance: impl AsyncFnOnce()) -> Result<Seen, String> {
        let constraints = CoinbaseOutputConstraintsOwned {
            coinbase_output_max_additional_size: 100,
            coinbase_output_max_additional_sigops: 4,
        };
        self.send(Message::CoinbaseOutputConstraints(constraints)).await?;
        let first = self.plan.step("the first template", self.work()).await?;
        let transactions = self.plan.step("transaction data", self.transactions(first.template_id)).await?;
        advance().await;
        let next = self.plan.step("the next template", self.work()).await?;
        Ok(Seen { first, next, transactions })
    }
}

/// Starts the provider, has `advance` make the server's chain grow by a block, and stops the provider.
///
/// # Errors
///
/// The step that failed or took too long, and why.
pub async fn drive(
    path: &Path,
    version: Version,
    plan: &Plan,
    advance: impl AsyncFnOnce(),
) -> Result<Seen, String> {
    let (to, incoming) = unbounded();
    let (outgoing, from) = unbounded();
    let stop = CancellationToken::new();
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            // Any fee at all brings a new template, at most once a second.
            let made = tdp::new(version, path, 1, 1, incoming, outgoing, stop.clone());
            let mut runtime = plan.step("start", made).await?;
            let running = tokio::task::spawn_local(async move { runtime.run().await });
            let seen = Provider { plan, to, from, stop: stop.clone() }.run(advance).await;
            stop.cancel();
            plan.step("shutdown", running).await?;
            seen
        })
        .await
}
