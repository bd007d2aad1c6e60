# Written by mpgen from the Rust source; change that one instead.

@0xc77d03df6a41b505;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Common = import "common.capnp";

const maxMoney :Int64 = 2100000000000000;
# The most satoshis there can be: as a fee threshold it means "never".

const maxDouble :Float64 = 1.7976931348623157e308;
# The largest finite number: as a timeout in milliseconds it means "for ever".

const defaultBlockReservedWeight :UInt32 = 8000;
# The weight that a block reserves for its header and coinbase unless told otherwise.

const defaultCoinbaseOutputMaxAdditionalSigops :UInt32 = 400;
# The signature operations that a block reserves for its coinbase's outputs unless told
# otherwise.

interface BlockTemplate $Proxy.wrap("interfaces::BlockTemplate") {
  # A block that lacks its coinbase and its proof of work. The node keeps it, and the transactions
  # in it, until it is dropped.

  destroy @0 (context :Proxy.Context) -> ();
  getBlockHeader @1 (context :Proxy.Context) -> (result :Data);
  # The header. Its merkle root means nothing yet: that takes the real coinbase.

  getBlock @2 (context :Proxy.Context) -> (result :Data);
  # The whole block, with a dummy coinbase.

  getTxFees @3 (context :Proxy.Context) -> (result :List(Int64));
  # The fees of its transactions, without the coinbase.

  getTxSigops @4 (context :Proxy.Context) -> (result :List(Int64));
  # The signature operations of its transactions, without the coinbase.

  getCoinbaseTx @5 (context :Proxy.Context) -> (result :CoinbaseTx);
  # What the coinbase has to be like.

  getCoinbaseMerklePath @6 (context :Proxy.Context) -> (result :List(Data));
  # The nodes of the merkle tree beside the way from the coinbase to the root, from below.

  submitSolutionOld7 @7 (context :Proxy.Context, version :UInt32, timestamp :UInt32, nonce :UInt32, coinbase :Data) -> (result :Bool);
  # How v31 took solutions; today an error.

  waitNext @8 (context :Proxy.Context, options :BlockWaitOptions) -> (result :BlockTemplate);
  # Waits for a template that is worth more, or that builds on a new block. `None` when the
  # time is up, the node shuts down or [`interrupt_wait`](BlockTemplate::interrupt_wait) was
  # called.

  interruptWait @9 () -> ();
  # Has one waiting `wait_next` of this template return, or the next one if none is waiting.

  submitSolution @10 (context :Proxy.Context, version :UInt32, timestamp :UInt32, nonce :UInt32, coinbase :Data) -> (reason :Text, debug :Text, result :Bool);
  # Completes the block and gives it to the node, which says why it is not accepted. The node
  # writes into the template, so only one such call may be under way.
}

interface Mining $Proxy.wrap("interfaces::Mining") {
  # Block templates and blocks, in the form of Bitcoin Core v32.
  # A [`Client`](crate::Client) gives this trait for the other releases too.

  isTestChain @0 (context :Proxy.Context) -> (result :Bool);
  # Whether the chain is one for tests (anything but the main chain).

  isInitialBlockDownload @1 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is still downloading the chain.

  getTip @2 (context :Proxy.Context) -> (result :Common.BlockRef, hasResult :Bool);
  # The highest block; `None` while the node loads its chain.

  waitTipChanged @3 (context :Proxy.Context, currentTip :Data, timeout :Float64 = 1.7976931348623157e308) -> (result :Common.BlockRef);
  # Waits until the highest block is another one than `current_tip`, at most for `timeout`
  # (`None` for ever), and gives it. `None` when the node shuts down or
  # [`interrupt`](Mining::interrupt) was called. Without a change it gives the same block.
  # `timeout` is in milliseconds.

  createNewBlock @4 (context :Proxy.Context, options :BlockCreateOptions, cooldown :Bool = true) -> (result :BlockTemplate);
  # Makes a block template. With `cooldown` it waits until the chain has caught up with its
  # headers. `None` when the node shuts down or [`interrupt`](Mining::interrupt) was called.

  checkBlock @5 (context :Proxy.Context, block :Data, options :BlockCheckOptions) -> (reason :Text, debug :Text, result :Bool);
  # Checks a block as far as that is possible without its place in the chain, and says what is
  # wrong with it. It must build on the highest block.

  interrupt @6 () -> ();
  # Has one waiting `wait_tip_changed` or `create_new_block` of this object return, or the next
  # one if none is waiting.

  submitBlock @7 (context :Proxy.Context, block :Data) -> (reason :Text, debug :Text, result :Bool);
  # Gives the node a block, and says why it is not accepted.

  getTransactionsByTxID @8 (context :Proxy.Context, txids :List(Data)) -> (result :List(Data));
  # Finds transactions in the mempool. What is not there is `None`; without a mempool there is
  # an empty list.

  getTransactionsByWitnessID @9 (context :Proxy.Context, wtxids :List(Data)) -> (result :List(Data));
  # Finds transactions in the mempool by their ids with witness.
}

struct CoinbaseTx $Proxy.wrap("node::CoinbaseTx") {
  # What the coinbase of a template has to be like.

  version @0 :UInt32 $Proxy.name("version");
  # Its version.

  sequence @1 :UInt32 $Proxy.name("sequence");
  # The sequence of its input.

  scriptSigPrefix @2 :Data $Proxy.name("script_sig_prefix");
  # What its input's script begins with: the height (BIP 34).

  witness @3 :Data $Proxy.name("witness");
  # The witness of its input, 32 bytes (BIP 141); none without a witness commitment.

  blockRewardRemaining @4 :Int64 $Proxy.name("block_reward_remaining");
  # What its outputs may pay in all, besides the required ones.

  requiredOutputs @5 :List(Data) $Proxy.name("required_outputs");
  # Outputs that it has to have, among them the witness commitment.

  lockTime @6 :UInt32 $Proxy.name("lock_time");
  # Its lock time.
}

struct BlockWaitOptions $Proxy.wrap("node::BlockWaitOptions") {
  # When to make the next template.

  timeout @0 :Float64 = 1.7976931348623157e308 $Proxy.name("timeout");
  # How long to wait; `None` for ever. Milliseconds on the wire.
  # In milliseconds.

  feeThreshold @1 :Int64 = 2100000000000000 $Proxy.name("fee_threshold");
  # How much the fees of a template have to rise to be worth a new one; by default never.
}

struct BlockCreateOptions $Proxy.wrap("node::BlockCreateOptions") {
  # What a new block template is to be like.

  useMempool @0 :Bool = true $Proxy.name("use_mempool");
  # Take transactions from the mempool.

  blockReservedWeight @1 :UInt64 = 8000 $Proxy.name("block_reserved_weight");
  # Weight units to keep free for the header and the coinbase.

  coinbaseOutputMaxAdditionalSigops @2 :UInt64 = 400 $Proxy.name("coinbase_output_max_additional_sigops");
  # Signature operations to keep free for the coinbase's outputs.
}

struct BlockCheckOptions $Proxy.wrap("node::BlockCheckOptions") {
  # What to check of a block.

  checkMerkleRoot @0 :Bool = true $Proxy.name("check_merkle_root");
  # That the header has the root of its transactions.

  checkPow @1 :Bool = true $Proxy.name("check_pow");
  # That the header's hash meets its target.
}
