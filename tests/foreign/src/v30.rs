//! A client of Bitcoin Core 30, over `bitcoin-capnp-types` 0.1.
//!
//! In: a socket and a plan. Out: [`Seen`].

use crate::{Template, Verdict, block};

client!(types_v30);

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Threads and `Echo`.
    pub basics: Basics,
    /// The chain.
    pub chain: Chain,
    /// A new block's template.
    pub template: Template,
    /// The answer of `getCoinbaseTx`, a serialized transaction.
    pub coinbase_tx: Vec<u8>,
    /// The answer of `getCoinbaseCommitment`, an output's script.
    pub coinbase_commitment: Vec<u8>,
    /// The answer of `getWitnessCommitmentIndex`.
    pub witness_commitment_index: i32,
    /// The answer of `submitSolution` to a wrong solution.
    pub submitted: bool,
}

impl Client<'_> {
    /// Calls `createNewBlock`, which has no context in this form and no defaults for its options.
    async fn create_new_block(&self, mining: &mining::Client) -> Result<block_template::Client, String> {
        self.plan
            .step("createNewBlock", async {
                let mut request = mining.create_new_block_request();
                let mut options = request.get().init_options();
                options.set_use_mempool(true);
                options.set_block_reserved_weight(8000);
                options.set_coinbase_output_max_additional_sigops(400);
                request.send().promise.await?.get()?.get_result()
            })
            .await
    }

    /// Calls `checkBlock`, which has no context in this form either.
    async fn check_block(&self, mining: &mining::Client, block: &[u8], all: bool) -> Result<Verdict, String> {
        self.plan
            .step("checkBlock", async {
                let mut request = mining.check_block_request();
                request.get().set_block(block);
                let mut options = request.get().init_options();
                options.set_check_merkle_root(all);
                options.set_check_pow(all);
                let response = request.send().promise.await?;
                let results = response.get()?;
                Ok::<_, capnp::Error>(Verdict {
                    accepted: results.get_result(),
                    reason: results.get_reason()?.to_string()?,
                    debug: results.get_debug()?.to_string()?,
                })
            })
            .await
    }

    async fn coinbase_tx(&self, template: &block_template::Client) -> Result<Vec<u8>, String> {
        self.plan
            .step("getCoinbaseTx", async {
                let response = ask!(self, template.get_coinbase_tx_request());
                Ok::<_, capnp::Error>(response.get()?.get_result()?.to_vec())
            })
            .await
    }

    async fn coinbase_commitment(&self, template: &block_template::Client) -> Result<Vec<u8>, String> {
        self.plan
            .step("getCoinbaseCommitment", async {
                let response = ask!(self, template.get_coinbase_commitment_request());
                Ok::<_, capnp::Error>(response.get()?.get_result()?.to_vec())
            })
            .await
    }

    async fn witness_commitment_index(&self, template: &block_template::Client) -> Result<i32, String> {
        self.plan
            .step("getWitnessCommitmentIndex", async {
                let response = ask!(self, template.get_witness_commitment_index_request());
                Ok::<_, capnp::Error>(response.get()?.get_result())
            })
            .await
    }

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
        let template = self.create_new_block(&mining).await?;
        let told = self.template(&template, &mining).await?;
        let coinbase_tx = self.coinbase_tx(&template).await?;
        let version = block::version(&told.header)?;
        let seen = Seen {
            basics,
            chain,
            submitted: self.submit_solution(&template, version, &coinbase_tx).await?,
            coinbase_commitment: self.coinbase_commitment(&template).await?,
            witness_commitment_index: self.witness_commitment_index(&template).await?,
            coinbase_tx,
            template: told,
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
