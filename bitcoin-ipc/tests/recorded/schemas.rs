pub mod bitcoin {
    pub mod common {
        mp_runtime::ipc_file! {
            /// `bitcoin/common.capnp`.
            pub static FILE: "bitcoin/common.capnp" @ 0xcd2c6232cb484a28,
            namespace = "ipc::capnp::messages";
        }

        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, generic)]
        pub struct Pair<Key, Value> {
            pub key: Key,
            pub value: Value,
        }

        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, generic)]
        pub struct PairInt64<Key> {
            pub key: Key,
            pub value: i64,
        }

        /// `util::Result<void>`: a failure, if the error is there.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, generic)]
        pub struct ResultVoid<Value> {
            pub error: BilingualStr,
            /// Of no field.
            #[ipc(skip)]
            pub of_value: std::marker::PhantomData<Value>,
        }

        /// A text in English and in the user's language.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "bilingual_str")]
        pub struct BilingualStr {
            /// In English.
            pub original: String,
            /// In the user's language.
            pub translated: String,
        }

        /// How a fee was estimated.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "FeeCalculation")]
        pub struct FeeCalculation {
            /// The buckets that decided.
            pub est: EstimationResult,
            /// What decided.
            pub reason: i32,
            /// The number of blocks that was asked for.
            pub desired_target: i32,
            /// The number of blocks that the estimate is for.
            pub returned_target: i32,
            /// The height when the estimate was made.
            #[ipc(cxx_name = "best_height")]
            pub best_height: u32,
        }

        /// The buckets of fee rates between which an estimate lies.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "EstimationResult")]
        pub struct EstimationResult {
            /// The lowest that passed.
            pub pass: EstimatorBucket,
            /// The highest that failed.
            pub fail: EstimatorBucket,
            /// How much less each block counts than the one after it.
            pub decay: f64,
            /// Blocks per period.
            pub scale: u32,
        }

        /// A bucket of fee rates, with numbers of transactions that fade with time.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "EstimatorBucket")]
        pub struct EstimatorBucket {
            /// The lowest rate, in satoshis for 1000 virtual bytes.
            pub start: f64,
            /// The highest rate.
            pub end: f64,
            /// Confirmed within the target.
            pub within_target: f64,
            /// Confirmed at all.
            pub total_confirmed: f64,
            /// Waiting longer than the target.
            pub in_mempool: f64,
            /// Gone without confirmation.
            pub left_mempool: f64,
        }

        /// A block's hash and height.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "interfaces::BlockRef")]
        pub struct BlockRef {
            /// Its hash.
            pub hash: Vec<u8>,
            /// How many blocks are below it.
            pub height: i32,
        }

        /// The settings that a child process takes over from its parent.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE)]
        pub struct GlobalArgs {
            /// The settings.
            pub settings: Settings,
            /// The configuration file.
            pub config_path: String,
        }

        /// All settings of a process, as JSON values.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "common::Settings")]
        pub struct Settings {
            /// Those that the program forces.
            #[ipc(cxx_name = "forced_settings")]
            pub forced_settings: Vec<Pair<String, String>>,
            /// Those of the command line.
            #[ipc(cxx_name = "command_line_options")]
            pub command_line_options: Vec<Pair<String, Vec<String>>>,
            /// Those of the settings file, which programs write.
            #[ipc(cxx_name = "rw_settings")]
            pub rw_settings: Vec<Pair<String, String>>,
            /// Those of the configuration file, by section.
            #[ipc(cxx_name = "ro_config")]
            pub ro_config: Vec<Pair<String, Vec<Pair<String, Vec<String>>>>>,
        }

        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, generic)]
        pub struct PairUInt64<Key> {
            pub key: Key,
            pub value: u64,
        }

        /// `util::Expected`: a value, or an error of another type.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, generic)]
        pub enum Expected<Value, Error> {
            /// It went well.
            Value(Value),
            /// It did not.
            Error(Error),
        }

        /// `util::Result`: a failure if the error is there, otherwise a value.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, generic, name = "Result")]
        pub struct ResultType<Value> {
            pub value: Value,
            pub error: BilingualStr,
        }

        /// What to do with a PSBT.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "common::PSBTFillOptions")]
        pub struct PSBTFillOptions {
            /// Sign it.
            #[ipc(default = true)]
            pub sign: bool,
            /// The sighash type, if not each input's own or the default one.
            #[ipc(cxx_name = "sighash_type")]
            pub sighash_type: Option<i32>,
            /// Finalize inputs that have all signatures.
            #[ipc(default = true)]
            pub finalize: bool,
            /// Add the BIP 32 paths of known keys.
            #[ipc(cxx_name = "bip32_derivs")]
            pub bip32_derivs: bool,
        }
    }

    pub mod echo {
        mp_runtime::ipc_file! {
            /// `bitcoin/echo.capnp`.
            pub static FILE: "bitcoin/echo.capnp" @ 0x888b4f7f51e691f7,
            namespace = "ipc::capnp::messages";
        }

        /// Sends back what it gets, to see whether a connection works.
        #[mp_runtime::ipc_interface(file = FILE, cxx = "interfaces::Echo", unused = [super::common::Pair::<Vec<u8>, Vec<u8>>, super::common::PairInt64::<Vec<u8>>, super::common::ResultVoid::<Vec<u8>>, super::common::BilingualStr, super::common::FeeCalculation, super::common::EstimationResult, super::common::EstimatorBucket, super::common::GlobalArgs, super::common::Settings, super::common::PairUInt64::<Vec<u8>>, super::common::Expected::<Vec<u8>, Vec<u8>>, super::common::ResultType::<Vec<u8>>, super::common::PSBTFillOptions])]
        pub trait Echo: Send + Sync {
            /// Sends the text back.
            fn echo(&self, echo: &str) -> mp_runtime::Result<String>;
        }
    }

    pub mod mining {
        mp_runtime::ipc_file! {
            /// `bitcoin/mining.capnp`.
            pub static FILE: "bitcoin/mining.capnp" @ 0xc77d03df6a41b505,
            namespace = "ipc::capnp::messages";

            /// The most satoshis there can be: as a fee threshold it means "never".
            pub const MAX_MONEY: i64 = 2100000000000000;
            /// The largest finite number: as a timeout in milliseconds it means "for ever".
            pub const MAX_DOUBLE: f64 = 1.7976931348623157e308;
            /// The weight that a block reserves for its header and coinbase unless told otherwise.
            pub const DEFAULT_BLOCK_RESERVED_WEIGHT: u32 = 8000;
            /// The signature operations that a block reserves for its coinbase's outputs unless told
            /// otherwise.
            pub const DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS: u32 = 400;
        }

        /// A block that lacks its coinbase and its proof of work. The node keeps it, and the transactions
        /// in it, until it is dropped.
        #[mp_runtime::ipc_interface(file = FILE, cxx = "interfaces::BlockTemplate")]
        pub trait BlockTemplate: Send + Sync {
            /// The header. Its merkle root means nothing yet: that takes the real coinbase.
            fn get_block_header(&self) -> mp_runtime::Result<Vec<u8>>;
            /// The whole block, with a dummy coinbase.
            fn get_block(&self) -> mp_runtime::Result<Vec<u8>>;
            /// The fees of its transactions, without the coinbase.
            fn get_tx_fees(&self) -> mp_runtime::Result<Vec<i64>>;
            /// The signature operations of its transactions, without the coinbase.
            fn get_tx_sigops(&self) -> mp_runtime::Result<Vec<i64>>;
            /// What the coinbase has to be like.
            fn get_coinbase_tx(&self) -> mp_runtime::Result<CoinbaseTx>;
            /// The nodes of the merkle tree beside the way from the coinbase to the root, from below.
            fn get_coinbase_merkle_path(&self) -> mp_runtime::Result<Vec<Vec<u8>>>;
            /// How v31 took solutions; today an error.
            fn submit_solution_old7(&self, version: u32, timestamp: u32, nonce: u32, coinbase: &[u8]) -> mp_runtime::Result<bool>;
            /// Waits for a template that is worth more, or that builds on a new block. `None` when the
            /// time is up, the node shuts down or [`interrupt_wait`](BlockTemplate::interrupt_wait) was
            /// called.
            fn wait_next(&self, options: &BlockWaitOptions) -> mp_runtime::Result<Option<std::sync::Arc<dyn BlockTemplate>>>;
            /// Has one waiting `wait_next` of this template return, or the next one if none is waiting.
            #[ipc(no_context)]
            fn interrupt_wait(&self) -> mp_runtime::Result<()>;
            /// Completes the block and gives it to the node, which says why it is not accepted. The node
            /// writes into the template, so only one such call may be under way.
            #[ipc(results)]
            fn submit_solution(&self, version: u32, timestamp: u32, nonce: u32, coinbase: &[u8]) -> mp_runtime::Result<BlockTemplateSubmitSolutionResults>;
        }

        /// The results of [`BlockTemplate::submit_solution`].
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        pub struct BlockTemplateSubmitSolutionResults {
            pub reason: String,
            pub debug: String,
            pub result: bool,
        }

        /// Block templates and blocks, in the form of Bitcoin Core v32.
        /// A [`Client`](crate::Client) gives this trait for the other releases too.
        #[mp_runtime::ipc_interface(file = FILE, destroy = false, cxx = "interfaces::Mining")]
        pub trait Mining: Send + Sync {
            /// Whether the chain is one for tests (anything but the main chain).
            fn is_test_chain(&self) -> mp_runtime::Result<bool>;
            /// Whether the node is still downloading the chain.
            fn is_initial_block_download(&self) -> mp_runtime::Result<bool>;
            /// The highest block; `None` while the node loads its chain.
            #[ipc(result(optional = flag))]
            fn get_tip(&self) -> mp_runtime::Result<Option<super::common::BlockRef>>;
            /// Waits until the highest block is another one than `current_tip`, at most for `timeout`
            /// (`None` for ever), and gives it. `None` when the node shuts down or
            /// [`interrupt`](Mining::interrupt) was called. Without a change it gives the same block.
            /// `timeout` is in milliseconds.
            fn wait_tip_changed(&self, current_tip: &[u8], #[ipc(default = 1.7976931348623157e308)] timeout: f64) -> mp_runtime::Result<super::common::BlockRef>;
            /// Makes a block template. With `cooldown` it waits until the chain has caught up with its
            /// headers. `None` when the node shuts down or [`interrupt`](Mining::interrupt) was called.
            fn create_new_block(&self, options: &BlockCreateOptions, #[ipc(default = true)] cooldown: bool) -> mp_runtime::Result<Option<std::sync::Arc<dyn BlockTemplate>>>;
            /// Checks a block as far as that is possible without its place in the chain, and says what is
            /// wrong with it. It must build on the highest block.
            #[ipc(results)]
            fn check_block(&self, block: &[u8], options: &BlockCheckOptions) -> mp_runtime::Result<MiningCheckBlockResults>;
            /// Has one waiting `wait_tip_changed` or `create_new_block` of this object return, or the next
            /// one if none is waiting.
            #[ipc(no_context)]
            fn interrupt(&self) -> mp_runtime::Result<()>;
            /// Gives the node a block, and says why it is not accepted.
            #[ipc(results)]
            fn submit_block(&self, block: &[u8]) -> mp_runtime::Result<MiningSubmitBlockResults>;
            /// Finds transactions in the mempool. What is not there is `None`; without a mempool there is
            /// an empty list.
            #[ipc(name = "getTransactionsByTxID")]
            fn get_transactions_by_tx_id(&self, txids: &[Vec<u8>]) -> mp_runtime::Result<Vec<Vec<u8>>>;
            /// Finds transactions in the mempool by their ids with witness.
            #[ipc(name = "getTransactionsByWitnessID")]
            fn get_transactions_by_witness_id(&self, wtxids: &[Vec<u8>]) -> mp_runtime::Result<Vec<Vec<u8>>>;
        }

        /// The results of [`Mining::check_block`].
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        pub struct MiningCheckBlockResults {
            pub reason: String,
            pub debug: String,
            pub result: bool,
        }

        /// The results of [`Mining::submit_block`].
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        pub struct MiningSubmitBlockResults {
            pub reason: String,
            pub debug: String,
            pub result: bool,
        }

        /// What the coinbase of a template has to be like.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "node::CoinbaseTx")]
        pub struct CoinbaseTx {
            /// Its version.
            #[ipc(cxx_name = "version")]
            pub version: u32,
            /// The sequence of its input.
            #[ipc(cxx_name = "sequence")]
            pub sequence: u32,
            /// What its input's script begins with: the height (BIP 34).
            #[ipc(cxx_name = "script_sig_prefix")]
            pub script_sig_prefix: Vec<u8>,
            /// The witness of its input, 32 bytes (BIP 141); none without a witness commitment.
            #[ipc(cxx_name = "witness")]
            pub witness: Vec<u8>,
            /// What its outputs may pay in all, besides the required ones.
            #[ipc(cxx_name = "block_reward_remaining")]
            pub block_reward_remaining: i64,
            /// Outputs that it has to have, among them the witness commitment.
            #[ipc(cxx_name = "required_outputs")]
            pub required_outputs: Vec<Vec<u8>>,
            /// Its lock time.
            #[ipc(cxx_name = "lock_time")]
            pub lock_time: u32,
        }

        /// When to make the next template.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "node::BlockWaitOptions")]
        pub struct BlockWaitOptions {
            /// How long to wait; `None` for ever. Milliseconds on the wire.
            /// In milliseconds.
            #[ipc(cxx_name = "timeout", default = 1.7976931348623157e308)]
            pub timeout: f64,
            /// How much the fees of a template have to rise to be worth a new one; by default never.
            #[ipc(cxx_name = "fee_threshold", default = 2100000000000000)]
            pub fee_threshold: i64,
        }

        /// What a new block template is to be like.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "node::BlockCreateOptions")]
        pub struct BlockCreateOptions {
            /// Take transactions from the mempool.
            #[ipc(cxx_name = "use_mempool", default = true)]
            pub use_mempool: bool,
            /// Weight units to keep free for the header and the coinbase.
            #[ipc(cxx_name = "block_reserved_weight", default = 8000)]
            pub block_reserved_weight: u64,
            /// Signature operations to keep free for the coinbase's outputs.
            #[ipc(cxx_name = "coinbase_output_max_additional_sigops", default = 400)]
            pub coinbase_output_max_additional_sigops: u64,
        }

        /// What to check of a block.
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(file = FILE, cxx = "node::BlockCheckOptions")]
        pub struct BlockCheckOptions {
            /// That the header has the root of its transactions.
            #[ipc(cxx_name = "check_merkle_root", default = true)]
            pub check_merkle_root: bool,
            /// That the header's hash meets its target.
            #[ipc(cxx_name = "check_pow", default = true)]
            pub check_pow: bool,
        }
    }

    pub mod rpc {
        mp_runtime::ipc_file! {
            /// `bitcoin/rpc.capnp`.
            pub static FILE: "bitcoin/rpc.capnp" @ 0x9c3505dc45e146ac,
            namespace = "ipc::capnp::messages";
        }

        /// The node's JSON-RPC server, without HTTP. Bitcoin Core has it since v32.
        #[mp_runtime::ipc_interface(file = FILE, destroy = false, cxx = "interfaces::Rpc")]
        pub trait Rpc: Send + Sync {
            /// Runs a request and gives the response, both as the objects that HTTP would carry. `uri` is
            /// the path of the request (`/wallet/name` for a wallet's methods), `user` whose it is. Neither
            /// reaches the log: there are passphrases and keys in requests and responses. The request keeps fields
            /// that come twice, which some methods refuse.
            fn execute_rpc(&self, request: &str, uri: &str, user: &str) -> mp_runtime::Result<String>;
        }
    }

    pub mod v30 {
        pub mod init {
            mp_runtime::ipc_file! {
                /// `bitcoin/v30/init.capnp`.
                pub static FILE: "bitcoin/v30/init.capnp" @ 0xf2c5cfa319406aa6,
                namespace = "ipc::capnp::messages";
            }

            /// The first interface of a node, in the form of Bitcoin Core v32. [`interfaces::Init`](crate::interfaces::Init)
            /// has what is not released beside.
            #[mp_runtime::ipc_interface(file = FILE, construct, cxx = "interfaces::Init")]
            pub trait Init: Send + Sync {
                /// Something to test the connection with.
                fn make_echo(&self) -> mp_runtime::Result<Option<std::sync::Arc<dyn super::super::echo::Echo>>>;
                /// Block templates and blocks. Waits until the node has loaded its chain; `None` when it shuts
                /// down.
                fn make_mining(&self) -> mp_runtime::Result<Option<std::sync::Arc<dyn super::mining::Mining>>>;
            }
        }

        pub mod mining {
            mp_runtime::ipc_file! {
                /// `bitcoin/v30/mining.capnp`.
                pub static FILE: "bitcoin/v30/mining.capnp" @ 0xc77d03df6a41b505,
                namespace = "ipc::capnp::messages";
            }

            /// A block that lacks its coinbase and its proof of work. The node keeps it, and the transactions
            /// in it, until it is dropped.
            #[mp_runtime::ipc_interface(file = FILE, cxx = "interfaces::BlockTemplate")]
            pub trait BlockTemplate: Send + Sync {
                /// The header. Its merkle root means nothing yet: that takes the real coinbase.
                fn get_block_header(&self) -> mp_runtime::Result<Vec<u8>>;
                /// The whole block, with a dummy coinbase.
                fn get_block(&self) -> mp_runtime::Result<Vec<u8>>;
                /// The fees of its transactions, without the coinbase.
                fn get_tx_fees(&self) -> mp_runtime::Result<Vec<i64>>;
                /// The signature operations of its transactions, without the coinbase.
                fn get_tx_sigops(&self) -> mp_runtime::Result<Vec<i64>>;
                /// What the coinbase has to be like.
                fn get_coinbase_tx(&self) -> mp_runtime::Result<Vec<u8>>;
                /// The script of the output with the witness commitment; empty where there is none.
                fn get_coinbase_commitment(&self) -> mp_runtime::Result<Vec<u8>>;
                /// Which output of the coinbase has the witness commitment; -1 for none.
                fn get_witness_commitment_index(&self) -> mp_runtime::Result<i32>;
                /// The nodes of the merkle tree beside the way from the coinbase to the root, from below.
                fn get_coinbase_merkle_path(&self) -> mp_runtime::Result<Vec<Vec<u8>>>;
                /// Completes the block and gives it to the node, which says why it is not accepted. The node
                /// writes into the template, so only one such call may be under way.
                fn submit_solution(&self, version: u32, timestamp: u32, nonce: u32, coinbase: &[u8]) -> mp_runtime::Result<bool>;
                /// Waits for a template that is worth more, or that builds on a new block. `None` when the
                /// time is up, the node shuts down or [`interrupt_wait`](BlockTemplate::interrupt_wait) was
                /// called.
                fn wait_next(&self, options: &BlockWaitOptions) -> mp_runtime::Result<Option<std::sync::Arc<dyn BlockTemplate>>>;
                /// Has one waiting `wait_next` of this template return, or the next one if none is waiting.
                #[ipc(no_context)]
                fn interrupt_wait(&self) -> mp_runtime::Result<()>;
            }

            /// Block templates and blocks, in the form of Bitcoin Core v32.
            /// A [`Client`](crate::Client) gives this trait for the other releases too.
            #[mp_runtime::ipc_interface(file = FILE, destroy = false, cxx = "interfaces::Mining")]
            pub trait Mining: Send + Sync {
                /// Whether the chain is one for tests (anything but the main chain).
                fn is_test_chain(&self) -> mp_runtime::Result<bool>;
                /// Whether the node is still downloading the chain.
                fn is_initial_block_download(&self) -> mp_runtime::Result<bool>;
                /// The highest block; `None` while the node loads its chain.
                #[ipc(result(optional = flag))]
                fn get_tip(&self) -> mp_runtime::Result<Option<super::super::common::BlockRef>>;
                /// Waits until the highest block is another one than `current_tip`, at most for `timeout`
                /// (`None` for ever), and gives it. `None` when the node shuts down or
                /// [`interrupt`](Mining::interrupt) was called. Without a change it gives the same block.
                /// `timeout` is in milliseconds.
                fn wait_tip_changed(&self, current_tip: &[u8], timeout: f64) -> mp_runtime::Result<super::super::common::BlockRef>;
                /// Makes a block template. With `cooldown` it waits until the chain has caught up with its
                /// headers. `None` when the node shuts down or [`interrupt`](Mining::interrupt) was called.
                #[ipc(no_context)]
                fn create_new_block(&self, options: &BlockCreateOptions) -> mp_runtime::Result<Option<std::sync::Arc<dyn BlockTemplate>>>;
                /// Checks a block as far as that is possible without its place in the chain, and says what is
                /// wrong with it. It must build on the highest block.
                #[ipc(no_context, results)]
                fn check_block(&self, block: &[u8], options: &BlockCheckOptions) -> mp_runtime::Result<MiningCheckBlockResults>;
            }

            /// The results of [`Mining::check_block`].
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            pub struct MiningCheckBlockResults {
                pub reason: String,
                pub debug: String,
                pub result: bool,
            }

            /// [`BlockWaitOptions`](crate::types::BlockWaitOptions) without defaults on the wire.
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            #[ipc(file = FILE, cxx = "node::BlockWaitOptions")]
            pub struct BlockWaitOptions {
                /// How long to wait; `None` for ever.
                /// In milliseconds.
                #[ipc(cxx_name = "timeout")]
                pub timeout: f64,
                /// How much the fees have to rise to be worth a new template.
                #[ipc(cxx_name = "fee_threshold")]
                pub fee_threshold: i64,
            }

            /// [`BlockCreateOptions`](crate::types::BlockCreateOptions) without defaults on the wire.
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            #[ipc(file = FILE, cxx = "node::BlockCreateOptions")]
            pub struct BlockCreateOptions {
                /// Take transactions from the mempool.
                #[ipc(cxx_name = "use_mempool")]
                pub use_mempool: bool,
                /// Weight units to keep free for the header and the coinbase.
                #[ipc(cxx_name = "block_reserved_weight")]
                pub block_reserved_weight: u64,
                /// Signature operations to keep free for the coinbase's outputs.
                #[ipc(cxx_name = "coinbase_output_max_additional_sigops")]
                pub coinbase_output_max_additional_sigops: u64,
            }

            /// [`BlockCheckOptions`](crate::types::BlockCheckOptions) without defaults on the wire.
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            #[ipc(file = FILE, cxx = "node::BlockCheckOptions")]
            pub struct BlockCheckOptions {
                /// That the header has the root of its transactions.
                #[ipc(cxx_name = "check_merkle_root")]
                pub check_merkle_root: bool,
                /// That the header's hash meets its target.
                #[ipc(cxx_name = "check_pow")]
                pub check_pow: bool,
            }
        }
    }

    pub mod v31 {
        pub mod init {
            mp_runtime::ipc_file! {
                /// `bitcoin/v31/init.capnp`.
                pub static FILE: "bitcoin/v31/init.capnp" @ 0xf2c5cfa319406aa6,
                namespace = "ipc::capnp::messages";
            }

            /// The first interface of a node, in the form of Bitcoin Core v32. [`interfaces::Init`](crate::interfaces::Init)
            /// has what is not released beside.
            #[mp_runtime::ipc_interface(file = FILE, construct, cxx = "interfaces::Init")]
            pub trait Init: Send + Sync {
                /// Something to test the connection with.
                fn make_echo(&self) -> mp_runtime::Result<Option<std::sync::Arc<dyn super::super::echo::Echo>>>;
                /// How v30 made Mining; an error.
                #[ipc(no_context)]
                fn make_mining_old2(&self) -> mp_runtime::Result<()>;
                /// Block templates and blocks. Waits until the node has loaded its chain; `None` when it shuts
                /// down.
                fn make_mining(&self) -> mp_runtime::Result<Option<std::sync::Arc<dyn super::mining::Mining>>>;
            }
        }

        pub mod mining {
            mp_runtime::ipc_file! {
                /// `bitcoin/v31/mining.capnp`.
                pub static FILE: "bitcoin/v31/mining.capnp" @ 0xc77d03df6a41b505,
                namespace = "ipc::capnp::messages";

                pub const MAX_MONEY: i64 = 2100000000000000;
                pub const MAX_DOUBLE: f64 = 1.7976931348623157e308;
                pub const DEFAULT_BLOCK_RESERVED_WEIGHT: u32 = 8000;
                pub const DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS: u32 = 400;
            }

            /// A block that lacks its coinbase and its proof of work. The node keeps it, and the transactions
            /// in it, until it is dropped.
            #[mp_runtime::ipc_interface(file = FILE, cxx = "interfaces::BlockTemplate")]
            pub trait BlockTemplate: Send + Sync {
                /// The header. Its merkle root means nothing yet: that takes the real coinbase.
                fn get_block_header(&self) -> mp_runtime::Result<Vec<u8>>;
                /// The whole block, with a dummy coinbase.
                fn get_block(&self) -> mp_runtime::Result<Vec<u8>>;
                /// The fees of its transactions, without the coinbase.
                fn get_tx_fees(&self) -> mp_runtime::Result<Vec<i64>>;
                /// The signature operations of its transactions, without the coinbase.
                fn get_tx_sigops(&self) -> mp_runtime::Result<Vec<i64>>;
                /// What the coinbase has to be like.
                fn get_coinbase_tx(&self) -> mp_runtime::Result<CoinbaseTx>;
                /// The nodes of the merkle tree beside the way from the coinbase to the root, from below.
                fn get_coinbase_merkle_path(&self) -> mp_runtime::Result<Vec<Vec<u8>>>;
                /// Completes the block and gives it to the node, which says why it is not accepted. The node
                /// writes into the template, so only one such call may be under way.
                fn submit_solution(&self, version: u32, timestamp: u32, nonce: u32, coinbase: &[u8]) -> mp_runtime::Result<bool>;
                /// Waits for a template that is worth more, or that builds on a new block. `None` when the
                /// time is up, the node shuts down or [`interrupt_wait`](BlockTemplate::interrupt_wait) was
                /// called.
                fn wait_next(&self, options: &BlockWaitOptions) -> mp_runtime::Result<Option<std::sync::Arc<dyn BlockTemplate>>>;
                /// Has one waiting `wait_next` of this template return, or the next one if none is waiting.
                #[ipc(no_context)]
                fn interrupt_wait(&self) -> mp_runtime::Result<()>;
            }

            /// Block templates and blocks, in the form of Bitcoin Core v32.
            /// A [`Client`](crate::Client) gives this trait for the other releases too.
            #[mp_runtime::ipc_interface(file = FILE, destroy = false, cxx = "interfaces::Mining")]
            pub trait Mining: Send + Sync {
                /// Whether the chain is one for tests (anything but the main chain).
                fn is_test_chain(&self) -> mp_runtime::Result<bool>;
                /// Whether the node is still downloading the chain.
                fn is_initial_block_download(&self) -> mp_runtime::Result<bool>;
                /// The highest block; `None` while the node loads its chain.
                #[ipc(result(optional = flag))]
                fn get_tip(&self) -> mp_runtime::Result<Option<super::super::common::BlockRef>>;
                /// Waits until the highest block is another one than `current_tip`, at most for `timeout`
                /// (`None` for ever), and gives it. `None` when the node shuts down or
                /// [`interrupt`](Mining::interrupt) was called. Without a change it gives the same block.
                /// `timeout` is in milliseconds.
                fn wait_tip_changed(&self, current_tip: &[u8], #[ipc(default = 1.7976931348623157e308)] timeout: f64) -> mp_runtime::Result<super::super::common::BlockRef>;
                /// Makes a block template. With `cooldown` it waits until the chain has caught up with its
                /// headers. `None` when the node shuts down or [`interrupt`](Mining::interrupt) was called.
                fn create_new_block(&self, options: &BlockCreateOptions, #[ipc(default = true)] cooldown: bool) -> mp_runtime::Result<Option<std::sync::Arc<dyn BlockTemplate>>>;
                /// Checks a block as far as that is possible without its place in the chain, and says what is
                /// wrong with it. It must build on the highest block.
                #[ipc(results)]
                fn check_block(&self, block: &[u8], options: &BlockCheckOptions) -> mp_runtime::Result<MiningCheckBlockResults>;
                /// Has one waiting `wait_tip_changed` or `create_new_block` of this object return, or the next
                /// one if none is waiting.
                #[ipc(no_context)]
                fn interrupt(&self) -> mp_runtime::Result<()>;
            }

            /// The results of [`Mining::check_block`].
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            pub struct MiningCheckBlockResults {
                pub reason: String,
                pub debug: String,
                pub result: bool,
            }

            /// What the coinbase of a template has to be like.
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            #[ipc(file = FILE, cxx = "node::CoinbaseTx")]
            pub struct CoinbaseTx {
                /// Its version.
                #[ipc(cxx_name = "version")]
                pub version: u32,
                /// The sequence of its input.
                #[ipc(cxx_name = "sequence")]
                pub sequence: u32,
                /// What its input's script begins with: the height (BIP 34).
                #[ipc(cxx_name = "script_sig_prefix")]
                pub script_sig_prefix: Vec<u8>,
                /// The witness of its input, 32 bytes (BIP 141); none without a witness commitment.
                #[ipc(cxx_name = "witness")]
                pub witness: Vec<u8>,
                /// What its outputs may pay in all, besides the required ones.
                #[ipc(cxx_name = "block_reward_remaining")]
                pub block_reward_remaining: i64,
                /// Outputs that it has to have, among them the witness commitment.
                #[ipc(cxx_name = "required_outputs")]
                pub required_outputs: Vec<Vec<u8>>,
                /// Its lock time.
                #[ipc(cxx_name = "lock_time")]
                pub lock_time: u32,
            }

            /// When to make the next template.
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            #[ipc(file = FILE, cxx = "node::BlockWaitOptions")]
            pub struct BlockWaitOptions {
                /// How long to wait; `None` for ever. Milliseconds on the wire.
                /// In milliseconds.
                #[ipc(cxx_name = "timeout", default = 1.7976931348623157e308)]
                pub timeout: f64,
                /// How much the fees of a template have to rise to be worth a new one; by default never.
                #[ipc(cxx_name = "fee_threshold", default = 2100000000000000)]
                pub fee_threshold: i64,
            }

            /// What a new block template is to be like.
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            #[ipc(file = FILE, cxx = "node::BlockCreateOptions")]
            pub struct BlockCreateOptions {
                /// Take transactions from the mempool.
                #[ipc(cxx_name = "use_mempool", default = true)]
                pub use_mempool: bool,
                /// Weight units to keep free for the header and the coinbase.
                #[ipc(cxx_name = "block_reserved_weight", default = 8000)]
                pub block_reserved_weight: u64,
                /// Signature operations to keep free for the coinbase's outputs.
                #[ipc(cxx_name = "coinbase_output_max_additional_sigops", default = 400)]
                pub coinbase_output_max_additional_sigops: u64,
            }

            /// What to check of a block.
            #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
            #[ipc(file = FILE, cxx = "node::BlockCheckOptions")]
            pub struct BlockCheckOptions {
                /// That the header has the root of its transactions.
                #[ipc(cxx_name = "check_merkle_root", default = true)]
                pub check_merkle_root: bool,
                /// That the header's hash meets its target.
                #[ipc(cxx_name = "check_pow", default = true)]
                pub check_pow: bool,
            }
        }
    }

    pub mod v32 {
        pub mod init {
            mp_runtime::ipc_file! {
                /// `bitcoin/v32/init.capnp`.
                pub static FILE: "bitcoin/v32/init.capnp" @ 0xf2c5cfa319406aa6,
                namespace = "ipc::capnp::messages";
            }

            /// The first interface of a node, in the form of Bitcoin Core v32. [`interfaces::Init`](crate::interfaces::Init)
            /// has what is not released beside.
            #[mp_runtime::ipc_interface(file = FILE, construct, cxx = "interfaces::Init")]
            pub trait Init: Send + Sync {
                /// Something to test the connection with.
                fn make_echo(&self) -> mp_runtime::Result<Option<std::sync::Arc<dyn super::super::echo::Echo>>>;
                /// How v30 made Mining; an error.
                #[ipc(no_context)]
                fn make_mining_old2(&self) -> mp_runtime::Result<()>;
                /// Block templates and blocks. Waits until the node has loaded its chain; `None` when it shuts
                /// down.
                fn make_mining(&self) -> mp_runtime::Result<Option<std::sync::Arc<dyn super::super::mining::Mining>>>;
                /// The JSON-RPC server.
                fn make_rpc(&self) -> mp_runtime::Result<Option<std::sync::Arc<dyn super::super::rpc::Rpc>>>;
            }
        }
    }
}
