//! A client of Bitcoin Core 32, over `bitcoin-capnp-types` 0.3.
//!
//! In: a socket and a plan. Out: [`Seen`].

use crate::{Dispatch, Template, block};

use types_v32::rpc_capnp::rpc;

client!(types_v32);
since_v31!(types_v32);

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
    /// The answer of `submitSolution` to a wrong solution.
    pub submitted: Verdict,
    /// The answer of `waitTipChanged` when `interrupt` was called.
    pub interrupted_tip: Tip,
    /// The answer of `submitBlock` to the template's block with a target that it does not reach.
    pub submitted_block: Verdict,
    /// The answer of `getTransactionsByTxID`; an unknown transaction is empty.
    pub by_txid: Vec<Vec<u8>>,
    /// The answer of `getTransactionsByWitnessID`; an unknown transaction is empty.
    pub by_wtxid: Vec<Vec<u8>>,
    /// The answer of `executeRpc`, a text in JSON.
    pub rpc: String,
    /// What `executeRpc` answered to a request that is no JSON: an error, of the call or in JSON.
    pub rpc_malformed: Result<String, String>,
    /// What `makeMiningOld2` answered: an error, since it is no longer supported.
    pub make_mining_old: Result<(), String>,
    /// What `submitSolutionOld7` answered: an error, since it is no longer supported.
    pub submit_solution_old: Result<bool, String>,
}

impl Client<'_> {
    /// Makes a pool in the server for calls that name no thread.
    async fn make_pool(&self) -> Result<(), String> {
        let mut request = self.threads.make_pool_request();
        request.get().set_count(2);
        self.plan.step("makePool", request.send().promise).await.map(drop)
    }

    /// Submits the coinbase with the template's version, at a time before all others.
    async fn submit_solution(
        &self,
        template: &block_template::Client,
        version: u32,
        coinbase: &[u8],
    ) -> Result<Verdict, String> {
        self.plan
            .step("submitSolution", async {
                let mut request = template.submit_solution_request();
                request.get().set_version(version);
                request.get().set_coinbase(coinbase);
                let response = ask!(self, request);
                let results = response.get()?;
                Ok::<_, capnp::Error>(Verdict {
                    accepted: results.get_result(),
                    reason: results.get_reason()?.to_string()?,
                    debug: results.get_debug()?.to_string()?,
                })
            })
            .await
    }

    /// Calls what `submitSolution` was in Bitcoin Core 31.
    async fn submit_solution_old(&self, template: &block_template::Client) -> Result<bool, String> {
        self.plan
            .step("submitSolutionOld7", async {
                let response = ask!(self, template.submit_solution_old7_request());
                Ok::<_, capnp::Error>(response.get()?.get_result())
            })
            .await
    }

    async fn submit_block(&self, mining: &mining::Client, block: &[u8]) -> Result<Verdict, String> {
        self.plan
            .step("submitBlock", async {
                let mut request = mining.submit_block_request();
                request.get().set_block(block);
                let response = ask!(self, request);
                let results = response.get()?;
                Ok::<_, capnp::Error>(Verdict {
                    accepted: results.get_result(),
                    reason: results.get_reason()?.to_string()?,
                    debug: results.get_debug()?.to_string()?,
                })
            })
            .await
    }

    async fn by_txid(&self, mining: &mining::Client) -> Result<Vec<Vec<u8>>, String> {
        self.plan
            .step("getTransactionsByTxID", async {
                let mut request = mining.get_transactions_by_tx_i_d_request();
                let mut ids = request.get().init_txids(self.plan.txids.len() as u32);
                for (i, id) in (0..).zip(&self.plan.txids) {
                    ids.set(i, id);
                }
                let response = ask!(self, request);
                owned(response.get()?.get_result()?)
            })
            .await
    }

    async fn by_wtxid(&self, mining: &mining::Client) -> Result<Vec<Vec<u8>>, String> {
        self.plan
            .step("getTransactionsByWitnessID", async {
                let mut request = mining.get_transactions_by_witness_i_d_request();
                let mut ids = request.get().init_wtxids(self.plan.wtxids.len() as u32);
                for (i, id) in (0..).zip(&self.plan.wtxids) {
                    ids.set(i, id);
                }
                let response = ask!(self, request);
                owned(response.get()?.get_result()?)
            })
            .await
    }

    async fn make_rpc(&self) -> Result<rpc::Client, String> {
        self.plan
            .step("makeRpc", async { ask!(self, self.init.make_rpc_request()).get()?.get_result() })
            .await
    }

    async fn execute_rpc(&self, rpc: &rpc::Client, text: &str) -> Result<String, String> {
        self.plan
            .step("executeRpc", async {
                let mut request = rpc.execute_rpc_request();
                request.get().set_request(text);
                request.get().set_uri("/");
                request.get().set_user("driver");
                Ok::<_, capnp::Error>(ask!(self, request).get()?.get_result()?.to_string()?)
            })
            .await
    }

    async fn run(&mut self) -> Result<Seen, String> {
        self.name_threads().await?;
        let mining = self.make_mining().await?;
        let basics = self.basics(&mining).await?;
        if self.plan.dispatch == Dispatch::Pool {
            self.make_pool().await?;
            (self.thread, self.waiting) = (None, None);
        }
        let chain = self.chain(&mining).await?;
        let interrupted_tip = self.interrupted_tip(&mining, &chain.tip_after_wait).await?;
        let template = self.create_new_block(&mining).await?;
        let told = self.template(&template, &mining).await?;
        let coinbase_tx = self.coinbase_tx(&template).await?;
        let version = block::version(&told.header)?;
        let solution = block::coinbase(&coinbase_tx);
        let rpc = self.make_rpc().await?;
        let seen = Seen {
            basics,
            chain,
            interrupted_tip,
            submitted: self.submit_solution(&template, version, &solution).await?,
            submitted_block: self.submit_block(&mining, &block::without_work(&told.block)?).await?,
            by_txid: self.by_txid(&mining).await?,
            by_wtxid: self.by_wtxid(&mining).await?,
            rpc_malformed: self.execute_rpc(&rpc, "{").await,
            rpc: self.execute_rpc(&rpc, &self.plan.rpc).await?,
            make_mining_old: self.make_mining_old().await,
            submit_solution_old: self.submit_solution_old(&template).await,
            template: told,
            coinbase_tx,
        };
        self.destroy(&template).await?;
        Ok(seen)
    }
}

fn owned(list: capnp::data_list::Reader<'_>) -> capnp::Result<Vec<Vec<u8>>> {
    list.iter().map(|item| Ok(item?.to_vec())).collect()
}

/// Makes every call of this wire form.
///
/// # Errors
///
/// The name of the first call that failed or took too long, and why.
pub async fn drive(path: &Path, plan: &Plan) -> Result<Seen, String> {
    tokio::task::LocalSet::new().run_until(async { Client::connect(plan, path).await?.run().await }).await
}
