# Written by mpgen from the Rust source; change that one instead.

@0xc77d03df6a41b505;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Common = import "/bitcoin/common.capnp";

interface Mining $Proxy.wrap("interfaces::Mining") {
  # [`interfaces::Mining`] as v30 has it.

  isTestChain @0 (context :Proxy.Context) -> (result :Bool);
  # Whether the chain is one for tests.

  isInitialBlockDownload @1 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is still downloading the chain.

  getTip @2 (context :Proxy.Context) -> (result :Common.BlockRef, hasResult :Bool);
  # The highest block.

  waitTipChanged @3 (context :Proxy.Context, currentTip :Data, timeout :Float64) -> (result :Common.BlockRef);
  # Waits for another highest block.

  createNewBlock @4 (options :BlockCreateOptions) -> (result :BlockTemplate);
  # Makes a block template, on the node's event loop.

  checkBlock @5 (block :Data, options :BlockCheckOptions) -> (reason :Text, debug :Text, result :Bool);
  # Checks a block, on the node's event loop.
}

interface BlockTemplate $Proxy.wrap("interfaces::BlockTemplate") {
  # [`interfaces::BlockTemplate`] as v30 has it.

  destroy @0 (context :Proxy.Context) -> ();
  getBlockHeader @1 (context :Proxy.Context) -> (result :Data);
  # The header.

  getBlock @2 (context :Proxy.Context) -> (result :Data);
  # The whole block.

  getTxFees @3 (context :Proxy.Context) -> (result :List(Int64));
  # The fees of its transactions.

  getTxSigops @4 (context :Proxy.Context) -> (result :List(Int64));
  # The signature operations of its transactions.

  getCoinbaseTx @5 (context :Proxy.Context) -> (result :Data);
  # The dummy coinbase.

  getCoinbaseCommitment @6 (context :Proxy.Context) -> (result :Data);
  # The script of the output with the witness commitment; empty where there is none.

  getWitnessCommitmentIndex @7 (context :Proxy.Context) -> (result :Int32);
  # Which output of the coinbase has the witness commitment; -1 for none.

  getCoinbaseMerklePath @8 (context :Proxy.Context) -> (result :List(Data));
  # The merkle path of the coinbase.

  submitSolution @9 (context :Proxy.Context, version :UInt32, timestamp :UInt32, nonce :UInt32, coinbase :Data) -> (result :Bool);
  # Completes the block and gives it to the node; whether it was accepted.

  waitNext @10 (context :Proxy.Context, options :BlockWaitOptions) -> (result :BlockTemplate);
  # Waits for a better template.

  interruptWait @11 () -> ();
  # Has a waiting `wait_next` return. Not in 30.0.
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

struct BlockWaitOptions $Proxy.wrap("node::BlockWaitOptions") {
  # [`BlockWaitOptions`](crate::types::BlockWaitOptions) without defaults on the wire.

  timeout @0 :Float64 $Proxy.name("timeout");
  # How long to wait; `None` for ever.

  feeThreshold @1 :Int64 $Proxy.name("fee_threshold");
  # How much the fees have to rise to be worth a new template.
}

struct BlockCheckOptions $Proxy.wrap("node::BlockCheckOptions") {
  # [`BlockCheckOptions`](crate::types::BlockCheckOptions) without defaults on the wire.

  checkMerkleRoot @0 :Bool $Proxy.name("check_merkle_root");
  # That the header has the root of its transactions.

  checkPow @1 :Bool $Proxy.name("check_pow");
  # That the header's hash meets its target.
}
