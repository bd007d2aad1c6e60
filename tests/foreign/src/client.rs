//! The part of a driver that reads the same in every wire form, although its types come from different
//! crates: connecting, threads, `Echo`, the chain, and the getters and waits of a template.
//!
//! In: the name of the crate. Out: `struct Client` and its methods, in the module that invokes it.

/// Fills in a request's context and awaits the answer.
macro_rules! ask {
    ($client:expr, $request:expr) => {
        ask!($client, &$client.thread, $request)
    };
    ($client:expr, $thread:expr, $request:expr) => {{
        let mut request = $request;
        $client.fill(request.get().init_context(), $thread);
        request.send().promise.await?
    }};
}

/// Defines the client over one crate of types.
macro_rules! client {
    ($types:ident) => {
        use std::path::Path;
        use std::rc::Rc;

        use $types::capnp;
        use $types::capnp_rpc::{new_client, rpc_twoparty_capnp::Side};
        use $types::init_capnp::init;
        use $types::mining_capnp::{block_template, mining};
        use $types::proxy_capnp::{context, thread, thread_map};

        use crate::{Basics, Chain, Interrupted, Plan, Tip};

        /// A thread of the client's: no more than a name, for no call comes back.
        struct OwnThread(String);

        impl thread::Server for OwnThread {
            async fn get_name(
                self: Rc<Self>,
                _: thread::GetNameParams,
                mut results: thread::GetNameResults,
            ) -> capnp::Result<()> {
                results.get().set_result(&self.0);
                Ok(())
            }
        }

        /// The client's thread map, for a server that wants threads to call back on.
        struct OwnThreads;

        impl thread_map::Server for OwnThreads {
            async fn make_thread(
                self: Rc<Self>,
                params: thread_map::MakeThreadParams,
                mut results: thread_map::MakeThreadResults,
            ) -> capnp::Result<()> {
                let name = params.get()?.get_name()?.to_string()?;
                results.get().set_result(new_client(OwnThread(name)));
                Ok(())
            }
        }

        /// A connection to the server.
        struct Client<'a> {
            plan: &'a Plan,
            init: init::Client,
            threads: thread_map::Client,
            /// The server's thread that most calls run on; none leaves the choice to the server.
            thread: Option<thread::Client>,
            /// The server's thread for calls that wait.
            waiting: Option<thread::Client>,
            own: Option<thread::Client>,
        }

        impl<'a> Client<'a> {
            /// Connects and exchanges thread maps. The connection lives in the current local set.
            async fn connect(plan: &'a Plan, path: &Path) -> Result<Self, String> {
                let mut system = plan.step("connect", crate::socket::connect(path)).await?;
                let init: init::Client = system.bootstrap(Side::Server);
                tokio::task::spawn_local(system);
                let threads = plan
                    .step("construct", async {
                        let mut request = init.construct_request();
                        if plan.own_threads {
                            request.get().set_thread_map(new_client(OwnThreads));
                        }
                        request.send().promise.await?.get()?.get_thread_map()
                    })
                    .await?;
                let own = plan.own_threads.then(|| new_client(OwnThread("driver".to_owned())));
                Ok(Self { plan, init, threads, thread: None, waiting: None, own })
            }

            /// Names the threads of a call: the server's, and where answers would come back.
            fn fill(&self, mut context: context::Builder<'_>, thread: &Option<thread::Client>) {
                if let Some(thread) = thread {
                    context.set_thread(thread.clone());
                }
                if let Some(own) = &self.own {
                    context.set_callback_thread(own.clone());
                }
            }

            /// Makes a thread in the server.
            async fn make_thread(&self, name: &str) -> Result<thread::Client, String> {
                self.plan
                    .step("makeThread", async {
                        let mut request = self.threads.make_thread_request();
                        request.get().set_name(name);
                        request.send().promise.await?.get()?.get_result()
                    })
                    .await
            }

            /// Makes the two threads that further calls name.
            async fn name_threads(&mut self) -> Result<(), String> {
                self.thread = Some(self.make_thread("driver").await?);
                self.waiting = Some(self.make_thread("driver waits").await?);
                Ok(())
            }

            async fn make_mining(&self) -> Result<mining::Client, String> {
                let name = "makeMining";
                self.plan
                    .step(name, async { ask!(self, self.init.make_mining_request()).get()?.get_result() })
                    .await
            }

            async fn echo(&self) -> Result<String, String> {
                let echo = self
                    .plan
                    .step("makeEcho", async { ask!(self, self.init.make_echo_request()).get()?.get_result() })
                    .await?;
                let echoed = self
                    .plan
                    .step("echo", async {
                        let mut request = echo.echo_request();
                        request.get().set_echo(&self.plan.echo);
                        Ok::<_, capnp::Error>(ask!(self, request).get()?.get_result()?.to_string()?)
                    })
                    .await?;
                self.plan
                    .step("Echo.destroy", async {
                        ask!(self, echo.destroy_request());
                        Ok::<_, capnp::Error>(())
                    })
                    .await?;
                Ok(echoed)
            }

            /// Calls everything but mining; comes before any pool is made.
            async fn basics(&self, mining: &mining::Client) -> Result<Basics, String> {
                let thread = self.make_thread("driver's name").await?;
                let get_name = async {
                    let response = thread.get_name_request().send().promise.await?;
                    Ok::<_, capnp::Error>(response.get()?.get_result()?.to_string()?)
                };
                Ok(Basics {
                    thread_name: self.plan.step("getName", get_name).await?,
                    echoed: self.echo().await?,
                    without_thread: self.is_test_chain(mining, &None).await,
                })
            }

            async fn is_test_chain(
                &self,
                mining: &mining::Client,
                thread: &Option<thread::Client>,
            ) -> Result<bool, String> {
                self.plan
                    .step("isTestChain", async {
                        let response = ask!(self, thread, mining.is_test_chain_request());
                        Ok::<_, capnp::Error>(response.get()?.get_result())
                    })
                    .await
            }

            async fn wait_tip_changed(
                &self,
                mining: &mining::Client,
                current: &[u8],
                timeout: f64,
            ) -> Result<Tip, String> {
                self.plan
                    .step("waitTipChanged", async {
                        let mut request = mining.wait_tip_changed_request();
                        request.get().set_current_tip(current);
                        request.get().set_timeout(timeout);
                        let response = ask!(self, &self.waiting, request);
                        let tip = response.get()?.get_result()?;
                        Ok::<_, capnp::Error>(Tip {
                            hash: tip.get_hash()?.to_vec(),
                            height: tip.get_height(),
                        })
                    })
                    .await
            }

            async fn chain(&self, mining: &mining::Client) -> Result<Chain, String> {
                let is_test_chain = self.is_test_chain(mining, &self.thread).await?;
                let is_initial_block_download = self
                    .plan
                    .step("isInitialBlockDownload", async {
                        let response = ask!(self, mining.is_initial_block_download_request());
                        Ok::<_, capnp::Error>(response.get()?.get_result())
                    })
                    .await?;
                let tip = self
                    .plan
                    .step("getTip", async {
                        let response = ask!(self, mining.get_tip_request());
                        let results = response.get()?;
                        if !results.get_has_result() {
                            return Ok::<_, capnp::Error>(None);
                        }
                        let tip = results.get_result()?;
                        Ok(Some(Tip { hash: tip.get_hash()?.to_vec(), height: tip.get_height() }))
                    })
                    .await?;
                let hash = tip.as_ref().map(|tip| tip.hash.clone()).unwrap_or_else(|| vec![0; 32]);
                let tip_after_wait = self.wait_tip_changed(mining, &hash, self.plan.wait_ms()).await?;
                let tip_at_once = self.wait_tip_changed(mining, &[0x33; 32], self.plan.long_ms()).await?;
                Ok(Chain { is_test_chain, is_initial_block_download, tip, tip_after_wait, tip_at_once })
            }

            /// Calls `waitNext`; says whether there was a template.
            async fn wait_next(
                &self,
                template: &block_template::Client,
                timeout: f64,
            ) -> Result<bool, String> {
                self.plan
                    .step("waitNext", async {
                        let mut request = template.wait_next_request();
                        let mut options = request.get().init_options();
                        options.set_timeout(timeout);
                        // As much money as there is: fees alone never bring a new template.
                        options.set_fee_threshold(2_100_000_000_000_000);
                        Ok::<_, capnp::Error>(ask!(self, &self.waiting, request).get()?.has_result())
                    })
                    .await
            }

            /// Calls `interruptWait` while `waitNext` is under way, and another method before it. The
            /// wait ends by itself where the server has no such method.
            async fn interrupted_wait(
                &self,
                template: &block_template::Client,
                mining: &mining::Client,
            ) -> Result<Interrupted, String> {
                let interrupt = async {
                    let meanwhile = self.is_test_chain(mining, &self.thread).await;
                    let request = template.interrupt_wait_request();
                    let answer = self.plan.step("interruptWait", request.send().promise).await.map(drop);
                    (meanwhile, answer)
                };
                let start = std::time::Instant::now();
                let wait = self.wait_next(template, self.plan.long_ms());
                let (next, (meanwhile, answer)) = futures::future::join(wait, interrupt).await;
                Ok(Interrupted { answer, next: next?, took: start.elapsed(), meanwhile: meanwhile.is_ok() })
            }

            async fn block(&self, template: &block_template::Client) -> Result<Vec<u8>, String> {
                self.plan
                    .step("getBlock", async {
                        let response = ask!(self, template.get_block_request());
                        Ok::<_, capnp::Error>(response.get()?.get_result()?.to_vec())
                    })
                    .await
            }

            async fn header(&self, template: &block_template::Client) -> Result<Vec<u8>, String> {
                self.plan
                    .step("getBlockHeader", async {
                        let response = ask!(self, template.get_block_header_request());
                        Ok::<_, capnp::Error>(response.get()?.get_result()?.to_vec())
                    })
                    .await
            }

            /// Calls the template's methods that only tell.
            async fn template(
                &self,
                template: &block_template::Client,
                mining: &mining::Client,
            ) -> Result<crate::Template, String> {
                let block = self.block(template).await?;
                let tx_fees = self
                    .plan
                    .step("getTxFees", async {
                        let response = ask!(self, template.get_tx_fees_request());
                        Ok::<_, capnp::Error>(response.get()?.get_result()?.iter().collect())
                    })
                    .await?;
                let tx_sigops = self
                    .plan
                    .step("getTxSigops", async {
                        let response = ask!(self, template.get_tx_sigops_request());
                        Ok::<_, capnp::Error>(response.get()?.get_result()?.iter().collect())
                    })
                    .await?;
                let merkle_path = self
                    .plan
                    .step("getCoinbaseMerklePath", async {
                        let response = ask!(self, template.get_coinbase_merkle_path_request());
                        let path = response.get()?.get_result()?;
                        path.iter().map(|hash| Ok(hash?.to_vec())).collect::<capnp::Result<_>>()
                    })
                    .await?;
                let next_after_timeout = self.wait_next(template, self.plan.wait_ms()).await?;
                let interrupted = self.interrupted_wait(template, mining).await?;
                Ok(crate::Template {
                    header: self.header(template).await?,
                    checked: self.check_block(mining, &block, true).await?,
                    checked_contents: self.check_block(mining, &block, false).await?,
                    block,
                    tx_fees,
                    tx_sigops,
                    merkle_path,
                    next_after_timeout,
                    interrupted,
                })
            }

            async fn destroy(&self, template: &block_template::Client) -> Result<(), String> {
                self.plan
                    .step("BlockTemplate.destroy", async {
                        ask!(self, template.destroy_request());
                        Ok::<_, capnp::Error>(())
                    })
                    .await
            }
        }
    };
}
