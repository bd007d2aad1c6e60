//! A client of Bitcoin Core 31, over `bitcoin-capnp-types` 0.2.
//!
//! In: a socket and a plan. Out: [`Seen`].

use crate::{Template, block};

client!(types_v31);
since_v31!(types_v31);

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Threads and `Echo`.
    pub basics: Basics,
    /// The chain.
    pub chain: Chain,
    /// A new block's template.
    pub template: Template,
    /// The answer of `getCoinbaseTx`.
    pub coinbase_tx: CoinbaseTx,
    /// The answer of `submitSolution` to a wrong solution; a server of the later form refuses the call.
    pub submitted: Result<bool, String>,
    /// The answer of `waitTipChanged` when `interrupt` was called.
    pub interrupted_tip: Tip,
    /// What `makeMiningOld2` answered: an error, since it is no longer supported.
    pub make_mining_old: Result<(), String>,
}

impl Client<'_> {
    /// Submits the coinbase with the template's version, at a time before all others.
    async fn submit_solution(
        &self,
        template: &block_template::Client,
        version: u32,
        coinbase: &[u8],
    ) -> Result<bool, String> {
        self.plan
            .step("submitSolution", async {
                let mut request = template.submit_solution_request();
                request.get().set_version(version);
                request.get().set_coinbase(coinbase);
                Ok::<_, capnp::Error>(ask!(self, request).get()?.get_result())
            })
            .await
    }

    async fn run(&mut self) -> Result<Seen, String> {
        self.name_threads().await?;
        let mining = self.make_mining().await?;
        let basics = self.basics(&mining).await?;
        let chain = self.chain(&mining).await?;
        let interrupted_tip = self.interrupted_tip(&mining, &chain.tip_after_wait).await?;
        let template = self.create_new_block(&mining).await?;
        let told = self.template(&template, &mining).await?;
        let coinbase_tx = self.coinbase_tx(&template).await?;
        let version = block::version(&told.header)?;
        let solution = block::coinbase(&coinbase_tx);
        let seen = Seen {
            basics,
            chain,
            interrupted_tip,
            submitted: self.submit_solution(&template, version, &solution).await,
            template: told,
            coinbase_tx,
            make_mining_old: self.make_mining_old().await,
        };
        self.destroy(&template).await?;
        Ok(seen)
    }
}

/// Makes every call of this wire form.
///
/// # Errors
///
/// The name of the first call that failed or took too long, and why.
pub async fn drive(path: &Path, plan: &Plan) -> Result<Seen, String> {
    tokio::task::LocalSet::new().run_until(async { Client::connect(plan, path).await?.run().await }).await
}
