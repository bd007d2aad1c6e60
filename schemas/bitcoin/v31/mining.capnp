# Written by mpgen from the Rust source; change that one instead.

@0xc77d03df6a41b505;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Common = import "/bitcoin/common.capnp";

const maxMoney :Int64 = 2100000000000000;

const maxDouble :Float64 = 1.7976931348623157e308;

const defaultBlockReservedWeight :UInt32 = 8000;

const defaultCoinbaseOutputMaxAdditionalSigops :UInt32 = 400;

interface Mining $Proxy.wrap("interfaces::Mining") {
  # [`interfaces::Mining`] as v31 has it.

  isTestChain @0 (context :Proxy.Context) -> (result :Bool);
  # Whether the chain is one for tests.

  isInitialBlockDownload @1 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is still downloading the chain.

  getTip @2 (context :Proxy.Context) -> (result :Common.BlockRef, hasResult :Bool);
  # The highest block.

  waitTipChanged @3 (context :Proxy.Context, currentTip :Data, timeout :Float64 = 1.7976931348623157e308) -> (result :Common.BlockRef);
  # Waits for another highest block.

  createNewBlock @4 (context :Proxy.Context, options :BlockCreateOptions, cooldown :Bool = true) -> (result :BlockTemplate);
  # Makes a block template.

  checkBlock @5 (context :Proxy.Context, block :Data, options :BlockCheckOptions) -> (reason :Text, debug :Text, result :Bool);
  # Checks a block.

  interrupt @6 () -> ();
  # Has a waiting call return.
}

interface BlockTemplate $Proxy.wrap("interfaces::BlockTemplate") {
  # [`interfaces::BlockTemplate`] as v31 has it.

  destroy @0 (context :Proxy.Context) -> ();
  getBlockHeader @1 (context :Proxy.Context) -> (result :Data);
  # The header.

  getBlock @2 (context :Proxy.Context) -> (result :Data);
  # The whole block.

  getTxFees @3 (context :Proxy.Context) -> (result :List(Int64));
  # The fees of its transactions.

  getTxSigops @4 (context :Proxy.Context) -> (result :List(Int64));
  # The signature operations of its transactions.

  getCoinbaseTx @5 (context :Proxy.Context) -> (result :CoinbaseTx);
  # What the coinbase has to be like.

  getCoinbaseMerklePath @6 (context :Proxy.Context) -> (result :List(Data));
  # The merkle path of the coinbase.

  submitSolution @7 (context :Proxy.Context, version :UInt32, timestamp :UInt32, nonce :UInt32, coinbase :Data) -> (result :Bool);
  # Completes the block and gives it to the node; whether it was accepted.

  waitNext @8 (context :Proxy.Context, options :BlockWaitOptions) -> (result :BlockTemplate);
  # Waits for a better template.

  interruptWait @9 () -> ();
  # Has a waiting `wait_next` return.
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

  feeThreshold @1 :Int64 = 2100000000000000 $Proxy.name("fee_threshold");
  # How much the fees of a template have to rise to be worth a new one; by default never.
}

struct BlockCheckOptions $Proxy.wrap("node::BlockCheckOptions") {
  # What to check of a block.

  checkMerkleRoot @0 :Bool = true $Proxy.name("check_merkle_root");
  # That the header has the root of its transactions.

  checkPow @1 :Bool = true $Proxy.name("check_pow");
  # That the header's hash meets its target.
}
