# Written by mpgen from the Rust source; change that one instead.

@0x94f21a4864bd2c65;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Common = import "common.capnp";
using Handler = import "handler.capnp";

interface Chain $Proxy.wrap("interfaces::Chain") {
  # What a node offers its wallets: the chain, the mempool, fees, settings and RPC.

  destroy @0 (context :Proxy.Context) -> ();
  getHeight @1 (context :Proxy.Context) -> (result :Int32, hasResult :Bool);
  # The height of the chain; `None` without a block, 0 with the first one only.

  getBlockHash @2 (context :Proxy.Context, height :Int32) -> (result :Data);
  # The block at a height, which must be one of the chain: Core aborts otherwise.

  haveBlockOnDisk @3 (context :Proxy.Context, height :Int32) -> (result :Bool);
  # Whether the block at a height is on disk with its transactions.

  findLocatorFork @4 (context :Proxy.Context, locator :Data) -> (result :Int32, hasResult :Bool);
  # The height of the highest block that a locator and the chain have in common.

  hasBlockFilterIndex @5 (context :Proxy.Context, filterType :UInt8) -> (result :Bool);
  # Whether there is an index of block filters.

  blockFilterMatchesAny @6 (context :Proxy.Context, filterType :UInt8, blockHash :Data, filterSet :List(Data)) -> (result :Bool, hasResult :Bool);
  # Whether a block's filter matches one of the scripts; `None` without a filter. False is
  # certain, true is not (BIP 158).

  findBlock @7 (context :Proxy.Context, hash :Data, block :FoundBlockParam) -> (block :FoundBlockResult, result :Bool);
  # Finds a block by its hash.

  findFirstBlockWithTimeAndHeight @8 (context :Proxy.Context, minTime :Int64, minHeight :Int32, block :FoundBlockParam) -> (block :FoundBlockResult, result :Bool);
  # Finds the lowest block of the chain from a time (seconds since 1970) and a height on.

  findAncestorByHeight @9 (context :Proxy.Context, blockHash :Data, ancestorHeight :Int32, ancestor :FoundBlockParam) -> (ancestor :FoundBlockResult, result :Bool);
  # Finds the block at a height below another one.

  findAncestorByHash @10 (context :Proxy.Context, blockHash :Data, ancestorHash :Data, ancestor :FoundBlockParam) -> (ancestor :FoundBlockResult, result :Bool);
  # Finds a block, if it is below another one.

  findCommonAncestor @11 (context :Proxy.Context, blockHash1 :Data, blockHash2 :Data, ancestor :FoundBlockParam, block1 :FoundBlockParam, block2 :FoundBlockParam) -> (ancestor :FoundBlockResult, block1 :FoundBlockResult, block2 :FoundBlockResult, result :Bool);
  # Finds the highest block below two others, and facts of all three.

  findCoins @12 (context :Proxy.Context, coins :List(Common.Pair(Data, Data))) -> (coins :List(Common.Pair(Data, Data)));
  # Looks up coins in the chain and the mempool. Those that are spent or missing are `None`.

  guessVerificationProgress @13 (context :Proxy.Context, blockHash :Data) -> (result :Float64);
  # Guesses how much of all transactions lies below a block, from 0 to 1.

  hasBlocks @14 (context :Proxy.Context, blockHash :Data, minHeight :Int32, maxHeight :Int32, hasMaxHeight :Bool) -> (result :Bool);
  # Whether the blocks between two heights below a block are on disk.

  isRBFOptIn @15 (context :Proxy.Context, tx :Data) -> (result :Int32);
  # Whether a transaction may be replaced (BIP 125).

  isInMempool @16 (context :Proxy.Context, txid :Data) -> (result :Bool);
  # Whether a transaction is in the mempool.

  hasDescendantsInMempool @17 (context :Proxy.Context, txid :Data) -> (result :Bool);
  # Whether the mempool has transactions that spend from this one.

  broadcastTransaction @18 (context :Proxy.Context, tx :Data, maxTxFee :Int64, broadcastMethod :Int32) -> (error :Text, result :Bool);
  # Sends a transaction, unless its fee is higher than `max_tx_fee`. The text says why it was
  # not accepted.

  getTransactionAncestry @19 (context :Proxy.Context, txid :Data) -> (ancestors :UInt64, descendants :UInt64, ancestorsize :UInt64, ancestorfees :Int64);
  # The unconfirmed transactions that a transaction spends from and is spent by.

  calculateIndividualBumpFees @20 (context :Proxy.Context, outpoints :List(Data), targetFeerate :Data) -> (result :List(Common.PairInt64(Data)));
  # What each coin needs in fees for its unconfirmed ancestors to reach a rate, by itself.

  calculateCombinedBumpFee @21 (context :Proxy.Context, outpoints :List(Data), targetFeerate :Data) -> (result :Int64, hasResult :Bool);
  # What the coins need in fees for their unconfirmed ancestors to reach a rate, together.

  getPackageLimits @22 (context :Proxy.Context) -> (ancestors :UInt32, descendants :UInt32);
  # How many ancestors and descendants the mempool allows.

  checkChainLimits @23 (context :Proxy.Context, tx :Data) -> (result :Common.ResultVoid);
  # Whether a transaction keeps to these limits.

  estimateSmartFee @24 (context :Proxy.Context, numBlocks :Int32, conservative :Bool, wantCalc :Bool) -> (calc :Common.FeeCalculation, result :Data);
  # Estimates the fee rate for confirmation within a number of blocks, with the calculation if
  # it is wanted.

  estimateMaxBlocks @25 (context :Proxy.Context) -> (result :UInt32);
  # The most blocks that an estimate can be for.

  mempoolMinFee @26 (context :Proxy.Context) -> (result :Data);
  # The lowest fee rate that the mempool takes now.

  relayMinFee @27 (context :Proxy.Context) -> (result :Data);
  # The lowest fee rate that is relayed at all.

  relayIncrementalFee @28 (context :Proxy.Context) -> (result :Data);
  # How much the fee rate of a replacement has to be higher.

  relayDustFee @29 (context :Proxy.Context) -> (result :Data);
  # The fee rate that decides which outputs are dust.

  havePruned @30 (context :Proxy.Context) -> (result :Bool);
  # Whether blocks were pruned.

  getPruneHeight @31 (context :Proxy.Context) -> (result :Int32, hasResult :Bool);
  # The height of the highest pruned block.

  isReadyToBroadcast @32 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is ready to send transactions.

  isInitialBlockDownload @33 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is still downloading the chain.

  shutdownRequested @34 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is to shut down.

  initMessage @35 (context :Proxy.Context, message :Text) -> ();
  # Tells the user what is being loaded.

  initWarning @36 (context :Proxy.Context, message :Common.BilingualStr) -> ();
  # Tells the user of something doubtful.

  initError @37 (context :Proxy.Context, message :Common.BilingualStr) -> ();
  # Tells the user of an error.

  showProgress @38 (context :Proxy.Context, title :Text, progress :Int32, resumePossible :Bool) -> ();
  # Tells the user how far something is, in hundredths.

  handleNotifications @39 (context :Proxy.Context, notifications :ChainNotifications) -> (result :Handler.Handler);
  # Registers for notifications, until the handler is dropped. Some may still arrive then.

  waitForNotificationsIfTipChanged @40 (context :Proxy.Context, oldTip :Data) -> ();
  # Waits until all notifications are delivered, unless the chain still ends at `old_tip`. The
  # hash of zeros always waits.

  waitForNotifications @41 (context :Proxy.Context) -> ();
  # Waits until all notifications are delivered.

  handleRpc @42 (context :Proxy.Context, command :RPCCommand) -> (result :Handler.Handler);
  # Adds an RPC command, until the handler is dropped.

  rpcEnableDeprecated @43 (context :Proxy.Context, method :Text) -> (result :Bool);
  # Whether a deprecated part of RPC is switched on.

  getSetting @44 (context :Proxy.Context, name :Text) -> (result :Text);
  # A setting, from wherever it is set; null where it is not.

  getSettingsList @45 (context :Proxy.Context, name :Text) -> (result :List(Text));
  # All values of a setting.

  getRwSetting @46 (context :Proxy.Context, name :Text) -> (result :Text);
  # A setting of the settings file; null where it is not there.

  updateRwSetting @47 (context :Proxy.Context, name :Text, update :SettingsUpdateCallback) -> (result :Bool);
  # Changes a setting of the settings file. Gives false when it could not be written.

  overwriteRwSetting @48 (context :Proxy.Context, name :Text, value :Text, action :Int32) -> (result :Bool);
  # Replaces a setting of the settings file; null takes it out.

  deleteRwSettings @49 (context :Proxy.Context, name :Text, action :Int32) -> (result :Bool);
  # Takes a setting out of the settings file.

  requestMempoolTransactions @50 (context :Proxy.Context, notifications :ChainNotifications) -> ();
  # Calls [`transaction_added_to_mempool`](ChainNotifications::transaction_added_to_mempool) for
  # every transaction of the mempool, before it returns.

  hasAssumedValidChain @51 (context :Proxy.Context) -> (result :Bool);
  # Whether the chain begins with a snapshot that is not verified yet.
}

interface ChainNotifications $Proxy.wrap("interfaces::Chain::Notifications") {
  # What a wallet hears of the chain. Methods that it does not need do nothing.

  destroy @0 (context :Proxy.Context) -> ();
  transactionAddedToMempool @1 (context :Proxy.Context, tx :Data) -> ();
  # A transaction came into the mempool.

  transactionRemovedFromMempool @2 (context :Proxy.Context, tx :Data, reason :Int32) -> ();
  # A transaction left the mempool, other than for a block.

  blockConnected @3 (context :Proxy.Context, role :ChainstateRole, block :BlockInfo) -> ();
  # The chain grew by a block.

  blockDisconnected @4 (context :Proxy.Context, block :BlockInfo) -> ();
  # The chain lost its highest block, to another branch.

  updatedBlockTip @5 (context :Proxy.Context) -> ();
  # The chain has another highest block.

  chainStateFlushed @6 (context :Proxy.Context, role :ChainstateRole, locator :Data) -> ();
  # The chain up to here is safely on disk.
}

interface ActorCallback $Proxy.wrap("ProxyCallback<CRPCCommand::Actor>") {
  # Runs an RPC command; see [`RpcActor`].

  call @0 (context :Proxy.Context, request :JSONRPCRequest, response :Text, lastCallback :Bool) -> (error :Text $Proxy.exception("std::exception"), rpcError :Text $Proxy.exception("UniValue"), typeError :Text $Proxy.exception("UniValue::type_error"), helpResult :HelpResult $Proxy.exception("HelpResult"), response :Text, result :Bool);
  # Runs the command: the request, what earlier commands of the name have answered, and whether
  # no later one will be asked. Neither of these reaches the log, as with
  # [`Rpc::execute_rpc`](super::Rpc::execute_rpc).
}

interface SettingsUpdateCallback $Proxy.wrap("ProxyCallback<interfaces::SettingsUpdate>") {
  # Changes a setting in place; see [`UpdateSetting`](super::UpdateSetting).

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, value :Text) -> (value :Text, result :Int32, hasResult :Bool);
  # Changes the value and says whether to write it; `None` leaves everything as it was.
}

interface ChainClient $Proxy.wrap("interfaces::ChainClient") {
  # Something that uses the node's chain and is started and stopped with it.

  destroy @0 (context :Proxy.Context) -> ();
  registerRpcs @1 (context :Proxy.Context) -> ();
  # Adds its RPC commands, each with [`Chain::handle_rpc`](super::Chain::handle_rpc).

  verify @2 (context :Proxy.Context) -> (result :Bool);
  # Checks its files before anything is loaded.

  load @3 (context :Proxy.Context) -> (result :Bool);
  # Loads them.

  start @4 (context :Proxy.Context, scheduler :Void) -> ();
  # Starts its work. The scheduler does not travel; each process has its own.

  stop @5 (context :Proxy.Context) -> ();
  # Stops its work and saves what is not saved.

  setMockTime @6 (context :Proxy.Context, time :Int64) -> ();
  # Sets the clock, for tests: seconds since 1970, or 0 for the real time.

  schedulerMockForward @7 (context :Proxy.Context, deltaSeconds :Int64) -> ();
  # Moves the scheduler forward, for tests. Whole seconds travel.
  # `deltaSeconds` is in seconds.
}

struct FoundBlockParam {
  # Which facts of a block are wanted.

  wantHash @0 :Bool;
  # Its hash.

  wantHeight @1 :Bool;
  # Its height.

  wantTime @2 :Bool;
  # Its time.

  wantMaxTime @3 :Bool;
  # The latest time of it and all blocks below.

  wantMtpTime @4 :Bool;
  # The median of its and ten earlier times (BIP 113).

  wantInActiveChain @5 :Bool;
  # Whether it is in the active chain.

  wantLocator @6 :Bool;
  # A locator of it.

  nextBlock @7 :FoundBlockParam;
  # The same facts of the block after it in the active chain.

  wantData @8 :Bool;
  # The block itself.
}

struct FoundBlockResult {
  # The facts of a block that were wanted; the others have no meaning.

  hash @0 :Data;
  # Its hash.

  height @1 :Int32;
  # Its height.

  time @2 :Int64;
  # Its time, in seconds since 1970.

  maxTime @3 :Int64;
  # The latest time of it and all blocks below.

  mtpTime @4 :Int64;
  # The median of its and ten earlier times (BIP 113).

  inActiveChain @5 :Bool;
  # Whether it is in the active chain.

  locator @6 :Data;
  # A locator of it.

  nextBlock @7 :FoundBlockResult;
  # The block after it in the active chain.

  data @8 :Data;
  # The block itself; none where it is pruned.

  found @9 :Bool;
  # Whether there is such a block.
}

struct ChainstateRole $Proxy.wrap("kernel::ChainstateRole") {
  # What a chain state is for.

  validated @0 :Bool;
  # All its blocks were checked from the first on.

  historical @1 :Bool;
  # It only fills in the blocks below a snapshot.
}

struct BlockInfo $Proxy.wrap("interfaces::BlockInfo") {
  # A block that was connected or disconnected.

  hash @0 :Data;
  # Its hash.

  prevHash @1 :Data;
  # The hash of the block below; none for the first.

  height @2 :Int32 = -1;
  # Its height.

  fileNumber @3 :Int32 = -1 $Proxy.name("file_number");
  # The number of the file that holds it, negative for none.

  dataPos @4 :UInt32 $Proxy.name("data_pos");
  # Where in that file it begins, in bytes.

  data @5 :Data;
  # The block itself, if it is at hand.

  undoData @6 :Data;
  # The coins that it spent, if they are at hand.

  chainTimeMax @7 :UInt32 $Proxy.name("chain_time_max");
  # The latest time of it and all blocks below, in seconds since 1970.
}

struct RPCCommand $Proxy.wrap("CRPCCommand") {
  # An RPC command that a wallet adds to the node's.

  category @0 :Text;
  # Where the help lists it.

  name @1 :Text;
  # Its name.

  actor @2 :ActorCallback;
  # What runs it.

  argNames @3 :List(RPCArg);
  # The names of its arguments.

  uniqueId @4 :Int64 $Proxy.name("unique_id");
  # What tells it from other commands of its name.
}

struct JSONRPCRequest $Proxy.wrap("JSONRPCRequest") {
  # A request of a JSON-RPC client.

  id @0 :Text;
  # What the client calls it.

  method @1 :Text $Proxy.name("strMethod");
  # The method.

  params @2 :Text;
  # The parameters, a list or an object. Fields that come twice are kept, for those who refuse them.

  mode @3 :Int32;
  # What to do with it.

  uri @4 :Text $Proxy.name("URI");
  # The path of the HTTP request.

  authUser @5 :Text;
  # The user.

  peerAddr @6 :Text;
  # The client's address.

  version @7 :Int32 $Proxy.name("m_json_version");
  # The version of the protocol.
}

struct HelpResult {
  # A help text that an RPC command gives instead of an answer.

  message @0 :Text;
  # The text.
}

struct RPCArg {
  # An argument of an RPC command.

  name @0 :Text;
  # Its name, with its other names after bars.

  namedOnly @1 :Bool;
  # Whether it has no position.
}
