//! The part of a driver that Bitcoin Core 31 and 32 share: calls that got a context or fields of their
//! own since 30.
//!
//! In: the name of the crate. Out: more methods of the `Client` that `client!` defined.

/// Defines the calls that are the same in the wire forms of 31 and 32.
macro_rules! since_v31 {
    ($types:ident) => {
        use crate::{CoinbaseTx, Verdict};

        impl Client<'_> {
            async fn create_new_block(
                &self,
                mining: &mining::Client,
            ) -> Result<block_template::Client, String> {
                self.plan
                    .step("createNewBlock", async {
                        let mut request = mining.create_new_block_request();
                        request.get().init_options();
                        request.get().set_cooldown(false);
                        ask!(self, request).get()?.get_result()
                    })
                    .await
            }

            async fn check_block(
                &self,
                mining: &mining::Client,
                block: &[u8],
                all: bool,
            ) -> Result<Verdict, String> {
                self.plan
                    .step("checkBlock", async {
                        let mut request = mining.check_block_request();
                        request.get().set_block(block);
                        let mut options = request.get().init_options();
                        options.set_check_merkle_root(all);
                        options.set_check_pow(all);
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

            async fn coinbase_tx(&self, template: &block_template::Client) -> Result<CoinbaseTx, String> {
                self.plan
                    .step("getCoinbaseTx", async {
                        let response = ask!(self, template.get_coinbase_tx_request());
                        let tx = response.get()?.get_result()?;
                        let outputs = tx.get_required_outputs()?;
                        Ok::<_, capnp::Error>(CoinbaseTx {
                            version: tx.get_version(),
                            sequence: tx.get_sequence(),
                            script_sig_prefix: tx.get_script_sig_prefix()?.to_vec(),
                            witness: tx.get_witness()?.to_vec(),
                            block_reward_remaining: tx.get_block_reward_remaining(),
                            required_outputs: outputs
                                .iter()
                                .map(|output| Ok(output?.to_vec()))
                                .collect::<capnp::Result<_>>()?,
                            lock_time: tx.get_lock_time(),
                        })
                    })
                    .await
            }

            /// Calls `interrupt` while `waitTipChanged` is under way; gives what the wait answered.
            async fn interrupted_tip(&self, mining: &mining::Client, tip: &Tip) -> Result<Tip, String> {
                let interrupt = async {
                    // An answer to any call shows that the server has read the wait before it.
                    self.is_test_chain(mining, &self.thread).await?;
                    let request = mining.interrupt_request();
                    self.plan.step("interrupt", request.send().promise).await
                };
                let wait = self.wait_tip_changed(mining, &tip.hash, self.plan.long_ms());
                Ok(futures::future::try_join(wait, interrupt).await?.0)
            }

            /// Calls what `makeMining` was in Bitcoin Core 30; gives the error's text.
            async fn make_mining_old(&self) -> Result<(), String> {
                let request = self.init.make_mining_old2_request();
                self.plan.step("makeMiningOld2", request.send().promise).await.map(drop)
            }
        }
    };
}
