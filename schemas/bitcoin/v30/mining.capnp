# Written by mpgen from the Rust source; change that one instead.

@0xc77d03df6a41b505;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Common = import "/bitcoin/common.capnp";

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

  getCoinbaseTx @5 (context :Proxy.Context) -> (result :Data);
  # What the coinbase has to be like.

  getCoinbaseCommitment @6 (context :Proxy.Context) -> (result :Data);
  # The script of the output with the witness commitment; empty where there is none.

  getWitnessCommitmentIndex @7 (context :Proxy.Context) -> (result :Int32);
  # Which output of the coinbase has the witness commitment; -1 for none.

  getCoinbaseMerklePath @8 (context :Proxy.Context) -> (result :List(Data));
  # The nodes of the merkle tree beside the way from the coinbase to the root, from below.

  submitSolution @9 (context :Proxy.Context, version :UInt32, timestamp :UInt32, nonce :UInt32, coinbase :Data) -> (result :Bool);
  # Completes the block and gives it to the node, which says why it is not accepted. The node
  # writes into the template, so only one such call may be under way.

  waitNext @10 (context :Proxy.Context, options :BlockWaitOptions) -> (result :BlockTemplate);
  # Waits for a template that is worth more, or that builds on a new block. `None` when the
  # time is up, the node shuts down or [`interrupt_wait`](BlockTemplate::interrupt_wait) was
  # called.

  interruptWait @11 () -> ();
  # Has one waiting `wait_next` of this template return, or the next one if none is waiting.
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

  waitTipChanged @3 (context :Proxy.Context, currentTip :Data, timeout :Float64) -> (result :Common.BlockRef);
  # Waits until the highest block is another one than `current_tip`, at most for `timeout`
  # (`None` for ever), and gives it. `None` when the node shuts down or
  # [`interrupt`](Mining::interrupt) was called. Without a change it gives the same block.
  # `timeout` is in milliseconds.

  createNewBlock @4 (options :BlockCreateOptions) -> (result :BlockTemplate);
  # Makes a block template. With `cooldown` it waits until the chain has caught up with its
  # headers. `None` when the node shuts down or [`interrupt`](Mining::interrupt) was called.

  checkBlock @5 (block :Data, options :BlockCheckOptions) -> (reason :Text, debug :Text, result :Bool);
  # Checks a block as far as that is possible without its place in the chain, and says what is
  # wrong with it. It must build on the highest block.
}

struct BlockWaitOptions $Proxy.wrap("node::BlockWaitOptions") {
  # [`BlockWaitOptions`](crate::types::BlockWaitOptions) without defaults on the wire.

  timeout @0 :Float64 $Proxy.name("timeout");
  # How long to wait; `None` for ever.
  # In milliseconds.

  feeThreshold @1 :Int64 $Proxy.name("fee_threshold");
  # How much the fees have to rise to be worth a new template.
}

struct BlockCreateOptions $Proxy.wrap("node::BlockCreateOptions") {
  # [`BlockCreateOptions`](crate::types::BlockCreateOptions) without defaults on the wire.

  useMempool @0 :Bool $Proxy.name("use_mempool");
  # Take transactions from the mempool.

  blockReservedWeight @1 :UInt64 $Proxy.name("block_reserved_weight");
  # Weight units to keep free for the header and the coinbase.

  coinbaseOutputMaxAdditionalSigops @2 :UInt64 $Proxy.name("coinbase_output_max_additional_sigops");
  # Signature operations to keep free for the coinbase's outputs.
}

struct BlockCheckOptions $Proxy.wrap("node::BlockCheckOptions") {
  # [`BlockCheckOptions`](crate::types::BlockCheckOptions) without defaults on the wire.

  checkMerkleRoot @0 :Bool $Proxy.name("check_merkle_root");
  # That the header has the root of its transactions.

  checkPow @1 :Bool $Proxy.name("check_pow");
  # That the header's hash meets its target.
}
